/* Nodes computed by own kernels (kernels/last.h). */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kernels/nn.h"
#include "worker/net/cpu.h"
#include "worker/net/pass.h"
#include "worker/net/tensor.h"

static int
no_memory(struct sg_err *e)
{
	return cpu_fail(e, dnnl_out_of_memory);
}

/* --- layouts --- */

static int
swap_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	(void)d;
	(void)w;
	return c->in[0]->type == SG_T_F32;
}

static int
to_last_run(struct cpu_op *o)
{
	const struct sg_tensor *t = o->call.in[0];

	kn_to_last(cpu_out(o), t->data, t->dims[0], t->dims[1], cpu_pixels(t));
	return 0;
}

static int
to_plain_run(struct cpu_op *o)
{
	const struct sg_tensor *t = o->call.in[0];

	kn_to_plain(cpu_out(o), t->data, t->dims[0], t->dims[1], cpu_pixels(t));
	return 0;
}

/* --- activations --- */

static int
act_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	(void)d;
	w->layout = NET_ANY;
	w->inplace = 0;
	w->weights = 6; /* Clip's bounds */
	return c->in[0]->type == SG_T_F32;
}

static int
act_make(struct cpu_op *o, struct sg_err *e)
{
	static const char *const exact[] = {"Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip"};
	struct net_node tmp = *o->n;

	(void)e;
	o->num[0] = 0;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
		if (strcmp(o->n->op_type, exact[i]) == 0 && net_act_of(o->g, o->n, &tmp.epi)) {
			o->epi = cpu_epilogue(&tmp);
			o->num[0] = 1;
		}
	return SG_OK;
}

/* Others walk their reference row: element by element, so that any layout is right. */
static int
act_run(struct cpu_op *o)
{
	if (!o->num[0])
		return o->n->op->run(&o->call) == SG_OK ? 0 : -1;
	kn_act(cpu_out(o), cpu_in(o, 0), sg_tensor_count(o->call.out[0]), o->epi);
	return 0;
}

/* --- two tensors --- */

static const struct {
	const char *name;
	enum kn_binary op;
} binaries[] = {{"Add", KN_ADD}, {"Sub", KN_SUB}, {"Mul", KN_MUL}, {"Div", KN_DIV}, {"Max", KN_MAX},
    {"Min", KN_MIN}, {"PRelu", KN_PRELU}};

/* An operand against the output: its batch, channels and pixels are each whole or one. */
static int
operand(const struct sg_tensor *t, const struct sg_tensor *out, int64_t size[3])
{
	int64_t d[SG_NET_RANK] = {0};
	int whole = 1, one = 1;

	for (int i = 0; i < out->rank; i++)
		d[i] = i < out->rank - t->rank ? 1 : t->dims[i - (out->rank - t->rank)];
	for (int i = 2; i < out->rank; i++) {
		whole &= d[i] == out->dims[i];
		one &= d[i] == 1;
	}
	size[0] = d[0];
	size[1] = d[1];
	size[2] = one ? 1 : cpu_pixels(out);
	return t->type == SG_T_F32 && (whole || one);
}

/* One number a channel, or one alone: the same bytes in every layout. */
static int
is_weight(const int64_t size[3])
{
	return size[0] == 1 && size[2] == 1;
}

static int
binary_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	int64_t size[3];

	(void)d;
	if (c->nin != 2 || !cpu_is_map(c->out[0]))
		return 0;
	w->layout = NET_ANY;
	for (int i = 0; i < 2; i++) {
		if (!operand(c->in[i], c->out[0], size))
			return 0;
		if (is_weight(size))
			w->weights |= 1u << i;
		else if (c->in[i]->rank != c->out[0]->rank)
			return 0;
	}
	if (sg_tensor_count(c->in[0]) == sg_tensor_count(c->out[0]))
		w->inplace = 0;
	else if (sg_tensor_count(c->in[1]) == sg_tensor_count(c->out[0]))
		w->inplace = 1;
	return w->weights != 3;
}

/* num: op, dims[3], steps of a and b. */
static int
binary_make(struct cpu_op *o, struct sg_err *e)
{
	int last = o->g->value[o->n->out[0]].last;
	const struct sg_tensor *out = o->call.out[0];
	int64_t n = cpu_pixels(out), size[3];

	(void)e;
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (strcmp(binaries[i].name, o->n->op_type) == 0)
			o->num[0] = binaries[i].op;
	o->num[1] = out->dims[0];
	o->num[2] = last ? n : out->dims[1];
	o->num[3] = last ? out->dims[1] : n;
	for (int i = 0; i < 2; i++) {
		int64_t *step = &o->num[4 + 3 * i], c, p;

		operand(o->call.in[i], out, size);
		c = last ? 1 : size[2]; /* from channel to channel, pixel to pixel */
		p = last ? size[1] : 1;
		step[0] = size[0] == 1 ? 0 : size[1] * size[2];
		step[last ? 2 : 1] = size[1] == 1 ? 0 : c;
		step[last ? 1 : 2] = size[2] == 1 ? 0 : p;
	}
	return SG_OK;
}

static int
binary_run(struct cpu_op *o)
{
	kn_binary3((enum kn_binary)o->num[0], cpu_out(o), cpu_in(o, 0), &o->num[4], cpu_in(o, 1),
	    &o->num[7], &o->num[1], o->epi);
	return 0;
}

/* --- normalisation --- */

static int
const_f32(const struct sg_tensor *t)
{
	return t && t->data && t->type == SG_T_F32;
}

static int
norm_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	int instance = c->n->op_type[0] == 'I';

	(void)d;
	for (int i = 1; i < c->nin; i++)
		if (!const_f32(c->in[i]))
			return 0;
	/* Three dimensions are a group norm's reshaped groups: few long planes. */
	w->layout = instance && c->in[0]->rank == 3 ? NET_PLAIN : NET_LAST;
	w->weights = ~1u;
	w->inplace = 0;
	return cpu_is_map(c->in[0]);
}

static int
instance_make(struct cpu_op *o, struct sg_err *e)
{
	if (net_const(o->g, o->n->in[1]) == NULL || net_const(o->g, o->n->in[2]) == NULL)
		return no_memory(e);
	o->scratch = KN_NORM_SCRATCH(o->call.in[0]->dims[1]);
	return SG_OK;
}

static int
instance_run(struct cpu_op *o)
{
	const struct sg_tensor *t = o->call.in[0];
	float eps = net_attr_float(o->n, "epsilon", 1e-5f);
	int64_t n = cpu_pixels(t);

	if (t->rank == 3)
		kn_plain_instancenorm(cpu_out(o), t->data, t->dims[0] * t->dims[1], n, t->dims[1],
		    cpu_in(o, 1), cpu_in(o, 2), eps, o->epi);
	else
		kn_last_instancenorm(cpu_out(o), t->data, t->dims[0], n, t->dims[1], cpu_in(o, 1),
		    cpu_in(o, 2), eps, o->epi, o->work);
	return 0;
}

static int
batch_make(struct cpu_op *o, struct sg_err *e)
{
	int64_t c = o->call.in[0]->dims[1];
	float *s = cpu_own(o, (size_t)c * 2 * sizeof(float));
	double eps = net_attr_float(o->n, "epsilon", 1e-5f), a;
	const float *p[5];

	for (int i = 1; i < 5; i++)
		if ((p[i] = net_const(o->g, o->n->in[i])) == NULL)
			return no_memory(e);
	if (s == NULL)
		return no_memory(e);
	for (int64_t k = 0; k < c; k++) {
		a = p[1][k] / sqrt(p[4][k] + eps);
		s[k] = (float)a;
		s[c + k] = (float)(p[2][k] - p[3][k] * a);
	}
	return SG_OK;
}

static int
batch_run(struct cpu_op *o)
{
	const struct sg_tensor *t = o->call.in[0];
	float *s = o->own[0];

	kn_last_affine(
	    cpu_out(o), t->data, t->dims[0] * cpu_pixels(t), t->dims[1], s, s + t->dims[1], o->epi);
	return 0;
}

/* --- means and softmax over channels --- */

static int
mean_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	(void)d;
	w->layout = NET_LAST;
	return cpu_is_map(c->in[0]);
}

static int
mean_make(struct cpu_op *o, struct sg_err *e)
{
	(void)e;
	o->scratch = KN_NORM_SCRATCH(o->call.in[0]->dims[1]);
	return SG_OK;
}

static int
mean_run(struct cpu_op *o)
{
	const struct sg_tensor *t = o->call.in[0];

	kn_last_mean(cpu_out(o), t->data, t->dims[0], cpu_pixels(t), t->dims[1], o->work);
	return 0;
}

static int
softmax_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	int64_t axis = net_attr_int(c->n, "axis", c->opset < 13 ? 1 : -1);

	(void)d;
	w->layout = NET_LAST;
	w->inplace = 0;
	return cpu_is_map(c->in[0]) && c->opset >= 13 && (axis == 1 || axis == 1 - c->in[0]->rank);
}

static int
softmax_run(struct cpu_op *o)
{
	const struct sg_tensor *t = o->call.in[0];

	kn_last_softmax(cpu_out(o), t->data, t->dims[0] * cpu_pixels(t), t->dims[1]);
	return 0;
}

/* --- Concat of channels --- */

static int
concat_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	int64_t axis = net_attr_int(c->n, "axis", 1);

	(void)d;
	w->layout = NET_LAST;
	return cpu_is_map(c->in[0]) && (axis == 1 || axis == 1 - c->in[0]->rank);
}

static int
concat_run(struct cpu_op *o)
{
	const struct sg_tensor *y = o->call.out[0];
	int64_t at = 0;

	for (int i = 0; i < o->call.nin; i++) {
		kn_last_place(y->data, y->dims[1], at, o->call.in[i]->data, o->call.in[i]->dims[1],
		    y->dims[0] * cpu_pixels(y));
		at += o->call.in[i]->dims[1];
	}
	return 0;
}

/* --- Resize: taps of each axis are worked out once --- */

static void
sides(int64_t to[3], const int64_t *from, int rank)
{
	for (int i = 0; i < 3; i++)
		to[i] = i < 5 - rank ? 1 : from[i - (5 - rank) + 2];
}

static int
resize_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	struct net_resize r;

	(void)d;
	w->layout = NET_LAST;
	w->weights = ~1u;
	if (!cpu_is_map(c->in[0]) || net_resize_of(c, &r) != SG_OK)
		return 0;
	return r.in[0] == r.out[0] && r.in[1] == r.out[1] && r.scale[0] == 1 && r.scale[1] == 1;
}

static void
taps_of(struct kn_tap *tap, const struct net_resize *r, int d)
{
	int64_t in = r->in[d];

	for (int64_t i = 0; i < r->out[d]; i++) {
		double x = in == r->out[d] && r->scale[d] == 1
			       ? (double)i
			       : kn_coordinate(
				     (enum kn_coord)r->coord, i, in, r->out[d], r->scale[d]);
		double f;

		if (!r->linear) {
			tap[i].lo = tap[i].hi = in == r->out[d] && r->scale[d] == 1
						    ? (int32_t)i
						    : (int32_t)kn_nearest_at(
							  (enum kn_nearest)r->nearest, x, in);
			continue;
		}
		x = x < 0 ? 0 : x > (double)(in - 1) ? (double)(in - 1) : x;
		f = floor(x);
		tap[i].lo = (int32_t)f;
		tap[i].hi = tap[i].lo + 1 < in ? tap[i].lo + 1 : tap[i].lo;
		tap[i].w = (float)(x - f);
	}
}

static int
resize_make(struct cpu_op *o, struct sg_err *e)
{
	struct net_resize r;
	struct kn_tap *tap;
	int64_t n = 1;

	if (net_resize_of(&o->call, &r) != SG_OK)
		return cpu_fail(e, dnnl_unimplemented);
	for (int d = 2; d < r.rank; d++)
		n += r.out[d];
	if ((tap = cpu_own(o, (size_t)(n + 2) * sizeof(*tap))) == NULL)
		return no_memory(e);
	/* The first tap, all zero, serves the axes that a lower rank has not. */
	n = 1;
	for (int k = 0; k < 3; k++) {
		int d = k - (5 - r.rank) + 2;

		o->num[k] = d < 2 ? 0 : n;
		if (d < 2)
			continue;
		taps_of(tap + n, &r, d);
		n += r.out[d];
	}
	return SG_OK;
}

static int
resize_run(struct cpu_op *o)
{
	const struct sg_tensor *x = o->call.in[0], *y = o->call.out[0];
	const struct kn_tap *tap = o->own[0];
	int64_t in[3], out[3];

	sides(in, x->dims, x->rank);
	sides(out, y->dims, y->rank);
	kn_last_resize(y->data, x->data, x->dims[0], in, out, x->dims[1], tap + o->num[0],
	    tap + o->num[1], tap + o->num[2]);
	return 0;
}

const struct cpu_kind cpu_own_kinds[] = {
    {"(channels last)", swap_want, NULL, to_last_run},
    {"(plain order)", swap_want, NULL, to_plain_run},
    {"Relu", act_want, act_make, act_run},
    {"LeakyRelu", act_want, act_make, act_run},
    {"Sigmoid", act_want, act_make, act_run},
    {"Tanh", act_want, act_make, act_run},
    {"Clip", act_want, act_make, act_run},
    {"Elu", act_want, act_make, act_run},
    {"Selu", act_want, act_make, act_run},
    {"Celu", act_want, act_make, act_run},
    {"HardSigmoid", act_want, act_make, act_run},
    {"HardSwish", act_want, act_make, act_run},
    {"Softplus", act_want, act_make, act_run},
    {"Mish", act_want, act_make, act_run},
    {"Gelu", act_want, act_make, act_run},
    {"Erf", act_want, act_make, act_run},
    {"Exp", act_want, act_make, act_run},
    {"Log", act_want, act_make, act_run},
    {"Sqrt", act_want, act_make, act_run},
    {"Abs", act_want, act_make, act_run},
    {"Neg", act_want, act_make, act_run},
    {"Reciprocal", act_want, act_make, act_run},
    {"Floor", act_want, act_make, act_run},
    {"Ceil", act_want, act_make, act_run},
    {"Round", act_want, act_make, act_run},
    {"Add", binary_want, binary_make, binary_run},
    {"Sub", binary_want, binary_make, binary_run},
    {"Mul", binary_want, binary_make, binary_run},
    {"Div", binary_want, binary_make, binary_run},
    {"Max", binary_want, binary_make, binary_run},
    {"Min", binary_want, binary_make, binary_run},
    {"PRelu", binary_want, binary_make, binary_run},
    {"InstanceNormalization", norm_want, instance_make, instance_run},
    {"BatchNormalization", norm_want, batch_make, batch_run},
    {"GlobalAveragePool", mean_want, mean_make, mean_run},
    {"Softmax", softmax_want, NULL, softmax_run},
    {"Concat", concat_want, NULL, concat_run},
    {"Resize", resize_want, resize_make, resize_run},
    {"Upsample", resize_want, resize_make, resize_run},
    {NULL, NULL, NULL, NULL},
};
