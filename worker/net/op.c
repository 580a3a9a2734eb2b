/* The table of operators and what its rows share. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/net/op.h"
#include "worker/net/tensor.h"

#define F32    NET_OP_F32
#define UNARY  NET_OP_UNARY
#define ALIAS  NET_OP_ALIAS
#define SHAPES NET_OP_SHAPEONLY

#define FN(f) net_##f##_shape, net_##f##_run
#define MOVES net_none_flops

/* Sorted by name: net_op_find() halves it. */
static const struct net_op ops[] = {
    /* name, inputs at least and most, outputs most, flags, functions, flops, f32 inputs */
    {"Abs", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Add", 2, 2, 1, 0, FN(binary), NULL, 0},
    {"And", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"ArgMax", 1, 1, 1, 0, FN(argmax), NULL, 0},
    {"ArgMin", 1, 1, 1, 0, FN(argmax), NULL, 0},
    {"AveragePool", 1, 1, 1, F32, FN(avgpool), net_pool_flops, 0},
    {"BatchNormalization", 5, 5, 5, F32, FN(batchnorm), NULL, 0},
    {"Cast", 1, 1, 1, 0, FN(cast), MOVES, 0},
    {"Ceil", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Celu", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Clip", 1, 3, 1, 0, FN(clip), NULL, 0},
    {"Concat", 1, -1, 1, 0, FN(concat), MOVES, 0},
    {"Constant", 0, 0, 1, SHAPES, FN(constant), MOVES, 0},
    {"ConstantOfShape", 1, 1, 1, 0, FN(constantofshape), MOVES, 0},
    {"Conv", 2, 3, 1, F32, FN(conv), net_conv_flops, 0},
    {"ConvTranspose", 2, 3, 1, F32, FN(deconv), net_deconv_flops, 0},
    {"DepthToSpace", 1, 1, 1, 0, FN(depthtospace), MOVES, 0},
    {"Div", 2, 2, 1, 0, FN(binary), NULL, 0},
    {"Dropout", 1, 3, 2, 0, FN(dropout), MOVES, 0},
    {"Elu", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Equal", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"Erf", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Exp", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Expand", 2, 2, 1, 0, FN(expand), MOVES, 0},
    {"Flatten", 1, 1, 1, ALIAS, FN(flatten), MOVES, 0},
    {"Floor", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Gather", 2, 2, 1, 0, FN(gather), MOVES, 0},
    {"Gelu", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Gemm", 2, 3, 1, F32, FN(gemm), net_gemm_flops, 0},
    {"GlobalAveragePool", 1, 1, 1, F32, FN(globalavg), net_pool_flops, 0},
    {"GlobalMaxPool", 1, 1, 1, F32, FN(globalmax), net_pool_flops, 0},
    {"Greater", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"GreaterOrEqual", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"HardSigmoid", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"HardSwish", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Identity", 1, 1, 1, ALIAS, FN(identity), MOVES, 0},
    {"InstanceNormalization", 3, 3, 1, F32, FN(instancenorm), NULL, 0},
    {"LeakyRelu", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Less", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"LessOrEqual", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"Log", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"LogSoftmax", 1, 1, 1, F32, FN(logsoftmax), NULL, 0},
    {"MatMul", 2, 2, 1, F32, FN(matmul), net_matmul_flops, 0},
    {"Max", 1, -1, 1, 0, FN(variadic), NULL, 0},
    {"MaxPool", 1, 1, 2, F32, FN(maxpool), net_pool_flops, 0},
    {"Mean", 1, -1, 1, 0, FN(variadic), NULL, 0},
    {"Min", 1, -1, 1, 0, FN(variadic), NULL, 0},
    {"Mish", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Mul", 2, 2, 1, 0, FN(binary), NULL, 0},
    {"Neg", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Not", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Or", 2, 2, 1, 0, FN(compare), NULL, 0},
    {"PRelu", 2, 2, 1, 0, FN(binary), NULL, 0},
    {"Pad", 1, 4, 1, 0, FN(pad), MOVES, 0},
    {"Pow", 2, 2, 1, 0, FN(binary), NULL, 0},
    {"Range", 3, 3, 1, 0, FN(range), MOVES, 0},
    {"Reciprocal", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"ReduceMax", 1, 2, 1, 0, FN(reduce), net_pool_flops, 0},
    {"ReduceMean", 1, 2, 1, 0, FN(reduce), net_pool_flops, 0},
    {"ReduceMin", 1, 2, 1, 0, FN(reduce), net_pool_flops, 0},
    {"ReduceSum", 1, 2, 1, 0, FN(reduce), net_pool_flops, 0},
    {"Relu", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Reshape", 1, 2, 1, ALIAS, FN(reshape), MOVES, 0},
    {"Resize", 1, 4, 1, F32, FN(resize), NULL, 1},
    {"Round", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Selu", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Shape", 1, 1, 1, SHAPES, FN(shape), MOVES, 0},
    {"Sigmoid", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Size", 1, 1, 1, SHAPES, FN(size), MOVES, 0},
    {"Slice", 1, 5, 1, 0, FN(slice), MOVES, 0},
    {"Softmax", 1, 1, 1, F32, FN(softmax), NULL, 0},
    {"Softplus", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"SpaceToDepth", 1, 1, 1, 0, FN(spacetodepth), MOVES, 0},
    {"Split", 1, 2, NET_MAX_OUT, 0, FN(split), MOVES, 0},
    {"Sqrt", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Squeeze", 1, 2, 1, ALIAS, FN(squeeze), MOVES, 0},
    {"Sub", 2, 2, 1, 0, FN(binary), NULL, 0},
    {"Sum", 1, -1, 1, 0, FN(variadic), NULL, 0},
    {"Tanh", 1, 1, 1, UNARY, FN(unary), NULL, 0},
    {"Tile", 2, 2, 1, 0, FN(tile), MOVES, 0},
    {"Transpose", 1, 1, 1, 0, FN(transpose), MOVES, 0},
    {"Unsqueeze", 1, 2, 1, ALIAS, FN(unsqueeze), MOVES, 0},
    {"Upsample", 1, 2, 1, F32, FN(upsample), NULL, 1},
    {"Where", 3, 3, 1, 0, FN(where), NULL, 0},
    {"Xor", 2, 2, 1, 0, FN(compare), NULL, 0},
};

#define NOPS ((int)(sizeof(ops) / sizeof(ops[0])))

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct net_op *)row)->name);
}

const struct net_op *
net_op_find(const char *name)
{
	return bsearch(name, ops, NOPS, sizeof(ops[0]), by_name);
}

const struct net_op *
net_op_at(int i)
{
	return i >= 0 && i < NOPS ? &ops[i] : NULL;
}

static int
fail_node(struct net_call *c, enum sg_code code, const char *id, const char *fmt, va_list ap)
{
	char text[120];

	vsnprintf(text, sizeof(text), fmt, ap);
	return sg_fail(c->e, code, id, "Node '%.50s' (%.24s): %s.", net_node_label(c->g, c->n),
	    c->n->op_type, text);
}

int
net_bad_shape(struct net_call *c, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail_node(c, SG_EINPUT, "onnx_shape", fmt, ap);
	va_end(ap);
	return rc;
}

int
net_not_supported(struct net_call *c, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail_node(c, SG_ENOTSUP, "onnx_op", fmt, ap);
	va_end(ap);
	return rc;
}

int
net_set_out(struct net_call *c, int k, int type, int rank, const int64_t *dims)
{
	struct sg_tensor *t = k < c->nout ? c->out[k] : NULL;

	if (t == NULL)
		return SG_OK;
	if (rank > SG_NET_RANK)
		return net_not_supported(c, "its output would have %d dimensions", rank);
	if (net_dims_count(dims, rank) < 0)
		return net_bad_shape(c, "its output would be too large");
	if (sg_net_type_size(type) == 0)
		return net_not_supported(c, "elements of type %s", sg_net_type_name(type));
	t->type = type;
	t->rank = rank;
	memset(t->dims, 0, sizeof(t->dims));
	for (int i = 0; i < rank; i++)
		t->dims[i] = dims[i];
	return SG_OK;
}

int
net_ints(struct net_call *c, const char *attr, int i, int64_t *v, int max, int *n)
{
	const struct sg_tensor *t = i >= 0 && i < c->nin ? c->in[i] : NULL;
	const int64_t *list;
	int count;

	*n = -1;
	if (t == NULL) {
		if (attr == NULL || net_attr(c->n, attr) == NULL)
			return SG_OK;
		list = net_attr_ints(c->n, attr, &count);
		if (count > max)
			return net_bad_shape(c, "its attribute '%s' has too many numbers", attr);
		*n = count;
		if (count)
			memcpy(v, list, (size_t)count * sizeof(*v));
		return SG_OK;
	}
	if (t->data == NULL)
		return net_not_supported(
		    c, "its input %d decides shapes but is known only while running", i);
	if (t->rank > 1 || sg_tensor_count(t) > max || (t->type != SG_T_I64 && t->type != SG_T_I32))
		return net_bad_shape(c, "its input %d is not a short list of integers", i);
	*n = (int)sg_tensor_count(t);
	net_load_i64(v, t->data, t->type, 0, *n);
	return SG_OK;
}

int
net_axis(struct net_call *c, int64_t axis, int rank, int *out)
{
	if (axis < -rank || axis >= rank)
		return net_bad_shape(
		    c, "axis %lld of a tensor with %d dimensions", (long long)axis, rank);
	*out = (int)(axis < 0 ? axis + rank : axis);
	return SG_OK;
}

int64_t
net_call_flops(struct net_call *c)
{
	if (c->n->op->flops)
		return c->n->op->flops(c);
	return c->nout && c->out[0] ? sg_tensor_count(c->out[0]) : 0;
}

int64_t
net_none_flops(struct net_call *c)
{
	(void)c;
	return 0;
}
