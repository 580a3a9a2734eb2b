/*
 * worker/job/infer: what happens around the network, with networks of one operator made here, so
 * that every probability is known beforehand.
 */
#include "config.h"

#include <stdbool.h>

#include "tests/unit/check.h"
#include "worker/job/infer_int.h"

static struct sg_arena *a;

/* --- a model file of one node, by hand: protobuf as the ONNX text (onnx.proto) has it --- */

struct pb {
	uint8_t p[512];
	size_t n;
};

static void
pb_number(struct pb *b, int field, unsigned v)
{
	b->p[b->n++] = (uint8_t)(field << 3);
	for (; v > 127; v >>= 7)
		b->p[b->n++] = (uint8_t)(v | 128);
	b->p[b->n++] = (uint8_t)v;
}

static void
pb_bytes(struct pb *b, int field, const void *p, size_t n)
{
	b->p[b->n++] = (uint8_t)(field << 3 | 2);
	if (n > 127) {
		b->p[b->n++] = (uint8_t)(n | 128);
		b->p[b->n++] = (uint8_t)(n >> 7);
	} else {
		b->p[b->n++] = (uint8_t)n;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
pb_text(struct pb *b, int field, const char *s)
{
	pb_bytes(b, field, s, strlen(s));
}

static void
pb_message(struct pb *b, int field, const struct pb *m)
{
	pb_bytes(b, field, m->p, m->n);
}

/* f32 [1, channels, h, w] with free h and w; last: [1, h, w, channels]. */
static struct pb
port(const char *name, int channels, int last)
{
	struct pb shape = {0}, tensor = {0}, type = {0}, info = {0};

	for (int i = 0; i < 4; i++) {
		struct pb dim = {0};

		if (i == 0)
			pb_number(&dim, 1, 1);
		else if (i == (last ? 3 : 1))
			pb_number(&dim, 1, (unsigned)channels);
		else
			pb_text(&dim, 2, i == (last ? 1 : 2) ? "h" : "w");
		pb_message(&shape, 1, &dim);
	}
	pb_number(&tensor, 1, 1);
	pb_message(&tensor, 2, &shape);
	pb_message(&type, 1, &tensor);
	pb_text(&info, 1, name);
	pb_message(&info, 2, &type);
	return info;
}

static struct sg_net *
net_of(const char *op, int channels, int last)
{
	struct pb node = {0}, graph = {0}, opset = {0}, in = port("x", channels, last),
		  out = port("y", channels, last);
	struct pb *model = sg_alloc(a, sizeof(*model));
	struct sg_net *net = NULL;
	struct sg_err e = {0};

	pb_text(&node, 1, "x");
	pb_text(&node, 2, "y");
	pb_text(&node, 4, op);
	pb_message(&graph, 1, &node);
	pb_text(&graph, 2, "one");
	pb_message(&graph, 11, &in);
	pb_message(&graph, 12, &out);
	pb_number(&opset, 2, 13);
	pb_number(model, 1, 8);
	pb_message(model, 7, &graph);
	pb_message(model, 8, &opset);
	if (sg_net_load(&net, model->p, model->n, NULL, &e) != SG_OK)
		check_note(__FILE__, __LINE__, "%s: %s", e.id, e.msg);
	return net;
}

/* --- scans and metadata --- */

static struct sg_volume *
scan(int nx, int ny, enum sg_look look)
{
	struct sg_volume *v = NULL;
	uint8_t *p;

	sg_volume_new(&v, a, nx, ny, 1, 1, SG_U8, look, NULL);
	p = v->vox;
	for (int i = 0; i < nx * ny * v->channels; i++)
		p[i] = (uint8_t)((unsigned)i * 2654435761u >> 13);
	return v;
}

static struct sg_model_meta
meta_of(enum sg_meta_output output, int channels, int nclasses)
{
	struct sg_model_meta m = {.name = "test",
	    .dims = 2,
	    .channels = channels,
	    .multiple = {16, 16, 1},
	    .intensity = SG_INT_UNIT,
	    .output = output,
	    .nclasses = nclasses,
	    .threshold_milli = 500,
	    .gamma = 1};

	for (int i = 0; i < nclasses; i++) {
		m.classes[i].name = i == 0 ? "one" : "two";
		m.classes[i].rgb[0] = 255;
	}
	return m;
}

static const struct sg_infer_options PLAIN = {.threshold_milli = -1, .threads = 1, .device = "ref"};

static struct sg_infer_result *
infer(const struct sg_volume *v, struct sg_net *net, const struct sg_model_meta *m)
{
	struct sg_infer_result *r = NULL;
	struct sg_err e = {0};

	if (sg_infer(&r, a, v, net, m, &PLAIN, &e) != SG_OK)
		check_note(__FILE__, __LINE__, "%s: %s", e.id, e.msg);
	return r;
}

/* --- tests --- */

static void
padding_leaves_no_trace(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *net = net_of("Relu", 1, 0);
	struct sg_volume *v = scan(37, 23, SG_GREY);
	struct sg_infer_result *r;
	int64_t over = 0, all = 0;

	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	CHECK(memcmp(r->prob, v->vox, 37 * 23) == 0);
	for (int i = 0; i < 37 * 23; i++) {
		CHECK_INT(r->mask[i], r->prob[i] >= 128);
		over += r->mask[i];
	}
	for (int q = 0; q < 256; q++)
		all += r->histogram[q];
	CHECK_INT(all, 37 * 23);
	CHECK_INT(r->labels[0].measure.voxels, over);
	CHECK(r->labels[0].measure.area_mm2 == -1);
	CHECK_STR(r->labels[0].name, "one");
	CHECK_STR(r->labels[0].colour, "#ff0000");
	CHECK_STR(r->device, "ref");
	CHECK(r->binary && r->by_threshold && r->planes == 1 && r->threshold_milli == 500);
	CHECK_INT(json_object_size(r->flags), 0);
	sg_net_free(net);
}

static void
channels_last_is_the_same(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 3, 3);
	struct sg_net *net = net_of("Relu", 3, 1);
	struct sg_volume *v = scan(20, 11, SG_RGB);
	struct sg_infer_result *r;

	m.layout = m.out_layout = SG_LAYOUT_CHANNELS_LAST;
	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	for (int i = 0; i < 220 * 3; i++)
		CHECK_INT(r->prob[i % 3 * 220 + i / 3], ((uint8_t *)v->vox)[i]);
	sg_net_free(net);
}

static void
windows_blend_to_the_same_picture(void)
{
	static const int SIZE[][2] = {{100, 70}, {64, 65}, {65, 33}, {200, 31}};
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *net = net_of("Relu", 1, 0);

	m.size[0] = 64;
	m.size[1] = 32;
	REQUIRE(net != NULL);
	for (int k = 0; k < 4; k++) {
		struct sg_volume *v = scan(SIZE[k][0], SIZE[k][1], SG_GREY);
		struct sg_infer_result *r = infer(v, net, &m);

		REQUIRE(r != NULL);
		CHECK(memcmp(r->prob, v->vox, (size_t)sg_volume_bytes(v)) == 0);
		CHECK(json_integer_value(json_object_get(r->flags, "tiles")) > 1);
	}
	sg_net_free(net);
}

static void
large_pictures_run_in_windows(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *net = net_of("Relu", 1, 0);
	struct sg_volume *v = scan(2000, 1700, SG_GREY);
	struct sg_infer_result *r;

	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	CHECK(memcmp(r->prob, v->vox, 2000 * 1700) == 0);
	CHECK_INT(json_integer_value(json_object_get(r->flags, "tiles")), 6);
	sg_net_free(net);
}

static void
resizing_keeps_flat_and_smooth_pictures(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *net = net_of("Relu", 1, 0);
	struct sg_volume *v = scan(100, 50, SG_GREY);
	struct sg_infer_result *r;
	uint8_t *p = v->vox;

	m.fit = SG_FIT_RESIZE;
	m.size[0] = m.size[1] = 64;
	for (int i = 0; i < 5000; i++)
		p[i] = (uint8_t)(50 + i % 100);
	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	for (int i = 0; i < 5000; i++)
		if (i % 100 > 1 && i % 100 < 98 && abs(r->prob[i] - p[i]) > 1)
			check_note(
			    __FILE__, __LINE__, "x %d: %d, not %d", i % 100, r->prob[i], p[i]);
	CHECK_INT(json_integer_value(json_array_get(json_object_get(r->flags, "resized"), 0)), 64);
	sg_net_free(net);
}

static void
colour_and_grey_meet(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *one = net_of("Relu", 1, 0), *three = net_of("Relu", 3, 0);
	struct sg_volume *v = scan(16, 16, SG_RGB);
	const uint8_t *p = v->vox;
	struct sg_infer_result *r;

	REQUIRE(one != NULL && three != NULL && (r = infer(v, one, &m)) != NULL);
	for (int i = 0; i < 256; i++)
		CHECK_NEAR(r->prob[i],
		    0.299 * p[3 * i] + 0.587 * p[3 * i + 1] + 0.114 * p[3 * i + 2], 0.51);
	CHECK_STR(json_string_value(json_object_get(r->flags, "channels")), "luma");

	m = meta_of(SG_OUT_PROB, 3, 3);
	v = scan(16, 16, SG_GREY);
	REQUIRE((r = infer(v, three, &m)) != NULL);
	CHECK_INT(r->planes, 3);
	for (int c = 0; c < 3; c++)
		CHECK(memcmp(r->prob + c * 256, v->vox, 256) == 0);
	CHECK_STR(json_string_value(json_object_get(r->flags, "channels")), "repeated");
	sg_net_free(one);
	sg_net_free(three);
}

static void
classes_that_compete_go_to_the_greatest(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB_SOFTMAX, 3, 2);
	struct sg_net *net = net_of("Relu", 3, 0);
	struct sg_volume *v = scan(32, 16, SG_RGB);
	const uint8_t *p = v->vox;
	struct sg_infer_result *r;
	struct sg_measure got[2];
	uint8_t mask[512];

	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	CHECK(!r->binary && !r->by_threshold && r->planes == 2 && r->nlabels == 2);
	for (int i = 0; i < 512; i++) {
		int best = 0;

		for (int c = 1; c < 3; c++)
			if (p[3 * i + c] > p[3 * i + best])
				best = c;
		CHECK_INT(r->mask[i], best);
		CHECK_INT(r->prob[i], p[3 * i + 1]);
		CHECK_INT(r->prob[512 + i], p[3 * i + 2]);
	}
	CHECK_INT(sg_infer_remask(mask, got, r->prob, v, &m, 400, NULL), SG_EINPUT);
	sg_net_free(net);
}

static void
softmax_is_taken_over_all_classes(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_SOFTMAX, 3, 2);
	struct sg_net *net = net_of("Relu", 3, 0);
	struct sg_volume *v = scan(16, 16, SG_RGB);
	struct sg_infer_result *r;

	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	for (int i = 0; i < 256; i++) {
		const uint8_t *p = (uint8_t *)v->vox + 3 * i;
		double sum = exp(p[0] / 255.0) + exp(p[1] / 255.0) + exp(p[2] / 255.0);

		CHECK_NEAR(r->prob[i], 255 * exp(p[1] / 255.0) / sum, 0.51);
	}
	sg_net_free(net);
}

static void
several_sigmoid_classes_take_the_greatest_over_the_threshold(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 3, 3);
	struct sg_net *net = net_of("Relu", 3, 0);
	struct sg_volume *v = scan(16, 16, SG_RGB);
	const uint8_t *p = v->vox;
	struct sg_infer_result *r;

	m.threshold_milli = 700;
	REQUIRE(net != NULL && (r = infer(v, net, &m)) != NULL);
	CHECK(!r->binary && r->by_threshold);
	for (int i = 0; i < 256; i++) {
		int best = 0;

		for (int c = 1; c < 3; c++)
			if (p[3 * i + c] > p[3 * i + best])
				best = c;
		CHECK_INT(r->mask[i], p[3 * i + best] >= 179 ? best + 1 : 0);
	}
	sg_net_free(net);
}

static void
remask_does_what_the_first_run_did(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *net = net_of("Relu", 1, 0);
	struct sg_volume *v = scan(64, 48, SG_GREY);
	struct sg_infer_options opt = PLAIN;
	struct sg_infer_result *r[2];
	uint8_t mask[64 * 48];
	struct sg_measure got;

	m.min_voxels = 5;
	m.fill_holes = 1;
	REQUIRE(net != NULL && (r[0] = infer(v, net, &m)) != NULL);
	opt.threshold_milli = 815;
	REQUIRE(sg_infer(&r[1], a, v, net, &m, &opt, NULL) == SG_OK);
	CHECK_INT(r[1]->threshold_milli, 815);
	CHECK_INT(sg_infer_remask(mask, &got, r[0]->prob, v, &m, 815, NULL), SG_OK);
	CHECK(memcmp(mask, r[1]->mask, sizeof(mask)) == 0);
	CHECK_INT(got.voxels, r[1]->labels[0].measure.voxels);
	CHECK(memcmp(r[0]->mask, r[1]->mask, sizeof(mask)) != 0);
	sg_net_free(net);
}

static void
slices_of_a_stack_run_one_by_one(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_net *net = net_of("Relu", 1, 0);
	struct sg_infer_result *r;
	struct sg_volume *v;

	REQUIRE(net != NULL && sg_volume_new(&v, a, 20, 10, 3, 1, SG_U8, SG_GREY, NULL) == SG_OK);
	v->spacing_known = 1;
	for (int i = 0; i < 600; i++)
		((uint8_t *)v->vox)[i] = (uint8_t)(i * 7);
	REQUIRE((r = infer(v, net, &m)) != NULL);
	CHECK(memcmp(r->prob, v->vox, 600) == 0);
	CHECK_NEAR(
	    r->labels[0].measure.volume_ml, (double)r->labels[0].measure.voxels / 1000, 1e-9);
	sg_net_free(net);
}

static void
expect_refusal(struct sg_volume *v, struct sg_net *net, const struct sg_model_meta *m,
    const struct sg_infer_options *opt, const char *id)
{
	struct sg_infer_result *r;
	struct sg_err e = {0};

	if (sg_infer(&r, a, v, net, m, opt, &e) == SG_OK)
		check_note(__FILE__, __LINE__, "%s did not come", id);
	CHECK_STR(e.id, id);
}

static void
what_does_not_fit_is_refused(void)
{
	struct sg_net *net = net_of("Relu", 1, 0), *root = net_of("Sqrt", 1, 0);
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_infer_options opt = PLAIN;
	struct sg_volume *v = scan(16, 16, SG_GREY);
	atomic_bool cancel = true;

	REQUIRE(net != NULL && root != NULL);
	opt.threshold_milli = 1001;
	expect_refusal(v, net, &m, &opt, "threshold_range");
	m.dims = 3;
	expect_refusal(v, net, &m, &PLAIN, "model_dims");
	m = meta_of(SG_OUT_PROB, 1, 2);
	expect_refusal(v, net, &m, &PLAIN, "model_output");
	m = meta_of(SG_OUT_PROB, 4, 1);
	expect_refusal(v, net, &m, &PLAIN, "model_input");
	m = meta_of(SG_OUT_PROB, 1, 1);
	v->nt = 2;
	expect_refusal(v, net, &m, &PLAIN, "model_input");
	v->nt = 1;
	m.intensity = SG_INT_ZSCORE; /* the root of a negative number is none */
	expect_refusal(v, root, &m, &PLAIN, "model_output");
	opt = PLAIN;
	opt.cancel = &cancel;
	expect_refusal(v, net, &m, &opt, "cancelled");
	opt = PLAIN;
	opt.device = "abacus";
	expect_refusal(v, net, &m, &opt, "net_device");
	sg_net_free(net);
	sg_net_free(root);
}

/* --- intensity, without a network --- */

enum { SIDE = 8, ALL = SIDE * SIDE };

static const float *
normalised(const struct sg_model_meta *m, struct sg_volume *v)
{
	static float planes[3 * ALL], scratch[3 * ALL];
	const struct infer r = {.scan = v, .meta = m, .channels = m->channels};

	infer_input(&r, planes, scratch, 0);
	return planes;
}

static void
statistics(const float *x, int n, double *mean, double *std)
{
	double sum = 0, square = 0;

	for (int i = 0; i < n; i++)
		sum += x[i];
	*mean = sum / n;
	for (int i = 0; i < n; i++)
		square += (x[i] - *mean) * (x[i] - *mean);
	*std = sqrt(square / n);
}

static void
zscore_has_mean_0_and_deviation_1(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 3, 1);
	struct sg_volume *v = scan(SIDE, SIDE, SG_RGB);
	double mean, std;
	const float *x;

	for (int i = 0; i < ALL; i++)
		((uint8_t *)v->vox)[3 * i] /= 4;
	m.intensity = SG_INT_ZSCORE;
	x = normalised(&m, v);
	statistics(x, 3 * ALL, &mean, &std);
	CHECK_NEAR(mean, 0, 1e-5);
	CHECK_NEAR(std, 1, 1e-5);
	statistics(x, ALL, &mean, &std);
	CHECK(mean < -0.5);
	m.per_channel = 1;
	x = normalised(&m, v);
	for (int c = 0; c < 3; c++) {
		statistics(x + c * ALL, ALL, &mean, &std);
		CHECK_NEAR(mean, 0, 1e-5);
		CHECK_NEAR(std, 1, 1e-5);
	}
}

static void
zscore_over_what_is_not_zero(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_volume *v = scan(SIDE, SIDE, SG_GREY);
	uint8_t *p = v->vox;
	double mean, std;
	const float *x;

	for (int i = 0; i < ALL; i++)
		p[i] = i < ALL / 2 ? 0 : (uint8_t)(100 + i % 7);
	m.intensity = SG_INT_ZSCORE;
	m.nonzero = 1;
	x = normalised(&m, v);
	statistics(x + ALL / 2, ALL / 2, &mean, &std);
	CHECK_NEAR(mean, 0, 1e-5);
	CHECK_NEAR(std, 1, 1e-5);
	for (int i = 0; i < ALL / 2; i++)
		CHECK(x[i] == 0);
}

static void
other_scalings_by_their_definition(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_volume *v = scan(SIDE, SIDE, SG_GREY);
	uint8_t *p = v->vox;
	const float *x;

	for (int i = 0; i < ALL; i++)
		p[i] = (uint8_t)(40 + 2 * i); /* 40..166 */
	m.intensity = SG_INT_NONE;
	x = normalised(&m, v);
	CHECK_NEAR(x[5], 50, 0);
	m.intensity = SG_INT_MINMAX;
	x = normalised(&m, v);
	CHECK_NEAR(x[0], 0, 1e-6);
	CHECK_NEAR(x[63], 1, 1e-6);
	m.intensity = SG_INT_FIXED;
	m.mean[0] = 50;
	m.std[0] = 4;
	x = normalised(&m, v);
	CHECK_NEAR(x[10], (60 - 50) / 4.0, 1e-6);
	m.intensity = SG_INT_WINDOW;
	m.lo = 60;
	m.hi = 100;
	x = normalised(&m, v);
	CHECK_NEAR(x[0], 0, 1e-6);
	CHECK_NEAR(x[20], 0.5, 1e-6);
	CHECK_NEAR(x[63], 1, 1e-6);
	m.gamma = 2;
	x = normalised(&m, v);
	CHECK_NEAR(x[20], 0.25, 1e-6);
	m.gamma = 1;
	m.intensity = SG_INT_PERCENTILE;
	m.lo = 25;
	m.hi = 75;
	x = normalised(&m, v);
	CHECK_NEAR(x[0], -0.5, 0.02);
	m.clip = 1;
	x = normalised(&m, v);
	CHECK_NEAR(x[0], 0, 1e-6);
	CHECK_NEAR(x[63], 1, 1e-6);
}

static void
flat_pictures_give_numbers(void)
{
	static const enum sg_meta_intensity KIND[] = {SG_INT_UNIT, SG_INT_MINMAX, SG_INT_PERCENTILE,
	    SG_INT_ZSCORE, SG_INT_FIXED, SG_INT_WINDOW};
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_volume *v = scan(SIDE, SIDE, SG_GREY);

	m.hi = 100;
	for (int black = 0; black < 2; black++)
		for (int k = 0; k < 6; k++) {
			const float *x;

			memset(v->vox, black ? 0 : 77, ALL);
			m.intensity = KIND[k];
			m.nonzero = black;
			x = normalised(&m, v);
			for (int i = 0; i < ALL; i++)
				CHECK(isfinite(x[i]));
		}
}

static void
sixteen_bits_use_their_own_range(void)
{
	struct sg_model_meta m = meta_of(SG_OUT_PROB, 1, 1);
	struct sg_volume *v;
	const float *x;

	REQUIRE(sg_volume_new(&v, a, SIDE, SIDE, 1, 1, SG_U16, SG_GREY, NULL) == SG_OK);
	((uint16_t *)v->vox)[3] = 65535;
	((uint16_t *)v->vox)[4] = 13107;
	x = normalised(&m, v);
	CHECK_NEAR(x[3], 1, 1e-6);
	CHECK_NEAR(x[4], 0.2, 1e-6);
}

/* --- a published network: input and output as its makers give them --- */

/* The f32 values of a .npy file (version 1), n of them. */
static float *
npy(const char *dir, const char *name, size_t n)
{
	float *x = sg_alloc_array(a, n, sizeof(*x));
	uint8_t head[10];
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "rb")) == NULL)
		return NULL;
	if (fread(head, 1, 10, f) != 10 || fseek(f, 10 + head[8] + 256 * head[9], SEEK_SET) != 0 ||
	    fread(x, sizeof(*x), n, f) != n)
		x = NULL;
	fclose(f);
	return x;
}

static void
published_output_is_reproduced(void)
{
	enum { SIZE = 512 * 512 };
	const char *data = getenv("SG_SHARED_DATA");
	struct sg_infer_options opt = {.threshold_milli = -1};
	struct sg_infer_result *r;
	struct sg_model_meta *m;
	struct sg_volume *v;
	struct sg_net *net = NULL;
	struct sg_err e = {0};
	float *in, *want;
	char dir[2048], path[4096], *yaml = sg_alloc(a, 65536);
	int other = 0;
	size_t n;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s/onnx/models/unet2d_nuclei_broad",
	    data != NULL ? data : "../shared/data");
	snprintf(path, sizeof(path), "%s/bioimageio.yaml", dir);
	if ((f = fopen(path, "rb")) == NULL)
		SKIP("no ../shared/data");
	n = fread(yaml, 1, 65536, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/weights.onnx", dir);
	in = npy(dir, "test_input.npy", SIZE);
	want = npy(dir, "test_output.npy", SIZE);
	REQUIRE(in != NULL && want != NULL);
	REQUIRE(sg_volume_new(&v, a, 512, 512, 1, 1, SG_U16, SG_GREY, &e) == SG_OK);
	for (int i = 0; i < SIZE; i++) /* whole numbers, 122 to 4095 */
		((uint16_t *)v->vox)[i] = (uint16_t)in[i];
	REQUIRE(sg_net_open(&net, path, NULL, &e) == SG_OK);
	REQUIRE(sg_meta_read(&m, net, yaml, n, a, &e) == SG_OK);
	REQUIRE(sg_infer(&r, a, v, net, m, &opt, &e) == SG_OK);
	for (int i = 0; i < SIZE; i++) {
		int q = sg_quantise(want[i]);

		/* Within 1e-4 of p, so q differs by one step at most, and only at a rounding edge.
		 */
		CHECK(abs(r->prob[i] - q) <= 1);
		other += r->prob[i] != q;
	}
	printf(
	    "# %d of %d pixels differ from the published output by one step of 255\n", other, SIZE);
	CHECK(other < SIZE / 1000);
	sg_net_free(net);
}

int
main(void)
{
	a = sg_arena_new((size_t)4 << 30);
	RUN(zscore_has_mean_0_and_deviation_1);
	RUN(zscore_over_what_is_not_zero);
	RUN(other_scalings_by_their_definition);
	RUN(flat_pictures_give_numbers);
	RUN(sixteen_bits_use_their_own_range);
	RUN(padding_leaves_no_trace);
	RUN(channels_last_is_the_same);
	RUN(windows_blend_to_the_same_picture);
	RUN(large_pictures_run_in_windows);
	RUN(resizing_keeps_flat_and_smooth_pictures);
	RUN(colour_and_grey_meet);
	RUN(classes_that_compete_go_to_the_greatest);
	RUN(softmax_is_taken_over_all_classes);
	RUN(several_sigmoid_classes_take_the_greatest_over_the_threshold);
	RUN(remask_does_what_the_first_run_did);
	RUN(slices_of_a_stack_run_one_by_one);
	RUN(what_does_not_fit_is_refused);
	RUN(published_output_is_reproduced);
	sg_arena_free(a);
	return check_end();
}
