/*
 * Networks made in a test, node by node, with random weights: each is written as ONNX, read back
 * and planned like any model. Values are numbers; a failure is noted and shows in maker_load().
 */
#ifndef SG_TESTS_NET_MAKER_H
#define SG_TESTS_NET_MAKER_H

#include <stdint.h>

#include "common/arena.h"
#include "worker/net/graph.h"

struct maker {
	struct sg_arena *a;
	struct net_graph *g;
	uint64_t state; /* of the random numbers */
	int bf16;	/* random constants are numbers that bf16 holds */
	int failed;
	void *bytes; /* the model's, once loaded */
};

/* 0, or -1: no memory. */
int maker_begin(struct maker *m, uint64_t seed);
void maker_end(struct maker *m);

float maker_random(struct maker *m); /* -1..1, all of them equally likely */
int maker_input(struct maker *m, int rank, const int64_t *dims);
void maker_output(struct maker *m, int v);
/* A constant of random numbers in mid - range .. mid + range. */
int maker_weights(struct maker *m, int rank, const int64_t *dims, float mid, float range);
int maker_floats(struct maker *m, int n, const float *v);
int maker_node(struct maker *m, const char *op, int n, ...); /* n inputs, -1: omitted */
/* Attributes of the node made last. */
void maker_int(struct maker *m, const char *name, int64_t v);
void maker_float(struct maker *m, const char *name, float v);
void maker_text(struct maker *m, const char *name, const char *v);
void maker_ints(struct maker *m, const char *name, int n, const int64_t *v);
/* Conv of `in` to `out` channels, kernel `side` in nd dimensions, same size at stride 1, and its
 * transposed form that doubles the size; biases, weights scaled by what is summed. */
int maker_conv(struct maker *m, int x, int nd, int in, int out, int side, int stride);
int maker_double(struct maker *m, int x, int nd, int in, int out);
/* InstanceNormalization of c channels. */
int maker_norm(struct maker *m, int x, int c);

/* U-Net: `levels` halvings, channels from c on doubling, two 3x3 convolutions with Relu a level
 * (norm: instance normalisation and LeakyRelu), skip connections by Concat, one output channel. */
int maker_unet(struct maker *m, int x, int nd, int cin, int c, int levels, int norm);

int maker_load(struct sg_net **net, struct maker *m, struct sg_err *e);

#endif
