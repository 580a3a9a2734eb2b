/* Conv, ConvTranspose and pools of the CPU backend in all their forms: tests/net/against.h. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "tests/net/against.h"
#include "tests/unit/check.h"
#include "worker/net/backend.h"

static uint64_t seed;

static void
compare(struct maker *m, const char *name, int how, float low, float high)
{
	const char *why = against_reference(m, name, how, low, high, AGAINST_TOLERANCE);

	if (why)
		check_note(__FILE__, __LINE__, "%s", why);
	maker_end(m);
}

/* --- convolutions and their epilogues --- */

enum { BIAS = 1, RESIDUAL = 2, TRANSPOSED = 4, KEPT = 8 /* the residual is read again later */ };

struct form {
	const char *name;
	int nd, how, flags;
	int64_t batch, cin, cout, group;
	int64_t in[3], kernel[3], stride[3], dilation[3], pads[6];
	int64_t extra[3]; /* output_padding */
	const char *act;
};

static int
activation(struct maker *m, const char *act, int y)
{
	if (strcmp(act, "Clip") == 0)
		return maker_node(m, act, 3, y, maker_weights(m, 0, NULL, -0.5f, 0),
		    maker_weights(m, 0, NULL, 0.75f, 0));
	y = maker_node(m, act, 1, y);
	if (strcmp(act, "LeakyRelu") == 0)
		maker_float(m, "alpha", 0.1f);
	return y;
}

static void
compare_conv(const struct form *f, int bf16)
{
	int transposed = (f->flags & TRANSPOSED) != 0, nd = f->nd, x, y, r = -1;
	int64_t dims[5] = {f->batch, f->cin, f->in[0], f->in[1], f->in[2]}, sums = 1;
	int64_t first = transposed ? f->cin : f->cout, second = transposed ? f->cout : f->cin;
	int64_t wdims[5] = {first, second / f->group, f->kernel[0], f->kernel[1], f->kernel[2]};
	struct maker m;

	REQUIRE(maker_begin(&m, seed) == 0);
	m.bf16 = bf16;
	for (int i = 0; i < nd; i++)
		sums *= f->kernel[i];
	sums *= f->cin / f->group;
	x = maker_input(&m, nd + 2, dims);
	if (f->flags &
	    RESIDUAL) { /* of the output's shape: one pixel larger windows are not used */
		dims[1] = f->cout;
		for (int i = 0; i < nd; i++)
			dims[2 + i] = (f->in[i] + f->pads[i] + f->pads[nd + i] -
					  (f->kernel[i] - 1) * f->dilation[i] - 1) /
					  f->stride[i] +
				      1;
		r = activation(&m, "Tanh", maker_input(&m, nd + 2, dims));
	}
	y = maker_weights(&m, nd + 2, wdims, 0, sqrtf(3.0f / (float)sums));
	y = maker_node(&m, transposed ? "ConvTranspose" : "Conv", f->flags & BIAS ? 3 : 2, x, y,
	    f->flags & BIAS ? maker_weights(&m, 1, (int64_t[]){f->cout}, 0, 0.5f) : -1);
	maker_ints(&m, "strides", nd, f->stride);
	maker_ints(&m, "dilations", nd, f->dilation);
	maker_ints(&m, "pads", 2 * nd, f->pads);
	maker_int(&m, "group", f->group);
	if (transposed)
		maker_ints(&m, "output_padding", nd, f->extra);
	if (r >= 0)
		y = maker_node(&m, "Add", 2, y, r);
	if (f->act)
		y = activation(&m, f->act, y);
	if (f->flags & KEPT)
		y = maker_node(&m, "Sub", 2, y, r);
	maker_output(&m, y);
	compare(&m, f->name, f->how, -1.7f, 1.7f);
}

#define SAME 1, 1, 1
static const struct form convs[] = {
    {"3x3", 2, NATIVE, BIAS, 1, 32, 64, 1, {16, 24}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0}, NULL},
    {"1 channel", 2, NATIVE, BIAS, 1, 1, 32, 1, {33, 31}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	"Relu"},
    {"3 channels, 7x7, stride 2", 2, NATIVE, BIAS, 2, 3, 64, 1, {37, 41}, {7, 7}, {2, 2}, {1, 1},
	{3, 3, 3, 3}, {0}, "Relu"},
    {"odd channels", 2, NATIVE, 0, 1, 5, 7, 1, {13, 9}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	NULL},
    {"17 to 33 channels, 2x2", 2, NATIVE, BIAS, 1, 17, 33, 1, {13, 9}, {2, 2}, {2, 1}, {1, 1}, {0},
	{0}, NULL},
    {"1 pixel", 2, NATIVE, BIAS, 1, 48, 32, 1, {1, 1}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	"Relu"},
    {"1 pixel, 1x1", 2, NATIVE, BIAS, 3, 48, 3, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}, {0}, NULL},
    {"1 row", 2, NATIVE, BIAS, 1, 16, 16, 1, {1, 40}, {1, 5}, {1, 3}, {1, 1}, {0, 2, 0, 1}, {0},
	NULL},
    {"uneven padding", 2, NATIVE, BIAS, 1, 16, 24, 1, {11, 14}, {3, 3}, {2, 2}, {1, 1},
	{0, 2, 1, 0}, {0}, NULL},
    {"padding beyond the kernel", 2, MIXED, BIAS, 1, 8, 8, 1, {6, 5}, {3, 3}, {1, 1}, {1, 1},
	{4, 3, 3, 5}, {0}, NULL},
    {"dilation 2", 2, NATIVE, BIAS, 1, 32, 32, 1, {21, 20}, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2},
	{0}, "Relu"},
    {"dilation 12, stride 2", 2, NATIVE, BIAS, 1, 16, 16, 1, {40, 33}, {3, 3}, {2, 1}, {12, 12},
	{12, 12, 12, 12}, {0}, NULL},
    {"two groups", 2, NATIVE, BIAS, 1, 32, 64, 2, {12, 12}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	"Relu"},
    {"groups of 3", 2, NATIVE, BIAS, 1, 12, 8, 4, {12, 10}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	NULL},
    {"depthwise", 2, NATIVE, BIAS, 2, 40, 40, 40, {15, 17}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	"Clip"},
    {"depthwise 5x5, stride 2", 2, NATIVE, 0, 1, 24, 24, 24, {15, 17}, {5, 5}, {2, 2}, {1, 1},
	{2, 2, 2, 2}, {0}, NULL},
    {"depthwise, two outputs each", 2, NATIVE, BIAS, 1, 16, 32, 16, {9, 9}, {3, 3}, {1, 1}, {1, 1},
	{SAME, 1}, {0}, NULL},
    {"1x1", 2, NATIVE, BIAS, 2, 64, 48, 1, {19, 23}, {1, 1}, {1, 1}, {1, 1}, {0}, {0}, "Sigmoid"},
    {"1x1, stride 2", 2, NATIVE, 0, 1, 64, 128, 1, {19, 23}, {1, 1}, {2, 2}, {1, 1}, {0}, {0},
	NULL},
    {"1x1 to 1 channel", 2, NATIVE, BIAS, 1, 32, 1, 1, {30, 29}, {1, 1}, {1, 1}, {1, 1}, {0}, {0},
	"Sigmoid"},
    {"long sum", 2, NATIVE, BIAS, 1, 512, 32, 1, {6, 6}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	NULL},
    {"tanh", 2, NATIVE, BIAS, 1, 16, 20, 1, {9, 8}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0}, "Tanh"},
    {"leaky", 2, NATIVE, BIAS, 1, 16, 20, 1, {9, 8}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0},
	"LeakyRelu"},
    {"clip", 2, NATIVE, BIAS, 1, 16, 20, 1, {9, 8}, {3, 3}, {1, 1}, {1, 1}, {SAME, 1}, {0}, "Clip"},
    {"residual", 2, NATIVE, BIAS | RESIDUAL, 1, 32, 32, 1, {18, 15}, {3, 3}, {1, 1}, {1, 1},
	{SAME, 1}, {0}, NULL},
    {"residual, relu", 2, NATIVE, BIAS | RESIDUAL, 1, 32, 32, 1, {18, 15}, {3, 3}, {1, 1}, {1, 1},
	{SAME, 1}, {0}, "Relu"},
    {"residual, stride 2, leaky", 2, NATIVE, RESIDUAL, 2, 24, 40, 1, {18, 15}, {3, 3}, {2, 2},
	{1, 1}, {SAME, 1}, {0}, "LeakyRelu"},
    {"residual that is kept", 2, NATIVE, BIAS | RESIDUAL | KEPT, 1, 32, 32, 1, {18, 15}, {3, 3},
	{1, 1}, {1, 1}, {SAME, 1}, {0}, "Relu"},
    {"residual of depthwise", 2, NATIVE, BIAS | RESIDUAL, 1, 32, 32, 32, {18, 15}, {3, 3}, {1, 1},
	{1, 1}, {SAME, 1}, {0}, "Relu"},
    {"1-D", 1, NATIVE, BIAS, 2, 16, 24, 1, {50}, {5}, {2}, {1}, {2, 2}, {0}, "Relu"},
    {"1-D, dilation", 1, NATIVE, BIAS, 1, 8, 8, 1, {50}, {3}, {1}, {4}, {4, 4}, {0}, NULL},
    {"3-D", 3, NATIVE, BIAS, 1, 32, 32, 1, {6, 7, 9}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {SAME, SAME},
	{0}, "Relu"},
    {"3-D, 1 channel", 3, NATIVE, BIAS, 1, 1, 32, 1, {8, 8, 8}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
	{SAME, SAME}, {0}, "Relu"},
    {"3-D, 32 to 64", 3, NATIVE, BIAS, 1, 32, 64, 1, {6, 6, 6}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
	{SAME, SAME}, {0}, NULL},
    {"3-D, stride 2", 3, NATIVE, BIAS, 2, 16, 32, 1, {7, 8, 9}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1},
	{SAME, SAME}, {0}, NULL},
    {"3-D, flat kernel", 3, NATIVE, BIAS, 1, 16, 24, 1, {5, 8, 9}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1},
	{0, 1, 1, 0, 1, 1}, {0}, NULL},
    {"3-D, uneven padding", 3, NATIVE, BIAS, 1, 16, 16, 1, {5, 6, 7}, {3, 3, 3}, {1, 1, 1},
	{1, 1, 1}, {0, 1, 2, 2, 0, 1}, {0}, NULL},
    {"3-D, dilation", 3, NATIVE, BIAS, 1, 16, 16, 1, {9, 8, 7}, {3, 3, 3}, {1, 1, 1}, {2, 2, 2},
	{2, 2, 2, 2, 2, 2}, {0}, NULL},
    {"3-D, 1x1x1", 3, NATIVE, BIAS, 1, 32, 3, 1, {5, 6, 7}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0},
	{0}, NULL},
    {"3-D, odd channels", 3, NATIVE, BIAS, 1, 5, 11, 1, {5, 6, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
	{SAME, SAME}, {0}, NULL},
    {"3-D, groups", 3, NATIVE, BIAS, 1, 16, 16, 2, {5, 6, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
	{SAME, SAME}, {0}, NULL},
    {"3-D, 1 voxel", 3, NATIVE, BIAS, 1, 16, 16, 1, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
	{SAME, SAME}, {0}, NULL},
    {"3-D, residual", 3, NATIVE, BIAS | RESIDUAL, 1, 16, 16, 1, {5, 6, 7}, {3, 3, 3}, {1, 1, 1},
	{1, 1, 1}, {SAME, SAME}, {0}, "Relu"},
};

static const struct form deconvs[] = {
    {"2x2, stride 2", 2, NATIVE, BIAS | TRANSPOSED, 1, 64, 32, 1, {9, 8}, {2, 2}, {2, 2}, {1, 1},
	{0}, {0}, NULL},
    {"relu", 2, NATIVE, BIAS | TRANSPOSED, 1, 64, 32, 1, {9, 8}, {2, 2}, {2, 2}, {1, 1}, {0}, {0},
	"Relu"},
    {"leaky, no bias", 2, NATIVE, TRANSPOSED, 2, 12, 20, 1, {9, 8}, {2, 2}, {2, 2}, {1, 1}, {0},
	{0}, "LeakyRelu"},
    {"3x3, stride 2, padding", 2, NATIVE, BIAS | TRANSPOSED, 1, 16, 24, 1, {7, 9}, {3, 3}, {2, 2},
	{1, 1}, {SAME, 1}, {0}, NULL},
    {"3x3, stride 2, output padding", 2, NATIVE, BIAS | TRANSPOSED, 1, 16, 24, 1, {7, 9}, {3, 3},
	{2, 2}, {1, 1}, {SAME, 1}, {1, 1}, NULL},
    {"output padding beyond the window", 2, MIXED, BIAS | TRANSPOSED, 1, 16, 8, 1, {5, 6}, {2, 2},
	{2, 2}, {1, 1}, {0}, {1, 1}, NULL},
    {"4x4, stride 2, padding 1", 2, NATIVE, BIAS | TRANSPOSED, 1, 32, 16, 1, {7, 9}, {4, 4}, {2, 2},
	{1, 1}, {SAME, 1}, {0}, "Relu"},
    {"16x16, stride 8", 2, NATIVE, TRANSPOSED, 1, 2, 2, 1, {5, 6}, {16, 16}, {8, 8}, {1, 1},
	{4, 4, 4, 4}, {0}, NULL},
    {"dilation", 2, NATIVE, BIAS | TRANSPOSED, 1, 8, 16, 1, {7, 9}, {3, 3}, {1, 1}, {2, 2},
	{2, 2, 2, 2}, {0}, NULL},
    {"groups", 2, NATIVE, BIAS | TRANSPOSED, 1, 16, 32, 2, {7, 9}, {2, 2}, {2, 2}, {1, 1}, {0}, {0},
	NULL},
    {"depthwise", 2, NATIVE, TRANSPOSED, 1, 16, 16, 16, {7, 9}, {4, 4}, {2, 2}, {1, 1}, {SAME, 1},
	{0}, NULL},
    {"1 pixel", 2, NATIVE, BIAS | TRANSPOSED, 1, 32, 16, 1, {1, 1}, {2, 2}, {2, 2}, {1, 1}, {0},
	{0}, NULL},
    {"1-D", 1, NATIVE, BIAS | TRANSPOSED, 1, 8, 8, 1, {11}, {4}, {2}, {1}, {1, 1}, {0}, NULL},
    {"3-D, 2x2x2, stride 2", 3, NATIVE, BIAS | TRANSPOSED, 1, 32, 16, 1, {4, 3, 5}, {2, 2, 2},
	{2, 2, 2}, {1, 1, 1}, {0}, {0}, NULL},
    {"3-D, 3x3x3", 3, NATIVE, BIAS | TRANSPOSED, 1, 16, 16, 1, {4, 3, 5}, {3, 3, 3}, {2, 2, 2},
	{1, 1, 1}, {SAME, SAME}, {1, 1, 1}, "LeakyRelu"},
    {"3-D, flat", 3, NATIVE, BIAS | TRANSPOSED, 2, 16, 8, 1, {4, 3, 5}, {1, 2, 2}, {1, 2, 2},
	{1, 1, 1}, {0}, {0}, NULL},
};

static void
convolution(void)
{
	for (size_t i = 0; i < sizeof(convs) / sizeof(convs[0]); i++)
		compare_conv(&convs[i], 0);
}

static void
transposed_convolution(void)
{
	for (size_t i = 0; i < sizeof(deconvs) / sizeof(deconvs[0]); i++)
		compare_conv(&deconvs[i], 0);
}

/* Where the processor has no bf16 the device refuses it by name. */
static int
has_bf16(void)
{
	struct net_dev *d = NULL;
	struct sg_err e = {0};
	int rc = net_backend_cpu.open(&d, 1, NET_BF16, &e);

	if (rc == SG_OK) {
		net_backend_cpu.close(d);
		return 1;
	}
	CHECK_INT(rc, SG_ENOTSUP);
	CHECK_STR(e.id, "net_device");
	return 0;
}

static void
convolution_in_bf16(void)
{
	if (!has_bf16())
		SKIP("this processor has no bf16");
	for (size_t i = 0; i < sizeof(convs) / sizeof(convs[0]); i++)
		compare_conv(&convs[i], 1);
	for (size_t i = 0; i < sizeof(deconvs) / sizeof(deconvs[0]); i++)
		compare_conv(&deconvs[i], 1);
}

/* --- pools --- */

struct pool {
	const char *name, *op;
	int nd, how;
	int64_t channels, in[3], kernel[3], stride[3], pads[6], dilation[3];
	int ceil, count_pad;
};

static const struct pool pools[] = {
    {"max 2x2", "MaxPool", 2, NATIVE, 32, {12, 14}, {2, 2}, {2, 2}, {0}, {1, 1}, 0, 0},
    {"max 2x2, odd size", "MaxPool", 2, NATIVE, 19, {13, 15}, {2, 2}, {2, 2}, {0}, {1, 1}, 0, 0},
    {"max 2x2, odd size, ceil", "MaxPool", 2, NATIVE, 19, {13, 15}, {2, 2}, {2, 2}, {0}, {1, 1}, 1,
	0},
    {"max 3x3, padding", "MaxPool", 2, NATIVE, 64, {13, 15}, {3, 3}, {2, 2}, {SAME, 1}, {1, 1}, 0,
	0},
    {"max 3x3, ceil", "MaxPool", 2, NATIVE, 64, {14, 16}, {3, 3}, {2, 2}, {0}, {1, 1}, 1, 0},
    {"max 3x3, uneven padding", "MaxPool", 2, NATIVE, 8, {9, 8}, {3, 3}, {1, 1}, {0, 1, 2, 0},
	{1, 1}, 0, 0},
    {"max 11x11", "MaxPool", 2, NATIVE, 1, {20, 21}, {11, 11}, {1, 1}, {5, 5, 5, 5}, {1, 1}, 0, 0},
    {"max, dilation", "MaxPool", 2, MIXED, 8, {9, 8}, {2, 2}, {1, 1}, {0}, {2, 2}, 0, 0},
    {"max 1-D", "MaxPool", 1, NATIVE, 8, {21}, {3}, {2}, {1, 1}, {1}, 0, 0},
    {"max 3-D", "MaxPool", 3, NATIVE, 32, {6, 8, 10}, {2, 2, 2}, {2, 2, 2}, {0}, {1, 1, 1}, 0, 0},
    {"max 3-D, odd", "MaxPool", 3, NATIVE, 20, {5, 7, 9}, {3, 3, 3}, {2, 2, 2}, {SAME, SAME},
	{1, 1, 1}, 0, 0},
    {"max 3-D, flat", "MaxPool", 3, NATIVE, 16, {5, 8, 9}, {1, 2, 2}, {1, 2, 2}, {0}, {1, 1, 1}, 0,
	0},
    {"max of one", "MaxPool", 2, NATIVE, 3, {1, 1}, {1, 1}, {1, 1}, {0}, {1, 1}, 0, 0},
    {"mean 2x2", "AveragePool", 2, NATIVE, 32, {12, 14}, {2, 2}, {2, 2}, {0}, {1, 1}, 0, 0},
    {"mean 3x3, padding", "AveragePool", 2, NATIVE, 20, {13, 15}, {3, 3}, {1, 1}, {SAME, 1}, {1, 1},
	0, 0},
    {"mean 3x3, padding counted", "AveragePool", 2, NATIVE, 20, {13, 15}, {3, 3}, {2, 2}, {SAME, 1},
	{1, 1}, 0, 1},
    {"mean, ceil", "AveragePool", 2, NATIVE, 8, {14, 16}, {3, 3}, {2, 2}, {0}, {1, 1}, 1, 0},
    {"mean, ceil, padding counted", "AveragePool", 2, MIXED, 8, {14, 16}, {3, 3}, {2, 2}, {0},
	{1, 1}, 1, 1},
    {"mean 9x9, 1 channel", "AveragePool", 2, NATIVE, 1, {17, 18}, {9, 9}, {1, 1}, {4, 4, 4, 4},
	{1, 1}, 0, 0},
    {"mean of a column", "AveragePool", 2, NATIVE, 1, {64, 64}, {64, 1}, {1, 1}, {0}, {1, 1}, 0, 0},
    {"mean 3-D", "AveragePool", 3, NATIVE, 16, {5, 6, 7}, {3, 3, 3}, {1, 1, 1}, {SAME, SAME},
	{1, 1, 1}, 0, 0},
};

static void
pooling(void)
{
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
		const struct pool *p = &pools[i];
		int64_t dims[5] = {2, p->channels, p->in[0], p->in[1], p->in[2]};
		struct maker m;

		REQUIRE(maker_begin(&m, seed) == 0);
		maker_output(&m, maker_node(&m, p->op, 1, maker_input(&m, p->nd + 2, dims)));
		maker_ints(&m, "kernel_shape", p->nd, p->kernel);
		maker_ints(&m, "strides", p->nd, p->stride);
		maker_ints(&m, "pads", 2 * p->nd, p->pads);
		if (p->dilation[0] > 1)
			maker_ints(&m, "dilations", p->nd, p->dilation);
		maker_int(&m, "ceil_mode", p->ceil);
		if (p->op[0] == 'A')
			maker_int(&m, "count_include_pad", p->count_pad);
		compare(&m, p->name, p->how, -2, 0.5f);
	}
}

int
main(void)
{
	seed = against_seed();
	RUN(convolution);
	RUN(transposed_convolution);
	RUN(convolution_in_bf16);
	RUN(pooling);
	return check_end();
}
