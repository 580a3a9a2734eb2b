/*
 * Which node the device takes and in which layout, with reorders between. A reorder of one
 * channel or one pixel moves nothing and is a view.
 */
#include "config.h"

#include <string.h>

#include "worker/net/backend.h"
#include "worker/net/tensor.h"

static int
view_shape(struct net_call *c)
{
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, c->in[0]->dims);
}

static int
swap(struct net_call *c, int to_last)
{
	const struct sg_tensor *t = c->in[0];
	int64_t pixels = net_dims_count(t->dims + 2, t->rank - 2), ch = t->dims[1];
	int64_t rows = to_last ? pixels : ch, cols = to_last ? ch : pixels;
	const uint32_t *from = t->data;
	uint32_t *to = c->out[0]->data;

	for (int64_t b = 0; b < t->dims[0]; b++, from += pixels * ch, to += pixels * ch)
		for (int64_t r = 0; r < rows; r++)
			for (int64_t k = 0; k < cols; k++)
				to[r * cols + k] = from[k * rows + r];
	return SG_OK;
}

static int
to_last_run(struct net_call *c)
{
	return swap(c, 1);
}

static int
to_plain_run(struct net_call *c)
{
	return swap(c, 0);
}

const struct net_op net_op_to_last = {
    "(channels last)", 1, 1, 1, 0, view_shape, to_last_run, net_none_flops, 0};
const struct net_op net_op_to_plain = {
    "(plain order)", 1, 1, 1, 0, view_shape, to_plain_run, net_none_flops, 0};
static const struct net_op op_view = {
    "(view)", 1, 1, 1, NET_OP_ALIAS, view_shape, net_identity_run, net_none_flops, 0};

struct forms {
	int plain, last; /* the value in that layout; -1: not made yet */
};

struct layouts {
	struct net_graph *g;
	const struct net_backend *be;
	struct net_dev *d;
	struct forms *form; /* of the graph's own values */
	struct sg_err *e;
};

static int
full(struct layouts *l)
{
	return sg_fail(l->e, SG_ELIMIT, "onnx_too_large", "The model has too many values.");
}

static int
new_form(struct layouts *l, int v, int last)
{
	int w = net_value_new(l->g, l->g->value[v].name);

	if (w < 0)
		return -1;
	l->g->value[w].t = l->g->value[v].t;
	l->g->value[w].t.data = NULL;
	l->g->value[w].last = last;
	return w;
}

/* The value in the layout asked for, made by a reorder when it is not there; -1: no memory. */
static int
need(struct layouts *l, int v, int last)
{
	int *have = last ? &l->form[v].last : &l->form[v].plain;
	int from = last ? l->form[v].plain : l->form[v].last, node;
	const struct sg_tensor *t = &l->g->value[v].t;
	int view = t->dims[1] == 1 || net_dims_count(t->dims + 2, t->rank - 2) == 1;

	if (*have >= 0)
		return *have;
	/* The plain form is the value itself: ports and names stay where they are. */
	if ((*have = last ? new_form(l, v, 1) : v) < 0 ||
	    (node = net_node_new(l->g, "", "", 1, 1)) < 0)
		return -1;
	l->g->node[node].in[0] = from;
	l->g->node[node].out[0] = *have;
	l->g->node[node].op = view ? &op_view : last ? &net_op_to_last : &net_op_to_plain;
	l->g->node[node].op_type = l->g->node[node].op->name;
	l->g->node[node].id = -1;
	if (!view) {
		struct net_want w;

		l->g->node[node].native = l->be->want(l->d, l->g, node, &w);
	}
	return *have;
}

/* Does a data input stand in channels-last form already? */
static int
comes_last(const struct layouts *l, const struct net_node *n, unsigned weights)
{
	for (int k = 0; k < n->nin; k++)
		if (n->in[k] >= 0 && !(weights >> k & 1) && l->form[n->in[k]].last >= 0)
			return 1;
	return 0;
}

static int
place_node(struct layouts *l, int i, int refused)
{
	struct net_want w = {NET_PLAIN, 0, -1};
	struct net_node *n = &l->g->node[i];
	int last, v;

	n->native = !refused && l->be->want(l->d, l->g, i, &w);
	n->inplace = n->native ? w.inplace : -1;
	last = n->native &&
	       (w.layout == NET_LAST || (w.layout == NET_ANY && comes_last(l, n, w.weights)));
	for (int k = 0; k <= l->g->node[i].nin; k++) {
		n = &l->g->node[i];
		v = k < n->nin ? n->in[k] : n->epi.residual;
		if (v < 0)
			continue;
		/* What the reference reads is always plain; so are weights. */
		v = need(l, v, last && !(k < n->nin && w.weights >> (k & 31) & 1));
		if (v < 0)
			return full(l);
		n = &l->g->node[i];
		*(k < n->nin ? &n->in[k] : &n->epi.residual) = v;
	}
	for (int k = 0; k < l->g->node[i].nout; k++) {
		v = l->g->node[i].out[k];
		if (v < 0)
			continue;
		if (!last) {
			l->form[v].plain = v;
			continue;
		}
		if ((l->form[v].last = new_form(l, v, 1)) < 0)
			return full(l);
		l->g->node[i].out[k] = l->form[v].last;
	}
	return SG_OK;
}

int
net_pass_layout(struct net_graph *g, const struct net_backend *be, struct net_dev *d,
    const char *refused, struct sg_err *e)
{
	struct layouts l = {g, be, d, NULL, e};
	int n = g->nnode, nv = g->nvalue, rc;

	if ((l.form = sg_alloc_array(g->a, (size_t)nv + 1, sizeof(*l.form))) == NULL)
		return full(&l);
	for (int v = 0; v < nv; v++) {
		l.form[v].plain = g->value[v].producer < 0 ? v : -1;
		l.form[v].last = -1;
	}
	for (int i = 0; i < n; i++)
		if (!g->node[i].dead && (rc = place_node(&l, i, refused[g->node[i].id])) != SG_OK)
			return rc;
	for (int i = 0; i < g->nout; i++)
		if (need(&l, g->out[i], 0) < 0)
			return full(&l);
	return net_sort(g, e);
}
