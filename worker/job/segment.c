/*
 * The segment job: a version runs on a scan. Out come the probabilities (raw q, the truth of the
 * result), the mask at the asked threshold, and what is counted on it.
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

struct segment {
	struct sg_volume *scan;
	const char *meta; /* of the version's row */
	int threshold_milli;
	struct sg_model *model;
	struct sg_infer_result *result;
	const char *labels; /* JSON */
};

static int
asked_threshold(const struct sg_work *w, int otherwise, int *milli, struct sg_err *e)
{
	struct sg_err why = {0};
	long long t = sg_json_int(w->job->params, "threshold_milli", otherwise, &why);

	if (why.code != SG_OK || t < 0 || t > 1000)
		return sg_fail(e, SG_EINPUT, "threshold_range", "A threshold is 0 to 1.");
	*milli = (int)t;
	return SG_OK;
}

/* The row first: it is the only part that needs the database. */
static int
look_up(struct sg_work *w, struct sg_err *e)
{
	struct segment *s = sg_alloc(w->arena, sizeof *s);
	struct sg_who who = {w->job->account_id, w->job->department_id, "worker"};
	struct sg_sha256 onnx;
	struct sg_rows *r;
	int rc;

	if (s == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	w->state = s;
	if (w->job->scan_id == 0 || w->job->version_id == 0 || !w->job->has_model ||
	    !w->job->has_input)
		return sg_fail(e, SG_EDENIED, "job_bad", "The job names no scan or no version.");
	rc = sg_db_run_as(
	    w->db, &who, w->arena, &r, e, &sg_q_segment_about, "l", w->job->version_id);
	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(r) == 0 || !sg_rows_sha256(r, 0, 2, &onnx) ||
	    memcmp(&onnx, &w->job->model, sizeof onnx) != 0)
		return sg_fail(e, SG_EINTERNAL, "model_hash",
		    "The version is not the one this job was made for.");
	if (!sg_rows_bool(r, 0, 3))
		return sg_fail(e, SG_EINPUT, "version_not_approved",
		    "The version was withdrawn meanwhile; choose another one.");
	s->meta = sg_rows_str(r, 0, 0);
	return asked_threshold(w, (int)sg_rows_int(r, 0, 1), &s->threshold_milli, e);
}

static int
fetch(struct sg_work *w, struct sg_err *e)
{
	struct segment *s = w->state;
	struct sg_err why = {0};
	int fd, rc = sg_work_open(&fd, w, &w->job->input, e);

	if (rc != SG_OK)
		return rc;
	if (sg_volume_read_fd(&s->scan, w->arena, fd, &why) == SG_OK)
		return SG_OK;
	/* Its hash is right, so what we stored ourselves is wrong: never the user's fault. */
	return sg_fail(e, why.code == SG_EINPUT ? SG_EINTERNAL : why.code, why.id, "%s", why.msg);
}

static void
put_model(void *arg)
{
	const struct sg_work *w = arg;
	const struct segment *s = w->state;

	sg_cache_put(w->worker->models, s->model);
}

static int
model(struct sg_work *w, struct sg_err *e)
{
	struct segment *s = w->state;
	int rc = sg_model_get(&s->model, w->worker->models, &w->job->model, s->meta, e);

	if (rc != SG_OK)
		return rc;
	return sg_arena_defer(w->arena, put_model, w) == SG_OK
		   ? SG_OK
		   : sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
}

/* Nothing is stored that does not lie on the scan's own grid with the version's own labels. */
static int
check(const struct segment *s, struct sg_err *e)
{
	const struct sg_infer_result *r = s->result;
	const struct sg_volume *v = s->scan;
	int64_t i, n = sg_volume_voxels(v);

	if (r->nx != v->nx || r->ny != v->ny || r->nz != v->nz || r->nlabels < 1 ||
	    r->nlabels != s->model->meta->nclasses)
		return sg_fail(e, SG_EINTERNAL, "result_shape",
		    "The result is %dx%dx%d with %d labels, which does not fit the scan.", r->nx,
		    r->ny, r->nz, r->nlabels);
	for (i = 0; i < n; i++)
		if (r->mask[i] > r->nlabels)
			return sg_fail(e, SG_EINTERNAL, "result_labels",
			    "The mask holds label %d of %d.", r->mask[i], r->nlabels);
	return SG_OK;
}

static int
network(struct sg_work *w, struct sg_err *e)
{
	struct segment *s = w->state;
	struct sg_infer_options opt = {
	    .threshold_milli = s->threshold_milli,
	    .threads = w->worker->threads,
	    .cancel = sg_work_flag(w),
	    .progress = sg_work_progress,
	    .progress_arg = w,
	};
	int rc;

	if (s->scan->nz != 1 || s->scan->nt != 1 || s->model->meta->dims != 2)
		return sg_fail(e, SG_ENOTSUP, "scan_kind",
		    "Only single images and networks for them can be run so far.");
	rc = sg_infer(&s->result, w->arena, s->scan, s->model->net, s->model->meta, &opt, e);
	if (rc != SG_OK)
		return rc;
	if (s->result->planes < 1)
		return sg_fail(e, SG_ENOTSUP, "model_classes",
		    "The network has %d labels; probabilities are kept for %d at most.",
		    s->result->nlabels, SG_MAX_PLANES);
	return check(s, e);
}

static int
store(struct sg_work *w, struct sg_err *e)
{
	struct segment *s = w->state;
	const struct sg_infer_result *r = s->result;
	struct sg_buf *png = sg_work_buf(w, (size_t)1 << 30);
	size_t planes = (size_t)r->planes * (size_t)sg_volume_voxels(s->scan);
	int rc;

	if (png == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the mask now.");
	if ((rc = sg_figures_mask(png, r->mask, r->nx, r->ny, r->labels, r->nlabels, e)) != SG_OK)
		return rc;
	if ((s->labels = sg_figures_labels(w->arena, r->labels, r->nlabels)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the mask now.");
	sg_work_blob(w, "probability", "prob", r->prob, planes);
	sg_work_blob(w, "mask", "png", png->data, png->len);
	w->figures = sg_json_keep(
	    w->arena, json_pack("{s:f,s:f,s:s,s:s,s:i,s:I}", "time_ms", r->time_ms, "total_ms",
			  r->total_ms, "device", r->device, "precision", r->precision, "planes",
			  r->planes, "voxels", (json_int_t)sg_volume_voxels(s->scan)));
	return sg_work_store(w, e);
}

static int
succeed(struct sg_work *w, struct sg_err *e)
{
	const struct segment *s = w->state;
	const struct sg_infer_result *r = s->result;
	const char *histogram = sg_figures_histogram(w->arena, r->histogram);
	const char *flags = r->flags != NULL ? sg_json_text(w->arena, r->flags) : "{}";

	if (histogram == NULL || flags == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the result now.");
	return sg_db_run(w->db, w->arena, NULL, e, &sg_q_segmentation_add, "lllhsihssssd",
	    w->job->id, w->job->scan_id, w->job->version_id, sg_work_sha(w, "probability"),
	    histogram, r->threshold_milli, sg_work_sha(w, "mask"), s->labels, flags, r->device,
	    r->precision, r->time_ms);
}

static const struct sg_stage stages[] = {
    {"fetch", 0.02, look_up},
    {"fetch", 0.05, fetch},
    {"model", 0.1, model},
    {"network", 0.9, network},
    {"store", 1.0, store},
    {NULL, 1.0, NULL},
};

const struct sg_job_kind sg_job_segment = {"segment", stages, succeed, NULL};
