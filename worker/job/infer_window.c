/*
 * A slice through the network: whole (padded by reflection or resized) or, where it is larger
 * than one run should be, as overlapping windows whose probabilities are blended with weights
 * that fall off towards a window's edge.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "kernels/kn.h"
#include "worker/job/infer_int.h"

enum {
	WHOLE_PIXELS = 1536 * 1536, /* a picture up to so large runs at once */
	WINDOW_SIDE = 1024	    /* of the windows over larger ones */
};

static int
max_int(int a, int b)
{
	return a > b ? a : b;
}

/* Windows of side t along an axis of n pixels: at least a quarter of each overlaps the next. */
static int
windows_along(int n, int t)
{
	int step = max_int(t - t / 4, 1);

	return n <= t ? 1 : (n - t + step - 1) / step + 1;
}

static int
window_at(int i, int count, int n, int t)
{
	return count == 1 ? 0 : (int)((int64_t)i * (n - t) / (count - 1));
}

static void
choose_sizes(struct infer *r)
{
	const struct sg_model_meta *m = r->meta;
	int have[2] = {r->scan->nx, r->scan->ny}, side[2];

	for (int i = 0; i < 2; i++)
		side[i] = m->size[i] > 0 ? m->size[i] : sg_meta_fit_size(m, i, have[i]);
	r->resized = m->fit == SG_FIT_RESIZE && m->size[0] > 0 && m->size[1] > 0;
	if (!r->resized && (int64_t)side[0] * side[1] > WHOLE_PIXELS)
		for (int i = 0; i < 2; i++)
			if (m->size[i] == 0 && side[i] > WINDOW_SIDE)
				side[i] = sg_meta_fit_size(m, i, WINDOW_SIDE);
	r->tw = side[0];
	r->th = side[1];
	r->nwx = r->resized ? 1 : windows_along(have[0], r->tw);
	r->nwy = r->resized ? 1 : windows_along(have[1], r->th);
}

/* Width, height and channels of an output [1,K,H,W], [1,H,W,K] or [1,H,W]. */
static int
output_shape(struct infer *r, const struct sg_tensor *t, struct sg_err *e)
{
	int last = r->meta->out_layout == SG_LAYOUT_CHANNELS_LAST, k = 1;

	for (int i = 0; i < t->rank; i++)
		if (t->dims[i] < 1 || t->dims[i] > SG_VOLUME_MAX_SIDE)
			return sg_fail(e, SG_EINPUT, "model_output",
			    "The model's output has a side of %lld.", (long long)t->dims[i]);
	if (t->rank == 4 && t->dims[0] == 1) {
		k = (int)t->dims[last ? 3 : 1];
		r->oh = (int)t->dims[last ? 1 : 2];
		r->ow = (int)t->dims[last ? 2 : 3];
	} else if (t->rank == 3 && t->dims[0] == 1) {
		r->oh = (int)t->dims[1];
		r->ow = (int)t->dims[2];
	} else {
		return sg_fail(e, SG_EINPUT, "model_output",
		    "The model's output has %d dimensions; a picture of classes is wanted.",
		    t->rank);
	}
	if (k != r->outputs)
		return sg_fail(e, SG_EINPUT, "model_output",
		    "The model gives %d channels where its description promises %d.", k,
		    r->outputs);
	/* A coarser map is enlarged; a map without its border must not be stretched over it. */
	if (r->tw % r->ow != 0 || r->th % r->oh != 0 || r->tw / r->ow != r->th / r->oh)
		return sg_fail(e, SG_ENOTSUP, "model_output",
		    "The model makes %d x %d of %d x %d pixels; networks that lose their border "
		    "are "
		    "not supported: export it with padding.",
		    r->ow, r->oh, r->tw, r->th);
	if (r->ow != r->tw)
		json_object_set_new(r->flags, "enlarged", json_integer(r->tw / r->ow));
	return SG_OK;
}

int
infer_plan(struct infer *r, struct sg_err *e)
{
	const struct sg_infer_options *o = r->opt;
	const struct sg_tensor *t;
	int64_t dims[4];
	int rc;

	choose_sizes(r);
	if (r->meta->layout == SG_LAYOUT_CHANNELS_LAST)
		memcpy(dims, (int64_t[4]){1, r->th, r->tw, r->channels}, sizeof(dims));
	else
		memcpy(dims, (int64_t[4]){1, r->channels, r->th, r->tw}, sizeof(dims));
	if ((rc = sg_net_plan(r->net, dims, 4, o->device != NULL ? o->device : "cpu",
		 o->precision != NULL ? o->precision : "f32", o->threads, &r->plan, e)) != SG_OK)
		return rc;
	if (sg_plan_outputs(r->plan, &t) < 1)
		return sg_fail(e, SG_EINPUT, "model_output", "The model has no output.");
	if ((rc = output_shape(r, t, e)) != SG_OK)
		return rc;
	r->in = sg_alloc_aligned(
	    r->tmp, sizeof(float) * (size_t)r->channels * (size_t)r->tw * (size_t)r->th);
	r->out = sg_alloc_aligned(
	    r->tmp, sizeof(float) * (size_t)r->outputs * (size_t)r->ow * (size_t)r->oh);
	r->work = sg_alloc_aligned(r->tmp, sizeof(float) * (size_t)max_int(r->tw, r->ow) *
					       (size_t)max_int(r->th, r->oh) *
					       (size_t)max_int(r->channels, r->outputs));
	return r->in != NULL && r->out != NULL && r->work != NULL ? SG_OK : infer_no_memory(e);
}

static void
on_progress(void *arg, int64_t done, int64_t all)
{
	const struct infer *r = arg;
	double part = all > 0 ? (double)done / (double)all : 0;

	r->opt->progress(r->opt->progress_arg, r->done_before + r->done_share * part);
}

/* [C][n] to [n][C], or back, through r->work. */
static void
turn(const struct infer *r, float *x, int channels, size_t n, int to_last)
{
	if (channels == 1)
		return;
	memcpy(r->work, x, (size_t)channels * n * sizeof(float));
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < (size_t)channels; c++) {
			if (to_last)
				x[i * (size_t)channels + c] = r->work[c * n + i];
			else
				x[c * n + i] = r->work[i * (size_t)channels + c];
		}
}

static int
all_finite(const float *x, size_t n)
{
	int ok = 1;

	for (size_t i = 0; i < n; i++)
		ok &= isfinite(x[i]) != 0;
	return ok;
}

static void
to_probability(const struct infer *r, float *x, size_t n)
{
	switch (r->meta->output) {
	case SG_OUT_SIGMOID:
		kn()->sigmoid(x, x, n * (size_t)r->outputs);
		break;
	case SG_OUT_SOFTMAX:
		kn()->softmax(x, x, r->outputs, n);
		break;
	default:
		kn()->clamp(x, x, n * (size_t)r->outputs, 0, 1);
	}
}

/* r->in to r->out: probabilities [outputs][oh][ow]. */
static int
run_network(struct infer *r, struct sg_err *e)
{
	const struct sg_net_watch watch = {
	    r->opt->cancel, r->opt->progress != NULL ? on_progress : NULL, r};
	size_t n = (size_t)r->ow * (size_t)r->oh;
	int64_t start;
	int rc;

	if (r->meta->layout == SG_LAYOUT_CHANNELS_LAST)
		turn(r, r->in, r->channels, (size_t)r->tw * (size_t)r->th, 1);
	start = sg_now_us();
	rc = sg_net_run(r->plan, r->in, r->out, &watch, e);
	r->net_ms += (double)(sg_now_us() - start) / 1000;
	if (rc != SG_OK)
		return rc;
	if (r->meta->out_layout == SG_LAYOUT_CHANNELS_LAST)
		turn(r, r->out, r->outputs, n, 0);
	if (!all_finite(r->out, n * (size_t)r->outputs))
		return sg_fail(e, SG_EINPUT, "model_output",
		    "The model gave values that are no numbers for this image.");
	to_probability(r, r->out, n);
	return SG_OK;
}

struct window {
	int x, y, w, h; /* on the scan */
};

/* The window's pixels of one plane into the network's input, padded or resized. */
static void
place(const struct infer *r, const struct window *win, float *to, const float *plane)
{
	int nx = r->scan->nx, ny = r->scan->ny;

	if (r->resized) {
		kn()->resize_bilinear(to, r->tw, r->th, plane, nx, ny);
		return;
	}
	kn()->crop(r->work, win->w, win->h, win->x, win->y, plane, nx, ny);
	kn()->pad_reflect(to, r->tw, r->th, 0, 0, r->work, win->w, win->h);
}

/* One plane of the network's output as the window's pixels on the scan: to[h][w]. */
static void
take(const struct infer *r, const struct window *win, float *to, const float *plane)
{
	int nx = r->scan->nx, ny = r->scan->ny;

	if (r->resized) {
		kn()->resize_bilinear(to, nx, ny, plane, r->ow, r->oh);
		return;
	}
	if (r->ow == r->tw && r->oh == r->th) {
		kn()->crop(to, win->w, win->h, 0, 0, plane, r->tw, r->th);
		return;
	}
	kn()->resize_bilinear(r->work, r->tw, r->th, plane, r->ow, r->oh);
	kn()->crop(to, win->w, win->h, 0, 0, r->work, r->tw, r->th);
}

/* Weight along one axis: rises over the overlap, never 0. */
static float
ramp(int i, int n)
{
	int from_edge = (i < n - 1 - i ? i : n - 1 - i) + 1, rise = max_int(n / 4, 1);

	return from_edge >= rise ? 1 : (float)from_edge / (float)rise;
}

static void
blend(const struct infer *r, const struct window *win, float *prob, float *weight,
    const float *part, int c)
{
	size_t nx = (size_t)r->scan->nx, n = nx * (size_t)r->scan->ny;

	for (int y = 0; y < win->h; y++) {
		size_t at = (size_t)(win->y + y) * nx + (size_t)win->x;
		float wy = ramp(y, win->h);

		for (int x = 0; x < win->w; x++) {
			float w = wy * ramp(x, win->w);

			prob[(size_t)c * n + at + (size_t)x] += w * *part++;
			if (c == 0)
				weight[at + (size_t)x] += w;
		}
	}
}

static int
run_window(struct infer *r, const struct window *win, float *prob, float *weight,
    const float *planes, struct sg_err *e)
{
	size_t n = (size_t)r->scan->nx * (size_t)r->scan->ny, t = (size_t)r->tw * (size_t)r->th;
	size_t o = (size_t)r->ow * (size_t)r->oh;
	int whole = r->nwx * r->nwy == 1, rc;

	for (int c = 0; c < r->channels; c++)
		place(r, win, r->in + (size_t)c * t, planes + (size_t)c * n);
	if ((rc = run_network(r, e)) != SG_OK)
		return rc;
	for (int c = 0; c < r->outputs; c++) {
		/* The input's memory is free now; a window fits into it. */
		float *part = whole ? prob + (size_t)c * n : r->in;

		take(r, win, part, r->out + (size_t)c * o);
		if (!whole)
			blend(r, win, prob, weight, part, c);
	}
	return SG_OK;
}

int
infer_slice(
    struct infer *r, float *prob, float *weight, const float *planes, int z, struct sg_err *e)
{
	size_t n = (size_t)r->scan->nx * (size_t)r->scan->ny;
	int all = r->nwx * r->nwy, rc;

	r->done_share = 1.0 / ((double)all * r->scan->nz);
	if (all > 1) {
		memset(prob, 0, n * (size_t)r->outputs * sizeof(*prob));
		memset(weight, 0, n * sizeof(*weight));
	}
	for (int i = 0; i < all; i++) {
		struct window win = {
		    .w = r->resized || r->scan->nx < r->tw ? r->scan->nx : r->tw,
		    .h = r->resized || r->scan->ny < r->th ? r->scan->ny : r->th,
		};

		win.x = window_at(i % r->nwx, r->nwx, r->scan->nx, r->tw);
		win.y = window_at(i / r->nwx, r->nwy, r->scan->ny, r->th);
		r->done_before = ((double)z * all + i) * r->done_share;
		if ((rc = run_window(r, &win, prob, weight, planes, e)) != SG_OK)
			return rc;
	}
	if (all > 1)
		for (size_t i = 0; i < n; i++)
			for (int c = 0; c < r->outputs; c++)
				prob[(size_t)c * n + i] /= weight[i];
	return SG_OK;
}
