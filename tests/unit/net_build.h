/* Small networks built by code for tests: graph, ONNX bytes, plan and run on a device. */
#ifndef SG_TESTS_NET_BUILD_H
#define SG_TESTS_NET_BUILD_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "worker/net/graph.h"
#include "worker/net/net.h"
#include "worker/net/onnx.h"
#include "worker/net/tensor.h"

struct build {
	struct sg_arena *a;
	struct net_graph *g;
	uint32_t seed;
	int names;
};

static inline float
build_random(struct build *b)
{
	b->seed = b->seed * 1664525u + 1013904223u;
	return (float)(b->seed >> 8) / (float)(1 << 23) - 1;
}

static inline void
build_begin(struct build *b, uint32_t seed)
{
	b->a = sg_arena_new((size_t)512 << 20);
	b->g = net_graph_new(b->a);
	b->seed = seed;
	b->names = 0;
	b->g->in = sg_alloc_array(b->a, 4, sizeof(int));
	b->g->out = sg_alloc_array(b->a, 4, sizeof(int));
}

static inline const char *
build_name(struct build *b)
{
	return sg_asprintf(b->a, "v%d", b->names++);
}

static inline int
build_input(struct build *b, int type, int rank, const int64_t *dims)
{
	int v = net_value_new(b->g, build_name(b));

	b->g->value[v].t.type = type;
	b->g->value[v].t.rank = rank;
	for (int i = 0; i < rank; i++)
		b->g->value[v].t.dims[i] = dims[i];
	b->g->value[v].port = 1;
	b->g->in[b->g->nin++] = v;
	return v;
}

static inline int
build_const(struct build *b, int type, int rank, const int64_t *dims, void **data)
{
	int v = net_const_new(b->g, type, rank, dims, data);

	b->g->value[v].name = build_name(b);
	return v;
}

/* Random weights in -scale..scale about a mean. */
static inline int
build_weight(struct build *b, int rank, const int64_t *dims, float scale, float mean)
{
	void *p;
	int v = build_const(b, SG_T_F32, rank, dims, &p);

	for (int64_t i = 0; i < sg_tensor_count(&b->g->value[v].t); i++)
		((float *)p)[i] = build_random(b) * scale + mean;
	return v;
}

static inline int
build_list(struct build *b, int n, const int64_t *list)
{
	int64_t dims = n;
	void *p;
	int v = build_const(b, SG_T_I64, 1, &dims, &p);

	memcpy(p, list, (size_t)n * sizeof(*list));
	return v;
}

/* A node of up to three inputs (-1: none) and one output; returns the node. */
static inline int
build_node(struct build *b, const char *op, int x, int y, int z)
{
	int nin = z >= 0 ? 3 : y >= 0 ? 2 : 1, v = net_value_new(b->g, build_name(b));
	int n = net_node_new(b->g, op, "", nin, 1);

	b->g->node[n].in[0] = x;
	if (nin > 1)
		b->g->node[n].in[1] = y;
	if (nin > 2)
		b->g->node[n].in[2] = z;
	b->g->node[n].out[0] = v;
	return n;
}

static inline int
build_out(const struct build *b, int node)
{
	return b->g->node[node].out[0];
}

static inline void
build_finish(struct build *b, int value)
{
	b->g->value[value].port |= 2;
	b->g->out[b->g->nout++] = value;
}

/* The graph as bytes in the arena. */
static inline const void *
build_bytes(struct build *b, size_t *n)
{
	struct sg_buf buf;
	struct sg_err e = {0};
	void *p = NULL;

	sg_buf_init(&buf, (size_t)512 << 20);
	if (net_onnx_write(&buf, b->g, &e) == SG_OK &&
	    (p = sg_alloc_aligned(b->a, buf.len)) != NULL)
		memcpy(p, buf.data, buf.len);
	*n = buf.len;
	sg_buf_free(&buf);
	return p;
}

/* First input of the plan filled from a seed, first output in memory of malloc; NULL: *e says. */
static inline float *
build_run(struct sg_net *net, const int64_t *dims, int rank, const char *device, int threads,
    uint32_t seed, int64_t *count, struct sg_plan_info *info, struct sg_err *e)
{
	struct build r = {.seed = seed};
	const struct sg_tensor *in, *out;
	struct sg_plan *plan = NULL;
	float *x = NULL, *y = NULL;

	if (sg_net_plan(net, dims, rank, device, "f32", threads, &plan, e) != SG_OK)
		return NULL;
	sg_plan_inputs(plan, &in);
	sg_plan_outputs(plan, &out);
	x = malloc((size_t)sg_tensor_count(&in[0]) * sizeof(float) + 1);
	y = malloc((size_t)sg_tensor_count(&out[0]) * sizeof(float) + 1);
	for (int64_t i = 0; i < sg_tensor_count(&in[0]); i++)
		x[i] = build_random(&r) * 2;
	*count = sg_tensor_count(&out[0]);
	if (info)
		*info = *sg_plan_about(plan);
	if (sg_net_run(plan, x, y, NULL, e) != SG_OK) {
		free(y);
		y = NULL;
	}
	free(x);
	sg_plan_free(plan);
	return y;
}

/* Greatest difference, relative to the greatest value of `want`. */
static inline double
build_error(const float *got, const float *want, int64_t n)
{
	double worst = 0, most = 1e-30;

	for (int64_t i = 0; i < n; i++) {
		double d = fabs((double)got[i] - want[i]);

		worst = d > worst || d != d ? (d != d ? INFINITY : d) : worst;
		most = fabs(want[i]) > most ? fabs(want[i]) : most;
	}
	return worst / most;
}

#endif
