/* Nodes that oneDNN 2.6 computes: Conv, ConvTranspose, pools. */
#include "config.h"

#include <string.h>

#include "worker/net/cpu.h"
#include "worker/net/tensor.h"

/* oneDNN reads twelve dimensions whatever the rank is. */
static dnnl_status_t
desc_of(
    dnnl_memory_desc_t *md, const struct sg_tensor *t, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
	dnnl_dims_t dims = {0};

	memcpy(dims, t->dims, (size_t)t->rank * sizeof(*dims));
	return dnnl_memory_desc_init_by_tag(md, t->rank, dims, type, tag);
}

/* A data map, channels last. */
static dnnl_status_t
map_desc(dnnl_memory_desc_t *md, const struct sg_tensor *t, dnnl_data_type_t type)
{
	static const dnnl_format_tag_t tags[] = {dnnl_nwc, dnnl_nhwc, dnnl_ndhwc};

	return desc_of(md, t, type, tags[t->rank - 3]);
}

/*
 * A convolution's weight as the file has it. oneDNN wants the dimensions [g] out in k...; a
 * transposed one's bytes are [g] in out k..., told by strides.
 */
static dnnl_status_t
weight_desc(dnnl_memory_desc_t *md, const struct sg_tensor *t, int64_t group, int transposed)
{
	dnnl_dims_t dims = {0}, strides = {0};
	int n = 0, nk = t->rank - 2;
	int64_t taps = net_dims_count(t->dims + 2, nk), a = t->dims[0] / group, b = t->dims[1];

	if (group > 1) {
		dims[n] = group;
		strides[n++] = a * b * taps;
	}
	dims[n] = transposed ? b : a;
	strides[n++] = transposed ? taps : b * taps;
	dims[n] = transposed ? a : b;
	strides[n++] = transposed ? b * taps : taps;
	for (int i = 0; i < nk; i++) {
		dims[n] = t->dims[2 + i];
		strides[n++] = net_dims_count(t->dims + 3 + i, nk - 1 - i);
	}
	return dnnl_memory_desc_init_by_strides(md, n, dims, dnnl_f32, strides);
}

static int
epilogue_attr(dnnl_primitive_attr_t attr, const struct net_node *n, int sum)
{
	static const struct {
		enum net_act act;
		dnnl_alg_kind_t alg;
	} algs[] = {
	    {NET_ACT_RELU, dnnl_eltwise_relu},
	    {NET_ACT_LEAKY, dnnl_eltwise_relu},
	    {NET_ACT_SIGMOID, dnnl_eltwise_logistic},
	    {NET_ACT_TANH, dnnl_eltwise_tanh},
	    {NET_ACT_CLIP, dnnl_eltwise_clip},
	};
	dnnl_post_ops_t ops;
	dnnl_status_t s;

	if ((s = dnnl_post_ops_create(&ops)) != dnnl_success)
		return s;
	if (sum)
		s = dnnl_post_ops_append_sum(ops, 1);
	for (size_t i = 0; s == dnnl_success && i < sizeof(algs) / sizeof(algs[0]); i++)
		if (algs[i].act == n->epi.act)
			s = dnnl_post_ops_append_eltwise(
			    ops, 1, algs[i].alg, n->epi.alpha, n->epi.beta);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_post_ops(attr, ops);
	dnnl_post_ops_destroy(ops);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
	return s;
}

/* Copy bytes from one layout or type to another, once, when the plan is made. */
static dnnl_status_t
reorder(struct net_dev *d, const dnnl_memory_desc_t *to, void *dst, const dnnl_memory_desc_t *from,
    const void *src)
{
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t prim = NULL;
	dnnl_memory_t a = NULL, b = NULL;
	dnnl_status_t s;

	if ((s = dnnl_memory_create(&a, from, d->engine, (void *)(uintptr_t)src)) == dnnl_success &&
	    (s = dnnl_memory_create(&b, to, d->engine, dst)) == dnnl_success &&
	    (s = dnnl_reorder_primitive_desc_create(&pd, from, d->engine, to, d->engine, NULL)) ==
		dnnl_success &&
	    (s = dnnl_primitive_create(&prim, pd)) == dnnl_success) {
		dnnl_exec_arg_t arg[2] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};

		s = dnnl_primitive_execute(prim, d->stream, 2, arg);
		if (s == dnnl_success)
			s = dnnl_stream_wait(d->stream);
	}
	if (prim)
		dnnl_primitive_destroy(prim);
	if (pd)
		dnnl_primitive_desc_destroy(pd);
	if (a)
		dnnl_memory_destroy(a);
	if (b)
		dnnl_memory_destroy(b);
	return s;
}

static int
no_memory(struct sg_err *e)
{
	return cpu_fail(e, dnnl_out_of_memory);
}

/* Weight and bias as the primitive wants them, as arguments. */
static int
pack_weights(struct cpu_op *o, const_dnnl_primitive_desc_t pd, const dnnl_memory_desc_t *plain,
    struct sg_err *e)
{
	const dnnl_memory_desc_t *want = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	int bias = o->call.nin > 2 && o->call.in[2] ? o->n->in[2] : -1, rc;
	const void *w = net_const(o->g, o->n->in[1]), *b = NULL;
	void *packed = cpu_own(o, dnnl_memory_desc_get_size(want)), *copy;
	dnnl_memory_desc_t md;
	dnnl_status_t s;

	if (w == NULL || packed == NULL)
		return no_memory(e);
	if ((s = reorder(o->d, want, packed, plain, w)) != dnnl_success)
		return cpu_fail(e, s);
	if ((rc = cpu_bind_arg(o, DNNL_ARG_WEIGHTS, want, -1, packed, e)) != SG_OK || bias < 0)
		return rc;
	b = net_const(o->g, bias);
	copy = cpu_own(o, sg_tensor_bytes(o->call.in[2]));
	if (b == NULL || copy == NULL)
		return no_memory(e);
	memcpy(copy, b, sg_tensor_bytes(o->call.in[2]));
	s = desc_of(&md, o->call.in[2], dnnl_f32, dnnl_a);
	return s != dnnl_success ? cpu_fail(e, s)
				 : cpu_bind_arg(o, DNNL_ARG_BIAS, &md, -1, copy, e);
}

static int
const_weights(const struct net_call *c)
{
	return cpu_is_map(c->in[0]) && c->in[1]->data &&
	       (c->nin < 3 || !c->in[2] || c->in[2]->data);
}

static int
conv_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	(void)d;
	w->layout = NET_LAST;
	w->weights = 6;
	w->inplace = c->n->epi.residual >= 0 ? -2 : -1;
	return const_weights(c);
}

static int
deconv_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	struct net_window k;

	(void)d;
	w->layout = NET_LAST;
	w->weights = 6;
	if (!const_weights(c) || c->n->epi.residual >= 0 || net_window_deconv(c, &k) != SG_OK)
		return 0;
	for (int i = 0; i < k.nd; i++)
		if (k.pad_end[i] < 0)
			return 0;
	return 1;
}

struct lists {
	dnnl_dims_t stride, dilate, left, right, kernel;
};

static void
lists_of(struct lists *l, const struct net_window *w)
{
	for (int i = 0; i < w->nd; i++) {
		l->stride[i] = w->stride[i];
		l->dilate[i] = w->dilation[i] - 1;
		l->left[i] = w->pad[i];
		l->right[i] = w->pad_end[i];
		l->kernel[i] = w->kernel[i];
	}
}

/* The description of a (transposed) convolution whose factors are of a type; *wd gets the weight
 * as the file has it. */
static dnnl_status_t
conv_desc(struct cpu_op *o, int transposed, dnnl_data_type_t type, dnnl_primitive_desc_t *pd,
    dnnl_memory_desc_t *wd)
{
	struct net_call *c = &o->call;
	dnnl_memory_desc_t src, dst, any, bias;
	dnnl_primitive_attr_t attr = NULL;
	struct net_window w;
	struct lists l = {0};
	int has_bias = c->nin > 2 && c->in[2] != NULL;
	dnnl_status_t s;

	if ((transposed ? net_window_deconv(c, &w) : net_window_conv(c, &w)) != SG_OK)
		return dnnl_unimplemented;
	lists_of(&l, &w);
	if ((s = map_desc(&src, c->in[0], type)) != dnnl_success ||
	    (s = map_desc(&dst, c->out[0], dnnl_f32)) != dnnl_success ||
	    (s = weight_desc(wd, c->in[1], w.group, transposed)) != dnnl_success ||
	    (s = dnnl_memory_desc_init_by_tag(
		 &any, wd->ndims, wd->dims, type, dnnl_format_tag_any)) != dnnl_success ||
	    (has_bias && (s = desc_of(&bias, c->in[2], dnnl_f32, dnnl_a)) != dnnl_success) ||
	    (s = dnnl_primitive_attr_create(&attr)) != dnnl_success)
		return s;
	if ((s = epilogue_attr(attr, o->n, o->n->epi.residual >= 0)) != dnnl_success)
		goto out;
	if (transposed) {
		dnnl_deconvolution_desc_t d;

		s = dnnl_dilated_deconvolution_forward_desc_init(&d, dnnl_forward_inference,
		    dnnl_deconvolution_direct, &src, &any, has_bias ? &bias : NULL, &dst, l.stride,
		    l.dilate, l.left, l.right);
		if (s == dnnl_success)
			s = dnnl_primitive_desc_create(pd, &d, attr, o->d->engine, NULL);
	} else {
		dnnl_convolution_desc_t d;

		s = dnnl_dilated_convolution_forward_desc_init(&d, dnnl_forward_inference,
		    dnnl_convolution_direct, &src, &any, has_bias ? &bias : NULL, &dst, l.stride,
		    l.dilate, l.left, l.right);
		if (s == dnnl_success)
			s = dnnl_primitive_desc_create(pd, &d, attr, o->d->engine, NULL);
	}
out:
	dnnl_primitive_attr_destroy(attr);
	return s;
}

/* Rounding of the input to what the primitive reads, behind its own scratch. */
static int
make_round(struct cpu_op *o, const dnnl_memory_desc_t *to, struct sg_err *e)
{
	dnnl_primitive_desc_t pd = NULL;
	dnnl_memory_desc_t from;
	dnnl_status_t s;

	if ((s = map_desc(&from, o->call.in[0], dnnl_f32)) == dnnl_success &&
	    (s = dnnl_memory_create(&o->round_from, &from, o->d->engine, DNNL_MEMORY_NONE)) ==
		dnnl_success &&
	    (s = dnnl_memory_create(&o->round_to, to, o->d->engine, DNNL_MEMORY_NONE)) ==
		dnnl_success &&
	    (s = dnnl_reorder_primitive_desc_create(
		 &pd, &from, o->d->engine, to, o->d->engine, NULL)) == dnnl_success)
		s = dnnl_primitive_create(&o->round, pd);
	if (pd)
		dnnl_primitive_desc_destroy(pd);
	if (s != dnnl_success)
		return cpu_fail(e, s);
	o->round_at = (o->scratch + 63) / 64 * 64;
	o->scratch = o->round_at + dnnl_memory_desc_get_size(to);
	return SG_OK;
}

static int
make_conv(struct cpu_op *o, int transposed, struct sg_err *e)
{
	dnnl_primitive_desc_t pd = NULL;
	const dnnl_memory_desc_t *src;
	dnnl_memory_desc_t plain;
	int rounds = o->d->precision == NET_BF16, rc;
	dnnl_status_t s = conv_desc(o, transposed, rounds ? dnnl_bf16 : dnnl_f32, &pd, &plain);

	if (s == dnnl_unimplemented && rounds) { /* such a form stays f32 */
		rounds = 0;
		s = conv_desc(o, transposed, dnnl_f32, &pd, &plain);
	}
	if (s != dnnl_success)
		return cpu_fail(e, s);
	src = dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
	if ((rc = pack_weights(o, pd, &plain, e)) == SG_OK &&
	    (rounds || (rc = cpu_bind_arg(o, DNNL_ARG_SRC, src, o->n->in[0], NULL, e)) == SG_OK) &&
	    (rc = cpu_bind_arg(o, DNNL_ARG_DST,
		 dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0), o->n->out[0], NULL, e)) ==
		SG_OK &&
	    (rc = cpu_make_prim(o, pd, e)) == SG_OK && rounds)
		rc = make_round(o, src, e);
	dnnl_primitive_desc_destroy(pd);
	return rc;
}

static int
conv_make(struct cpu_op *o, struct sg_err *e)
{
	return make_conv(o, 0, e);
}

static int
deconv_make(struct cpu_op *o, struct sg_err *e)
{
	return make_conv(o, 1, e);
}

/* The primitive adds to what stands in its output: the residual, brought there if need be. */
static int
conv_run(struct cpu_op *o)
{
	int r = o->n->epi.residual;

	if (r >= 0 && o->g->value[r].t.data != o->call.out[0]->data)
		kn_act(cpu_out(o), o->g->value[r].t.data, sg_tensor_count(o->call.out[0]),
		    (struct kn_epilogue){KN_NONE, 0, 0});
	return cpu_run_prim(o);
}

/* Padding that the windows really reach, which with ceil_mode is not what the file says. */
static void
reached_padding(struct net_window *w, int64_t right[3])
{
	for (int i = 0; i < w->nd; i++)
		right[i] = (w->out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] +
			   1 - w->in[i] - w->pad[i];
}

static int
pool_want(struct net_dev *d, struct net_call *c, struct net_want *w)
{
	int average = c->n->op_type[0] == 'A',
	    counts = net_attr_int(c->n, "count_include_pad", 0) != 0;
	struct net_window k;
	int64_t right[3];

	(void)d;
	w->layout = NET_LAST;
	if (!cpu_is_map(c->in[0]) || (c->nout > 1 && c->out[1]) || net_window_pool(c, &k) != SG_OK)
		return 0;
	reached_padding(&k, right);
	for (int i = 0; i < k.nd; i++) /* windows short of the end are cut by a negative padding */
		if ((average && counts && right[i] > k.pad_end[i]) ||
		    (average && k.dilation[i] != 1))
			return 0;
	return 1;
}

static int
pool_make(struct cpu_op *o, struct sg_err *e)
{
	struct net_call *c = &o->call;
	dnnl_alg_kind_t alg = c->n->op_type[0] == 'M' ? dnnl_pooling_max
			      : net_attr_int(c->n, "count_include_pad", 0)
				  ? dnnl_pooling_avg_include_padding
				  : dnnl_pooling_avg_exclude_padding;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_attr_t attr = NULL;
	dnnl_memory_desc_t src, dst;
	dnnl_pooling_v2_desc_t d;
	struct net_window w;
	struct lists l = {0};
	dnnl_status_t s;
	int rc;

	if (net_window_pool(c, &w) != SG_OK)
		return cpu_fail(e, dnnl_unimplemented);
	lists_of(&l, &w);
	reached_padding(&w, l.right);
	if ((s = map_desc(&src, c->in[0], dnnl_f32)) == dnnl_success &&
	    (s = map_desc(&dst, c->out[0], dnnl_f32)) == dnnl_success &&
	    (s = dnnl_pooling_v2_forward_desc_init(&d, dnnl_forward_inference, alg, &src, &dst,
		 l.stride, l.kernel, l.dilate, l.left, l.right)) == dnnl_success &&
	    (s = dnnl_primitive_attr_create(&attr)) == dnnl_success &&
	    (s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user)) ==
		dnnl_success)
		s = dnnl_primitive_desc_create(&pd, &d, attr, o->d->engine, NULL);
	if (attr)
		dnnl_primitive_attr_destroy(attr);
	if (s != dnnl_success)
		return cpu_fail(e, s == dnnl_invalid_arguments ? dnnl_unimplemented : s);
	if ((rc = cpu_bind_arg(o, DNNL_ARG_SRC, &src, o->n->in[0], NULL, e)) == SG_OK &&
	    (rc = cpu_bind_arg(o, DNNL_ARG_DST, &dst, o->n->out[0], NULL, e)) == SG_OK)
		rc = cpu_make_prim(o, pd, e);
	dnnl_primitive_desc_destroy(pd);
	return rc;
}

const struct cpu_kind cpu_dnnl_kinds[] = {
    {"Conv", conv_want, conv_make, conv_run},
    {"ConvTranspose", deconv_want, deconv_make, cpu_run_prim},
    {"MaxPool", pool_want, pool_make, cpu_run_prim},
    {"AveragePool", pool_want, pool_make, cpu_run_prim},
    {NULL, NULL, NULL, NULL},
};
