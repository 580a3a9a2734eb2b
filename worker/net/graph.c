/* Building, copying, ordering and asking a graph. */
#include "config.h"

#include <stdalign.h>
#include <string.h>

#include "worker/net/graph.h"

struct net_graph *
net_graph_new(struct sg_arena *a)
{
	struct net_graph *g = sg_alloc(a, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->a = a;
	g->opset = 13;
	g->ir_version = 8;
	g->producer = "";
	return g;
}

static void *
dup_mem(struct sg_arena *a, const void *p, size_t n, size_t size, int *ok)
{
	void *q = sg_alloc_array(a, n ? n : 1, size);

	if (q == NULL) {
		*ok = 0;
		return NULL;
	}
	if (n)
		memcpy(q, p, n * size);
	return q;
}

struct net_graph *
net_graph_copy(const struct net_graph *g, struct sg_arena *a)
{
	struct net_graph *c = sg_alloc(a, sizeof(*c));
	int ok = 1;

	if (c == NULL)
		return NULL;
	*c = *g;
	c->a = a;
	c->cap_value = g->nvalue;
	c->cap_node = g->nnode;
	c->value = dup_mem(a, g->value, (size_t)g->nvalue, sizeof(*g->value), &ok);
	c->node = dup_mem(a, g->node, (size_t)g->nnode, sizeof(*g->node), &ok);
	c->in = dup_mem(a, g->in, (size_t)g->nin, sizeof(int), &ok);
	c->out = dup_mem(a, g->out, (size_t)g->nout, sizeof(int), &ok);
	for (int i = 0; ok && i < c->nnode; i++) {
		struct net_node *n = &c->node[i];

		n->in = dup_mem(a, n->in, (size_t)n->nin, sizeof(int), &ok);
		n->out = dup_mem(a, n->out, (size_t)n->nout, sizeof(int), &ok);
	}
	return ok ? c : NULL;
}

/* Make room for one more in an arena array that doubles. The old one stays in the arena. */
static void *
grow(struct sg_arena *a, void *old, int n, int *cap, size_t size)
{
	int want = *cap ? *cap * 2 : 64;
	void *p;

	if (n < *cap)
		return old;
	if ((p = sg_alloc_array(a, (size_t)want, size)) == NULL)
		return NULL;
	if (n)
		memcpy(p, old, (size_t)n * size);
	*cap = want;
	return p;
}

int
net_value_new(struct net_graph *g, const char *name)
{
	struct net_value *p = grow(g->a, g->value, g->nvalue, &g->cap_value, sizeof(*p));

	if (p == NULL)
		return -1;
	g->value = p;
	p = &g->value[g->nvalue];
	memset(p, 0, sizeof(*p));
	p->name = name;
	p->t.rank = -1;
	p->producer = -1;
	return g->nvalue++;
}

int
net_node_new(struct net_graph *g, const char *op_type, const char *name, int nin, int nout)
{
	struct net_node *p = grow(g->a, g->node, g->nnode, &g->cap_node, sizeof(*p));

	if (p == NULL)
		return -1;
	g->node = p;
	p = &g->node[g->nnode];
	memset(p, 0, sizeof(*p));
	p->op_type = op_type;
	p->name = name;
	p->domain = "";
	p->why = "";
	p->nin = nin;
	p->nout = nout;
	p->epi.residual = p->inplace = -1;
	p->in = sg_alloc_array(g->a, (size_t)nin + 1, sizeof(int));
	p->out = sg_alloc_array(g->a, (size_t)nout + 1, sizeof(int));
	if (p->in == NULL || p->out == NULL)
		return -1;
	for (int i = 0; i < nin; i++)
		p->in[i] = -1;
	for (int i = 0; i < nout; i++)
		p->out[i] = -1;
	return g->nnode++;
}

int
net_const_new(struct net_graph *g, int type, int rank, const int64_t *dims, void **data)
{
	int v = net_value_new(g, "");
	struct sg_tensor *t;

	if (v < 0)
		return -1;
	t = &g->value[v].t;
	t->type = type;
	t->rank = rank;
	for (int i = 0; i < rank; i++)
		t->dims[i] = dims[i];
	if ((t->data = sg_alloc_aligned(g->a, sg_tensor_bytes(t) + 1)) == NULL)
		return -1;
	*data = t->data;
	return v;
}

const void *
net_const(struct net_graph *g, int value)
{
	struct sg_tensor *t = &g->value[value].t;
	size_t size = sg_net_type_size(t->type);
	void *p;

	if (((uintptr_t)t->data & (size - 1)) == 0)
		return t->data;
	if ((p = sg_alloc_aligned(g->a, sg_tensor_bytes(t) + 1)) == NULL)
		return NULL;
	memcpy(p, t->data, sg_tensor_bytes(t));
	t->data = p;
	return p;
}

const struct net_attr *
net_attr(const struct net_node *n, const char *name)
{
	for (int i = 0; i < n->nattr; i++)
		if (strcmp(n->attr[i].name, name) == 0)
			return &n->attr[i];
	return NULL;
}

int64_t
net_attr_int(const struct net_node *n, const char *name, int64_t otherwise)
{
	const struct net_attr *a = net_attr(n, name);

	return a && a->kind == NET_A_INT ? a->i : otherwise;
}

float
net_attr_float(const struct net_node *n, const char *name, float otherwise)
{
	const struct net_attr *a = net_attr(n, name);

	return a && a->kind == NET_A_FLOAT ? a->f : otherwise;
}

const char *
net_attr_str(const struct net_node *n, const char *name, const char *otherwise)
{
	const struct net_attr *a = net_attr(n, name);

	return a && a->kind == NET_A_STRING ? a->s : otherwise;
}

const int64_t *
net_attr_ints(const struct net_node *n, const char *name, int *count)
{
	const struct net_attr *a = net_attr(n, name);

	*count = a && a->kind == NET_A_INTS ? a->n : 0;
	return *count ? a->ints : NULL;
}

/* Room for one more attribute; lists are short, so the array is copied each time. */
static struct net_attr *
add_attr(struct net_graph *g, int node, const char *name, enum net_attr_kind kind)
{
	struct net_node *n = &g->node[node];
	struct net_attr *p = sg_alloc_array(g->a, (size_t)n->nattr + 1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (n->nattr)
		memcpy(p, n->attr, (size_t)n->nattr * sizeof(*p));
	p[n->nattr].name = name;
	p[n->nattr].kind = kind;
	n->attr = p;
	return &p[n->nattr++];
}

int
net_set_int(struct net_graph *g, int node, const char *name, int64_t v)
{
	struct net_attr *p = add_attr(g, node, name, NET_A_INT);

	if (p == NULL)
		return -1;
	p->i = v;
	return 0;
}

int
net_set_float(struct net_graph *g, int node, const char *name, float v)
{
	struct net_attr *p = add_attr(g, node, name, NET_A_FLOAT);

	if (p == NULL)
		return -1;
	p->f = v;
	return 0;
}

int
net_set_str(struct net_graph *g, int node, const char *name, const char *v)
{
	struct net_attr *p = add_attr(g, node, name, NET_A_STRING);

	if (p == NULL || (p->s = sg_strdup(g->a, v)) == NULL)
		return -1;
	return 0;
}

int
net_set_ints(struct net_graph *g, int node, const char *name, const int64_t *v, int n)
{
	struct net_attr *p = add_attr(g, node, name, NET_A_INTS);
	int ok = 1;

	if (p == NULL)
		return -1;
	p->ints = dup_mem(g->a, v, (size_t)n, sizeof(*v), &ok);
	p->n = n;
	return ok ? 0 : -1;
}

const char *
net_node_label(const struct net_graph *g, const struct net_node *n)
{
	(void)g;
	if (n->name[0])
		return n->name;
	if (n->nout > 0 && n->out[0] >= 0 && g->value[n->out[0]].name[0])
		return g->value[n->out[0]].name;
	return n->op_type;
}

static int
set_producers(struct net_graph *g, struct sg_err *e)
{
	for (int i = 0; i < g->nvalue; i++)
		g->value[i].producer = -1;
	for (int i = 0; i < g->nnode; i++) {
		const struct net_node *n = &g->node[i];

		if (n->dead)
			continue;
		for (int k = 0; k < n->nout; k++) {
			struct net_value *v = n->out[k] < 0 ? NULL : &g->value[n->out[k]];

			if (v == NULL)
				continue;
			if (v->producer >= 0 || v->t.data != NULL || (v->port & 1))
				return sg_fail(e, SG_EINPUT, "onnx_corrupt",
				    "Two nodes make the value '%.60s'.", v->name);
			v->producer = i;
		}
	}
	return SG_OK;
}

/* A value of node n that no node, input or constant gives; -1 when all are given. */
static int
missing_input(const struct net_graph *g, const struct net_node *n)
{
	for (int k = 0; k < n->nin; k++) {
		const struct net_value *v = n->in[k] < 0 ? NULL : &g->value[n->in[k]];

		if (v && v->producer < 0 && v->t.data == NULL && !(v->port & 1))
			return n->in[k];
	}
	return -1;
}

/* Kahn's algorithm that keeps the file's order where it can run already. */
int
net_sort(struct net_graph *g, struct sg_err *e)
{
	struct net_node *order = sg_alloc_array(g->a, (size_t)g->nnode + 1, sizeof(*order));
	char *done = sg_alloc_array(g->a, (size_t)g->nnode + 1, 1);
	int placed = 0, live = 0, rc, v, *stack;

	stack = sg_alloc_array(g->a, (size_t)g->nnode + 1, sizeof(int));
	if (order == NULL || done == NULL || stack == NULL)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large", "The model has too many nodes.");
	if ((rc = set_producers(g, e)) != SG_OK)
		return rc;
	for (int i = 0; i < g->nnode; i++) {
		if (g->node[i].dead)
			continue;
		live++;
		if ((v = missing_input(g, &g->node[i])) >= 0)
			return sg_fail(e, SG_EINPUT, "onnx_corrupt",
			    "Node '%.60s' needs the value '%.60s', which nothing gives.",
			    net_node_label(g, &g->node[i]), g->value[v].name);
	}
	/* Depth-first without recursion: 1 = on the stack, 2 = placed. */
	for (int i = 0; i < g->nnode; i++) {
		int depth = 0;

		if (g->node[i].dead || done[i])
			continue;
		stack[depth++] = i;
		while (depth) {
			int at = stack[depth - 1], waits = -1;
			const struct net_node *n = &g->node[at];

			done[at] = 1;
			for (int k = 0; k <= n->nin && waits < 0; k++) {
				int need = k < n->nin ? n->in[k] : n->epi.residual;

				if (need >= 0 && g->value[need].producer >= 0 &&
				    done[g->value[need].producer] != 2)
					waits = g->value[need].producer;
			}
			if (waits < 0) {
				done[at] = 2;
				order[placed++] = *n;
				depth--;
			} else if (done[waits] == 1) {
				return sg_fail(e, SG_EINPUT, "onnx_cycle",
				    "The model's nodes form a cycle at '%.60s'.",
				    net_node_label(g, &g->node[waits]));
			} else {
				stack[depth++] = waits;
			}
		}
	}
	g->node = order;
	g->cap_node = g->nnode + 1;
	g->nnode = placed;
	return placed == live ? set_producers(g, e) : SG_EINTERNAL;
}

int *
net_uses(const struct net_graph *g, struct sg_arena *a)
{
	int *uses = sg_alloc_array(a, (size_t)g->nvalue + 1, sizeof(int));

	if (uses == NULL)
		return NULL;
	for (int i = 0; i < g->nnode; i++) {
		const struct net_node *n = &g->node[i];

		if (n->dead)
			continue;
		for (int k = 0; k < n->nin; k++)
			if (n->in[k] >= 0)
				uses[n->in[k]]++;
		if (n->epi.residual >= 0)
			uses[n->epi.residual]++;
	}
	for (int i = 0; i < g->nout; i++)
		uses[g->out[i]]++;
	return uses;
}
