/*
 * Additions and activations that follow a convolution (and activations that follow an addition
 * or a normalisation) become its epilogue, so that the device need not walk over memory again.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "worker/net/pass.h"
#include "worker/net/tensor.h"

static int
bound(struct net_graph *g, const struct net_node *n, int i, const char *attr, float otherwise,
    float *out)
{
	*out = otherwise;
	if (g->opset < 11) {
		*out = net_attr_float(n, attr, otherwise);
		return 1;
	}
	if (i >= n->nin || n->in[i] < 0)
		return 1;
	if (g->value[n->in[i]].t.data == NULL)
		return 0;
	*out = (float)net_get_f64(g->value[n->in[i]].t.data, g->value[n->in[i]].t.type, 0);
	return 1;
}

int
net_act_of(struct net_graph *g, const struct net_node *n, struct net_epilogue *epi)
{
	const char *op = n->op_type;

	epi->alpha = epi->beta = 0;
	if (n->nin < 1 || n->in[0] < 0 || g->value[n->in[0]].t.type != SG_T_F32)
		return 0;
	if (strcmp(op, "Relu") == 0)
		epi->act = NET_ACT_RELU;
	else if (strcmp(op, "Sigmoid") == 0)
		epi->act = NET_ACT_SIGMOID;
	else if (strcmp(op, "Tanh") == 0)
		epi->act = NET_ACT_TANH;
	else if (strcmp(op, "LeakyRelu") == 0) {
		epi->act = NET_ACT_LEAKY;
		epi->alpha = net_attr_float(n, "alpha", 0.01f);
	} else if (strcmp(op, "Clip") == 0) {
		epi->act = NET_ACT_CLIP;
		return bound(g, n, 1, "min", -INFINITY, &epi->alpha) &&
		       bound(g, n, 2, "max", INFINITY, &epi->beta);
	} else {
		return 0;
	}
	return 1;
}

static int
is_conv(const struct net_node *n)
{
	return strcmp(n->op_type, "Conv") == 0;
}

static int
takes_activation(const struct net_node *n)
{
	static const char *const ops[] = {
	    "Conv", "ConvTranspose", "InstanceNormalization", "BatchNormalization", "Add"};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(n->op_type, ops[i]) == 0)
			return 1;
	return 0;
}

static int
same_shape(const struct sg_tensor *a, const struct sg_tensor *b)
{
	return a->type == b->type && a->rank == b->rank &&
	       memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims)) == 0;
}

/* The live node that makes v for one reader alone; -1: none. */
static int
only_for(const struct net_graph *g, int v, const int *uses)
{
	int p = g->value[v].producer;

	return p >= 0 && !g->node[p].dead && uses[v] == 1 && !(g->value[v].port & 2) ? p : -1;
}

/* Let node `at` make what the later node `by` made. */
static void
absorb(struct net_graph *g, int at, int by)
{
	g->node[at].out[0] = g->node[by].out[0];
	g->value[g->node[at].out[0]].producer = at;
	g->node[by].dead = 1;
}

/* Add of two tensors of one shape, one made by a convolution for it alone. */
static void
fuse_add(struct net_graph *g, int i, const int *uses)
{
	const struct net_node *n = &g->node[i];

	if (!same_shape(&g->value[n->in[0]].t, &g->value[n->in[1]].t) ||
	    g->value[n->in[0]].t.type != SG_T_F32 || n->in[0] == n->in[1])
		return;
	for (int k = 0; k < 2; k++) {
		int conv = only_for(g, n->in[k], uses), other = n->in[1 - k];

		/* The other summand must be there before the convolution runs. */
		if (conv < 0 || !is_conv(&g->node[conv]) || g->value[other].t.data ||
		    g->value[other].producer > conv || g->node[conv].epi.residual >= 0 ||
		    g->node[conv].epi.act != NET_ACT_NONE)
			continue;
		g->node[conv].epi.residual = other;
		absorb(g, conv, i);
		return;
	}
}

int
net_pass_fuse(struct net_graph *g, struct sg_err *e)
{
	int *uses = net_uses(g, g->a);
	struct net_epilogue epi;

	if (uses == NULL)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large", "The model has too many values.");
	for (int i = 0; i < g->nnode; i++) {
		struct net_node *n = &g->node[i];
		int p;

		if (n->dead)
			continue;
		if (strcmp(n->op_type, "Add") == 0) {
			fuse_add(g, i, uses);
		} else if (net_act_of(g, n, &epi) && (p = only_for(g, n->in[0], uses)) >= 0 &&
			   takes_activation(&g->node[p]) && g->node[p].epi.act == NET_ACT_NONE) {
			g->node[p].epi.act = epi.act;
			g->node[p].epi.alpha = epi.alpha;
			g->node[p].epi.beta = epi.beta;
			absorb(g, p, i);
		}
	}
	return SG_OK;
}
