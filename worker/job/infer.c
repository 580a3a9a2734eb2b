/*
 * From a volume to a result: the order of the steps, masks, labels, flags. What a picture looks
 * like to the network is infer_input.c, how it gets through infer_window.c.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "kernels/kn.h"
#include "worker/job/infer_int.h"

int
infer_no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for this image now.");
}

static int
is_softmax(const struct sg_model_meta *m)
{
	return m->output == SG_OUT_SOFTMAX || m->output == SG_OUT_PROB_SOFTMAX;
}

static int
check_threshold(int t_milli, struct sg_err *e)
{
	if (t_milli < 0 || t_milli > 1000)
		return sg_fail(
		    e, SG_EINPUT, "threshold_range", "A threshold lies between 0 and 1.");
	return SG_OK;
}

/* Does the scan fit the model, and with which channels? */
static int
check_scan(struct infer *r, struct sg_err *e)
{
	const struct sg_model_meta *m = r->meta;
	const struct sg_volume *v = r->scan;

	if (m->dims != 2)
		return sg_fail(e, SG_ENOTSUP, "model_dims",
		    "Models of %d dimensions are not run yet.", m->dims);
	if (v->nt != 1)
		return sg_fail(e, SG_EINPUT, "model_input",
		    "The scan has %d phases; the model wants one.", v->nt);
	r->channels = m->channels;
	if (m->channels == v->channels)
		return SG_OK;
	if (m->channels == 1) {
		json_object_set_new(r->flags, "channels", json_string("luma"));
		return SG_OK;
	}
	if (m->channels == 3 && v->channels == 1) {
		json_object_set_new(r->flags, "channels", json_string("repeated"));
		return SG_OK;
	}
	return sg_fail(e, SG_EINPUT, "model_input",
	    "The scan has %d channels where the model wants %d.", v->channels, m->channels);
}

static void
note_guesses(json_t *flags, unsigned guesses)
{
	static const struct {
		unsigned bit;
		const char *name;
	} GUESS[] = {
	    {SG_GUESS_LAYOUT, "layout"},
	    {SG_GUESS_SIZE, "size"},
	    {SG_GUESS_INTENSITY, "intensity"},
	    {SG_GUESS_OUTPUT, "output"},
	    {SG_GUESS_CLASSES, "classes"},
	    {SG_GUESS_THRESHOLD, "threshold"},
	};
	json_t *list;

	if (guesses == 0)
		return;
	list = json_array();
	for (size_t i = 0; i < sizeof(GUESS) / sizeof(GUESS[0]); i++)
		if ((guesses & GUESS[i].bit) != 0)
			json_array_append_new(list, json_string(GUESS[i].name));
	json_object_set_new(flags, "guess", list);
}

static void
note_fit(const struct infer *r)
{
	if (r->nwx * r->nwy > 1)
		json_object_set_new(r->flags, "tiles", json_integer(r->nwx * r->nwy));
	if (r->resized)
		json_object_set_new(r->flags, "resized", json_pack("[i,i]", r->tw, r->th));
	for (int i = 0; r->scan->spacing_known && i < 2; i++) {
		double want = r->meta->spacing_mm[i];

		if (want > 0 && fabs(r->scan->spacing_mm[i] / want - 1) > 0.05)
			json_object_set_new(r->flags, "spacing", json_string("not_resampled"));
	}
}

/* Labels of several sigmoid classes: the greatest q where it reaches the level. */
static void
greatest_over_level(uint8_t *mask, const uint8_t *prob, int labels, size_t n, int level)
{
	for (size_t i = 0; i < n; i++) {
		int best = 0;

		for (int c = 1; c < labels; c++)
			if (prob[(size_t)c * n + i] > prob[(size_t)best * n + i])
				best = c;
		mask[i] = prob[(size_t)best * n + i] >= level ? (uint8_t)(best + 1) : 0;
	}
}

static int
clean_up(uint8_t *mask, const struct sg_volume *on, const struct sg_model_meta *m, struct sg_err *e)
{
	int rc = SG_OK;

	for (int l = 1; rc == SG_OK && l <= m->nclasses; l++) {
		if (m->largest)
			rc = sg_mask_largest(mask, on->nx, on->ny, on->nz, l, e);
		if (rc == SG_OK && m->min_voxels > 1)
			rc = sg_mask_drop_small(mask, on->nx, on->ny, on->nz, l, m->min_voxels, e);
		if (rc == SG_OK && m->fill_holes)
			rc = sg_mask_fill_holes(mask, on->nx, on->ny, on->nz, l, e);
	}
	return rc;
}

/* Does the threshold rule? Not where several softmax classes compete. */
static int
by_threshold(const struct sg_model_meta *m)
{
	return !is_softmax(m) || m->nclasses == 1;
}

int
sg_infer_remask(uint8_t *mask, struct sg_measure *m, const uint8_t *prob,
    const struct sg_volume *on, const struct sg_model_meta *meta, int threshold_milli,
    struct sg_err *e)
{
	size_t n = (size_t)sg_volume_voxels(on);
	int rc;

	if ((rc = check_threshold(threshold_milli, e)) != SG_OK)
		return rc;
	if (!by_threshold(meta))
		return sg_fail(e, SG_EINPUT, "threshold_unused",
		    "The model's classes compete with each other; a threshold changes nothing.");
	if (meta->nclasses == 1)
		sg_mask_threshold(mask, prob, n, threshold_milli);
	else
		greatest_over_level(mask, prob, meta->nclasses, n, kn_level(threshold_milli));
	if ((rc = clean_up(mask, on, meta, e)) != SG_OK)
		return rc;
	sg_mask_measure(m, meta->nclasses, mask, on);
	return SG_OK;
}

/* One slice's probabilities [outputs][n] into the result's planes and, with argmax, mask. */
static void
keep_slice(const struct infer *r, struct sg_infer_result *res, uint8_t *q, const float *prob,
    uint8_t *greatest, int z)
{
	size_t n = (size_t)r->scan->nx * (size_t)r->scan->ny;
	size_t all = n * (size_t)r->scan->nz, at = (size_t)z * n;
	size_t first = is_softmax(r->meta) ? 1 : 0; /* channel of label 1 */

	for (int l = 0; l < res->nlabels; l++) {
		uint8_t *to = res->planes > 0 ? res->prob + (size_t)l * all + at : q;

		kn()->quantise(to, prob + (first + (size_t)l) * n, n);
		for (size_t i = 0; greatest != NULL && i < n; i++)
			if (to[i] > greatest[at + i])
				greatest[at + i] = to[i];
	}
	if (!res->by_threshold)
		kn()->argmax(res->mask + at, prob, r->outputs, n);
}

static void
describe_labels(struct sg_infer_result *res, const struct sg_model_meta *m)
{
	for (int i = 0; i < res->nlabels; i++) {
		struct sg_infer_label *l = &res->labels[i];
		const uint8_t *rgb = m->classes[i].rgb;

		l->value = i + 1;
		snprintf(l->name, sizeof(l->name), "%s", m->classes[i].name);
		snprintf(l->colour, sizeof(l->colour), "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
	}
}

/* The slices one after the other, then mask and figures. */
static int
run(struct infer *r, struct sg_infer_result *res, struct sg_arena *a, struct sg_err *e)
{
	size_t n = (size_t)r->scan->nx * (size_t)r->scan->ny, all = n * (size_t)r->scan->nz;
	size_t k = (size_t)(r->channels > r->outputs ? r->channels : r->outputs);
	float *planes = sg_alloc_aligned(r->tmp, (size_t)r->channels * n * sizeof(float));
	float *prob = sg_alloc_aligned(r->tmp, k * n * sizeof(float));
	float *weight = sg_alloc_aligned(r->tmp, n * sizeof(float));
	uint8_t *q = sg_alloc(r->tmp, n), *greatest = NULL;
	struct sg_measure *m = sg_alloc_array(
	    r->tmp, (size_t)res->nlabels, sizeof(struct sg_measure));
	int rc;

	res->mask = sg_alloc_aligned(a, all);
	if (res->planes > 0)
		res->prob = sg_alloc_aligned(a, (size_t)res->planes * all);
	if (res->nlabels > 1)
		greatest = sg_alloc(r->tmp, all);
	if (planes == NULL || prob == NULL || weight == NULL || q == NULL || m == NULL ||
	    res->mask == NULL || (res->planes > 0 && res->prob == NULL) ||
	    (res->nlabels > 1 && greatest == NULL))
		return infer_no_memory(e);
	for (int z = 0; z < r->scan->nz; z++) {
		infer_input(r, planes, prob, z); /* prob is only scratch here */
		if ((rc = infer_slice(r, prob, weight, planes, z, e)) != SG_OK)
			return rc;
		keep_slice(r, res, q, prob, greatest, z);
	}
	sg_histogram(res->histogram, greatest != NULL ? greatest : res->prob, all);
	if (res->by_threshold) {
		rc = sg_infer_remask(
		    res->mask, m, res->prob, r->scan, r->meta, res->threshold_milli, e);
	} else if ((rc = clean_up(res->mask, r->scan, r->meta, e)) == SG_OK) {
		sg_mask_measure(m, res->nlabels, res->mask, r->scan);
	}
	for (int i = 0; rc == SG_OK && i < res->nlabels; i++)
		res->labels[i].measure = m[i];
	return rc;
}

static int
prepare(struct infer *r, struct sg_infer_result *res, struct sg_arena *a, struct sg_err *e)
{
	const struct sg_model_meta *m = r->meta;
	const struct sg_plan_info *about;
	int rc;

	res->threshold_milli = r->opt->threshold_milli >= 0 ? r->opt->threshold_milli
							    : m->threshold_milli;
	if ((rc = check_threshold(res->threshold_milli, e)) != SG_OK ||
	    (rc = check_scan(r, e)) != SG_OK)
		return rc;
	r->outputs = m->nclasses + is_softmax(m);
	if ((rc = infer_plan(r, e)) != SG_OK)
		return rc;
	note_guesses(r->flags, m->guesses);
	note_fit(r);
	about = sg_plan_about(r->plan);
	snprintf(res->device, sizeof(res->device), "%s", about->device);
	snprintf(res->precision, sizeof(res->precision), "%s", about->precision);
	res->nx = r->scan->nx;
	res->ny = r->scan->ny;
	res->nz = r->scan->nz;
	res->nlabels = m->nclasses;
	res->by_threshold = by_threshold(m);
	res->binary = res->by_threshold && m->nclasses == 1;
	/* Sigmoid classes are few by nature; their mask is made from the planes. */
	res->planes = m->nclasses <= SG_MAX_PLANES || res->by_threshold ? m->nclasses : 0;
	res->labels = sg_alloc_array(a, (size_t)res->nlabels, sizeof(*res->labels));
	if (res->labels == NULL)
		return infer_no_memory(e);
	describe_labels(res, m);
	return SG_OK;
}

int
sg_infer(struct sg_infer_result **out, struct sg_arena *a, const struct sg_volume *scan,
    struct sg_net *net, const struct sg_model_meta *meta, const struct sg_infer_options *opt,
    struct sg_err *e)
{
	struct sg_infer_result *res = sg_alloc(a, sizeof(*res));
	struct infer r = {.scan = scan, .net = net, .meta = meta, .opt = opt};
	int64_t start = sg_now_us();
	int rc;

	r.flags = sg_json_keep(a, json_object());
	r.tmp = sg_arena_new((size_t)64 << 30);
	if (res == NULL || r.flags == NULL || r.tmp == NULL)
		rc = infer_no_memory(e);
	else if ((rc = prepare(&r, res, a, e)) == SG_OK)
		rc = run(&r, res, a, e);
	sg_plan_free(r.plan);
	sg_arena_free(r.tmp);
	if (rc != SG_OK && e != NULL && strcmp(e->id, "net_cancelled") == 0) {
		sg_err_clear(e);
		rc = sg_fail(e, SG_ECONFLICT, "cancelled", "Cancelled.");
	}
	if (rc != SG_OK)
		return rc;
	res->flags = r.flags;
	res->time_ms = r.net_ms;
	res->total_ms = (double)(sg_now_us() - start) / 1000;
	*out = res;
	return SG_OK;
}
