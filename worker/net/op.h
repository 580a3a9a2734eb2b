/*
 * The table of operators: how many inputs and outputs, what shape comes out, how it is computed
 * in plain C, what it costs. Everything that must know an operator asks its row.
 */
#ifndef SG_NET_OP_H
#define SG_NET_OP_H

#include "worker/net/graph.h"

/* One use of an operator. in[i] is NULL where omitted. For shape(): data may be NULL (not known
 * yet); fill out[i] type, rank, dims. For run(): all data are there, out shapes are set. */
struct net_call {
	const struct net_graph *g;
	const struct net_node *n;
	int opset, nin, nout;
	const struct sg_tensor *in[NET_MAX_IN];
	struct sg_tensor *out[NET_MAX_OUT];
	struct sg_err *e;
};

enum net_op_flag {
	NET_OP_F32 = 1,	      /* computes in f32: inputs of other float types are cast around it */
	NET_OP_ALIAS = 2,     /* output is the input's bytes with another shape */
	NET_OP_SHAPEONLY = 4, /* needs the shapes of its inputs, never their data */
	NET_OP_UNARY = 8,     /* element by element, one tensor: may run in any layout */
};

struct net_op {
	const char *name;
	int min_in, max_in, max_out; /* max_in -1: up to NET_MAX_IN */
	int flags;
	int (*shape)(struct net_call *c);
	int (*run)(struct net_call *c);	      /* plain C, the judge; kept for ever */
	int64_t (*flops)(struct net_call *c); /* NULL: one per output element */
	unsigned f32_in; /* NET_OP_F32: which inputs are numbers; bit i; 0 means all */
};

/* The row of an operator of the standard domain; NULL: not supported. */
const struct net_op *net_op_find(const char *name);
const struct net_op *net_op_at(int i); /* by place, NULL past the end */

/* Helpers of the rows. Each failure names the node. */
int net_bad_shape(struct net_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int net_not_supported(struct net_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Shape of out[k]; checks that it can be held. */
int net_set_out(struct net_call *c, int k, int type, int rank, const int64_t *dims);
/* Ints of an attribute (old opsets) or of the constant input i (newer); *n = -1 when absent.
 * Fails with SG_ENOTSUP when the input is there but its value is not known before the run. */
int net_ints(struct net_call *c, const char *attr, int i, int64_t *v, int max, int *n);
/* An axis brought into 0..rank-1, or a failure. */
int net_axis(struct net_call *c, int64_t axis, int rank, int *out);
int64_t net_call_flops(struct net_call *c);

/* Sliding windows of Conv, ConvTranspose and pools, after all forms of padding are resolved. */
struct net_window {
	int nd; /* 1..3 spatial dimensions */
	int64_t kernel[3], stride[3], dilation[3], pad[3], pad_end[3];
	int64_t in[3], out[3];
	int group;
};
int net_window_conv(struct net_call *c, struct net_window *w);
int net_window_deconv(struct net_call *c, struct net_window *w);
int net_window_pool(struct net_call *c, struct net_window *w);

/* How Resize and Upsample map each dimension. */
struct net_resize {
	int linear;  /* else nearest */
	int nearest; /* enum kn_nearest */
	int coord;   /* enum kn_coord */
	int rank;
	int64_t in[SG_NET_RANK], out[SG_NET_RANK];
	float scale[SG_NET_RANK]; /* out / in as given or computed */
};
int net_resize_of(struct net_call *c, struct net_resize *r);

/* The rows' own functions, by file. */
#define NET_ROW(name) \
	int net_##name##_shape(struct net_call *c); \
	int net_##name##_run(struct net_call *c)

NET_ROW(conv);
NET_ROW(deconv);
NET_ROW(maxpool);
NET_ROW(avgpool);
NET_ROW(globalavg);
NET_ROW(globalmax);
NET_ROW(batchnorm);
NET_ROW(instancenorm);
NET_ROW(softmax);
NET_ROW(logsoftmax);
NET_ROW(matmul);
NET_ROW(gemm);
NET_ROW(resize);
NET_ROW(upsample);
NET_ROW(unary);
NET_ROW(binary);
NET_ROW(variadic);
NET_ROW(compare);
NET_ROW(clip);
NET_ROW(where);
NET_ROW(cast);
NET_ROW(reduce);
NET_ROW(argmax);
NET_ROW(identity);
NET_ROW(dropout);
NET_ROW(reshape);
NET_ROW(flatten);
NET_ROW(squeeze);
NET_ROW(unsqueeze);
NET_ROW(transpose);
NET_ROW(concat);
NET_ROW(split);
NET_ROW(slice);
NET_ROW(pad);
NET_ROW(gather);
NET_ROW(expand);
NET_ROW(tile);
NET_ROW(depthtospace);
NET_ROW(spacetodepth);
NET_ROW(shape);
NET_ROW(size);
NET_ROW(constant);
NET_ROW(constantofshape);
NET_ROW(range);
#undef NET_ROW

int64_t net_conv_flops(struct net_call *c);
int64_t net_deconv_flops(struct net_call *c);
int64_t net_pool_flops(struct net_call *c);
int64_t net_matmul_flops(struct net_call *c);
int64_t net_gemm_flops(struct net_call *c);
int64_t net_none_flops(struct net_call *c); /* data is moved, nothing computed */

#endif
