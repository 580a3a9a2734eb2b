/* What else the CPU backend computes, and whole networks: tests/net/against.h. */
#include "config.h"

#include <string.h>

#include "tests/net/against.h"
#include "tests/unit/check.h"
#include "worker/net/backend.h"

static uint64_t seed;

static void
compare(struct maker *m, const char *name, int how, float low, float high, double most)
{
	const char *why = against_reference(m, name, how, low, high, most);

	if (why)
		check_note(__FILE__, __LINE__, "%s", why);
	maker_end(m);
}

static const int64_t shapes[][6] = {/* rank, dims */
    {4, 2, 19, 7, 9}, {4, 1, 1, 1, 1}, {5, 1, 16, 3, 4, 5}, {3, 2, 5, 33}, {2, 7, 12}};

#define SHAPES ((int)(sizeof(shapes) / sizeof(shapes[0])))

static void
elementwise(void)
{
	static const struct {
		const char *op;
		float low, high;
	} ops[] = {{"Relu", -3, 3}, {"LeakyRelu", -3, 3}, {"Sigmoid", -30, 30}, {"Tanh", -12, 12},
	    {"Elu", -5, 5}, {"Selu", -5, 5}, {"Celu", -5, 5}, {"Exp", -20, 1}, {"Log", 0.01f, 9},
	    {"Sqrt", 0, 9}, {"Abs", -3, 3}, {"Neg", -3, 3}, {"Erf", -3, 3}, {"Softplus", -30, 30},
	    {"HardSigmoid", -5, 5}, {"HardSwish", -5, 5}, {"Mish", -9, 9}, {"Floor", -9, 9},
	    {"Ceil", -9, 9}, {"Round", -9, 9}, {"Reciprocal", 0.5f, 3}};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		for (int s = 0; s < SHAPES; s++) {
			struct maker m;
			int x;

			REQUIRE(maker_begin(&m, seed + i) == 0);
			m.g->opset = 18;
			x = maker_input(&m, (int)shapes[s][0], shapes[s] + 1);
			maker_output(&m, maker_node(&m, ops[i].op, 1, x));
			compare(&m, ops[i].op, NATIVE, ops[i].low, ops[i].high, AGAINST_TOLERANCE);
		}
}

/* Two operands as inputs (or the second a constant), behind a convolution or not. */
static void
two(const char *op, int ra, const int64_t *a, int rb, const int64_t *b, int constant, int how,
    const char *name)
{
	for (int last = 0; last < 2; last++) {
		struct maker m;
		int x, y;

		REQUIRE(maker_begin(&m, seed) == 0);
		x = maker_input(&m, ra, a);
		if (last && ra == 4) /* channels last */
			x = maker_conv(&m, x, 2, (int)a[1], (int)a[1], 1, 1);
		y = constant ? maker_weights(&m, rb, b, 2, 1.5f) : maker_input(&m, rb, b);
		x = maker_node(&m, op, 2, x, y);
		maker_output(&m, maker_node(&m, "Relu", 1, x));
		compare(&m, name, how, 0.5f, 3, AGAINST_TOLERANCE);
	}
}

static void
broadcasting(void)
{
	static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu"};
	static const int64_t x[] = {2, 19, 6, 7}, c[] = {1, 19, 1, 1}, c3[] = {19, 1, 1},
			     nc[] = {2, 19, 1, 1}, map[] = {2, 1, 6, 7}, one[] = {1}, row[] = {7},
			     plane[] = {1, 19, 6, 7};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		int prelu = strcmp(ops[i], "PRelu") == 0;

		two(ops[i], 4, x, 4, x, 0, NATIVE, "same shape");
		two(ops[i], 4, x, 4, c, 0, NATIVE, "a number a channel");
		two(ops[i], 4, x, 4, c, 1, NATIVE, "a constant a channel");
		two(ops[i], 4, x, 3, c3, 1, NATIVE, "a constant a channel, three dimensions");
		two(ops[i], 4, x, 4, nc, 0, NATIVE, "a number a channel and image");
		two(ops[i], 4, x, 4, map, 0, NATIVE, "one map for all channels");
		two(ops[i], 4, x, 1, one, 1, NATIVE, "one constant");
		two(ops[i], 4, x, 0, NULL, 1, NATIVE, "a constant of no dimension");
		two(ops[i], 4, x, 1, row, 1, MIXED, "a row");
		two(ops[i], 4, x, 4, plane, 0, NATIVE, "all but the batch");
		if (prelu)
			continue;
		two(ops[i], 4, c, 4, x, 0, NATIVE, "first a number a channel");
		two(ops[i], 4, map, 4, x, 0, NATIVE, "first one map");
		two(ops[i], 4, map, 4, nc, 0, MIXED, "both spread");
	}
}

static void
clipping(void)
{
	static const float bounds[][2] = {{0, 6}, {-1, 0.5f}, {0.25f, 0.25f}};

	for (size_t i = 0; i < 3; i++)
		for (int s = 0; s < SHAPES; s++) {
			struct maker m;
			int x, lo, hi;

			REQUIRE(maker_begin(&m, seed) == 0);
			x = maker_input(&m, (int)shapes[s][0], shapes[s] + 1);
			lo = maker_weights(&m, 0, NULL, bounds[i][0], 0);
			hi = maker_weights(&m, 0, NULL, bounds[i][1], 0);
			maker_output(&m, maker_node(&m, "Clip", 3, x, s == 1 ? -1 : lo, hi));
			compare(&m, "Clip", NATIVE, -2, 8, AGAINST_TOLERANCE);
		}
}

/*
 * Means far from zero: statistics in single precision would show. What is left is the rounding of
 * x * a + b with a = scale / sqrt(variance + epsilon): two of 2^-24 |x a|, which on the single
 * pixel (variance 0) is 6 * 1.5 / sqrt(1e-3) = 285, hence 3.4e-5.
 */
#define NORM_TOLERANCE 4e-5

static void
normalisation(void)
{
	for (int s = 0; s < SHAPES - 1; s++)
		for (int instance = 0; instance < 2; instance++)
			for (int act = 0; act < 4; act++) {
				static const char *const acts[] = {
				    NULL, "Relu", "LeakyRelu", "Tanh"};
				int64_t c = shapes[s][2];
				struct maker m;
				int x, y, mean, var;

				REQUIRE(maker_begin(&m, seed) == 0);
				x = maker_input(&m, (int)shapes[s][0], shapes[s] + 1);
				if (instance) {
					y = maker_norm(&m, x, (int)c);
				} else {
					y = maker_weights(&m, 1, &c, 1, 0.5f);
					mean = maker_weights(&m, 1, &c, 5, 1);
					var = maker_weights(&m, 1, &c, 1, 0.9f);
					y = maker_node(&m, "BatchNormalization", 5, x, y,
					    maker_weights(&m, 1, &c, 0, 1), mean, var);
				}
				maker_float(&m, "epsilon", 1e-3f);
				if (acts[act])
					y = maker_node(&m, acts[act], 1, y);
				maker_output(&m, y);
				compare(&m, instance ? "instance" : "batch", NATIVE, 4, 6,
				    NORM_TOLERANCE);
			}
}

static void
resizing(void)
{
	static const char *const coords[] = {
	    "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"};
	static const char *const roundings[] = {
	    "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
	static const float scales[] = {2, 3, 1.5f, 0.5f, 1};
	char name[80];

	for (int nd = 2; nd <= 3; nd++)
		for (int i = 0; i < 4 * 5 * 5; i++) {
			int64_t dims[5] = {2, 5, 6, 8, 4};
			int mode = i % 5,
			    coord = i / 5 % 4; /* mode: linear, or a way of rounding */
			float v[5] = {1, 1, scales[i / 20], scales[i / 20], scales[i / 20]};
			struct maker m;
			int x;

			REQUIRE(maker_begin(&m, seed) == 0);
			x = maker_input(&m, nd + 2, dims);
			v[3] = scales[(i / 20 + 1) % 5];
			maker_output(
			    &m, maker_node(&m, "Resize", 3, x, -1, maker_floats(&m, nd + 2, v)));
			maker_text(&m, "mode", mode ? "nearest" : "linear");
			maker_text(&m, "coordinate_transformation_mode", coords[coord]);
			maker_text(&m, "nearest_mode", roundings[mode ? mode - 1 : 0]);
			snprintf(name, sizeof(name), "%s %s x%g, %d-D", coords[coord],
			    mode ? roundings[mode - 1] : "linear", scales[i / 20], nd);
			compare(&m, name, NATIVE, -2, 2, AGAINST_TOLERANCE);
		}
}

static void
concat_softmax_mean(void)
{
	for (int nd = 2; nd <= 3; nd++) {
		int64_t a[5] = {2, 16, 5, 6, 3}, b[5] = {2, 3, 5, 6, 3}, c[5] = {2, 1, 5, 6, 3};
		struct maker m;
		int x, y, z, w;

		REQUIRE(maker_begin(&m, seed) == 0);
		x = maker_input(&m, nd + 2, a);
		y = maker_input(&m, nd + 2, b);
		z = maker_input(&m, nd + 2, c);
		w = maker_node(&m, "Concat", 4, x, y, z, y);
		maker_int(&m, "axis", 1);
		w = maker_node(&m, "Softmax", 1, w);
		maker_int(&m, "axis", 1);
		maker_output(&m, w);
		compare(&m, "Concat, Softmax", NATIVE, -9, 9, AGAINST_TOLERANCE);

		REQUIRE(maker_begin(&m, seed) == 0);
		x = maker_input(&m, nd + 2, a);
		w = maker_node(&m, "GlobalAveragePool", 1, x);
		maker_output(&m, maker_node(&m, "Mul", 2, x, w));
		compare(&m, "squeeze and excite", NATIVE, -1, 3, AGAINST_TOLERANCE);
	}
}

/*
 * Whole networks, for what shows only between nodes: places in the arena, layouts, the primitives
 * a real shape selects. Errors of 20 layers add up, so ten times the tolerance.
 */
static void
unet_2d(void)
{
	struct maker m;

	REQUIRE(maker_begin(&m, seed) == 0);
	maker_output(
	    &m, maker_unet(&m, maker_input(&m, 4, (int64_t[]){1, 3, 48, 32}), 2, 3, 16, 4, 0));
	compare(&m, "U-Net", NATIVE, -1, 1, 10 * AGAINST_TOLERANCE);
}

/* Each rounding to bf16 errs by up to 2^-9; 18 convolutions in a row, signs at random: 1e-2, and
 * the worst of 1,536 outputs four times that. */
static void
unet_2d_in_bf16(void)
{
	struct net_dev *d = NULL;
	struct sg_err e = {0};
	struct maker m;

	if (net_backend_cpu.open(&d, 1, NET_BF16, &e) != SG_OK)
		SKIP("this processor has no bf16");
	net_backend_cpu.close(d);
	REQUIRE(maker_begin(&m, seed) == 0);
	m.bf16 = 1;
	maker_output(
	    &m, maker_unet(&m, maker_input(&m, 4, (int64_t[]){1, 3, 48, 32}), 2, 3, 16, 4, 0));
	compare(&m, "U-Net in bf16", NATIVE, -1, 1, 4e-2);
}

static void
unet_3d_instance_norm(void)
{
	struct maker m;

	REQUIRE(maker_begin(&m, seed) == 0);
	maker_output(
	    &m, maker_unet(&m, maker_input(&m, 5, (int64_t[]){1, 1, 16, 16, 24}), 3, 1, 32, 2, 1));
	compare(&m, "U-Net 3-D", NATIVE, -1, 1, 10 * AGAINST_TOLERANCE);
}

int
main(void)
{
	seed = against_seed();
	RUN(elementwise);
	RUN(broadcasting);
	RUN(clipping);
	RUN(normalisation);
	RUN(resizing);
	RUN(concat_softmax_mean);
	RUN(unet_2d);
	RUN(unet_2d_in_bf16);
	RUN(unet_3d_instance_norm);
	return check_end();
}
