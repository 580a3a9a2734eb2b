/* The CPU backend's inside: one row a kind of node, made once, run often. */
#ifndef SG_NET_CPU_H
#define SG_NET_CPU_H

#include <dnnl.h>

#include "kernels/last.h"
#include "worker/net/backend.h"

struct net_dev {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	int threads;
	enum net_precision precision;
};

#define CPU_ARGS 8

struct cpu_arg {
	int arg;   /* DNNL_ARG_... */
	int value; /* of the graph; -1: own memory */
	dnnl_memory_t mem;
};

struct cpu_op {
	const struct cpu_kind *kind;
	struct net_graph *g;
	struct net_node *n;
	struct net_dev *d;
	struct net_call call;
	/* oneDNN */
	dnnl_primitive_t prim;
	struct cpu_arg arg[CPU_ARGS];
	int narg;
	dnnl_memory_t scratch_mem;
	size_t scratch, weight_bytes;
	/* bf16: the input is rounded into the scratch, at this offset, before the primitive runs */
	dnnl_primitive_t round;
	dnnl_memory_t round_from, round_to;
	size_t round_at;
	void *own[4]; /* packed weights, biases, tables: freed with the plan */
	int nown;
	/* own kernels */
	struct kn_epilogue epi;
	void *work;	 /* the plan's scratch, after bind */
	int64_t num[16]; /* what the kind worked out when it was made */
};

struct cpu_kind {
	const char *op; /* operator, or the name of a reorder */
	int (*want)(struct net_dev *d, struct net_call *c, struct net_want *w);
	int (*make)(struct cpu_op *o, struct sg_err *e);
	int (*run)(struct cpu_op *o);
};

/* Rows of cpu_conv.c and cpu_own.c; ends with op NULL. */
extern const struct cpu_kind cpu_dnnl_kinds[], cpu_own_kinds[];

/* --- shared by the rows --- */

void *cpu_own(struct cpu_op *o, size_t bytes); /* zeroed, aligned, freed with the op; NULL */
int cpu_fail(struct sg_err *e, dnnl_status_t s);
/* A memory for an argument: of a value, or of own bytes. */
int cpu_bind_arg(struct cpu_op *o, int arg, const dnnl_memory_desc_t *md, int value, void *own,
    struct sg_err *e);
/* Make the primitive of a finished description and its scratchpad. */
int cpu_make_prim(struct cpu_op *o, const_dnnl_primitive_desc_t pd, struct sg_err *e);
int cpu_run_prim(struct cpu_op *o);
struct kn_epilogue cpu_epilogue(const struct net_node *n);

/* Data of an input or output of the op's node. */
static inline float *
cpu_in(const struct cpu_op *o, int i)
{
	return (float *)o->call.in[i]->data;
}

static inline float *
cpu_out(const struct cpu_op *o)
{
	return (float *)o->call.out[0]->data;
}

/* An f32 tensor of batch, channels and 1 to 3 more dimensions. */
static inline int
cpu_is_map(const struct sg_tensor *t)
{
	return t && t->type == SG_T_F32 && t->rank >= 3 && t->rank <= 5;
}

/* Pixels or voxels of one channel. */
int64_t cpu_pixels(const struct sg_tensor *t);

#endif
