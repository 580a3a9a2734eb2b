/*
 * Shapes for one input size. Exporters compute shapes inside the graph (Shape, Gather, Concat,
 * Reshape, ...): walking the nodes in order and computing those whose inputs are known resolves
 * all of it, and what still depends on data is refused by name.
 */
#include "config.h"

#include <string.h>

#include "worker/net/pass.h"
#include "worker/net/tensor.h"

#define FOLD_BYTES (16 << 20)	       /* larger results are computed while running */
#define FOLD_FLOPS INT64_C(200000000)  /* so are dearer ones */
#define FOLD_ALL   INT64_C(2000000000) /* and what one graph has too much of */

void
net_call_of(struct net_call *c, struct net_graph *g, int node, struct sg_err *e)
{
	struct net_node *n = &g->node[node];

	c->g = g;
	c->n = n;
	c->opset = g->opset;
	c->nin = n->nin;
	c->nout = n->nout;
	c->e = e;
	while (c->nin > 0 && n->in[c->nin - 1] < 0)
		c->nin--;
	for (int i = 0; i < c->nin; i++)
		c->in[i] = n->in[i] < 0 ? NULL : &g->value[n->in[i]].t;
	for (int i = 0; i < c->nout; i++)
		c->out[i] = n->out[i] < 0 ? NULL : &g->value[n->out[i]].t;
}

static int
no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_ELIMIT, "onnx_too_large",
	    "The model's constants exceed the memory allowed for planning.");
}

static int
shape_node(struct net_graph *g, int node, struct sg_err *e)
{
	struct net_call c;
	int rc;

	net_call_of(&c, g, node, e);
	for (int i = 0; i < c.nin; i++)
		if (c.in[i] && c.in[i]->rank < 0)
			return net_bad_shape(&c, "the shape of its input %d is unknown", i);
	for (int i = 0; i < c.nout; i++)
		if (c.out[i]) /* what the file claims is not trusted */
			c.out[i]->rank = -1;
	rc = c.n->op->shape(&c);
	return rc;
}

/* May and should the node be computed now? */
static int
foldable(const struct net_call *c)
{
	size_t out = 0, in = 0;
	struct net_call copy;

	for (int i = 0; i < c->nin; i++) {
		if (c->in[i] && c->in[i]->data == NULL && !(c->n->op->flags & NET_OP_SHAPEONLY))
			return 0;
		in += c->in[i] ? sg_tensor_bytes(c->in[i]) : 0;
	}
	for (int i = 0; i < c->nout; i++)
		out += c->out[i] ? sg_tensor_bytes(c->out[i]) : 0;
	copy = *c;
	return (out <= FOLD_BYTES || out <= in) && net_call_flops(&copy) <= FOLD_FLOPS;
}

static int
fold_node(struct net_graph *g, int node, struct sg_err *e)
{
	struct net_node *n = &g->node[node];
	struct net_call c, copy;
	int rc;

	net_call_of(&c, g, node, e);
	if (!foldable(&c))
		return SG_OK;
	copy = c;
	g->folded += net_call_flops(&copy);
	if (g->folded > FOLD_ALL)
		return SG_OK;
	for (int i = 0; i < c.nin; i++)
		if (c.in[i] && c.in[i]->data && net_const(g, n->in[i]) == NULL)
			return no_memory(e);
	for (int i = 0; i < c.nout; i++)
		if (c.out[i] && (c.out[i]->data = sg_alloc_aligned(
				     g->a, sg_tensor_bytes(c.out[i]) + 1)) == NULL)
			return no_memory(e);
	rc = n->op->run(&c);
	n->dead = 1;
	return rc;
}

static int resolve_node(struct net_graph *g, int node, struct sg_err *e);

/* A node that casts value `from` to a type; `to` is the value it makes, -1: a new one. */
static int
add_cast(struct net_graph *g, int from, int type, int *to, int *node)
{
	if (*to < 0 && (*to = net_value_new(g, "")) < 0)
		return -1;
	if ((*node = net_node_new(g, "Cast", "", 1, 1)) < 0 ||
	    net_set_int(g, *node, "to", type) < 0)
		return -1;
	g->node[*node].op = net_op_find("Cast");
	g->node[*node].in[0] = from;
	g->node[*node].out[0] = *to;
	return 0;
}

/* Make the inputs of an f32 operator f32; *type gets what the output must become again. */
static int
cast_inputs(struct net_graph *g, int node, int *type, struct sg_err *e)
{
	unsigned mask = g->node[node].op->f32_in;
	int rc, cast, v;

	*type = SG_T_F32;
	for (int i = 0; i < g->node[node].nin; i++) {
		int from = g->node[node].in[i], t = from < 0 ? 0 : g->value[from].t.type;

		if (!net_type_is_float(t) || t == SG_T_F32 || (mask && !(mask >> i & 1)))
			continue;
		if (i == 0)
			*type = t;
		v = -1;
		if (add_cast(g, from, SG_T_F32, &v, &cast) < 0)
			return no_memory(e);
		g->node[node].in[i] = v;
		if ((rc = resolve_node(g, cast, e)) != SG_OK)
			return rc;
	}
	return SG_OK;
}

static int
resolve_node(struct net_graph *g, int node, struct sg_err *e)
{
	int type = SG_T_F32, rc, cast, v32, out;

	if ((g->node[node].op->flags & NET_OP_F32) &&
	    (rc = cast_inputs(g, node, &type, e)) != SG_OK)
		return rc;
	if (type != SG_T_F32) {
		out = g->node[node].out[0];
		if (out >= 0) {
			if ((v32 = net_value_new(g, "")) < 0 ||
			    add_cast(g, v32, type, &out, &cast) < 0)
				return no_memory(e);
			g->node[node].out[0] = v32;
			if ((rc = shape_node(g, node, e)) != SG_OK)
				return rc;
			if ((rc = fold_node(g, node, e)) != SG_OK)
				return rc;
			return resolve_node(g, cast, e);
		}
	}
	if ((rc = shape_node(g, node, e)) != SG_OK)
		return rc;
	return fold_node(g, node, e);
}

int
net_resolve(struct net_graph *g, struct sg_err *e)
{
	int n = g->nnode, rc;

	for (int i = 0; i < n; i++)
		if (!g->node[i].dead && (rc = resolve_node(g, i, e)) != SG_OK)
			return rc;
	return net_sort(g, e);
}
