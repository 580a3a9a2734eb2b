/* Reader and writer, shapes, passes, the arena plan, the plan cache, watching a run. */
#include "config.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "tests/unit/check.h"
#include "tests/unit/net_build.h"
#include "worker/net/memory.h"
#include "worker/net/pass.h"

static int
live(const struct net_graph *g)
{
	int n = 0;

	for (int i = 0; i < g->nnode; i++)
		n += !g->node[i].dead;
	return n;
}

/* conv (its own input resolved) then `op`; returns the value op makes. */
static int
conv_then(struct build *b, const char *op)
{
	int64_t dims[4] = {1, 4, 8, 8}, w[4] = {6, 4, 3, 3};
	int x = build_input(b, SG_T_F32, 4, dims);

	x = build_out(b, build_node(b, "Conv", x, build_weight(b, 4, w, 0.5f, 0), -1));
	return op ? build_out(b, build_node(b, op, x, -1, -1)) : x;
}

/* The graph as the reader gives it back from the writer's bytes. */
static struct net_graph *
reread(struct build *b, struct sg_err *e)
{
	struct net_graph *g = NULL;
	size_t n;
	const void *p = build_bytes(b, &n);

	return net_onnx_read(&g, p, n, 1000, b->a, e) == SG_OK ? g : NULL;
}

static void
what_is_written_is_read_back(void)
{
	struct sg_err e = {0};
	struct net_graph *g;
	struct build b;
	size_t n, m;
	const void *p, *q;

	build_begin(&b, 1);
	build_finish(&b, conv_then(&b, "Relu"));
	REQUIRE((g = reread(&b, &e)) != NULL);
	CHECK_INT(g->nnode, 2);
	CHECK_INT(g->nin, 1);
	CHECK_INT(g->nout, 1);
	CHECK_STR(g->node[0].op_type, "Conv");
	CHECK_INT(g->value[g->node[0].in[1]].t.dims[0], 6);
	CHECK(memcmp(g->value[g->node[0].in[1]].t.data, b.g->value[b.g->node[0].in[1]].t.data,
		  864) == 0);
	p = build_bytes(&b, &n);
	q = build_bytes(&b, &m);
	CHECK_INT(n, m);
	CHECK(memcmp(p, q, n) == 0);
	sg_arena_free(b.a);
}

static void
every_truncation_is_refused(void)
{
	struct build b;
	size_t n;
	const char *p;
	int ok = 0;

	build_begin(&b, 1);
	build_finish(&b, conv_then(&b, "Relu"));
	p = build_bytes(&b, &n);
	for (size_t cut = 0; cut < n; cut += 3) {
		struct sg_arena *a = sg_arena_new(4 << 20);
		struct sg_err e = {0};
		struct net_graph *g;

		if (net_onnx_read(&g, p, cut, 1000, a, &e) == SG_OK)
			ok++;
		else if (strncmp(e.id, "onnx_", 5) != 0)
			check_note(__FILE__, __LINE__, "cut at %zu: %s", cut, e.id);
		sg_arena_free(a);
	}
	/* What follows the graph (opset) is small: only cuts beyond it may be read. */
	CHECK(ok == 0);
	sg_arena_free(b.a);
}

static void
exporters_shape_arithmetic_folds_away(void)
{
	int64_t dims[4] = {1, 4, 6, 10};
	int x, s, h, c;
	struct sg_err e = {0};
	struct build b;

	/* reshape(x, concat(gather(shape(x), 0), [-1])) */
	build_begin(&b, 1);
	x = build_input(&b, SG_T_F32, 4, dims);
	s = build_out(&b, build_node(&b, "Shape", x, -1, -1));
	h = build_out(&b, build_node(&b, "Gather", s, build_list(&b, 1, (int64_t[]){0}), -1));
	c = build_node(&b, "Concat", h, build_list(&b, 1, (int64_t[]){-1}), -1);
	net_set_int(b.g, c, "axis", 0);
	x = build_out(&b, build_node(&b, "Reshape", x, build_out(&b, c), -1));
	build_finish(&b, x);
	for (int i = 0; i < b.g->nnode; i++)
		b.g->node[i].op = net_op_find(b.g->node[i].op_type);
	REQUIRE(net_sort(b.g, &e) == SG_OK && net_resolve(b.g, &e) == SG_OK);
	CHECK_INT(b.g->value[x].t.rank, 2);
	CHECK_INT(b.g->value[x].t.dims[1], 240);
	CHECK_INT(live(b.g), 1);
	sg_arena_free(b.a);
}

/* Number of live nodes after the passes up to (and with) fusing. */
static int
fused_nodes(struct build *b)
{
	struct sg_err e = {0};

	for (int i = 0; i < b->g->nnode; i++)
		b->g->node[i].op = net_op_find(b->g->node[i].op_type);
	if (net_sort(b->g, &e) || net_resolve(b->g, &e) || net_pass_identity(b->g, &e) ||
	    net_pass_dead(b->g, &e) || net_pass_batchnorm(b->g, &e) || net_pass_fuse(b->g, &e) ||
	    net_pass_dead(b->g, &e))
		return -1;
	return live(b->g);
}

static void
batchnorm_is_folded_in_double(void)
{
	int64_t c = 6;
	int x, n, conv;
	float before[864 / 4], *w;
	struct build b;

	build_begin(&b, 2);
	x = conv_then(&b, NULL);
	conv = b.g->value[x].producer < 0 ? 0 : b.g->value[x].producer;
	memcpy(before, b.g->value[b.g->node[0].in[1]].t.data, sizeof(before));
	n = net_node_new(b.g, "BatchNormalization", "", 5, 1);
	b.g->node[n].in[0] = x;
	for (int i = 1; i < 5; i++)
		b.g->node[n].in[i] = build_weight(&b, 1, &c, 0.3f, 1);
	x = b.g->node[n].out[0] = net_value_new(b.g, "y");
	const float *scale = b.g->value[b.g->node[n].in[1]].t.data,
		    *var = b.g->value[b.g->node[n].in[4]].t.data;

	build_finish(&b, x);
	CHECK_INT(fused_nodes(&b), 1);
	w = b.g->value[b.g->node[0].in[1]].t.data;
	for (int i = 0; i < 216; i++)
		CHECK_NEAR(w[i], before[i] * scale[i / 36] / sqrt(var[i / 36] + 1e-5), 1e-6);
	(void)conv;
	sg_arena_free(b.a);
}

static void
epilogues_join_their_convolution(void)
{
	static const char *const acts[] = {"Relu", "Sigmoid", "Tanh", "LeakyRelu"};
	struct build b;

	for (int i = 0; i < 4; i++) {
		build_begin(&b, 3);
		build_finish(&b, conv_then(&b, acts[i]));
		CHECK_INT(fused_nodes(&b), 1);
		sg_arena_free(b.a);
	}
	/* but not what another node reads as well */
	build_begin(&b, 3);
	int x = conv_then(&b, "Relu"), y = b.g->node[0].out[0];

	build_finish(&b, build_out(&b, build_node(&b, "Mul", x, y, -1)));
	CHECK_INT(fused_nodes(&b), 3);
	sg_arena_free(b.a);
}

static void
the_arena_reuses_what_is_dead(void)
{
	int64_t dims[4] = {1, 1, 64, 64};
	struct sg_err e = {0};
	struct net_memory m;
	struct build b;
	int x;

	build_begin(&b, 1);
	x = build_input(&b, SG_T_F32, 4, dims);
	for (int i = 0; i < 10; i++)
		x = build_out(&b, build_node(&b, "GlobalMaxPool", x, -1, -1)),
		x = build_out(&b, build_node(&b, "Expand", x, build_list(&b, 4, dims), -1));
	build_finish(&b, x);
	for (int i = 0; i < b.g->nnode; i++)
		b.g->node[i].op = net_op_find(b.g->node[i].op_type);
	REQUIRE(net_sort(b.g, &e) == SG_OK && net_resolve(b.g, &e) == SG_OK);
	REQUIRE(net_memory_plan(&m, b.g, 1 << 30, &e) == SG_OK);
	/* an input, a pooled pixel and an output at a time; with overlaps forbidden no less works
	 */
	CHECK(m.bytes >= 64 * 64 * 4 && m.bytes <= 2 * 64 * 64 * 4 + 4096);
	CHECK(net_memory_plan(&m, b.g, 4096, &e) == SG_ELIMIT);
	CHECK_STR(e.id, "onnx_too_large");
	sg_arena_free(b.a);
}

static struct sg_net *
load(struct build *b)
{
	struct sg_err e = {0};
	struct sg_net *net = NULL;
	size_t n;
	const void *p = build_bytes(b, &n);

	sg_net_load(&net, p, n, NULL, &e);
	return net;
}

static void
plans_are_kept_by_shape(void)
{
	int64_t small[4] = {1, 4, 8, 8}, none[4] = {1, 3, 8, 8};
	struct sg_plan *p = NULL, *q = NULL;
	struct sg_err e = {0};
	struct sg_net *net;
	struct build b;

	build_begin(&b, 1);
	build_finish(&b, conv_then(&b, "Relu"));
	REQUIRE((net = load(&b)) != NULL);
	REQUIRE(sg_net_plan(net, small, 4, "cpu", "f32", 1, &p, &e) == SG_OK);
	CHECK(sg_plan_about(p)->arena_bytes > 0 &&
	      sg_plan_about(p)->flops == 2 * 6 * 36 * 36 + 6 * 36);
	sg_plan_free(p);
	REQUIRE(sg_net_plan(net, small, 4, "cpu", "f32", 1, &q, &e) == SG_OK);
	CHECK(p == q);
	sg_plan_free(q);
	CHECK(sg_net_plan(net, none, 4, "cpu", "f32", 1, &q, &e) == SG_EINPUT);
	CHECK_STR(e.id, "onnx_shape");
	sg_err_clear(&e);
	CHECK(sg_net_plan(net, small, 4, "cpu", "tf32", 1, &q, &e) == SG_ENOTSUP);
	CHECK_STR(e.id, "net_device");
	sg_net_free(net);
	sg_arena_free(b.a);
}

static int64_t seen_done, seen_all;

static void
note_progress(void *arg, int64_t done, int64_t all)
{
	(void)arg;
	seen_done = done;
	seen_all = all;
}

static void
runs_are_watched_and_stop(void)
{
	static float in[256], out[6 * 36];
	int64_t dims[4] = {1, 4, 8, 8};
	atomic_bool stop = false;
	struct sg_net_watch w = {.cancel = &stop, .progress = note_progress};
	struct sg_plan *p = NULL;
	struct sg_err e = {0};
	struct sg_net *net;
	struct build b;

	build_begin(&b, 1);
	build_finish(&b, conv_then(&b, "Relu"));
	REQUIRE((net = load(&b)) != NULL);
	REQUIRE(sg_net_plan(net, dims, 4, "cpu", "f32", 1, &p, &e) == SG_OK);
	CHECK(sg_net_run(p, in, out, &w, &e) == SG_OK);
	CHECK(seen_all > 0);
	CHECK_INT(seen_done, seen_all);
	atomic_store(&stop, true);
	CHECK(sg_net_run(p, in, out, &w, &e) == SG_EBUSY);
	CHECK_STR(e.id, "net_cancelled");
	sg_plan_free(p);
	sg_net_free(net);
	sg_arena_free(b.a);
}

static void
half_floats_round_to_even(void)
{
	CHECK_INT(net_f32_to_f16(1.0f), 0x3c00);
	CHECK_INT(net_f32_to_f16(65520.0f), 0x7c00);
	CHECK_INT(net_f32_to_f16(65519.0f), 0x7bff);
	CHECK_INT(net_f32_to_f16(5.9604645e-8f), 0x0001);
	CHECK_INT(net_f32_to_f16(2.9802322e-8f), 0x0000);
	CHECK_INT(net_f32_to_bf16(1.00390625f), 0x3f80);
	for (int h = 0; h < 0x7c00; h++)
		if (net_f32_to_f16(net_f16_to_f32((uint16_t)h)) != h)
			check_note(__FILE__, __LINE__, "0x%04x does not come back", h);
}

int
main(void)
{
	RUN(what_is_written_is_read_back);
	RUN(every_truncation_is_refused);
	RUN(exporters_shape_arithmetic_folds_away);
	RUN(batchnorm_is_folded_in_double);
	RUN(epilogues_join_their_convolution);
	RUN(the_arena_reuses_what_is_dead);
	RUN(plans_are_kept_by_shape);
	RUN(runs_are_watched_and_stop);
	RUN(half_floats_round_to_even);
	return check_end();
}
