/* Segmentations: what a version found, at the threshold a person chose. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "fcgi/answer.h"
#include "fcgi/enqueue.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "sql/queries.h"

int
h_segmentation(struct req *r, struct sg_err *e)
{
	return answer_object(r, 200, &sg_q_segmentation_get, r->object, e);
}

/*
 * Save the threshold and ask for a mask at it, in one transaction. The job comes first: it takes
 * the account's lock, which workers take before they touch the row.
 */
int
h_segmentation_threshold(struct req *r, struct sg_err *e)
{
	struct enqueue job = {.kind = "export", .segmentation = r->object};
	double threshold = req_num(r, "threshold", 0);
	struct sg_rows *rows, *about, *seg_json, *job_json;
	struct sg_sha256 probability;
	const char *made;
	long milli = lrint(threshold * 1000);
	int rc;

	if ((rc = answer_run(r, &about, e, &sg_q_segmentation_export, "l", r->object)) != SG_OK)
		return rc;
	job.scan = sg_rows_int(about, 0, 0);
	job.version = sg_rows_int(about, 0, 1);
	sg_rows_sha256(about, 0, 2, &probability);
	job.input = &probability;
	job.key = sg_asprintf(r->a, "export:%s", r->id);
	job.params = sg_asprintf(r->a, "{\"what\": \"mask\", \"threshold_milli\": %ld}", milli);
	if (job.key == NULL || job.params == NULL)
		return answer_no_memory(e);
	if ((rc = enqueue(r, &job, e)) != SG_OK ||
	    (rc = answer_run(r, &rows, e, &sg_q_segmentation_threshold, "ld", r->object,
		 (double)milli / 1000)) != SG_OK ||
	    (rc = answer_run(r, &seg_json, e, &sg_q_segmentation_get, "l", r->object)) != SG_OK ||
	    (rc = answer_run(r, &job_json, e, &sg_q_job_get, "l", job.id)) != SG_OK)
		return rc;
	made = sg_asprintf(r->a, "{\"segmentation\": %s, \"job\": %s}", sg_rows_str(seg_json, 0, 0),
	    sg_rows_str(job_json, 0, 0));
	if (made == NULL)
		return answer_no_memory(e);
	r->audit_detail = sg_asprintf(r->a, "{\"threshold\": %.3f}", (double)milli / 1000);
	reply_json(r, 200, made);
	return SG_OK;
}

int
h_segmentation_probability(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	struct sg_sha256 h;
	int rc = answer_run(r, &rows, e, &sg_q_segmentation_blobs, "l", r->object);

	if (rc != SG_OK)
		return rc;
	sg_rows_sha256(rows, 0, 0, &h);
	reply_blob(r, &h, "application/octet-stream", NULL);
	return SG_OK;
}

/* "liver.v2.png" -> "liver.v2-mask.png" */
static char *
mask_name(struct sg_arena *a, const char *file)
{
	const char *dot = strrchr(file, '.');
	int n = dot != NULL && dot != file ? (int)(dot - file) : (int)strlen(file);

	return sg_asprintf(a, "%.*s-mask.png", n, file);
}

int
h_segmentation_mask(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	struct sg_sha256 h;
	char *name;
	int rc = answer_run(r, &rows, e, &sg_q_segmentation_blobs, "l", r->object);

	if (rc != SG_OK)
		return rc;
	if (!sg_rows_bool(rows, 0, 2))
		return sg_fail(e, SG_ECONFLICT, "mask_pending",
		    "The mask at the saved threshold is still being made; try again in a moment.");
	sg_rows_sha256(rows, 0, 1, &h);
	if ((name = mask_name(r->a, sg_rows_str(rows, 0, 3))) == NULL)
		return answer_no_memory(e);
	reply_blob(r, &h, "image/png", name);
	return SG_OK;
}
