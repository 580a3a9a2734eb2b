/*
 * The export job of a saved threshold: the mask a person downloads is made again from the kept
 * probabilities, by the same clean-up as the first one. When the person has moved the threshold
 * on meanwhile, another export follows, and this one changes nothing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "sql/queries.h"
#include "worker/job/figures.h"
#include "worker/job/infer.h"
#include "worker/job/job.h"
#include "worker/model.h"

struct export
{
	struct sg_sha256 probability, volume, onnx;
	const char *meta;
	int threshold_milli;
	struct sg_volume *scan;
	const uint8_t *prob;
	size_t prob_bytes;
	struct sg_model *model;
	const char *labels; /* JSON */
};

static int
asked(struct sg_work *w, int *milli, struct sg_err *e)
{
	struct sg_err why = {0};
	const char *what = sg_json_str(w->job->params, "what", "", &why);
	long long t = sg_json_int(w->job->params, "threshold_milli", -1, &why);

	if (w->job->segmentation_id == 0 || why.code != SG_OK || strcmp(what, "mask") != 0)
		return sg_fail(e, SG_EDENIED, "job_bad", "The job does not say what to export.");
	if (t < 0 || t > 1000)
		return sg_fail(e, SG_EINPUT, "threshold_range", "A threshold is 0 to 1.");
	*milli = (int)t;
	return SG_OK;
}

static int
look_up(struct sg_work *w, struct sg_err *e)
{
	struct export *x = sg_alloc(w->arena, sizeof *x);
	struct sg_who who = {w->job->account_id, w->job->department_id, "worker"};
	struct sg_rows *r;
	int rc;

	if (x == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	w->state = x;
	if ((rc = asked(w, &x->threshold_milli, e)) != SG_OK)
		return rc;
	rc = sg_db_run_as(
	    w->db, &who, w->arena, &r, e, &sg_q_segmentation_kept, "l", w->job->segmentation_id);
	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(r) == 0 || !sg_rows_sha256(r, 0, 0, &x->probability) ||
	    !sg_rows_sha256(r, 0, 1, &x->volume) || !sg_rows_sha256(r, 0, 2, &x->onnx))
		return sg_fail(
		    e, SG_EINPUT, "segmentation_absent", "The segmentation was deleted meanwhile.");
	x->meta = sg_rows_str(r, 0, 3);
	w->input = x->probability;
	w->model = x->onnx;
	return SG_OK;
}

static int
fetch(struct sg_work *w, struct sg_err *e)
{
	struct export *x = w->state;
	int fd, rc;

	if ((rc = sg_work_open(&fd, w, &x->volume, e)) != SG_OK ||
	    (rc = sg_volume_read_fd(&x->scan, w->arena, fd, e)) != SG_OK)
		return rc;
	return sg_blob_read(
	    &x->prob, &x->prob_bytes, w->arena, w->worker->store, &x->probability, 1, e);
}

static void
put_model(void *arg)
{
	const struct sg_work *w = arg;
	const struct export *x = w->state;

	sg_cache_put(w->worker->models, x->model);
}

/* The version's own rules of clean-up, and its labels' names and colours. */
static int
model(struct sg_work *w, struct sg_err *e)
{
	struct export *x = w->state;
	int rc = sg_model_get(&x->model, w->worker->models, &x->onnx, x->meta, e);

	if (rc != SG_OK)
		return rc;
	if (sg_arena_defer(w->arena, put_model, w) != SG_OK)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	if (x->scan->nz != 1 || x->scan->nt != 1 ||
	    x->prob_bytes != (size_t)sg_volume_voxels(x->scan) * (size_t)x->model->meta->nclasses)
		return sg_fail(e, SG_EINTERNAL, "result_shape",
		    "The kept probabilities do not fit the scan and the version.");
	return SG_OK;
}

static void
name_labels(
    struct sg_infer_label *labels, const struct sg_model_meta *meta, const struct sg_measure *m)
{
	int i;

	for (i = 0; i < meta->nclasses; i++) {
		const struct sg_meta_class *c = &meta->classes[i];

		labels[i].value = i + 1;
		labels[i].measure = m[i];
		snprintf(labels[i].name, sizeof labels[i].name, "%s", c->name);
		snprintf(labels[i].colour, sizeof labels[i].colour, "#%02x%02x%02x", c->rgb[0],
		    c->rgb[1], c->rgb[2]);
	}
}

static int
mask(struct sg_work *w, struct sg_err *e)
{
	struct export *x = w->state;
	const struct sg_model_meta *meta = x->model->meta;
	struct sg_measure measure[SG_META_CLASSES];
	struct sg_infer_label labels[SG_META_CLASSES];
	struct sg_buf *png = sg_work_buf(w, (size_t)1 << 30);
	uint8_t *map = sg_alloc_aligned(w->arena, (size_t)sg_volume_voxels(x->scan));
	int rc;

	if (png == NULL || map == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the mask now.");
	if ((rc = sg_infer_remask(map, measure, x->prob, x->scan, meta, x->threshold_milli, e)) !=
	    SG_OK)
		return rc;
	name_labels(labels, meta, measure);
	if ((rc = sg_figures_mask(png, map, x->scan->nx, x->scan->ny, labels, meta->nclasses, e)) !=
	    SG_OK)
		return rc;
	if ((x->labels = sg_figures_labels(w->arena, labels, meta->nclasses)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the mask now.");
	sg_work_blob(w, "mask", "png", png->data, png->len);
	w->figures = sg_json_keep(
	    w->arena, json_pack("{s:i,s:I}", "threshold_milli", x->threshold_milli, "voxels",
			  (json_int_t)measure[0].voxels));
	return SG_OK;
}

static int
store(struct sg_work *w, struct sg_err *e)
{
	return sg_work_store(w, e);
}

static int
succeed(struct sg_work *w, struct sg_err *e)
{
	const struct export *x = w->state;

	return sg_db_run(w->db, w->arena, NULL, e, &sg_q_segmentation_remask, "lihs",
	    w->job->segmentation_id, x->threshold_milli, sg_work_sha(w, "mask"), x->labels);
}

static const struct sg_stage stages[] = {
    {"fetch", 0.1, look_up},
    {"fetch", 0.3, fetch},
    {"model", 0.4, model},
    {"mask", 0.8, mask},
    {"store", 1.0, store},
    {NULL, 1.0, NULL},
};

const struct sg_job_kind sg_job_export = {"export", stages, succeed, NULL};
