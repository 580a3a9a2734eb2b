/*
 * The engine: an ONNX file in, numbers out. This header is the manual for its users; the rest of
 * worker/net is inside.
 *
 *	struct sg_net *net = NULL;
 *	struct sg_plan *plan = NULL;
 *	int64_t dims[4] = {1, 1, h, w};
 *
 *	if (sg_net_load(&net, bytes, n, NULL, e) ||
 *	    sg_net_plan(net, dims, 4, "cpu", "f32", 2, &plan, e) ||
 *	    sg_net_run(plan, in, out, NULL, e)) ...
 *	sg_plan_free(plan);
 *	sg_net_free(net);
 *
 * load reads and checks the file's form. plan resolves the shapes for one input size, names what
 * is not supported, rewrites the graph, and fixes every byte of working memory before anything
 * runs. run computes; it neither parses nor allocates.
 *
 * Threads: a net may be planned by several threads at once; a plan belongs to one thread at a
 * time and runs on `threads` cores. The same plan, input and thread count give the same bits.
 *
 * Errors (ids are stable):
 *   SG_EINPUT   onnx_corrupt   not ONNX, truncated, lengths that lie, missing input
 *   SG_EINPUT   onnx_cycle     nodes that need each other
 *   SG_EINPUT   onnx_shape     shapes or attributes that do not fit each other or the asked size
 *   SG_EINPUT   onnx_weights   weights that are NaN or infinite
 *   SG_ELIMIT   onnx_too_large over one of the limits below
 *   SG_ENOTSUP  onnx_external  weights kept in other files
 *   SG_ENOTSUP  onnx_op        operators (or forms of them) that are not supported, by name
 *   SG_ENOTSUP  onnx_opset     opset outside 9..21, or another domain
 *   SG_ENOTSUP  net_device     no such device or precision on this machine
 *   SG_EBUSY    net_memory     no memory now
 *   SG_EBUSY    net_cancelled  the watch said stop (the caller knows why)
 *   SG_EINTERNAL net_backend   the computing library failed
 */
#ifndef SG_NET_H
#define SG_NET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define SG_NET_RANK 8 /* most dimensions of a tensor */

/* Element types, numbered as ONNX's TensorProto.DataType. */
enum sg_net_type {
	SG_T_NONE = 0,
	SG_T_F32 = 1,
	SG_T_U8 = 2,
	SG_T_I8 = 3,
	SG_T_U16 = 4,
	SG_T_I16 = 5,
	SG_T_I32 = 6,
	SG_T_I64 = 7,
	SG_T_STRING = 8, /* named in messages, never supported */
	SG_T_BOOL = 9,
	SG_T_F16 = 10,
	SG_T_F64 = 11,
	SG_T_U32 = 12,
	SG_T_U64 = 13,
	SG_T_BF16 = 16,
};

size_t sg_net_type_size(int type);	/* bytes of one element; 0: not a type we hold */
const char *sg_net_type_name(int type); /* "f32", "int64", ... */

/* A tensor in plain row-major order, last dimension fastest. */
struct sg_tensor {
	int type; /* enum sg_net_type */
	int rank;
	int64_t dims[SG_NET_RANK];
	void *data;
};

int64_t sg_tensor_count(const struct sg_tensor *t); /* elements */
size_t sg_tensor_bytes(const struct sg_tensor *t);

/* Limits of one model; 0 in a field means the default. */
struct sg_net_limits {
	size_t file_bytes;  /* the model's bytes; default 2 GiB - 1, protobuf's own limit */
	int nodes;	    /* default 20,000 */
	size_t arena_bytes; /* working memory of one plan; default 16 GiB */
	size_t cache_bytes; /* idle plans kept for their shape; default 1 GiB */
};

struct sg_net;	/* a model: yours, sg_net_free() */
struct sg_plan; /* the model ready for one input size: yours, sg_plan_free() */

/*
 * bytes is borrowed: it must stay and not change until sg_net_free() (map the file, or keep the
 * blob's arena). lim may be NULL.
 */
int sg_net_load(struct sg_net **out, const void *bytes, size_t n, const struct sg_net_limits *lim,
    struct sg_err *e);
/* The same from a file, mapped and owned by the net. SG_EABSENT "file_absent". */
int sg_net_open(
    struct sg_net **out, const char *path, const struct sg_net_limits *lim, struct sg_err *e);
void sg_net_free(struct sg_net *net); /* after its plans; NULL is fine */

/* What goes in and comes out; initialisers listed as inputs are left out. */
struct sg_net_port {
	const char *name;
	int type;		   /* enum sg_net_type */
	int rank;		   /* -1: the file does not say */
	int64_t dims[SG_NET_RANK]; /* -1: any size */
};

int sg_net_inputs(const struct sg_net *net, const struct sg_net_port **ports); /* their number */
int sg_net_outputs(const struct sg_net *net, const struct sg_net_port **ports);

/* The operator that makes the i-th output, seen through those that only move or cast ("Identity",
 * "Transpose", ...): "Sigmoid", "Conv", ...; "" when no node does. */
const char *sg_net_output_maker(const struct sg_net *net, int i);

/* A value of metadata_props; NULL when there is none. Lives as long as the net. */
const char *sg_net_metadata(const struct sg_net *net, const char *key);

struct sg_net_info {
	int ir_version, opset;
	const char *producer; /* "" when unknown */
	int nodes;
	int64_t params;	     /* elements of all initialisers */
	size_t weight_bytes; /* as stored in the file */
	int unsupported;     /* nodes the engine cannot run */
};
void sg_net_about(const struct sg_net *net, struct sg_net_info *info);

/* The i-th operator kind in use and how many nodes have it; NULL past the end. */
const char *sg_net_operator(const struct sg_net *net, int i, int *nodes);
/* The i-th unsupported node: its operator, name and why; 0 past the end, else 1. */
int sg_net_unsupported(
    const struct sg_net *net, int i, const char **op, const char **node, const char **why);

/*
 * device: "cpu" or "ref" (plain C, slow, the judge of all others). precision: "f32", or "bf16"
 * where the CPU multiplies bf16 natively. threads: 1.. ; 0 means all cores this process may use.
 * Plans of a shape asked for again come from a small cache in the net.
 */
int sg_net_plan(struct sg_net *net, const int64_t *dims, int rank, const char *device,
    const char *precision, int threads, struct sg_plan **out, struct sg_err *e);
/* For nets of several inputs: one sg_tensor each, in the order of sg_net_inputs(); data may be
 * NULL, or the value of a small input that shapes depend on, which then becomes part of the plan.
 */
int sg_net_plan_all(struct sg_net *net, const struct sg_tensor *in, int nin, const char *device,
    const char *precision, int threads, struct sg_plan **out, struct sg_err *e);
void sg_plan_free(struct sg_plan *plan); /* back to the net's cache; NULL is fine */

struct sg_plan_info {
	size_t arena_bytes;  /* working memory, all of it */
	size_t weight_bytes; /* constants as the backend holds them */
	int64_t flops;	     /* of one run: a multiply and an add count two */
	int ops;	     /* operators that run */
	int fallbacks;	     /* of those, how many the device leaves to the reference */
	const char *device, *precision;
	int threads;
};
const struct sg_plan_info *sg_plan_about(const struct sg_plan *plan);
/* Shapes of this plan (data is NULL); number of them. */
int sg_plan_inputs(const struct sg_plan *plan, const struct sg_tensor **t);
int sg_plan_outputs(const struct sg_plan *plan, const struct sg_tensor **t);

/* Looked at between operators. Any member may be NULL. */
struct sg_net_watch {
	const atomic_bool *cancel;				/* true: stop soon */
	void (*progress)(void *arg, int64_t done, int64_t all); /* estimated work units */
	void *arg;
};

/*
 * First input from in, first output to out, as f32 in plain order whatever the model's own types
 * are; sizes by sg_plan_inputs() and sg_plan_outputs(). watch may be NULL. in and out must not
 * overlap.
 */
int sg_net_run(struct sg_plan *plan, const float *in, float *out, const struct sg_net_watch *watch,
    struct sg_err *e);
/* All ports in their own types; in[i] and out[i] must have the plan's types and shapes. */
int sg_net_run_all(struct sg_plan *plan, const struct sg_tensor *in, int nin, struct sg_tensor *out,
    int nout, const struct sg_net_watch *watch, struct sg_err *e);

#endif
