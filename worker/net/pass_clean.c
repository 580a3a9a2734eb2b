/* Passes that take nodes away: those that change nothing, and those nobody reads. */
#include "config.h"

#include <string.h>

#include "worker/net/pass.h"

/* Does the node hand on its first input as it is? */
static int
changes_nothing(const struct net_graph *g, const struct net_node *n)
{
	const char *op = n->op_type;

	if (strcmp(op, "Identity") == 0)
		return 1;
	if (strcmp(op, "Dropout") == 0)
		return n->nout < 2 || n->out[1] < 0;
	if (strcmp(op, "Cast") == 0)
		return g->value[n->in[0]].t.type == g->value[n->out[0]].t.type;
	return 0;
}

int
net_pass_identity(struct net_graph *g, struct sg_err *e)
{
	int *to = sg_alloc_array(g->a, (size_t)g->nvalue + 1, sizeof(int));

	if (to == NULL)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large", "The model has too many values.");
	for (int i = 0; i < g->nvalue; i++)
		to[i] = i;
	for (int i = 0; i < g->nnode; i++) {
		struct net_node *n = &g->node[i];
		const struct net_value *in, *out;

		if (n->dead)
			continue;
		for (int k = 0; k < n->nin; k++)
			if (n->in[k] >= 0)
				n->in[k] = to[n->in[k]];
		if (n->nout < 1 || n->out[0] < 0 || !changes_nothing(g, n))
			continue;
		in = &g->value[n->in[0]];
		out = &g->value[n->out[0]];
		/* An output must be made by a node: a port or constant cannot stand for it. */
		if ((out->port & 2) && (in->port || in->t.data))
			continue;
		if (out->port & 2)
			g->value[n->in[0]].port |= 2;
		to[n->out[0]] = n->in[0];
		n->dead = 1;
	}
	for (int i = 0; i < g->nout; i++)
		g->out[i] = to[g->out[i]];
	return SG_OK;
}

int
net_pass_dead(struct net_graph *g, struct sg_err *e)
{
	int *uses = net_uses(g, g->a);

	if (uses == NULL)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large", "The model has too many values.");
	for (int i = g->nnode - 1; i >= 0; i--) {
		struct net_node *n = &g->node[i];
		int read = 0;

		for (int k = 0; k < n->nout; k++)
			read |= n->out[k] >= 0 && uses[n->out[k]] > 0;
		if (n->dead || read)
			continue;
		n->dead = 1;
		for (int k = 0; k < n->nin; k++)
			if (n->in[k] >= 0)
				uses[n->in[k]]--;
		if (n->epi.residual >= 0)
			uses[n->epi.residual]--;
	}
	return net_sort(g, e);
}
