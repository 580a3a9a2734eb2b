/* The arena plan: see memory.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "worker/net/memory.h"
#include "worker/net/op.h"
#include "worker/net/tensor.h"

struct slot {
	int root, first, last; /* value that names it; nodes it lives over, ends included */
	size_t bytes, offset;
};

static int
in_arena(const struct net_value *v)
{
	return v->t.data == NULL && v->t.rank >= 0;
}

static int
root_of(int *root, int v)
{
	while (root[v] != v)
		v = root[v] = root[root[v]];
	return v;
}

static size_t
bytes_of(const struct net_value *v)
{
	return (sg_tensor_bytes(&v->t) + NET_ALIGN - 1) / NET_ALIGN * NET_ALIGN;
}

static int
by_size(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->root - y->root; /* the same plan every time */
}

/* First and last node at which each value is needed. Inputs live from -1, outputs to the end. */
static void
lifetimes(const struct net_graph *g, int *first, int *last)
{
	for (int i = 0; i < g->nvalue; i++)
		first[i] = last[i] = g->value[i].port & 1 ? -1 : INT32_MAX;
	for (int i = 0; i < g->nnode; i++) {
		const struct net_node *n = &g->node[i];

		for (int k = 0; k < n->nout; k++)
			if (n->out[k] >= 0)
				first[n->out[k]] = last[n->out[k]] = i;
		for (int k = 0; k <= n->nin; k++) {
			int v = k < n->nin ? n->in[k] : n->epi.residual;

			if (v >= 0)
				last[v] = i;
		}
	}
	for (int i = 0; i < g->nout; i++)
		last[g->out[i]] = g->nnode;
}

/* Is the place of `in` (root r) read by the node through another operand as well? */
static int
read_too(const struct net_graph *g, const struct net_node *n, int in, int r, int *root)
{
	for (int k = 0; k <= n->nin; k++) {
		int v = k < n->nin ? n->in[k] : n->epi.residual;

		if (v >= 0 && v != in && in_arena(&g->value[v]) && root_of(root, v) == r)
			return 1;
		if (v == in && n->inplace == -2 && k < n->nin)
			return 1;
	}
	return 0;
}

/* Let values share: views always, overwriting where the input dies at that node. */
static void
share(const struct net_graph *g, int *root, int *first, int *last)
{
	for (int i = 0; i < g->nnode; i++) {
		const struct net_node *n = &g->node[i];
		int alias = n->op->flags & NET_OP_ALIAS, k = alias ? 0 : n->inplace;
		int in = k == -2 ? n->epi.residual : k >= 0 && k < n->nin ? n->in[k] : -1;
		int out = n->nout ? n->out[0] : -1, r;

		if (in < 0 || out < 0 || !in_arena(&g->value[in]) || !in_arena(&g->value[out]))
			continue;
		r = root_of(root, in);
		if (bytes_of(&g->value[in]) != bytes_of(&g->value[out]) ||
		    (!alias && (last[r] != i || read_too(g, n, in, r, root))))
			continue;
		root[out] = r;
		first[r] = first[r] < first[out] ? first[r] : first[out];
		last[r] = last[r] > last[out] ? last[r] : last[out];
	}
}

/* The lowest gap of s->bytes among the placed slots that live at the same time. */
static size_t
place(const struct slot *s, const struct slot **placed, int n)
{
	size_t at = 0;

	for (int i = 0; i < n; i++) { /* placed is sorted by offset */
		const struct slot *p = placed[i];

		if (p->last < s->first || p->first > s->last || p->bytes == 0)
			continue;
		if (p->offset >= at + s->bytes)
			break;
		if (p->offset + p->bytes > at)
			at = p->offset + p->bytes;
	}
	return at;
}

static void
place_all(struct slot *slot, const struct slot **placed, int n, struct net_memory *m)
{
	for (int i = 0; i < n; i++) {
		struct slot *s = &slot[i];
		int k = i;

		s->offset = place(s, placed, i);
		for (; k > 0 && placed[k - 1]->offset > s->offset; k--)
			placed[k] = placed[k - 1];
		placed[k] = s;
		if (s->offset + s->bytes > m->bytes)
			m->bytes = s->offset + s->bytes;
		m->offset[s->root] = s->offset;
	}
}

int
net_memory_plan(struct net_memory *m, const struct net_graph *g, size_t limit, struct sg_err *e)
{
	size_t nv = (size_t)g->nvalue + 1;
	int *root = sg_alloc_array(g->a, nv, sizeof(int)),
	    *first = sg_alloc_array(g->a, nv, sizeof(int)),
	    *last = sg_alloc_array(g->a, nv, sizeof(int)), n = 0;
	struct slot *slot = sg_alloc_array(g->a, nv, sizeof(*slot));
	const struct slot **placed = sg_alloc_array(g->a, nv, sizeof(void *));

	m->bytes = 0;
	m->offset = sg_alloc_array(g->a, nv, sizeof(*m->offset));
	if (!root || !first || !last || !slot || !placed || !m->offset)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large", "The model has too many values.");
	lifetimes(g, first, last);
	for (int i = 0; i < g->nvalue; i++) {
		root[i] = i;
		m->offset[i] = SIZE_MAX;
	}
	share(g, root, first, last);
	for (int i = 0; i < g->nvalue; i++) {
		const struct net_value *v = &g->value[i];

		if (root[i] != i || !in_arena(v) || first[i] == INT32_MAX)
			continue;
		if (sg_tensor_bytes(&v->t) > limit)
			goto too_large;
		slot[n++] = (struct slot){i, first[i], last[i], bytes_of(v), 0};
	}
	qsort(slot, (size_t)n, sizeof(*slot), by_size);
	place_all(slot, placed, n, m);
	if (m->bytes > limit)
		goto too_large;
	for (int i = 0; i < g->nvalue; i++)
		m->offset[i] = m->offset[root_of(root, i)];
	return SG_OK;
too_large:
	return sg_fail(e, SG_ELIMIT, "onnx_too_large",
	    "The model needs more than %zu MiB of working memory for this size.", limit >> 20);
}
