/*
 * Where each value of a graph lies in one arena. Lifetimes run from the node that makes a value to
 * the last that reads it; the largest values are placed first, each as low as those alive at the
 * same time allow. Values that are the same bytes (Reshape) or may overwrite their input share.
 */
#ifndef SG_NET_MEMORY_H
#define SG_NET_MEMORY_H

#include "worker/net/graph.h"

#define NET_ALIGN 64 /* bytes */

struct net_memory {
	size_t *offset; /* of each value; SIZE_MAX: not in the arena (constants, unused) */
	size_t bytes;	/* of the whole arena */
};

/*
 * Graph sorted. Arrays live in the graph's arena.
 * Errors: SG_ELIMIT onnx_too_large when it would exceed limit bytes.
 */
int net_memory_plan(
    struct net_memory *m, const struct net_graph *g, size_t limit, struct sg_err *e);

#endif
