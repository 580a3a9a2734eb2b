/*
 * Batch normalisation into the convolution before it, computed in double and rounded once:
 *   w' = w * s, b' = (b - mean) * s + shift,  s = scale / sqrt(var + eps).
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "worker/net/pass.h"
#include "worker/net/tensor.h"

static int
is_const_f32(const struct net_graph *g, int v)
{
	return v >= 0 && g->value[v].t.data != NULL && g->value[v].t.type == SG_T_F32;
}

/* The convolution whose only reader is this normalisation; NULL: none. */
static struct net_node *
conv_before(struct net_graph *g, const struct net_node *bn, const int *uses)
{
	int v = bn->in[0], p = g->value[v].producer;
	struct net_node *conv = p < 0 ? NULL : &g->node[p];

	if (conv == NULL || conv->dead || uses[v] != 1 || (g->value[v].port & 2))
		return NULL;
	if (strcmp(conv->op_type, "Conv") != 0 && strcmp(conv->op_type, "ConvTranspose") != 0)
		return NULL;
	if (!is_const_f32(g, conv->in[1]) ||
	    (conv->nin > 2 && conv->in[2] >= 0 && !is_const_f32(g, conv->in[2])))
		return NULL;
	for (int i = 1; i < 5; i++)
		if (!is_const_f32(g, bn->in[i]))
			return NULL;
	return conv;
}

/* New weight and bias of a convolution scaled by s[c] and shifted by t[c]. */
static int
scale_conv(struct net_graph *g, int node, const double *s, const double *t)
{
	int transposed = g->node[node].op_type[4] == 'T', old_w = g->node[node].in[1], w, b;
	const struct sg_tensor wt = g->value[old_w].t;
	int64_t group = net_attr_int(&g->node[node], "group", 1), taps, cout, per_group, i = 0;
	const float *from = net_const(g, old_w), *bias = NULL;
	void *wp, *bp;

	taps = net_dims_count(wt.dims + 2, wt.rank - 2);
	cout = transposed ? wt.dims[1] * group : wt.dims[0];
	per_group = wt.dims[0] / group; /* inputs of one group of a transposed one */
	if (g->node[node].nin > 2 && g->node[node].in[2] >= 0)
		bias = net_const(g, g->node[node].in[2]);
	if (from == NULL || (w = net_const_new(g, SG_T_F32, wt.rank, wt.dims, &wp)) < 0 ||
	    (b = net_const_new(g, SG_T_F32, 1, &cout, &bp)) < 0)
		return -1;
	for (int64_t a = 0; a < wt.dims[0]; a++)
		for (int64_t k = 0; k < wt.dims[1]; k++)
			for (int64_t m = 0; m < taps; m++, i++) {
				int64_t c = transposed ? a / per_group * wt.dims[1] + k : a;

				((float *)wp)[i] = (float)(from[i] * s[c]);
			}
	for (int64_t c = 0; c < cout; c++)
		((float *)bp)[c] = (float)((bias ? bias[c] : 0) * s[c] + t[c]);
	if (g->node[node].nin < 3) {
		int *in = sg_alloc_array(g->a, 4, sizeof(int));

		if (in == NULL)
			return -1;
		memcpy(in, g->node[node].in, 2 * sizeof(int));
		g->node[node].in = in;
		g->node[node].nin = 3;
	}
	g->node[node].in[1] = w;
	g->node[node].in[2] = b;
	return 0;
}

static int
fold(struct net_graph *g, int conv, const struct net_node *bn)
{
	int64_t c = g->value[bn->in[1]].t.dims[0];
	double *s = sg_alloc_array(g->a, (size_t)c * 2, sizeof(double)), eps;
	const float *p[5];

	eps = net_attr_float(bn, "epsilon", 1e-5f);
	for (int i = 1; i < 5; i++)
		if ((p[i] = net_const(g, bn->in[i])) == NULL)
			return -1;
	if (s == NULL)
		return -1;
	for (int64_t i = 0; i < c; i++) {
		s[i] = p[1][i] / sqrt(p[4][i] + eps);
		s[c + i] = p[2][i] - p[3][i] * s[i];
		if (!isfinite(s[i]) || !isfinite(s[c + i]))
			return 1; /* a negative variance: leave it as the file says */
	}
	return scale_conv(g, conv, s, s + c);
}

int
net_pass_batchnorm(struct net_graph *g, struct sg_err *e)
{
	int *uses = net_uses(g, g->a);

	if (uses == NULL)
		goto full;
	for (int i = 0; i < g->nnode; i++) {
		struct net_node bn = g->node[i];
		struct net_node *conv;
		int at, r;

		if (bn.dead || strcmp(bn.op_type, "BatchNormalization") != 0 ||
		    (conv = conv_before(g, &bn, uses)) == NULL)
			continue;
		at = (int)(conv - g->node);
		if ((r = fold(g, at, &bn)) < 0)
			goto full;
		if (r > 0)
			continue;
		g->node[at].out[0] = bn.out[0];
		g->value[bn.out[0]].producer = at;
		g->node[i].dead = 1;
	}
	return SG_OK;
full:
	return sg_fail(e, SG_ELIMIT, "onnx_too_large",
	    "The model's weights exceed the memory allowed for planning.");
}
