/* Rows of normalisation, softmax and matrix products. */
#include "config.h"

#include <string.h>

#include "kernels/nn.h"
#include "worker/net/op.h"
#include "worker/net/tensor.h"

static int
want_f32(struct net_call *c)
{
	for (int i = 0; i < c->nin; i++)
		if (c->in[i] && c->in[i]->type != SG_T_F32)
			return net_not_supported(
			    c, "elements of type %s", sg_net_type_name(c->in[i]->type));
	return SG_OK;
}

static int
same_as_input(struct net_call *c)
{
	return net_set_out(c, 0, c->in[0]->type, c->in[0]->rank, c->in[0]->dims);
}

/* Inputs 1.. are lists with one number per channel. */
static int
per_channel(struct net_call *c)
{
	int rc = want_f32(c);

	if (rc != SG_OK)
		return rc;
	if (c->in[0]->rank < 2)
		return net_bad_shape(c, "its input has %d dimensions", c->in[0]->rank);
	for (int i = 1; i < c->nin; i++)
		if (c->in[i]->rank != 1 || c->in[i]->dims[0] != c->in[0]->dims[1])
			return net_bad_shape(c, "its input %d does not have %lld numbers", i,
			    (long long)c->in[0]->dims[1]);
	return same_as_input(c);
}

static int64_t
spatial(const struct sg_tensor *t)
{
	return net_dims_count(t->dims + 2, t->rank - 2);
}

int
net_batchnorm_shape(struct net_call *c)
{
	if (net_attr_int(c->n, "training_mode", 0) != 0)
		return net_not_supported(c, "it is in training mode");
	if (net_attr_int(c->n, "spatial", 1) == 0)
		return net_not_supported(c, "its statistics are not per channel");
	for (int i = 1; i < c->nout; i++)
		if (c->out[i])
			return net_not_supported(c, "its statistics are asked for");
	return per_channel(c);
}

int
net_batchnorm_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];

	kn_batchnorm_ref(c->out[0]->data, x->data, x->dims[0], x->dims[1], spatial(x),
	    c->in[1]->data, c->in[2]->data, c->in[3]->data, c->in[4]->data,
	    net_attr_float(c->n, "epsilon", 1e-5f));
	return SG_OK;
}

int
net_instancenorm_shape(struct net_call *c)
{
	return per_channel(c);
}

int
net_instancenorm_run(struct net_call *c)
{
	const struct sg_tensor *x = c->in[0];

	kn_instancenorm_ref(c->out[0]->data, x->data, x->dims[0], x->dims[1], spatial(x),
	    c->in[1]->data, c->in[2]->data, net_attr_float(c->n, "epsilon", 1e-5f));
	return SG_OK;
}

static int
softmax_shape(struct net_call *c)
{
	int rc = want_f32(c), axis;

	if (rc == SG_OK && c->in[0]->rank < 1)
		return net_bad_shape(c, "its input has no dimension");
	if (rc == SG_OK)
		rc = net_axis(
		    c, net_attr_int(c->n, "axis", c->opset < 13 ? 1 : -1), c->in[0]->rank, &axis);
	return rc == SG_OK ? same_as_input(c) : rc;
}

static int
softmax_run(struct net_call *c, int log)
{
	const struct sg_tensor *x = c->in[0];
	int axis, rc;
	int64_t n;

	rc = net_axis(c, net_attr_int(c->n, "axis", c->opset < 13 ? 1 : -1), x->rank, &axis);
	if (rc != SG_OK)
		return rc;
	/* Before opset 13 all dimensions from the axis on are one. */
	n = c->opset < 13 ? net_dims_count(x->dims + axis, x->rank - axis) : x->dims[axis];
	kn_softmax_axis_ref(c->out[0]->data, x->data, net_dims_count(x->dims, axis), n,
	    c->opset < 13 ? 1 : net_dims_count(x->dims + axis + 1, x->rank - axis - 1), log);
	return SG_OK;
}

int
net_softmax_shape(struct net_call *c)
{
	return softmax_shape(c);
}

int
net_softmax_run(struct net_call *c)
{
	return softmax_run(c, 0);
}

int
net_logsoftmax_shape(struct net_call *c)
{
	return softmax_shape(c);
}

int
net_logsoftmax_run(struct net_call *c)
{
	return softmax_run(c, 1);
}

/* A tensor seen as a stack of matrices: rank 1 becomes a row (left) or a column (right). */
struct stack {
	int rank; /* of the stack */
	int64_t dims[SG_NET_RANK], rows, cols;
};

static struct stack
stack_of(const struct sg_tensor *t, int left)
{
	struct stack s = {.rank = t->rank > 2 ? t->rank - 2 : 0, .rows = 1, .cols = 1};

	memcpy(s.dims, t->dims, (size_t)s.rank * sizeof(*s.dims));
	if (t->rank >= 2) {
		s.rows = t->dims[t->rank - 2];
		s.cols = t->dims[t->rank - 1];
	} else if (left) {
		s.cols = t->dims[0];
	} else {
		s.rows = t->dims[0];
	}
	return s;
}

/* Broadcast dimension i of n, counted from the left of the longer list. */
static int64_t
stack_dim(const struct stack *s, int i, int n)
{
	return i < n - s->rank ? 1 : s->dims[i - (n - s->rank)];
}

int
net_matmul_shape(struct net_call *c)
{
	int rc = want_f32(c), rank, n;
	int64_t dims[SG_NET_RANK];
	struct stack a, b;

	if (rc != SG_OK)
		return rc;
	if (c->in[0]->rank < 1 || c->in[1]->rank < 1)
		return net_bad_shape(c, "a factor has no dimension");
	a = stack_of(c->in[0], 1);
	b = stack_of(c->in[1], 0);
	if (a.cols != b.rows)
		return net_bad_shape(
		    c, "%lld columns times %lld rows", (long long)a.cols, (long long)b.rows);
	n = rank = a.rank > b.rank ? a.rank : b.rank;
	for (int i = 0; i < n; i++) {
		int64_t p = stack_dim(&a, i, n), q = stack_dim(&b, i, n);

		if (p != q && p != 1 && q != 1)
			return net_bad_shape(c, "its factors do not fit each other");
		dims[i] = p == 1 ? q : p;
	}
	if (c->in[0]->rank > 1)
		dims[rank++] = a.rows;
	if (c->in[1]->rank > 1)
		dims[rank++] = b.cols;
	return net_set_out(c, 0, SG_T_F32, rank, dims);
}

int
net_matmul_run(struct net_call *c)
{
	struct stack a = stack_of(c->in[0], 1), b = stack_of(c->in[1], 0);
	int n = a.rank > b.rank ? a.rank : b.rank;
	int64_t count = 1, dims[SG_NET_RANK];

	for (int i = 0; i < n; i++) {
		dims[i] = stack_dim(&a, i, n) == 1 ? stack_dim(&b, i, n) : stack_dim(&a, i, n);
		count *= dims[i];
	}
	for (int64_t k = 0; k < count; k++) {
		int64_t rest = k, at[2] = {0, 0}, step[2] = {1, 1};

		for (int i = n - 1; i >= 0; i--) {
			int64_t pos = rest % dims[i], p = stack_dim(&a, i, n),
				q = stack_dim(&b, i, n);

			rest /= dims[i];
			at[0] += p == 1 ? 0 : pos * step[0];
			at[1] += q == 1 ? 0 : pos * step[1];
			step[0] *= p;
			step[1] *= q;
		}
		kn_gemm_ref((float *)c->out[0]->data + k * a.rows * b.cols,
		    (const float *)c->in[0]->data + at[0] * a.rows * a.cols,
		    (const float *)c->in[1]->data + at[1] * b.rows * b.cols, a.rows, b.cols, a.cols,
		    0, 0, 1, 0);
	}
	return SG_OK;
}

int64_t
net_matmul_flops(struct net_call *c)
{
	struct stack a = stack_of(c->in[0], 1);

	return 2 * sg_tensor_count(c->out[0]) * a.cols;
}

static void
gemm_sizes(const struct net_call *c, int64_t *m, int64_t *n, int64_t *k, int64_t *k2)
{
	int ta = net_attr_int(c->n, "transA", 0) != 0, tb = net_attr_int(c->n, "transB", 0) != 0;

	*m = c->in[0]->dims[ta];
	*k = c->in[0]->dims[!ta];
	*k2 = c->in[1]->dims[tb];
	*n = c->in[1]->dims[!tb];
}

int
net_gemm_shape(struct net_call *c)
{
	const struct sg_tensor *add = c->nin > 2 ? c->in[2] : NULL;
	int rc = want_f32(c);
	int64_t d[2], k, k2;

	if (rc != SG_OK)
		return rc;
	if (c->in[0]->rank != 2 || c->in[1]->rank != 2)
		return net_bad_shape(c, "its factors are not matrices");
	gemm_sizes(c, &d[0], &d[1], &k, &k2);
	if (k != k2)
		return net_bad_shape(
		    c, "%lld columns times %lld rows", (long long)k, (long long)k2);
	for (int i = 0; add && i < add->rank; i++)
		if (add->rank > 2 || (add->dims[i] != 1 && add->dims[i] != d[2 - add->rank + i]))
			return net_bad_shape(c, "its third input does not fit the product");
	return net_set_out(c, 0, SG_T_F32, 2, d);
}

int
net_gemm_run(struct net_call *c)
{
	const struct sg_tensor *add = c->nin > 2 ? c->in[2] : NULL;
	float beta = add ? net_attr_float(c->n, "beta", 1) : 0, *y = c->out[0]->data;
	int64_t m, n, k, k2, s0 = 0, s1 = 0;

	gemm_sizes(c, &m, &n, &k, &k2);
	if (add && add->rank > 0 && add->dims[add->rank - 1] != 1)
		s1 = 1;
	if (add && add->rank > 1 && add->dims[0] != 1)
		s0 = add->dims[1];
	for (int64_t i = 0; add && i < m; i++)
		for (int64_t j = 0; j < n; j++)
			y[i * n + j] = ((const float *)add->data)[i * s0 + j * s1];
	kn_gemm_ref(y, c->in[0]->data, c->in[1]->data, m, n, k,
	    net_attr_int(c->n, "transA", 0) != 0, net_attr_int(c->n, "transB", 0) != 0,
	    net_attr_float(c->n, "alpha", 1), beta);
	return SG_OK;
}

int64_t
net_gemm_flops(struct net_call *c)
{
	int64_t m, n, k, k2;

	gemm_sizes(c, &m, &n, &k, &k2);
	return 2 * m * n * k;
}
