/*
 * The demonstration networks, laid down node by node.
 *
 * cells   Light and haze differ across a field, so brightness says nothing by itself. The network
 *         takes the local background off (a grey opening: what is left when everything narrower
 *         than a cell is removed) and divides by the local height of the cells.
 * liver   Neighbouring organs have nearly the liver's brightness, so place decides as well. The
 *         network measures where in the body a pixel lies (the share of the body to its left and
 *         above it) and adds a prior of position to the closeness to the liver's grey.
 */
#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "worker/net/demo_model.h"
#include "worker/net/onnx.h"

/* A network in the making. Values are numbers; -1 after a failure, which every step hands on. */
struct maker {
	struct net_graph *g;
	int failed;
};

static int
constant(struct maker *k, int type, int rank, const int64_t *dims, const void *from, size_t bytes)
{
	void *data;
	int v = net_const_new(k->g, type, rank, dims, &data);

	if (v < 0)
		k->failed = 1;
	else
		memcpy(data, from, bytes);
	return v;
}

/* A node of n inputs and one output; the output. */
static int
node(struct maker *k, const char *op, int n, ...)
{
	int at = net_node_new(k->g, op, "", n, 1), out = net_value_new(k->g, "");
	va_list in;

	if (at < 0 || out < 0) {
		k->failed = 1;
		return -1;
	}
	va_start(in, n);
	for (int i = 0; i < n; i++)
		k->g->node[at].in[i] = va_arg(in, int);
	va_end(in);
	k->g->node[at].out[0] = out;
	return out;
}

static void
ints(struct maker *k, const char *name, int n, const int64_t *v)
{
	if (!k->failed && net_set_ints(k->g, k->g->nnode - 1, name, v, n))
		k->failed = 1;
}

static void
number(struct maker *k, const char *name, int64_t v)
{
	if (!k->failed && net_set_int(k->g, k->g->nnode - 1, name, v))
		k->failed = 1;
}

/* The same size out as in where stride is 1 and side is odd. */
static int
pool(struct maker *k, const char *op, int x, int64_t side, int64_t stride)
{
	int64_t pad = stride == 1 ? side / 2 : 0;
	int out = node(k, op, 1, x);

	ints(k, "kernel_shape", 2, (int64_t[]){side, side});
	ints(k, "strides", 2, (int64_t[]){stride, stride});
	ints(k, "pads", 4, (int64_t[]){pad, pad, pad, pad});
	return out; /* an average leaves the padding out of its count by default */
}

static int
mean(struct maker *k, int x, int64_t side)
{
	return pool(k, "AveragePool", x, side, 1);
}

static int
shrink(struct maker *k, int x, int64_t times)
{
	return pool(k, "AveragePool", x, times, times);
}

static int
highest(struct maker *k, int x, int64_t side)
{
	return pool(k, "MaxPool", x, side, 1);
}

static int
lowest(struct maker *k, int x, int64_t side)
{
	return node(k, "Neg", 1, highest(k, node(k, "Neg", 1, x), side));
}

static int
enlarge(struct maker *k, int x, float times)
{
	int scales = constant(
	    k, SG_T_F32, 1, (int64_t[]){4}, (float[]){1, 1, times, times}, 4 * sizeof(float));
	int out = node(k, "Resize", 3, x, -1, scales);

	if (!k->failed &&
	    (net_set_str(k->g, k->g->nnode - 1, "mode", "linear") ||
		net_set_str(k->g, k->g->nnode - 1, "coordinate_transformation_mode", "half_pixel")))
		k->failed = 1;
	return out;
}

static int
scalar(struct maker *k, float v)
{
	return constant(k, SG_T_F32, 0, NULL, &v, sizeof(v));
}

/* A 1x1 convolution of `in` channels to one: the weighted sum and a bias. */
static int
mix(struct maker *k, int x, int in, const float *weight, float bias)
{
	int w = constant(
	    k, SG_T_F32, 4, (int64_t[]){1, in, 1, 1}, weight, (size_t)in * sizeof(float));
	int b = constant(k, SG_T_F32, 1, (int64_t[]){1}, &bias, sizeof(bias));
	int out = node(k, "Conv", 3, x, w, b);

	ints(k, "kernel_shape", 2, (int64_t[]){1, 1});
	return out;
}

static int
cells(struct maker *k, int x)
{
	int s = mean(k, mean(k, x, 3), 5); /* shot noise */
	int coarse = mean(k, shrink(k, s, 4), 3);
	int ground = mean(k, highest(k, lowest(k, coarse, 11), 11), 9);
	int above = node(k, "Sub", 2, s, enlarge(k, ground, 4));
	int height = node(k, "Relu", 1, shrink(k, above, 4));
	int tops = mean(k, highest(k, mean(k, height, 3), 17), 9);
	/* The last constants, and the sizes above, were searched for on 20 phantoms (seed 5). */
	int scale = node(k, "Add", 2, enlarge(k, tops, 4), scalar(k, 0.04f));

	return mix(k, node(k, "Div", 2, above, scale), 1, (float[]){12}, -12 * 0.25f);
}

enum { GRID = 64, CELL = 8 }; /* the liver network looks at place on 64 x 64 cells of 8 x 8 */

/* Share of the body before each column (or row): the mass up to it over all of it. */
static int
share_before(struct maker *k, int profile, int down)
{
	float ones[GRID], half = -0.5f;
	int64_t dims[4] = {1, 1, down ? GRID : 1, down ? 1 : GRID};
	int w, sum, all, before;

	for (int i = 0; i < GRID; i++)
		ones[i] = 1;
	w = constant(k, SG_T_F32, 4, dims, ones, sizeof(ones));
	sum = node(k, "Conv", 2, profile, w); /* running: padded on its left, or top, alone */
	ints(k, "kernel_shape", 2, dims + 2);
	ints(k, "pads", 4, (int64_t[]){down ? GRID - 1 : 0, down ? 0 : GRID - 1, 0, 0});
	all = node(k, "Conv", 2, profile, w);
	ints(k, "kernel_shape", 2, dims + 2);
	before = node(k, "Add", 2, sum, node(k, "Mul", 2, profile, scalar(k, half)));
	return node(k, "Div", 2, before, node(k, "Add", 2, all, scalar(k, 1e-3f)));
}

/* A profile along one side, repeated along the other so that both can be stacked. */
static int
repeat(struct maker *k, int profile, int zeros)
{
	return node(k, "Add", 2, zeros, profile);
}

static int
liver(struct maker *k, int x)
{
	/* Weights of place for u, v, uv, uu, vv: a logistic regression over 20 phantoms (seed 5);
	 * grey, width and offset were searched for on the same ones. */
	static const float place[] = {73.2f, 65.0f, -58.2f, -82.4f, -60.5f};
	const float place_bias = -18.9f, grey = 0.62f, width = 0.07f, offset = 3;
	int s8 = mean(k, shrink(k, x, CELL), 3);
	int body = node(
	    k, "Clip", 3, mix(k, s8, 1, (float[]){20}, -20 * 0.08f), scalar(k, 0), scalar(k, 1));
	int zeros = node(k, "Mul", 2, body, scalar(k, 0));
	int columns, rows, u, v, prior, s, off;

	columns = node(k, "AveragePool", 1, body);
	ints(k, "kernel_shape", 2, (int64_t[]){GRID, 1});
	rows = node(k, "AveragePool", 1, body);
	ints(k, "kernel_shape", 2, (int64_t[]){1, GRID});
	u = repeat(k, share_before(k, columns, 0), zeros);
	v = repeat(k, share_before(k, rows, 1), zeros);
	prior = node(k, "Concat", 5, u, v, node(k, "Mul", 2, u, v), node(k, "Mul", 2, u, u),
	    node(k, "Mul", 2, v, v));
	number(k, "axis", 1);
	prior = enlarge(k, mix(k, prior, 5, place, place_bias), CELL);
	prior = node(k, "Clip", 3, prior, scalar(k, -6), scalar(k, 3));

	s = mean(k, mean(k, x, 5), 5);
	off = mix(k, s, 1, (float[]){1 / width}, -grey / width);
	return mix(
	    k, node(k, "Sub", 2, prior, node(k, "Mul", 2, off, off)), 1, (float[]){1}, offset);
}

#define CARD(what) \
	"\"card\":{\"intended_use\":\"Demonstration on the synthetic images of `segward " \
	"phantom " what \
	"`\",\"warnings\":[\"Not for patients: a few numbers fitted to synthetic images.\"]," \
	"\"training_data\":\"20 synthetic images of the kind, seed 5\",\"architecture\":\"Fixed " \
	"convolutions and pooling\"}"

static const struct {
	const char *name;
	int64_t side; /* fixed side of the input; -1: any */
	int (*make)(struct maker *k, int x);
	const char *meta;
} DEMO[] = {
    {"cells", -1, cells,
	"{\"schema\":1,\"name\":\"Demonstration cells\",\"version\":\"1\",\"organ\":\"cells\","
	"\"modality\":\"fluorescence microscopy\","
	"\"description\":\"Cells against an uneven background.\","
	"\"input\":{\"dims\":2,\"channels\":1,\"fit\":\"pad\",\"multiple\":[4,4],"
	"\"min_size\":[64,64]},"
	"\"intensity\":{\"kind\":\"unit\"},"
	"\"output\":{\"kind\":\"sigmoid\",\"classes\":[{\"name\":\"cell\",\"colour\":\"#e6194b\"}],"
	"\"threshold\":0.5},"
	"\"postprocess\":{\"min_voxels\":30}," CARD("cells") "}"},
    {"liver", GRID *CELL, liver,
	"{\"schema\":1,\"name\":\"Demonstration liver\",\"version\":\"1\",\"organ\":\"liver\","
	"\"modality\":\"CT\",\"description\":\"The liver in an axial slice, patient's right on "
	"the left.\","
	"\"input\":{\"dims\":2,\"channels\":1,\"fit\":\"resize\",\"size\":[512,512]},"
	"\"intensity\":{\"kind\":\"unit\"},"
	"\"output\":{\"kind\":\"sigmoid\",\"classes\":[{\"name\":\"liver\",\"colour\":\"#0082c8\"}]"
	","
	"\"threshold\":0.5},"
	"\"postprocess\":{\"largest\":true,\"fill_holes\":true}," CARD("liver") "}"},
};

enum { DEMOS = sizeof(DEMO) / sizeof(DEMO[0]) };

const char *
sg_demo_model_name(int i)
{
	return i >= 0 && i < DEMOS ? DEMO[i].name : NULL;
}

static int
port(struct net_graph *g, int v, const char *name, int64_t side, int **list, int *n)
{
	struct net_value *p = &g->value[v];

	p->name = name;
	p->t.type = SG_T_F32;
	p->t.rank = 4;
	p->t.dims[0] = p->t.dims[1] = 1;
	p->t.dims[2] = p->t.dims[3] = side;
	if ((*list = sg_alloc(g->a, sizeof(int))) == NULL)
		return -1;
	(*list)[0] = v;
	*n = 1;
	return 0;
}

static int
write_demo(struct sg_buf *onnx, int i, struct sg_arena *a, struct sg_err *e)
{
	struct net_prop prop = {"segward", DEMO[i].meta};
	struct maker k = {net_graph_new(a), 0};
	int x, y;

	if (k.g == NULL || (x = net_value_new(k.g, "")) < 0)
		return sg_fail(e, SG_EBUSY, "net_memory", "No memory for the model.");
	k.g->producer = "segward";
	k.g->prop = &prop;
	k.g->nprop = 1;
	y = DEMO[i].make(&k, x);
	if (k.failed || port(k.g, x, "image", DEMO[i].side, &k.g->in, &k.g->nin) ||
	    port(k.g, y, "logits", DEMO[i].side, &k.g->out, &k.g->nout))
		return sg_fail(e, SG_EBUSY, "net_memory", "No memory for the model.");
	return net_onnx_write(onnx, k.g, e);
}

int
sg_demo_model(struct sg_buf *onnx, const char *name, struct sg_err *e)
{
	struct sg_arena *a;
	int i = 0, rc;

	while (i < DEMOS && strcmp(DEMO[i].name, name) != 0)
		i++;
	if (i == DEMOS)
		return sg_fail(e, SG_EABSENT, "demo_absent",
		    "There is no demonstration model of that name; there are cells and liver.");
	if ((a = sg_arena_new(1 << 20)) == NULL)
		return sg_fail(e, SG_EBUSY, "net_memory", "No memory for the model.");
	rc = write_demo(onnx, i, a, e);
	sg_arena_free(a);
	return rc;
}
