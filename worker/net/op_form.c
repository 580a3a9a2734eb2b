/*
 * Rows that change a tensor's shape or type and leave its elements in order: Reshape, Flatten,
 * Squeeze, Unsqueeze, Identity, Dropout (inference), Cast, and the ones that make a tensor from
 * nothing or from a shape: Constant, ConstantOfShape, Range, Shape, Size.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "worker/net/op.h"
#include "worker/net/tensor.h"

/* The output is the input's bytes. A plan lets the two share memory where it can. */
static int
pass_through(struct net_call *c)
{
	if (c->out[0]->data != c->in[0]->data)
		memcpy(c->out[0]->data, c->in[0]->data, sg_tensor_bytes(c->in[0]));
	return SG_OK;
}

int
net_identity_shape(struct net_call *c)
{
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, c->in[0]->dims);
}

int
net_identity_run(struct net_call *c)
{
	return pass_through(c);
}

int
net_dropout_shape(struct net_call *c)
{
	const struct sg_tensor *training = c->nin > 2 ? c->in[2] : NULL;
	int rc;

	if (training != NULL && training->data == NULL)
		return net_not_supported(c, "its training mode is known only while running");
	if (training != NULL && sg_tensor_count(training) == 1 &&
	    net_get_i64(training->data, training->type, 0) != 0)
		return net_not_supported(c, "it is in training mode");
	rc = net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, c->in[0]->dims);
	if (rc != SG_OK)
		return rc;
	return net_set_out(
	    c, 1, c->opset < 10 ? c->in[0]->type : SG_T_BOOL, c->in[0]->rank, c->in[0]->dims);
}

int
net_dropout_run(struct net_call *c)
{
	double one = 1;

	if (c->nout > 1 && c->out[1] != NULL)
		for (int64_t i = 0, n = sg_tensor_count(c->out[1]); i < n; i++)
			net_store_f64(c->out[1]->data, c->out[1]->type, i, &one, 1);
	return pass_through(c);
}

int
net_reshape_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t want[SG_NET_RANK], dims[SG_NET_RANK], known = 1, have = sg_tensor_count(x);
	int keep_zero = net_attr_int(c->n, "allowzero", 0) != 0, rank, open = -1, rc;

	if ((rc = net_ints(c, "shape", 1, want, SG_NET_RANK, &rank)) != SG_OK)
		return rc;
	if (rank < 0)
		return net_bad_shape(c, "it has no shape");
	for (int i = 0; i < rank; i++) {
		dims[i] = want[i];
		if (want[i] == 0 && !keep_zero) {
			if (i >= x->rank)
				return net_bad_shape(c, "dimension %d is not in its input", i);
			dims[i] = x->dims[i];
		}
		if (dims[i] < -1 || (dims[i] == -1 && open >= 0))
			return net_bad_shape(c, "its shape has no meaning");
		if (dims[i] == -1) {
			open = i;
			dims[i] = 1;
		}
		if (dims[i] > have + 1)
			return net_bad_shape(c, "its shape has more elements than its input");
		known *= dims[i];
		if (known > ((int64_t)1 << 46))
			return net_bad_shape(c, "its shape has more elements than its input");
	}
	if (open >= 0) {
		if (known == 0 || have % known != 0)
			return net_bad_shape(
			    c, "%lld elements do not fit its shape", (long long)have);
		dims[open] = have / known;
		known = have;
	}
	if (known != have)
		return net_bad_shape(
		    c, "%lld elements cannot become %lld", (long long)have, (long long)known);
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_reshape_run(struct net_call *c)
{
	return pass_through(c);
}

int
net_flatten_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t axis = net_attr_int(c->n, "axis", 1), dims[2];

	if (axis < -x->rank || axis > x->rank)
		return net_bad_shape(
		    c, "axis %lld of a tensor with %d dimensions", (long long)axis, x->rank);
	if (axis < 0)
		axis += x->rank;
	dims[0] = net_dims_count(x->dims, (int)axis);
	dims[1] = net_dims_count(x->dims + axis, x->rank - (int)axis);
	return net_set_out(c, 0, x->type, 2, dims);
}

int
net_flatten_run(struct net_call *c)
{
	return pass_through(c);
}

/* The axes of Squeeze and Unsqueeze as flags over `rank` dimensions; *n = -1: none were given. */
static int
axes_of(struct net_call *c, int rank, int is[SG_NET_RANK], int *n)
{
	int64_t axes[SG_NET_RANK];
	int rc = net_ints(c, "axes", 1, axes, SG_NET_RANK, n), at;

	memset(is, 0, SG_NET_RANK * sizeof(*is));
	for (int i = 0; rc == SG_OK && i < *n; i++) {
		if ((rc = net_axis(c, axes[i], rank, &at)) != SG_OK)
			return rc;
		if (is[at])
			return net_bad_shape(c, "axis %d is named twice", at);
		is[at] = 1;
	}
	return rc;
}

int
net_squeeze_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int gone[SG_NET_RANK], n, rank = 0, rc = axes_of(c, x->rank, gone, &n);
	int64_t dims[SG_NET_RANK];

	if (rc != SG_OK)
		return rc;
	for (int i = 0; i < x->rank; i++) {
		if (n < 0 ? x->dims[i] == 1 : gone[i]) {
			if (x->dims[i] != 1)
				return net_bad_shape(
				    c, "axis %d has %lld elements", i, (long long)x->dims[i]);
			continue;
		}
		dims[rank++] = x->dims[i];
	}
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_squeeze_run(struct net_call *c)
{
	return pass_through(c);
}

int
net_unsqueeze_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t dims[SG_NET_RANK], axes[SG_NET_RANK];
	int is_new[SG_NET_RANK], n, rc, from = 0;

	if ((rc = net_ints(c, "axes", 1, axes, SG_NET_RANK, &n)) != SG_OK)
		return rc;
	if (n < 0)
		return net_bad_shape(c, "it has no axes");
	if (x->rank + n > SG_NET_RANK)
		return net_not_supported(c, "its output would have %d dimensions", x->rank + n);
	if ((rc = axes_of(c, x->rank + n, is_new, &n)) != SG_OK)
		return rc;
	for (int i = 0; i < x->rank + n; i++)
		dims[i] = is_new[i] ? 1 : x->dims[from++];
	return net_set_out(c, 0, x->type, x->rank + n, dims);
}

int
net_unsqueeze_run(struct net_call *c)
{
	return pass_through(c);
}

int
net_cast_shape(struct net_call *c)
{
	return net_set_out(
	    c, 0, (int)net_attr_int(c->n, "to", SG_T_F32), c->in[0]->rank, c->in[0]->dims);
}

/* Between integers through int64, so that no digit is lost; all else through double. */
int
net_cast_run(struct net_call *c)
{
	enum { RUN = 256 };
	const struct sg_tensor *x = c->in[0];
	struct sg_tensor *y = c->out[0];
	int whole = !net_type_is_float(x->type) && !net_type_is_float(y->type);
	int64_t n = sg_tensor_count(x), v[RUN];
	double d[RUN];

	for (int64_t i = 0; i < n; i += RUN) {
		int run = n - i < RUN ? (int)(n - i) : RUN;

		if (whole) {
			net_load_i64(v, x->data, x->type, i, run);
			net_store_i64(y->data, y->type, i, v, run);
		} else {
			net_load_f64(d, x->data, x->type, i, run);
			net_store_f64(y->data, y->type, i, d, run);
		}
	}
	return SG_OK;
}

/* The forms a Constant may be written in, each with the type it makes. */
int
net_constant_shape(struct net_call *c)
{
	const struct net_attr *t = net_attr(c->n, "value"), *list;
	int64_t n;

	if (t != NULL && t->kind == NET_A_TENSOR)
		return net_set_out(c, 0, t->t->type, t->t->rank, t->t->dims);
	if (net_attr(c->n, "value_float") != NULL)
		return net_set_out(c, 0, SG_T_F32, 0, NULL);
	if (net_attr(c->n, "value_int") != NULL)
		return net_set_out(c, 0, SG_T_I64, 0, NULL);
	if ((list = net_attr(c->n, "value_floats")) != NULL) {
		n = list->n;
		return net_set_out(c, 0, SG_T_F32, 1, &n);
	}
	if ((list = net_attr(c->n, "value_ints")) != NULL) {
		n = list->n;
		return net_set_out(c, 0, SG_T_I64, 1, &n);
	}
	return net_not_supported(c, "its value is not a tensor or a list of numbers");
}

int
net_constant_run(struct net_call *c)
{
	const struct net_attr *a;
	struct sg_tensor *y = c->out[0];

	if ((a = net_attr(c->n, "value")) != NULL)
		memcpy(y->data, a->t->data, sg_tensor_bytes(y));
	else if ((a = net_attr(c->n, "value_float")) != NULL)
		memcpy(y->data, &a->f, sizeof(a->f));
	else if ((a = net_attr(c->n, "value_int")) != NULL)
		memcpy(y->data, &a->i, sizeof(a->i));
	else if ((a = net_attr(c->n, "value_floats")) != NULL)
		memcpy(y->data, a->floats, sg_tensor_bytes(y));
	else if ((a = net_attr(c->n, "value_ints")) != NULL)
		memcpy(y->data, a->ints, sg_tensor_bytes(y));
	return SG_OK;
}

int
net_constantofshape_shape(struct net_call *c)
{
	const struct net_attr *a = net_attr(c->n, "value");
	int64_t dims[SG_NET_RANK];
	int rank, rc = net_ints(c, NULL, 0, dims, SG_NET_RANK, &rank);

	if (rc != SG_OK)
		return rc;
	if (a != NULL && (a->kind != NET_A_TENSOR || sg_tensor_count(a->t) != 1))
		return net_bad_shape(c, "its value is not one number");
	return net_set_out(c, 0, a != NULL ? a->t->type : SG_T_F32, rank, dims);
}

int
net_constantofshape_run(struct net_call *c)
{
	const struct net_attr *a = net_attr(c->n, "value");
	struct sg_tensor *y = c->out[0];
	size_t size = sg_net_type_size(y->type);

	if (a == NULL) {
		memset(y->data, 0, sg_tensor_bytes(y));
		return SG_OK;
	}
	for (int64_t i = 0, n = sg_tensor_count(y); i < n; i++)
		memcpy((char *)y->data + (size_t)i * size, a->t->data, size);
	return SG_OK;
}

int
net_range_shape(struct net_call *c)
{
	double v[3], n;
	int64_t count;

	for (int i = 0; i < 3; i++) {
		if (c->in[i]->data == NULL)
			return net_not_supported(c, "its bounds are known only while running");
		if (sg_tensor_count(c->in[i]) != 1 || c->in[i]->type != c->in[0]->type)
			return net_bad_shape(c, "its bounds are not three numbers of one type");
		v[i] = net_get_f64(c->in[i]->data, c->in[i]->type, 0);
	}
	n = ceil((v[1] - v[0]) / v[2]);
	if (v[2] == 0 || !(n < 1e9))
		return net_bad_shape(c, "it has no end");
	count = n > 0 ? (int64_t)n : 0;
	return net_set_out(c, 0, c->in[0]->type, 1, &count);
}

int
net_range_run(struct net_call *c)
{
	struct sg_tensor *y = c->out[0];
	int64_t first, step, n = sg_tensor_count(y);

	if (net_type_is_float(y->type)) {
		double from = net_get_f64(c->in[0]->data, y->type, 0);
		double by = net_get_f64(c->in[2]->data, y->type, 0);

		for (int64_t i = 0; i < n; i++) {
			double v = from + (double)i * by;

			net_store_f64(y->data, y->type, i, &v, 1);
		}
		return SG_OK;
	}
	first = net_get_i64(c->in[0]->data, y->type, 0);
	step = net_get_i64(c->in[2]->data, y->type, 0);
	for (int64_t i = 0; i < n; i++) {
		int64_t v = (int64_t)((uint64_t)first + (uint64_t)i * (uint64_t)step);

		net_store_i64(y->data, y->type, i, &v, 1);
	}
	return SG_OK;
}

/* Shape may take a slice of the dimensions (start, end) since opset 15. */
static void
shape_slice(const struct net_call *c, int64_t *start, int64_t *end)
{
	int64_t rank = c->in[0]->rank;

	*start = net_attr_int(c->n, "start", 0);
	*end = net_attr_int(c->n, "end", rank);
	*start += *start < 0 ? rank : 0;
	*end += *end < 0 ? rank : 0;
	*start = *start < 0 ? 0 : *start > rank ? rank : *start;
	*end = *end > rank ? rank : *end < *start ? *start : *end;
}

int
net_shape_shape(struct net_call *c)
{
	int64_t start, end, n;

	shape_slice(c, &start, &end);
	n = end - start;
	return net_set_out(c, 0, SG_T_I64, 1, &n);
}

int
net_shape_run(struct net_call *c)
{
	int64_t start, end;

	shape_slice(c, &start, &end);
	memcpy(c->out[0]->data, c->in[0]->dims + start, (size_t)(end - start) * sizeof(int64_t));
	return SG_OK;
}

int
net_size_shape(struct net_call *c)
{
	return net_set_out(c, 0, SG_T_I64, 0, NULL);
}

int
net_size_run(struct net_call *c)
{
	int64_t n = sg_tensor_count(c->in[0]);

	memcpy(c->out[0]->data, &n, sizeof(n));
	return SG_OK;
}
