/* Rows that give the same elements another shape or type, and those that make tensors. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "worker/net/op.h"
#include "worker/net/tensor.h"

static int
copy(struct net_call *c)
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
	return copy(c);
}

/* Inference only: the output is the input, the mask all true. */
int
net_dropout_shape(struct net_call *c)
{
	const struct sg_tensor *training = c->nin > 2 ? c->in[2] : NULL;
	int rc;

	if (training && training->data == NULL)
		return net_not_supported(c, "whether it trains is known only while running");
	if (training && sg_tensor_count(training) == 1 &&
	    net_get_i64(training->data, training->type, 0) != 0)
		return net_not_supported(c, "it is in training mode");
	if ((rc = net_identity_shape(c)) != SG_OK)
		return rc;
	return net_set_out(
	    c, 1, c->opset < 10 ? c->in[0]->type : SG_T_BOOL, c->in[0]->rank, c->in[0]->dims);
}

int
net_dropout_run(struct net_call *c)
{
	int64_t one = 1, n;

	if (c->nout > 1 && c->out[1]) {
		n = sg_tensor_count(c->out[1]);
		for (int64_t i = 0; i < n; i++)
			net_store_i64(c->out[1]->data, c->out[1]->type, i, &one, 1);
	}
	return c->out[0] ? copy(c) : SG_OK;
}

int
net_reshape_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t want[SG_NET_RANK], have = sg_tensor_count(x), known = 1;
	int n, rc, free_at = -1;

	if ((rc = net_ints(c, "shape", c->nin > 1 ? 1 : -1, want, SG_NET_RANK, &n)) != SG_OK)
		return rc;
	if (n < 0)
		return net_bad_shape(c, "it has no shape");
	for (int i = 0; i < n; i++) {
		if (want[i] == 0 && net_attr_int(c->n, "allowzero", 0) == 0) {
			if (i >= x->rank)
				return net_bad_shape(c, "it copies a dimension that is not there");
			want[i] = x->dims[i];
		}
		if (want[i] == -1) {
			if (free_at >= 0)
				return net_bad_shape(c, "two of its dimensions are free");
			free_at = i;
		} else if (want[i] < 0 || __builtin_mul_overflow(known, want[i], &known)) {
			return net_bad_shape(
			    c, "it asks for a dimension of %lld", (long long)want[i]);
		}
	}
	if (free_at >= 0) {
		if (known == 0 || have % known != 0)
			return net_bad_shape(
			    c, "%lld elements do not fill its shape", (long long)have);
		want[free_at] = have / known;
		known *= want[free_at];
	}
	if (known != have)
		return net_bad_shape(
		    c, "%lld elements cannot become %lld", (long long)have, (long long)known);
	return net_set_out(c, 0, x->type, n, want);
}

int
net_reshape_run(struct net_call *c)
{
	return copy(c);
}

int
net_flatten_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int64_t axis = net_attr_int(c->n, "axis", 1), d[2];

	if (axis < -x->rank || axis > x->rank)
		return net_bad_shape(
		    c, "axis %lld of a tensor with %d dimensions", (long long)axis, x->rank);
	if (axis < 0)
		axis += x->rank;
	d[0] = net_dims_count(x->dims, (int)axis);
	d[1] = net_dims_count(x->dims + axis, x->rank - (int)axis);
	return net_set_out(c, 0, x->type, 2, d);
}

int
net_flatten_run(struct net_call *c)
{
	return copy(c);
}

/* Axes of Squeeze and Unsqueeze as marks on a tensor of the given rank. */
static int
mark_axes(struct net_call *c, int rank, int *n, int mark[SG_NET_RANK])
{
	int64_t axes[SG_NET_RANK];
	int rc, a;

	if ((rc = net_ints(c, "axes", 1, axes, SG_NET_RANK, n)) != SG_OK)
		return rc;
	if (rank < 0)
		rank = c->in[0]->rank + (*n > 0 ? *n : 0);
	if (rank > SG_NET_RANK)
		return net_not_supported(c, "its output would have %d dimensions", rank);
	memset(mark, 0, sizeof(int) * SG_NET_RANK);
	for (int i = 0; i < *n; i++) {
		if ((rc = net_axis(c, axes[i], rank, &a)) != SG_OK)
			return rc;
		if (mark[a])
			return net_bad_shape(c, "it names axis %d twice", a);
		mark[a] = 1;
	}
	return SG_OK;
}

int
net_squeeze_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int mark[SG_NET_RANK], n, rc, rank = 0;
	int64_t dims[SG_NET_RANK];

	if ((rc = mark_axes(c, x->rank, &n, mark)) != SG_OK)
		return rc;
	for (int i = 0; i < x->rank; i++) {
		if (n < 0 ? x->dims[i] == 1 : mark[i]) {
			if (x->dims[i] != 1)
				return net_bad_shape(
				    c, "it takes out a dimension of %lld", (long long)x->dims[i]);
		} else {
			dims[rank++] = x->dims[i];
		}
	}
	return net_set_out(c, 0, x->type, rank, dims);
}

int
net_squeeze_run(struct net_call *c)
{
	return copy(c);
}

int
net_unsqueeze_shape(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int mark[SG_NET_RANK], n, rc, from = 0;
	int64_t dims[SG_NET_RANK];

	if ((rc = mark_axes(c, -1, &n, mark)) != SG_OK)
		return rc;
	if (n < 0)
		return net_bad_shape(c, "it has no axes");
	for (int i = 0; i < x->rank + n; i++)
		dims[i] = mark[i] ? 1 : x->dims[from++];
	return net_set_out(c, 0, x->type, x->rank + n, dims);
}

int
net_unsqueeze_run(struct net_call *c)
{
	return copy(c);
}

int
net_cast_shape(struct net_call *c)
{
	int to = (int)net_attr_int(c->n, "to", 0);

	if (sg_net_type_size(to) == 0)
		return net_not_supported(c, "casting to type %s", sg_net_type_name(to));
	return net_set_out(c, 0, to, c->in[0]->rank, c->in[0]->dims);
}

int
net_cast_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];
	int to = c->out[0]->type;
	int64_t n = sg_tensor_count(x), iv[256];
	double v[256];

	if (to == x->type)
		return copy(c);
	for (int64_t i = 0; i < n; i += 256) {
		int m = n - i < 256 ? (int)(n - i) : 256;

		if (net_type_is_float(x->type)) {
			net_load_f64(v, x->data, x->type, i, m);
			net_store_f64(c->out[0]->data, to, i, v, m);
		} else {
			net_load_i64(iv, x->data, x->type, i, m);
			net_store_i64(c->out[0]->data, to, i, iv, m);
		}
	}
	return SG_OK;
}

/* Shape, of the dimensions start..end (opset 15). */
static void
shape_range(const struct net_call *c, int *from, int *to)
{
	int64_t rank = c->in[0]->rank, a = net_attr_int(c->n, "start", 0);
	int64_t b = net_attr_int(c->n, "end", rank);

	a += a < 0 ? rank : 0;
	b += b < 0 ? rank : 0;
	a = a < 0 ? 0 : a > rank ? rank : a;
	b = b < a ? a : b > rank ? rank : b;
	*from = (int)a;
	*to = (int)b;
}

int
net_shape_shape(struct net_call *c)
{
	int from, to;

	shape_range(c, &from, &to);
	return net_set_out(c, 0, SG_T_I64, 1, (int64_t[]){to - from});
}

int
net_shape_run(struct net_call *c)
{
	int from, to;

	shape_range(c, &from, &to);
	for (int i = from; i < to; i++)
		((int64_t *)c->out[0]->data)[i - from] = c->in[0]->dims[i];
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
	*(int64_t *)c->out[0]->data = sg_tensor_count(c->in[0]);
	return SG_OK;
}

/* Constant holds its value in one of several attributes. */
static const struct net_attr *
constant_of(const struct net_call *c)
{
	static const char *const names[] = {
	    "value", "value_float", "value_int", "value_floats", "value_ints"};

	for (int i = 0; i < 5; i++)
		if (net_attr(c->n, names[i]))
			return net_attr(c->n, names[i]);
	return NULL;
}

int
net_constant_shape(struct net_call *c)
{
	const struct net_attr *a = constant_of(c);
	int64_t n = a ? a->n : 0;

	switch (a ? a->kind : NET_A_NONE) {
	case NET_A_TENSOR:
		return net_set_out(c, 0, a->t->type, a->t->rank, a->t->dims);
	case NET_A_FLOAT:
		return net_set_out(c, 0, SG_T_F32, 0, NULL);
	case NET_A_INT:
		return net_set_out(c, 0, SG_T_I64, 0, NULL);
	case NET_A_FLOATS:
		return net_set_out(c, 0, SG_T_F32, 1, &n);
	case NET_A_INTS:
		return net_set_out(c, 0, SG_T_I64, 1, &n);
	default:
		return net_not_supported(c, "a constant that is not numbers");
	}
}

int
net_constant_run(struct net_call *c)
{
	const struct net_attr *a = constant_of(c);
	void *to = c->out[0]->data;

	if (a->kind == NET_A_TENSOR)
		memcpy(to, a->t->data, sg_tensor_bytes(a->t));
	else if (a->kind == NET_A_FLOAT)
		memcpy(to, &a->f, sizeof(a->f));
	else if (a->kind == NET_A_INT)
		memcpy(to, &a->i, sizeof(a->i));
	else if (a->kind == NET_A_FLOATS)
		memcpy(to, a->floats, (size_t)a->n * sizeof(float));
	else
		memcpy(to, a->ints, (size_t)a->n * sizeof(int64_t));
	return SG_OK;
}

int
net_constantofshape_shape(struct net_call *c)
{
	const struct net_attr *a = net_attr(c->n, "value");
	int64_t dims[SG_NET_RANK];
	int n, rc;

	if ((rc = net_ints(c, NULL, 0, dims, SG_NET_RANK, &n)) != SG_OK)
		return rc;
	for (int i = 0; i < n; i++)
		if (dims[i] < 0)
			return net_bad_shape(
			    c, "it asks for a dimension of %lld", (long long)dims[i]);
	if (a && (a->kind != NET_A_TENSOR || sg_tensor_count(a->t) != 1))
		return net_bad_shape(c, "its value is not one number");
	return net_set_out(c, 0, a ? a->t->type : SG_T_F32, n, dims);
}

int
net_constantofshape_run(struct net_call *c)
{
	const struct net_attr *a = net_attr(c->n, "value");
	size_t size = sg_net_type_size(c->out[0]->type);
	int64_t n = sg_tensor_count(c->out[0]);

	if (a == NULL) {
		memset(c->out[0]->data, 0, sg_tensor_bytes(c->out[0]));
		return SG_OK;
	}
	for (int64_t i = 0; i < n; i++)
		memcpy((char *)c->out[0]->data + (size_t)i * size, a->t->data, size);
	return SG_OK;
}

static int
range_count(struct net_call *c, double *start, double *step, int64_t *count)
{
	double v[3], n;

	for (int i = 0; i < 3; i++) {
		if (c->in[i]->data == NULL)
			return net_not_supported(c, "its extent is known only while running");
		if (sg_tensor_count(c->in[i]) != 1 || c->in[i]->type != c->in[0]->type)
			return net_bad_shape(c, "its input %d is not one number", i);
		v[i] = net_get_f64(c->in[i]->data, c->in[i]->type, 0);
	}
	n = v[2] == 0 ? -1 : ceil((v[1] - v[0]) / v[2]);
	if (!(n < 1e9) || v[2] == 0)
		return net_bad_shape(c, "it does not end");
	*start = v[0];
	*step = v[2];
	*count = n < 0 ? 0 : (int64_t)n;
	return SG_OK;
}

int
net_range_shape(struct net_call *c)
{
	double start, step;
	int64_t n;
	int rc = range_count(c, &start, &step, &n);

	return rc != SG_OK ? rc : net_set_out(c, 0, c->in[0]->type, 1, &n);
}

int
net_range_run(struct net_call *c)
{
	double start, step, v;
	int64_t n;
	int rc = range_count(c, &start, &step, &n);

	for (int64_t i = 0; rc == SG_OK && i < n; i++) {
		v = start + step * (double)i;
		net_store_f64(c->out[0]->data, c->out[0]->type, i, &v, 1);
	}
	return rc;
}
