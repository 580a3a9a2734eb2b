/* Rows of the sliding windows: Conv, ConvTranspose, pools. */
#include "config.h"

#include <string.h>

#include "kernels/nn.h"
#include "worker/net/op.h"
#include "worker/net/tensor.h"

/* No kernel, stride or pad of a real network comes near; larger ones are attacks on time. */
#define LARGEST 65536

/* A list attribute of exactly nd numbers within lo..LARGEST, or a default. */
static int
window_list(
    struct net_call *c, const char *name, int nd, int64_t otherwise, int64_t lo, int64_t *out)
{
	int n;
	const int64_t *v = net_attr_ints(c->n, name, &n);

	if (v != NULL && n != nd)
		return net_bad_shape(c, "its '%s' has %d numbers for %d dimensions", name, n, nd);
	for (int i = 0; i < nd; i++) {
		out[i] = v ? v[i] : otherwise;
		if (out[i] < lo || out[i] > LARGEST)
			return net_bad_shape(c, "its '%s' is %lld", name, (long long)out[i]);
	}
	return SG_OK;
}

static int64_t
reach(const struct net_window *w, int i)
{
	return (w->kernel[i] - 1) * w->dilation[i] + 1;
}

/* The attributes that Conv, ConvTranspose and pools share; nd and kernel are set. */
static int
window_attrs(struct net_call *c, struct net_window *w)
{
	const char *how = net_attr_str(c->n, "auto_pad", "NOTSET");
	int64_t pads[6] = {0};
	int rc, n;
	const int64_t *v = net_attr_ints(c->n, "pads", &n);

	if ((rc = window_list(c, "strides", w->nd, 1, 1, w->stride)) != SG_OK ||
	    (rc = window_list(c, "dilations", w->nd, 1, 1, w->dilation)) != SG_OK)
		return rc;
	if (v != NULL && n != 2 * w->nd)
		return net_bad_shape(c, "its 'pads' has %d numbers for %d dimensions", n, w->nd);
	for (int i = 0; v && i < n; i++) {
		if (v[i] < 0 || v[i] > LARGEST)
			return net_bad_shape(c, "its 'pads' has %lld", (long long)v[i]);
		pads[i] = v[i];
	}
	if (strcmp(how, "NOTSET") != 0 && strcmp(how, "VALID") != 0 &&
	    strcmp(how, "SAME_UPPER") != 0 && strcmp(how, "SAME_LOWER") != 0)
		return net_bad_shape(c, "its 'auto_pad' is '%.20s'", how);
	for (int i = 0; i < w->nd; i++) {
		w->pad[i] = strcmp(how, "NOTSET") == 0 ? pads[i] : 0;
		w->pad_end[i] = strcmp(how, "NOTSET") == 0 ? pads[w->nd + i] : 0;
	}
	return SG_OK;
}

/* SAME_UPPER and SAME_LOWER: as much padding as makes out = ceil(in / stride). */
static void
same_pads(struct net_call *c, struct net_window *w)
{
	const char *how = net_attr_str(c->n, "auto_pad", "NOTSET");
	int lower = strcmp(how, "SAME_LOWER") == 0;

	if (!lower && strcmp(how, "SAME_UPPER") != 0)
		return;
	for (int i = 0; i < w->nd; i++) {
		int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
		int64_t all = (out - 1) * w->stride[i] + reach(w, i) - w->in[i];

		all = all > 0 ? all : 0;
		w->pad[i] = lower ? (all + 1) / 2 : all / 2;
		w->pad_end[i] = all - w->pad[i];
	}
}

static int
take_input(struct net_call *c, struct net_window *w)
{
	const struct sg_tensor *x = c->in[0];

	w->nd = x->rank - 2;
	if (w->nd < 1 || w->nd > 3)
		return net_bad_shape(c, "its input has %d dimensions", x->rank);
	if (x->type != SG_T_F32)
		return net_not_supported(c, "elements of type %s", sg_net_type_name(x->type));
	for (int i = 0; i < w->nd; i++)
		w->in[i] = x->dims[2 + i];
	w->group = 1;
	return SG_OK;
}

/* Kernel size: the attribute must be the weight's, where there is one. */
static int
take_kernel(struct net_call *c, struct net_window *w)
{
	const struct sg_tensor *k = c->in[1];
	int rc;

	if (k->rank != w->nd + 2)
		return net_bad_shape(
		    c, "its weight has %d dimensions for an input of %d", k->rank, w->nd + 2);
	if (k->type != SG_T_F32)
		return net_not_supported(c, "weights of type %s", sg_net_type_name(k->type));
	if ((rc = window_list(c, "kernel_shape", w->nd, 0, 0, w->kernel)) != SG_OK)
		return rc;
	for (int i = 0; i < w->nd; i++) {
		int64_t n = k->dims[2 + i];

		if (n < 1 || (w->kernel[i] && w->kernel[i] != n))
			return net_bad_shape(c, "its kernel is %lld but its weight has %lld",
			    (long long)w->kernel[i], (long long)n);
		w->kernel[i] = n;
	}
	w->group = (int)net_attr_int(c->n, "group", 1);
	if (w->group < 1 || w->group > 1 << 20)
		return net_bad_shape(c, "its 'group' is %d", w->group);
	return SG_OK;
}

static int
check_bias(struct net_call *c, int64_t channels)
{
	const struct sg_tensor *b = c->nin > 2 ? c->in[2] : NULL;

	if (b && (b->rank != 1 || b->dims[0] != channels || b->type != SG_T_F32))
		return net_bad_shape(c, "its bias does not have %lld numbers", (long long)channels);
	return SG_OK;
}

int
net_window_conv(struct net_call *c, struct net_window *w)
{
	int64_t cin = c->in[0]->rank > 1 ? c->in[0]->dims[1] : 0, cout = c->in[1]->dims[0];
	int rc;

	memset(w, 0, sizeof(*w));
	if ((rc = take_input(c, w)) != SG_OK || (rc = take_kernel(c, w)) != SG_OK ||
	    (rc = window_attrs(c, w)) != SG_OK || (rc = check_bias(c, cout)) != SG_OK)
		return rc;
	if (cin != c->in[1]->dims[1] * w->group || cout < 1 || cout % w->group != 0)
		return net_bad_shape(c, "its input has %lld channels, its weight wants %lld",
		    (long long)cin, (long long)(c->in[1]->dims[1] * w->group));
	same_pads(c, w);
	for (int i = 0; i < w->nd; i++) {
		int64_t room = w->in[i] + w->pad[i] + w->pad_end[i] - reach(w, i);

		if (room < 0)
			return net_bad_shape(
			    c, "its kernel is larger than its input of %lld", (long long)w->in[i]);
		w->out[i] = room / w->stride[i] + 1;
	}
	return SG_OK;
}

/* Explicit output_shape decides the padding; else pads and output_padding decide the output. */
static int
deconv_sizes(struct net_call *c, struct net_window *w)
{
	const char *how = net_attr_str(c->n, "auto_pad", "NOTSET");
	int upper = strcmp(how, "SAME_UPPER") == 0, same = upper || strcmp(how, "SAME_LOWER") == 0;
	int64_t extra[3];
	int n, rc;
	const int64_t *want = net_attr_ints(c->n, "output_shape", &n);

	if ((rc = window_list(c, "output_padding", w->nd, 0, 0, extra)) != SG_OK)
		return rc;
	if (want && n != w->nd && n != w->nd + 2)
		return net_bad_shape(c, "its 'output_shape' has %d numbers", n);
	if (want)
		want += n - w->nd;
	for (int i = 0; i < w->nd; i++) {
		int64_t full = (w->in[i] - 1) * w->stride[i] + extra[i] + reach(w, i), all;

		w->out[i] = full - w->pad[i] - w->pad_end[i];
		if (want || same) {
			w->out[i] = want ? want[i] : w->in[i] * w->stride[i];
			/* A pad below zero cuts nothing: the far end is filled with bias alone. */
			all = full - w->out[i];
			w->pad[i] = all > 0 ? (upper ? all / 2 : all - all / 2) : 0;
			w->pad_end[i] = all - w->pad[i];
		}
		if (w->out[i] < 1 || w->out[i] > INT32_MAX)
			return net_bad_shape(
			    c, "its output would have a side of %lld", (long long)w->out[i]);
	}
	return SG_OK;
}

int
net_window_deconv(struct net_call *c, struct net_window *w)
{
	int64_t cin = c->in[0]->rank > 1 ? c->in[0]->dims[1] : 0;
	int rc;

	memset(w, 0, sizeof(*w));
	if ((rc = take_input(c, w)) != SG_OK || (rc = take_kernel(c, w)) != SG_OK ||
	    (rc = window_attrs(c, w)) != SG_OK ||
	    (rc = check_bias(c, c->in[1]->dims[1] * w->group)) != SG_OK)
		return rc;
	if (cin != c->in[1]->dims[0] || cin < 1 || cin % w->group != 0 || c->in[1]->dims[1] < 1)
		return net_bad_shape(c, "its input has %lld channels, its weight wants %lld",
		    (long long)cin, (long long)c->in[1]->dims[0]);
	for (int i = 0; i < w->nd; i++)
		if (w->in[i] < 1)
			return net_bad_shape(c, "its input is empty");
	return deconv_sizes(c, w);
}

int
net_window_pool(struct net_call *c, struct net_window *w)
{
	int ceil_mode = net_attr_int(c->n, "ceil_mode", 0) != 0, rc;

	memset(w, 0, sizeof(*w));
	if ((rc = take_input(c, w)) != SG_OK ||
	    (rc = window_list(c, "kernel_shape", w->nd, 0, 1, w->kernel)) != SG_OK ||
	    (rc = window_attrs(c, w)) != SG_OK)
		return rc;
	same_pads(c, w);
	for (int i = 0; i < w->nd; i++) {
		int64_t room = w->in[i] + w->pad[i] + w->pad_end[i] - reach(w, i);

		if (room < 0 || w->pad[i] >= reach(w, i) || w->pad_end[i] >= reach(w, i))
			return net_bad_shape(
			    c, "its window does not fit an input of %lld", (long long)w->in[i]);
		w->out[i] = (room + (ceil_mode ? w->stride[i] - 1 : 0)) / w->stride[i] + 1;
		/* A window that would begin in the padding at the end is left out. */
		if (ceil_mode && (w->out[i] - 1) * w->stride[i] >= w->in[i] + w->pad[i])
			w->out[i]--;
	}
	return SG_OK;
}

static int
set_window_out(struct net_call *c, int k, int type, int64_t channels, const struct net_window *w)
{
	int64_t dims[5] = {c->in[0]->dims[0], channels, 0, 0, 0};

	memcpy(dims + 2, w->out, (size_t)w->nd * sizeof(*dims));
	return net_set_out(c, k, type, w->nd + 2, dims);
}

/* Lists of 1..3 numbers stand at the end of the kernel's three. */
static void
spread(int64_t to[3], const int64_t *from, int nd, int64_t otherwise)
{
	for (int i = 0; i < 3; i++)
		to[i] = i < 3 - nd ? otherwise : from[i - (3 - nd)];
}

static struct kn_window
kernel_window(const struct net_call *c, const struct net_window *w)
{
	struct kn_window k = {c->in[0]->dims[0], c->in[0]->dims[1], c->out[0]->dims[1], w->group,
	    {0}, {0}, {0}, {0}, {0}, {0}};

	spread(k.in, w->in, w->nd, 1);
	spread(k.out, w->out, w->nd, 1);
	spread(k.kernel, w->kernel, w->nd, 1);
	spread(k.stride, w->stride, w->nd, 1);
	spread(k.dilation, w->dilation, w->nd, 1);
	spread(k.pad, w->pad, w->nd, 0);
	return k;
}

int
net_conv_shape(struct net_call *c)
{
	struct net_window w;
	int rc = net_window_conv(c, &w);

	return rc != SG_OK ? rc : set_window_out(c, 0, SG_T_F32, c->in[1]->dims[0], &w);
}

int
net_conv_run(struct net_call *c)
{
	struct net_window w;
	struct kn_window k;
	int rc = net_window_conv(c, &w);

	if (rc != SG_OK)
		return rc;
	k = kernel_window(c, &w);
	kn_conv_ref(c->out[0]->data, c->in[0]->data, c->in[1]->data,
	    c->nin > 2 && c->in[2] ? c->in[2]->data : NULL, &k);
	return SG_OK;
}

int64_t
net_conv_flops(struct net_call *c)
{
	int64_t per = 2;

	for (int i = 1; i < c->in[1]->rank; i++)
		per *= c->in[1]->dims[i];
	return sg_tensor_count(c->out[0]) * per;
}

int
net_deconv_shape(struct net_call *c)
{
	struct net_window w;
	int rc = net_window_deconv(c, &w);

	return rc != SG_OK ? rc : set_window_out(c, 0, SG_T_F32, c->in[1]->dims[1] * w.group, &w);
}

int
net_deconv_run(struct net_call *c)
{
	struct net_window w;
	struct kn_window k;
	int rc = net_window_deconv(c, &w);

	if (rc != SG_OK)
		return rc;
	k = kernel_window(c, &w);
	kn_deconv_ref(c->out[0]->data, c->in[0]->data, c->in[1]->data,
	    c->nin > 2 && c->in[2] ? c->in[2]->data : NULL, &k);
	return SG_OK;
}

int64_t
net_deconv_flops(struct net_call *c)
{
	int64_t per = 2;

	for (int i = 1; i < c->in[1]->rank; i++)
		per *= c->in[1]->dims[i];
	return sg_tensor_count(c->in[0]) * per;
}

int
net_maxpool_shape(struct net_call *c)
{
	struct net_window w;
	int rc = net_window_pool(c, &w);

	if (rc != SG_OK)
		return rc;
	if (c->nout > 1 && c->out[1] && net_attr_int(c->n, "storage_order", 0) != 0)
		return net_not_supported(c, "indices in column order");
	if ((rc = set_window_out(c, 0, SG_T_F32, c->in[0]->dims[1], &w)) != SG_OK)
		return rc;
	return set_window_out(c, 1, SG_T_I64, c->in[0]->dims[1], &w);
}

int
net_maxpool_run(struct net_call *c)
{
	struct net_window w;
	struct kn_window k;
	int rc = net_window_pool(c, &w);

	if (rc != SG_OK)
		return rc;
	k = kernel_window(c, &w);
	kn_maxpool_ref(
	    c->out[0]->data, c->nout > 1 && c->out[1] ? c->out[1]->data : NULL, c->in[0]->data, &k);
	return SG_OK;
}

int
net_avgpool_shape(struct net_call *c)
{
	struct net_window w;
	int rc = net_window_pool(c, &w);

	return rc != SG_OK ? rc : set_window_out(c, 0, SG_T_F32, c->in[0]->dims[1], &w);
}

int
net_avgpool_run(struct net_call *c)
{
	struct net_window w;
	struct kn_window k;
	int rc = net_window_pool(c, &w);

	if (rc != SG_OK)
		return rc;
	k = kernel_window(c, &w);
	kn_avgpool_ref(
	    c->out[0]->data, c->in[0]->data, &k, net_attr_int(c->n, "count_include_pad", 0) != 0);
	return SG_OK;
}

/* One window as large as the picture. */
static int
global_window(struct net_call *c, struct kn_window *k)
{
	struct net_window w = {0};
	int rc = take_input(c, &w);

	if (rc != SG_OK)
		return rc;
	for (int i = 0; i < w.nd; i++) {
		w.kernel[i] = w.in[i];
		w.out[i] = w.stride[i] = w.dilation[i] = 1;
		if (w.in[i] < 1)
			return net_bad_shape(c, "its input is empty");
	}
	if (k)
		*k = kernel_window(c, &w);
	else
		rc = set_window_out(c, 0, SG_T_F32, c->in[0]->dims[1], &w);
	return rc;
}

int
net_globalavg_shape(struct net_call *c)
{
	return global_window(c, NULL);
}

int
net_globalmax_shape(struct net_call *c)
{
	return global_window(c, NULL);
}

int
net_globalavg_run(struct net_call *c)
{
	struct kn_window k;
	int rc = global_window(c, &k);

	if (rc == SG_OK)
		kn_avgpool_ref(c->out[0]->data, c->in[0]->data, &k, 0);
	return rc;
}

int
net_globalmax_run(struct net_call *c)
{
	struct kn_window k;
	int rc = global_window(c, &k);

	if (rc == SG_OK)
		kn_maxpool_ref(c->out[0]->data, NULL, c->in[0]->data, &k);
	return rc;
}

/* What is looked at: each window's elements for pools that slide, else the input once. */
int64_t
net_pool_flops(struct net_call *c)
{
	double all = (double)sg_tensor_count(c->in[0]);
	struct net_window w;

	if (strcmp(c->n->op_type, "MaxPool") == 0 || strcmp(c->n->op_type, "AveragePool") == 0) {
		if (net_window_pool(c, &w) != SG_OK)
			return INT64_MAX;
		all = (double)sg_tensor_count(c->out[0]);
		for (int i = 0; i < w.nd; i++)
			all *= (double)w.kernel[i];
	}
	return all < 9e18 ? (int64_t)all : INT64_MAX;
}
