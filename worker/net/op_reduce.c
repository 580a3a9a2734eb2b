/* Rows that reduce dimensions, and Resize. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kernels/nn.h"
#include "worker/net/op.h"
#include "worker/net/tensor.h"

/* Which dimensions a Reduce* takes away. */
static int
reduced(struct net_call *c, int gone[SG_NET_RANK])
{
	int64_t axes[SG_NET_RANK];
	int n, rc, a, rank = c->in[0]->rank;

	if ((rc = net_ints(c, "axes", 1, axes, SG_NET_RANK, &n)) != SG_OK)
		return rc;
	memset(gone, 0, sizeof(int) * SG_NET_RANK);
	if (n <= 0 && net_attr_int(c->n, "noop_with_empty_axes", 0) == 0)
		for (int i = 0; i < rank; i++)
			gone[i] = 1;
	for (int i = 0; i < n; i++) {
		if ((rc = net_axis(c, axes[i], rank, &a)) != SG_OK)
			return rc;
		gone[a] = 1;
	}
	return SG_OK;
}

int
net_reduce_shape(struct net_call *c)
{
	int gone[SG_NET_RANK], rank = 0, rc, keep = net_attr_int(c->n, "keepdims", 1) != 0;
	int64_t dims[SG_NET_RANK];

	if (c->in[0]->type == SG_T_BOOL)
		return net_not_supported(c, "elements of type bool");
	if ((rc = reduced(c, gone)) != SG_OK)
		return rc;
	for (int i = 0; i < c->in[0]->rank; i++)
		if (!gone[i])
			dims[rank++] = c->in[0]->dims[i];
		else if (keep)
			dims[rank++] = 1;
	return net_set_out(c, 0, c->in[0]->type, rank, dims);
}

struct reduction {
	double sum, most, least;
	int64_t isum, imost, ileast;
};

int
net_reduce_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	const char *what = c->n->op_type + 6; /* after "Reduce" */
	int gone[SG_NET_RANK], rc, nk = 0, ng = 0, floats = net_type_is_float(x->type);
	int64_t stride[SG_NET_RANK], kd[SG_NET_RANK], ks[SG_NET_RANK], gd[SG_NET_RANK],
	    gs[SG_NET_RANK], outs = sg_tensor_count(c->out[0]), each = 1;

	if ((rc = reduced(c, gone)) != SG_OK)
		return rc;
	net_strides(stride, x->dims, x->rank);
	for (int i = 0; i < x->rank; i++) {
		if (gone[i]) {
			gd[ng] = x->dims[i];
			gs[ng++] = stride[i];
			each *= x->dims[i];
		} else {
			kd[nk] = x->dims[i];
			ks[nk++] = stride[i];
		}
	}
	for (int64_t o = 0; o < outs; o++) {
		struct reduction r = {0, -INFINITY, INFINITY, 0, INT64_MIN, INT64_MAX};
		int64_t at = 0, rest = o, iv;
		double v;

		for (int d = nk - 1; d >= 0; d--) {
			at += rest % kd[d] * ks[d];
			rest /= kd[d];
		}
		for (int64_t k = 0; k < each; k++) {
			int64_t from = at;

			rest = k;
			for (int d = ng - 1; d >= 0; d--) {
				from += rest % gd[d] * gs[d];
				rest /= gd[d];
			}
			if (floats) {
				v = net_get_f64(x->data, x->type, from);
				r.sum += v;
				r.most = v > r.most || v != v ? v : r.most;
				r.least = v < r.least || v != v ? v : r.least;
			} else {
				iv = net_get_i64(x->data, x->type, from);
				r.isum = (int64_t)((uint64_t)r.isum + (uint64_t)iv);
				r.imost = iv > r.imost ? iv : r.imost;
				r.ileast = iv < r.ileast ? iv : r.ileast;
			}
		}
		v = strcmp(what, "Max") == 0   ? r.most
		    : strcmp(what, "Min") == 0 ? r.least
		    : strcmp(what, "Sum") == 0 ? r.sum
					       : r.sum / (double)each;
		iv = strcmp(what, "Max") == 0		     ? r.imost
		     : strcmp(what, "Min") == 0		     ? r.ileast
		     : strcmp(what, "Sum") == 0 || each == 0 ? r.isum
							     : r.isum / each;
		if (floats)
			net_store_f64(c->out[0]->data, x->type, o, &v, 1);
		else
			net_store_i64(c->out[0]->data, x->type, o, &iv, 1);
	}
	return SG_OK;
}

int
net_argmax_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t dims[SG_NET_RANK];
	int axis, rank = 0, rc;

	if ((rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis)) != SG_OK)
		return rc;
	if (x->dims[axis] < 1)
		return net_bad_shape(c, "there is nothing to choose from");
	for (int i = 0; i < x->rank; i++)
		if (i != axis)
			dims[rank++] = x->dims[i];
		else if (net_attr_int(c->n, "keepdims", 1) != 0)
			dims[rank++] = 1;
	return net_set_out(c, 0, SG_T_I64, rank, dims);
}

int
net_argmax_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int min = strcmp(c->n->op_type, "ArgMin") == 0, axis, rc;
	int last = net_attr_int(c->n, "select_last_index", 0) != 0;
	int64_t outer, inner, n, *to = c->out[0]->data;

	if ((rc = net_axis(c, net_attr_int(c->n, "axis", 0), x->rank, &axis)) != SG_OK)
		return rc;
	outer = net_dims_count(x->dims, axis);
	inner = net_dims_count(x->dims + axis + 1, x->rank - axis - 1);
	n = x->dims[axis];
	for (int64_t o = 0; o < outer; o++)
		for (int64_t i = 0; i < inner; i++) {
			double best = net_get_f64(x->data, x->type, o * n * inner + i), v;
			int64_t at = 0;

			for (int64_t k = 1; k < n; k++) {
				v = net_get_f64(x->data, x->type, (o * n + k) * inner + i);
				if (min ? v < best : v > best) {
					best = v;
					at = k;
				} else if (last && v == best) {
					at = k;
				}
			}
			*to++ = at;
		}
	return SG_OK;
}

/* --- Resize --- */

static int
choose(struct net_call *c, const char *attr, const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	net_not_supported(c, "%s '%.40s'", attr, value);
	return -1;
}

/* Numbers of an input that shapes depend on, as floats. */
static int
floats_of(struct net_call *c, int i, float *v, int *n)
{
	const struct sg_tensor *t = i < c->nin ? c->in[i] : NULL;
	double d;

	*n = 0;
	if (t == NULL || sg_tensor_count(t) == 0)
		return SG_OK;
	if (t->data == NULL)
		return net_not_supported(
		    c, "its input %d decides shapes but is known only while running", i);
	if (t->rank != 1 || t->dims[0] > SG_NET_RANK)
		return net_bad_shape(c, "its input %d is not a short list", i);
	*n = (int)t->dims[0];
	for (int k = 0; k < *n; k++) {
		net_load_f64(&d, t->data, t->type, k, 1);
		v[k] = (float)d;
	}
	return SG_OK;
}

/* Which dimensions the lists speak of: all, or those of 'axes' (opset 18). */
static int
resize_axes(struct net_call *c, int n, int axes[SG_NET_RANK])
{
	int count, rc, rank = c->in[0]->rank;
	const int64_t *list = net_attr_ints(c->n, "axes", &count);

	if (list == NULL)
		count = rank;
	if (n != count || n > SG_NET_RANK)
		return net_bad_shape(c, "it has %d scales or sizes for %d dimensions", n, count);
	for (int i = 0; i < n; i++) {
		if (list == NULL)
			axes[i] = i;
		else if ((rc = net_axis(c, list[i], rank, &axes[i])) != SG_OK)
			return rc;
	}
	return SG_OK;
}

/* Sizes that keep the aspect ratio (opset 18): one scale for all axes named. */
static void
keep_aspect(struct net_call *c, struct net_resize *r, const int *axes, int n)
{
	const char *how = net_attr_str(c->n, "keep_aspect_ratio_policy", "stretch");
	int larger = strcmp(how, "not_smaller") == 0;
	float scale = 0;

	if (!larger && strcmp(how, "not_larger") != 0)
		return;
	for (int i = 0; i < n; i++) {
		float s = (float)r->out[axes[i]] / (float)r->in[axes[i]];

		if (i == 0 || (larger ? s > scale : s < scale))
			scale = s;
	}
	for (int i = 0; i < n; i++) {
		r->scale[axes[i]] = scale;
		r->out[axes[i]] = (int64_t)floor((double)scale * (double)r->in[axes[i]] + 0.5);
	}
}

static int
resize_extent(struct net_call *c, struct net_resize *r, int iscale, int isize)
{
	int axes[SG_NET_RANK], n, rc;
	int64_t sizes[SG_NET_RANK];
	float scales[SG_NET_RANK];

	r->rank = c->in[0]->rank;
	for (int i = 0; i < r->rank; i++) {
		r->in[i] = r->out[i] = c->in[0]->dims[i];
		r->scale[i] = 1;
		if (r->in[i] < 1)
			return net_bad_shape(c, "its input is empty");
	}
	if (isize >= 0 && isize < c->nin && c->in[isize] && sg_tensor_count(c->in[isize]) > 0) {
		if ((rc = net_ints(c, NULL, isize, sizes, SG_NET_RANK, &n)) != SG_OK ||
		    (rc = resize_axes(c, n, axes)) != SG_OK)
			return rc;
		for (int i = 0; i < n; i++) {
			if (sizes[i] < 1 || sizes[i] > INT32_MAX)
				return net_bad_shape(
				    c, "it asks for a side of %lld", (long long)sizes[i]);
			r->out[axes[i]] = sizes[i];
			r->scale[axes[i]] = (float)sizes[i] / (float)r->in[axes[i]];
		}
		keep_aspect(c, r, axes, n);
		return SG_OK;
	}
	if (iscale >= 0)
		rc = floats_of(c, iscale, scales, &n);
	else {
		const struct net_attr *a = net_attr(c->n, "scales");

		rc = SG_OK;
		n = a && a->kind == NET_A_FLOATS && a->n <= SG_NET_RANK ? a->n : 0;
		if (n)
			memcpy(scales, a->floats, (size_t)n * sizeof(*scales));
	}
	if (rc != SG_OK || (rc = resize_axes(c, n, axes)) != SG_OK)
		return rc;
	for (int i = 0; i < n; i++) {
		double side = floor((double)r->in[axes[i]] * scales[i]);

		if (!(scales[i] > 0) || side < 1 || side > INT32_MAX)
			return net_bad_shape(c, "it scales by %g", scales[i]);
		r->out[axes[i]] = (int64_t)side;
		r->scale[axes[i]] = scales[i];
	}
	return SG_OK;
}

int
net_resize_of(struct net_call *c, struct net_resize *r)
{
	static const char *const modes[] = {"nearest", "linear", NULL};
	static const char *const nearest[] = {
	    "round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
	static const char *const coords[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
	    "asymmetric", "half_pixel_symmetric", NULL};
	int upsample = strcmp(c->n->op_type, "Upsample") == 0, old = upsample || c->opset < 11;
	const char *mode = net_attr_str(c->n, "mode", "nearest");

	memset(r, 0, sizeof(*r));
	if (strcmp(mode, "bilinear") == 0) /* as some exporters of opset 9 say */
		mode = "linear";
	r->linear = choose(c, "mode", mode, modes);
	r->coord = old ? KN_ASYMMETRIC
		       : choose(c, "coordinate mode",
			     net_attr_str(c->n, "coordinate_transformation_mode", "half_pixel"),
			     coords);
	r->nearest = old ? KN_FLOOR
			 : choose(c, "nearest mode",
			       net_attr_str(c->n, "nearest_mode", "round_prefer_floor"), nearest);
	if (r->linear < 0 || r->coord < 0 || r->nearest < 0)
		return SG_ENOTSUP;
	if (net_attr_int(c->n, "antialias", 0) != 0)
		return net_not_supported(c, "anti-aliasing");
	return resize_extent(c, r, old ? 1 : 2, old ? -1 : 3);
}

static int
resize_shape(struct net_call *c)
{
	struct net_resize r;
	int rc = net_resize_of(c, &r);

	if (rc != SG_OK)
		return rc;
	if (r.linear && c->in[0]->type != SG_T_F32)
		return net_not_supported(
		    c, "elements of type %s", sg_net_type_name(c->in[0]->type));
	return net_set_out(c, 0, c->in[0]->type, r.rank, r.out);
}

static int
resize_run(struct net_call *c)
{
	struct net_resize r;
	int rc = net_resize_of(c, &r);

	if (rc != SG_OK)
		return rc;
	if (r.linear)
		kn_resize_nd_linear_ref(c->out[0]->data, c->in[0]->data, r.rank, r.in, r.out,
		    r.scale, (enum kn_coord)r.coord);
	else
		kn_resize_nd_nearest_ref(c->out[0]->data, c->in[0]->data,
		    (int)sg_net_type_size(c->in[0]->type), r.rank, r.in, r.out, r.scale,
		    (enum kn_coord)r.coord, (enum kn_nearest)r.nearest);
	return SG_OK;
}

int
net_resize_shape(struct net_call *c)
{
	return resize_shape(c);
}

int
net_resize_run(struct net_call *c)
{
	return resize_run(c);
}

int
net_upsample_shape(struct net_call *c)
{
	return resize_shape(c);
}

int
net_upsample_run(struct net_call *c)
{
	return resize_run(c);
}
