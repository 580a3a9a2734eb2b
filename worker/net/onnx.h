/* ONNX files <-> graphs (onnx.proto3 of ONNX 1.16, IR versions 3 to 10). */
#ifndef SG_NET_ONNX_H
#define SG_NET_ONNX_H

#include "common/buf.h"
#include "worker/net/graph.h"

#define NET_OPSET_MIN 9
#define NET_OPSET_MAX 21

/*
 * Read a model into a graph in the arena. Constants point into bytes where they can. Nodes of
 * unknown operators are kept with op NULL, also those with subgraphs (whose inside is skipped).
 * What may be taken is bounded by the arena's limit and by max_nodes.
 * Errors: onnx_corrupt, onnx_cycle, onnx_shape, onnx_too_large, onnx_external, onnx_opset, onnx_op
 * (sparse weights, strings), onnx_weights.
 */
int net_onnx_read(struct net_graph **out, const void *bytes, size_t n, int max_nodes,
    struct sg_arena *a, struct sg_err *e);

/* Read one TensorProto (an ONNX test's .pb file). data is in the arena or in bytes. */
int net_onnx_tensor(struct sg_tensor *t, const char **name, const void *bytes, size_t n,
    struct sg_arena *a, struct sg_err *e);

/* Write a graph as a model; the same graph gives the same bytes. SG_EBUSY net_memory. */
int net_onnx_write(struct sg_buf *to, struct net_graph *g, struct sg_err *e);

#endif
