/*
 * What computes: the smallest interface that serves the plain reference, oneDNN on CPUs and
 * cuDNN on GPUs. Reading, shapes, passes, fusion, layouts and the memory plan are shared code; a
 * backend says which nodes it takes and in which layout, makes what it needs once, and runs.
 *
 *	open -> want (per node) -> plan -> bind -> run ... -> drop -> close
 *
 * A node that a backend does not take is computed by its reference row, where the backend's
 * memory is the host's; its epilogue is then applied by shared code.
 */
#ifndef SG_NET_BACKEND_H
#define SG_NET_BACKEND_H

#include "worker/net/op.h"

struct net_dev;	  /* an open device with one ordered queue */
struct net_bplan; /* what a backend made of one graph */

enum net_precision { NET_F32, NET_BF16 };

enum net_layout {
	NET_PLAIN, /* batch, channel, spatial */
	NET_LAST,  /* batch, spatial, channel */
	NET_ANY,   /* whatever its input has, all the same */
};

struct net_want {
	enum net_layout layout; /* of all data inputs, the residual and all outputs */
	unsigned weights;	/* inputs that stay plain whatever the layout; bit i */
	int inplace;		/* input its output may overwrite; -2: the residual; -1: none */
};

/* Base addresses, given once the arena stands: data[v] of each value, scratch of the device. */
struct net_bind {
	void **data;
	void *scratch;
};

struct net_backend {
	const char *name;
	int host_memory; /* the reference rows may work in it */
	/* SG_ENOTSUP net_device: no such device or precision here. */
	int (*open)(struct net_dev **out, int threads, enum net_precision p, struct sg_err *e);
	void (*close)(struct net_dev *d);
	void *(*alloc)(struct net_dev *d, size_t bytes); /* aligned to 64; NULL: no memory */
	void (*free)(struct net_dev *d, void *p, size_t bytes);
	int (*copy)(struct net_dev *d, void *dst, const void *src, size_t bytes); /* ordered */
	/* 1 and *w: takes the node; 0: leaves it to the reference. */
	int (*want)(struct net_dev *d, struct net_graph *g, int node, struct net_want *w);
	/*
	 * Make the nodes marked native. *bad: the node that could not be made (SG_ENOTSUP: it is
	 * then left to the reference and the plan made anew).
	 */
	int (*plan)(struct net_dev *d, struct net_graph *g, struct net_bplan **out, int *bad,
	    struct sg_err *e);
	size_t (*scratch_bytes)(const struct net_bplan *p);
	size_t (*weight_bytes)(const struct net_bplan *p);
	int (*bind)(struct net_bplan *p, const struct net_bind *b, struct sg_err *e);
	int (*run)(struct net_bplan *p, int node, struct sg_err *e);
	void (*drop)(struct net_bplan *p);
	int (*wait)(struct net_dev *d, struct sg_err *e); /* all queued work is done */
};

extern const struct net_backend net_backend_ref;
extern const struct net_backend net_backend_cpu;

/* Nodes that change a value's layout, put in by the layout pass; rows of their own. */
extern const struct net_op net_op_to_last, net_op_to_plain;

/*
 * Ask the device for every node, choose layouts, put reorders in. refused[id] nodes are not asked
 * for. The graph is sorted anew; native and inplace of its nodes are set.
 */
int net_pass_layout(struct net_graph *g, const struct net_backend *be, struct net_dev *d,
    const char *refused, struct sg_err *e);

/* What a node's epilogue does, in plain C: y = act(y + residual). */
void net_epilogue_run(float *y, const float *residual, int64_t n, const struct net_epilogue *epi);

#endif
