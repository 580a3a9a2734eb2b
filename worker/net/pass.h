/*
 * Passes: each takes a graph, makes it smaller or better suited to a device, and leaves what it
 * computes as it was (to rounding where its file says so). They stand in the order of use.
 */
#ifndef SG_NET_PASS_H
#define SG_NET_PASS_H

#include "worker/net/op.h"

/* Fill a call for a node from the graph's values. */
void net_call_of(struct net_call *c, struct net_graph *g, int node, struct sg_err *e);

/*
 * Every value gets its type and shape, from the inputs' on; nodes whose inputs are all constants
 * are computed now; operators that work in f32 get casts around them for other float types.
 * Errors: onnx_shape, onnx_op, onnx_too_large.
 */
int net_resolve(struct net_graph *g, struct sg_err *e);

/* Identity, Dropout and casts to the same type go. */
int net_pass_identity(struct net_graph *g, struct sg_err *e);
/* BatchNormalization behind a convolution becomes part of its weights, computed in double. */
int net_pass_batchnorm(struct net_graph *g, struct sg_err *e);
/* Additions and activations behind a convolution become its epilogue. */
int net_pass_fuse(struct net_graph *g, struct sg_err *e);
/* Nodes whose results nobody reads go. */
int net_pass_dead(struct net_graph *g, struct sg_err *e);

/* An activation as an epilogue: 1 and its kind and numbers, or 0. */
int net_act_of(struct net_graph *g, const struct net_node *n, struct net_epilogue *epi);

#endif
