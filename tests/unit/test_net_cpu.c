/*
 * Every kind of node the CPU backend takes, against the plain reference on random input, on one
 * and two threads. tests/net/isa.test runs this program again with oneDNN held to older
 * instruction sets. Tolerance: 3e-6 of the greatest value for sums of up to a thousand products
 * in f32 against double, 2e-5 for sums beyond.
 */
#include "config.h"

#include "tests/unit/check.h"
#include "tests/unit/net_build.h"

/* How the case is built from its row. */
struct row {
	const char *name, *op;
	int rank;
	int64_t dims[5];
	int64_t cout, group;
	int64_t k, stride, dilation, pad,
	    extra;	  /* extra: more padding at the end, or output_padding */
	const char *with; /* attributes: see conv_attrs */
};

static const struct row rows[] = {
    {"conv 3x3", "Conv", 4, {1, 16, 20, 23}, 32, 1, 3, 1, 1, 1, 0, ""},
    {"conv 3x3 of 1 channel", "Conv", 4, {1, 1, 33, 40}, 32, 1, 3, 1, 1, 1, 0, ""},
    {"conv 3x3 to 1 channel", "Conv", 4, {1, 32, 33, 17}, 1, 1, 3, 1, 1, 1, 0, ""},
    {"conv 1x1 odd channels", "Conv", 4, {2, 13, 9, 11}, 7, 1, 1, 1, 1, 0, 0, ""},
    {"conv 5x5 stride 2", "Conv", 4, {1, 3, 31, 30}, 24, 1, 5, 2, 1, 2, 0, ""},
    {"conv dilated", "Conv", 4, {1, 16, 24, 24}, 16, 1, 3, 1, 3, 3, 0, ""},
    {"conv uneven pads", "Conv", 4, {1, 8, 12, 12}, 8, 1, 4, 1, 1, 1, 1, ""},
    {"conv same_upper stride 2", "Conv", 4, {1, 8, 13, 15}, 8, 1, 3, 2, 1, 0, 0, "U"},
    {"conv same_lower", "Conv", 4, {1, 8, 13, 15}, 8, 1, 4, 1, 1, 0, 0, "L"},
    {"conv groups", "Conv", 4, {1, 12, 16, 16}, 24, 3, 3, 1, 1, 1, 0, ""},
    {"conv depthwise", "Conv", 4, {1, 32, 19, 21}, 32, 32, 3, 1, 1, 1, 0, ""},
    {"conv no bias", "Conv", 4, {1, 16, 16, 16}, 16, 1, 3, 1, 1, 1, 0, "n"},
    {"conv relu", "Conv", 4, {1, 16, 16, 16}, 16, 1, 3, 1, 1, 1, 0, "r"},
    {"conv leaky", "Conv", 4, {1, 16, 16, 16}, 16, 1, 3, 1, 1, 1, 0, "l"},
    {"conv sigmoid", "Conv", 4, {1, 16, 16, 16}, 5, 1, 1, 1, 1, 0, 0, "s"},
    {"conv clip", "Conv", 4, {1, 16, 16, 16}, 16, 1, 3, 1, 1, 1, 0, "c"},
    {"conv batch norm relu", "Conv", 4, {1, 16, 16, 16}, 32, 1, 3, 1, 1, 1, 0, "br"},
    {"conv residual relu", "Conv", 4, {1, 16, 16, 16}, 16, 1, 3, 1, 1, 1, 0, "ar"},
    {"conv residual read later", "Conv", 4, {1, 16, 16, 16}, 16, 1, 3, 1, 1, 1, 0, "AR"},
    {"conv 1-d", "Conv", 3, {2, 6, 50}, 9, 1, 5, 1, 2, 4, 0, ""},
    {"conv 3-d", "Conv", 5, {1, 32, 12, 14, 13}, 32, 1, 3, 1, 1, 1, 0, "l"},
    {"conv 3-d of 1 channel", "Conv", 5, {1, 1, 16, 15, 14}, 32, 1, 3, 1, 1, 1, 0, ""},
    {"conv 3-d stride 2", "Conv", 5, {1, 16, 12, 12, 12}, 32, 1, 3, 2, 1, 1, 0, ""},
    {"conv 3-d dilated", "Conv", 5, {1, 5, 17, 17, 17}, 5, 1, 3, 1, 4, 4, 0, ""},
    {"conv 3-d to 3 channels", "Conv", 5, {1, 32, 9, 9, 9}, 3, 1, 1, 1, 1, 0, 0, ""},
    {"deconv 2x2 stride 2", "ConvTranspose", 4, {1, 32, 9, 11}, 16, 1, 2, 2, 1, 0, 0, ""},
    {"deconv 3x3 output padding", "ConvTranspose", 4, {1, 8, 9, 11}, 6, 1, 3, 2, 1, 1, 1, ""},
    {"deconv 4x4 stride 2 pad 1", "ConvTranspose", 4, {1, 16, 8, 8}, 16, 1, 4, 2, 1, 1, 0, ""},
    {"deconv groups", "ConvTranspose", 4, {1, 12, 7, 7}, 8, 4, 3, 2, 1, 1, 0, ""},
    {"deconv dilated", "ConvTranspose", 4, {1, 6, 7, 7}, 8, 1, 3, 1, 2, 1, 0, ""},
    {"deconv relu", "ConvTranspose", 4, {1, 16, 8, 8}, 16, 1, 2, 2, 1, 0, 0, "r"},
    {"deconv batch norm", "ConvTranspose", 4, {1, 16, 8, 8}, 16, 1, 2, 2, 1, 0, 0, "b"},
    {"deconv 3-d", "ConvTranspose", 5, {1, 16, 6, 5, 7}, 8, 1, 2, 2, 1, 0, 0, ""},
    {"max pool", "MaxPool", 4, {1, 20, 16, 18}, 0, 1, 2, 2, 1, 0, 0, ""},
    {"max pool padded", "MaxPool", 4, {2, 7, 15, 17}, 0, 1, 3, 2, 1, 1, 0, ""},
    {"max pool ceil", "MaxPool", 4, {1, 7, 15, 17}, 0, 1, 2, 2, 1, 0, 0, "C"},
    {"max pool dilated", "MaxPool", 4, {1, 7, 15, 17}, 0, 1, 3, 1, 2, 1, 0, ""},
    {"max pool 3-d", "MaxPool", 5, {1, 16, 8, 8, 8}, 0, 1, 2, 2, 1, 0, 0, ""},
    {"mean pool", "AveragePool", 4, {1, 20, 16, 18}, 0, 1, 2, 2, 1, 0, 0, ""},
    {"mean pool 9x9", "AveragePool", 4, {1, 3, 30, 31}, 0, 1, 9, 1, 1, 4, 0, ""},
    {"mean pool counting pads", "AveragePool", 4, {1, 3, 30, 31}, 0, 1, 9, 1, 1, 4, 0, "P"},
    {"mean pool ceil", "AveragePool", 4, {1, 3, 15, 17}, 0, 1, 2, 2, 1, 0, 0, "C"},
    {"mean pool 3-d", "AveragePool", 5, {1, 4, 9, 8, 8}, 0, 1, 3, 2, 1, 1, 0, ""},
};

static int
conv_weight(struct build *b, const struct row *r)
{
	int64_t d[5], c = r->dims[1], n = 1;
	int t = r->op[4] == 'T';

	d[0] = t ? c : r->cout;
	d[1] = (t ? r->cout : c) / r->group;
	for (int i = 2; i < r->rank; i++)
		d[i] = r->k;
	for (int i = 1; i < r->rank; i++)
		n *= d[i];
	return build_weight(b, r->rank, d, 2 / sqrtf((float)n), 0);
}

static void
window_attrs(struct build *b, int node, const struct row *r)
{
	int64_t k[3] = {r->k, r->k, r->k}, s[3] = {r->stride, r->stride, r->stride};
	int64_t d[3] = {r->dilation, r->dilation, r->dilation}, p[6],
		x[3] = {r->extra, r->extra, r->extra};
	int nd = r->rank - 2, t = strcmp(r->op, "ConvTranspose") == 0;

	for (int i = 0; i < nd; i++) {
		p[i] = r->pad;
		p[nd + i] = r->pad + (t ? 0 : r->extra);
	}
	net_set_ints(b->g, node, "kernel_shape", k, nd);
	net_set_ints(b->g, node, "strides", s, nd);
	net_set_ints(b->g, node, "dilations", d, nd);
	if (strchr(r->with, 'U') || strchr(r->with, 'L'))
		net_set_str(
		    b->g, node, "auto_pad", strchr(r->with, 'U') ? "SAME_UPPER" : "SAME_LOWER");
	else
		net_set_ints(b->g, node, "pads", p, 2 * nd);
	if (t && r->extra)
		net_set_ints(b->g, node, "output_padding", x, nd);
	if (r->group > 1)
		net_set_int(b->g, node, "group", r->group);
	if (strchr(r->with, 'C'))
		net_set_int(b->g, node, "ceil_mode", 1);
	if (strchr(r->with, 'P'))
		net_set_int(b->g, node, "count_include_pad", 1);
}

static int
scalar(struct build *b, float v)
{
	void *p;
	int c = build_const(b, SG_T_F32, 0, NULL, &p);

	*(float *)p = v;
	return c;
}

/* Batch normalisation of a value with c channels. */
static int
batch_norm(struct build *b, int x, int64_t c)
{
	int scale = build_weight(b, 1, &c, 0.5f, 1), shift = build_weight(b, 1, &c, 0.5f, 0);
	int mean = build_weight(b, 1, &c, 0.5f, 0), var = build_weight(b, 1, &c, 0.5f, 1);
	int n = net_node_new(b->g, "BatchNormalization", "", 5, 1),
	    v = net_value_new(b->g, build_name(b));
	const int in[5] = {x, scale, shift, mean, var};

	memcpy(b->g->node[n].in, in, sizeof(in));
	b->g->node[n].out[0] = v;
	return v;
}

/* Something in front, so that the input is a value made by a node; then the row; then its tail. */
static int
build_row(struct build *b, const struct row *r)
{
	int x = build_input(b, SG_T_F32, r->rank, r->dims), w = -1, bias = -1, n, v, first;

	first = v = build_out(b, build_node(b, "Tanh", x, -1, -1));
	if (strncmp(r->op, "Conv", 4) == 0) {
		w = conv_weight(b, r);
		if (!strchr(r->with, 'n'))
			bias = build_weight(b, 1, &r->cout, 0.3f, 0);
	}
	n = build_node(b, r->op, v, w, bias);
	window_attrs(b, n, r);
	v = build_out(b, n);
	if (strchr(r->with, 'b'))
		v = batch_norm(b, v, r->cout);
	if (strchr(r->with, 'a') || strchr(r->with, 'A'))
		v = build_out(b, build_node(b, "Add", first, v, -1));
	if (strchr(r->with, 'r') || strchr(r->with, 'R'))
		v = build_out(b, build_node(b, "Relu", v, -1, -1));
	if (strchr(r->with, 'l')) {
		n = build_node(b, "LeakyRelu", v, -1, -1);
		net_set_float(b->g, n, "alpha", 0.1f);
		v = build_out(b, n);
	}
	if (strchr(r->with, 's'))
		v = build_out(b, build_node(b, "Sigmoid", v, -1, -1));
	if (strchr(r->with, 'c'))
		v = build_out(b, build_node(b, "Clip", v, scalar(b, -0.2f), scalar(b, 0.4f)));
	if (strchr(r->with, 'A'))
		v = build_out(b, build_node(b, "Mul", v, first, -1));
	return v;
}

/* Run the finished graph on all devices and compare. */
static void
compare(struct build *b, const char *name, int rank, const int64_t *dims, int natives, double tol)
{
	struct sg_plan_info info = {0};
	struct sg_err e = {0};
	struct sg_net *net = NULL;
	float *want, *got;
	int64_t n = 0, m = 0;
	size_t bytes;
	const void *p = build_bytes(b, &bytes);

	if (p == NULL || sg_net_load(&net, p, bytes, NULL, &e) != SG_OK) {
		check_note(__FILE__, __LINE__, "%s: %s", name, e.msg);
		return;
	}
	if ((want = build_run(net, dims, rank, "ref", 1, 7, &n, NULL, &e)) == NULL)
		check_note(__FILE__, __LINE__, "%s: %s", name, e.msg);
	for (int threads = 1; want && threads <= 2; threads++) {
		got = build_run(net, dims, rank, "cpu", threads, 7, &m, &info, &e);
		if (got == NULL)
			check_note(__FILE__, __LINE__, "%s: %s", name, e.msg);
		else if (n != m || build_error(got, want, n) > tol)
			check_note(__FILE__, __LINE__, "%s on %d threads: error %.3g", name,
			    threads, build_error(got, want, n));
		else if (natives && info.fallbacks)
			check_note(__FILE__, __LINE__, "%s: %d left to the reference", name,
			    info.fallbacks);
		free(got);
	}
	free(want);
	sg_net_free(net);
}

static void
windows_match_the_reference(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build b;

		build_begin(&b, (uint32_t)i + 1);
		build_finish(&b, build_row(&b, &rows[i]));
		compare(&b, rows[i].name, rows[i].rank, rows[i].dims, 1, 3e-6);
		sg_arena_free(b.a);
	}
}

static void
resizing_matches_the_reference(void)
{
	static const char *const coords[] = {
	    "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"};
	static const int64_t sizes[][3] = {{20, 20, 20}, {15, 23, 9}, {7, 6, 5}, {1, 30, 1}};

	for (int rank = 4; rank <= 5; rank++)
		for (int i = 0; i < 4 * 4 * 2; i++) {
			int64_t dims[5] = {2, 5, 10, 9, 11}, out[5] = {2, 5, 0, 0, 0};
			struct build b;
			char name[80];
			int n, x;

			memcpy(out + 2, sizes[i / 8], sizeof(sizes[0]));
			build_begin(&b, 3);
			x = build_input(&b, SG_T_F32, rank, dims);
			n = net_node_new(b.g, "Resize", "", 4, 1);
			b.g->node[n].in[0] = x;
			b.g->node[n].in[3] = build_list(&b, rank, out);
			b.g->node[n].out[0] = net_value_new(b.g, build_name(&b));
			net_set_str(b.g, n, "coordinate_transformation_mode", coords[i % 4]);
			net_set_str(b.g, n, "mode", i / 4 % 2 ? "linear" : "nearest");
			if (i / 4 % 2 == 0)
				net_set_str(b.g, n, "nearest_mode", "floor");
			build_finish(&b, build_out(&b, n));
			snprintf(name, sizeof(name), "resize %s %s rank %d to %lld", coords[i % 4],
			    i / 4 % 2 ? "linear" : "nearest", rank, (long long)out[2]);
			compare(&b, name, rank, dims, 1, 2e-6);
			sg_arena_free(b.a);
		}
}

static void
arithmetic_broadcasts_as_the_reference(void)
{
	static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "PRelu", "Max"};
	/* the second operand, beside [2, 6, 7, 5] behind a convolution */
	static const struct {
		int rank;
		int64_t dims[4];
	} other[] = {{4, {2, 6, 7, 5}}, {4, {1, 6, 1, 1}}, {3, {6, 1, 1}}, {0, {0}}, {1, {1}},
	    {4, {2, 1, 7, 5}}, {4, {2, 6, 1, 1}}, {4, {1, 6, 7, 5}}, {4, {1, 1, 7, 5}}};
	int64_t dims[4] = {2, 6, 7, 5}, w[4] = {6, 6, 1, 1};

	for (int i = 0; i < 6 * 9 * 2; i++) {
		int o = i / 6 % 9, x, y, z;
		struct build b;
		char name[60];

		if (i / 54 && strcmp(ops[i % 6], "PRelu") == 0)
			continue; /* the slope stays the second */
		build_begin(&b, (uint32_t)i);
		x = build_input(&b, SG_T_F32, 4, dims);
		y = build_weight(&b, 4, w, 0.5f, 0);
		x = build_out(&b, build_node(&b, "Conv", x, y, -1));
		/* away from 0, where a quotient would magnify the convolution's rounding */
		x = build_out(&b, build_node(&b, "Sigmoid", x, -1, -1));
		z = build_weight(&b, other[o].rank, other[o].dims, 0.5f, 1);
		x = build_out(&b, i / 54 ? build_node(&b, ops[i % 6], z, x, -1)
					 : build_node(&b, ops[i % 6], x, z, -1));
		build_finish(&b, x);
		snprintf(name, sizeof(name), "%s with operand %d %s", ops[i % 6], o,
		    i / 54 ? "first" : "second");
		compare(&b, name, 4, dims, 0, 1e-5);
		sg_arena_free(b.a);
	}
}

/* Two operands that are both computed: squeeze-and-excite, attention maps, skips. */
static void
computed_operands_match(void)
{
	int64_t dims[4] = {2, 8, 12, 10}, w1[4] = {1, 8, 1, 1}, w8[4] = {8, 8, 1, 1};
	int x, gate, map;
	struct build b;

	build_begin(&b, 5);
	x = build_input(&b, SG_T_F32, 4, dims);
	x = build_out(&b, build_node(&b, "Conv", x, build_weight(&b, 4, w8, 0.4f, 0), -1));
	gate = build_out(&b, build_node(&b, "GlobalAveragePool", x, -1, -1));
	gate = build_out(&b, build_node(&b, "Conv", gate, build_weight(&b, 4, w8, 0.4f, 0), -1));
	gate = build_out(&b, build_node(&b, "Sigmoid", gate, -1, -1));
	map = build_out(&b, build_node(&b, "Conv", x, build_weight(&b, 4, w1, 0.4f, 0), -1));
	map = build_out(&b, build_node(&b, "Sigmoid", map, -1, -1));
	x = build_out(&b, build_node(&b, "Mul", x, gate, -1));
	x = build_out(&b, build_node(&b, "Mul", map, x, -1));
	build_finish(&b, x);
	compare(&b, "gates", 4, dims, 1, 3e-6);
	sg_arena_free(b.a);
}

static void
normalisation_matches_the_reference(void)
{
	for (int rank = 3; rank <= 5; rank++)
		for (int i = 0; i < 3; i++) {
			int64_t dims[5] = {2, 12, 9, 8, 7}, c = 12;
			struct build b;
			int x, n;

			build_begin(&b, (uint32_t)rank);
			x = build_input(&b, SG_T_F32, rank, dims);
			x = build_out(&b, build_node(&b, "Tanh", x, -1, -1));
			if (i == 2) {
				x = batch_norm(&b, x, c);
			} else {
				n = build_node(&b, "InstanceNormalization", x,
				    build_weight(&b, 1, &c, 0.5f, 1),
				    build_weight(&b, 1, &c, 0.5f, 0));
				x = build_out(&b, n);
			}
			if (i != 1)
				x = build_out(&b, build_node(&b, "Relu", x, -1, -1));
			build_finish(&b, x);
			compare(&b, i == 2 ? "batch norm" : "instance norm", rank, dims, 1, 3e-6);
			sg_arena_free(b.a);
		}
}

static void
activations_match_the_reference(void)
{
	static const char *const ops[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu", "Exp",
	    "Abs", "Softplus", "HardSwish", "Gelu"};
	int64_t dims[4] = {1, 5, 41, 37};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct build b;
		int x;

		build_begin(&b, 9);
		b.g->opset = 20;
		x = build_input(&b, SG_T_F32, 4, dims);
		x = build_out(&b, build_node(&b, "MaxPool", x, -1, -1));
		net_set_ints(b.g, 0, "kernel_shape", (int64_t[]){1, 1}, 2);
		x = build_out(&b, build_node(&b, ops[i], x, -1, -1));
		build_finish(&b, x);
		compare(&b, ops[i], 4, dims, 1, 1e-6);
		sg_arena_free(b.a);
	}
}

static int
softmax(struct build *b, int x)
{
	int n = build_node(b, "Softmax", x, -1, -1);

	net_set_int(b->g, n, "axis", 1);
	return build_out(b, n);
}

static int
concat(struct build *b, int x, int y)
{
	int n = build_node(b, "Concat", x, y, -1);

	net_set_int(b->g, n, "axis", 1);
	return build_out(b, n);
}

/* conv - norm - leaky, twice, as a BasicUNet block does. */
static int
block(struct build *b, int x, int rank, int64_t cin, int64_t cout)
{
	for (int i = 0; i < 2; i++) {
		int64_t w[5] = {cout, i ? cout : cin, 3, 3, 3};
		int n = build_node(b, "Conv", x,
		    build_weight(b, rank, w, 1.5f / sqrtf(27 * (float)w[1]), 0),
		    build_weight(b, 1, &cout, 0.1f, 0));

		net_set_ints(b->g, n, "pads", (int64_t[]){1, 1, 1, 1, 1, 1}, 2 * (rank - 2));
		x = build_out(
		    b, build_node(b, "InstanceNormalization", build_out(b, n),
			   build_weight(b, 1, &cout, 0.3f, 1), build_weight(b, 1, &cout, 0.3f, 0)));
		n = build_node(b, "LeakyRelu", x, -1, -1);
		net_set_float(b->g, n, "alpha", 0.1f);
		x = build_out(b, n);
	}
	return x;
}

/* A U-Net of two levels with instance norm: what broke in oneDNN held to AVX2. */
static void
unets_match_the_reference(void)
{
	for (int rank = 4; rank <= 5; rank++) {
		int64_t dims[5] = {1, 1, 16, 24, 16}, w[5] = {64, 32, 2, 2, 2},
			last[5] = {3, 32, 1, 1, 1};
		struct build b;
		int x, skip, n;

		build_begin(&b, 11);
		x = build_input(&b, SG_T_F32, rank, dims);
		skip = block(&b, x, rank, 1, 32);
		n = build_node(&b, "MaxPool", skip, -1, -1);
		net_set_ints(b.g, n, "kernel_shape", (int64_t[]){2, 2, 2}, rank - 2);
		net_set_ints(b.g, n, "strides", (int64_t[]){2, 2, 2}, rank - 2);
		x = block(&b, build_out(&b, n), rank, 32, 64);
		n = build_node(&b, "ConvTranspose", x, build_weight(&b, rank, w, 0.2f, 0), -1);
		net_set_ints(b.g, n, "strides", (int64_t[]){2, 2, 2}, rank - 2);
		x = block(&b, concat(&b, skip, build_out(&b, n)), rank, 64, 32);
		x = build_out(
		    &b, build_node(&b, "Conv", x, build_weight(&b, rank, last, 0.3f, 0), -1));
		build_finish(&b, softmax(&b, x));
		compare(&b, rank == 4 ? "2-d u-net" : "3-d u-net", rank, dims, 1, 2e-5);
		sg_arena_free(b.a);
	}
}

int
main(void)
{
	RUN(windows_match_the_reference);
	RUN(resizing_matches_the_reference);
	RUN(arithmetic_broadcasts_as_the_reference);
	RUN(computed_operands_match);
	RUN(normalisation_matches_the_reference);
	RUN(activations_match_the_reference);
	RUN(unets_match_the_reference);
	return check_end();
}
