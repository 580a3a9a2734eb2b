/* Scans: made from a finished upload, read by an ingest job, shown by nginx. */
#include "config.h"

#include <string.h>

#include "fcgi/answer.h"
#include "fcgi/enqueue.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "sql/queries.h"

static int
find_upload(struct req *r, const char **name, struct sg_sha256 *h, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_scan_upload, "s", req_str(r, "upload"));

	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(rows) == 0)
		return sg_fail(e, SG_EABSENT, "not_found", "There is no such upload.");
	if (!sg_rows_sha256(rows, 0, 1, h))
		return sg_fail(e, SG_ECONFLICT, "upload_open", "The upload is not complete yet.");
	*name = sg_rows_str(rows, 0, 0);
	return SG_OK;
}

int
h_scan_new(struct req *r, struct sg_err *e)
{
	struct enqueue job = {.kind = "ingest", .params = "{}"};
	const char *name = NULL, *scan, *made;
	struct sg_sha256 original;
	struct sg_rows *rows, *scan_json, *job_json;
	int rc;

	if ((rc = find_upload(r, &name, &original, e)) != SG_OK)
		return rc;
	rc = answer_run(r, &rows, e, &sg_q_scan_create, "lsh", r->object, name, &original);
	if (rc != SG_OK)
		return rc;
	scan = sg_rows_str(rows, 0, 0);
	job.scan = sg_rows_int(rows, 0, 1);
	job.input = &original;
	if ((job.key = sg_asprintf(r->a, "ingest:%s", scan)) == NULL)
		return answer_no_memory(e);
	if ((rc = enqueue(r, &job, e)) != SG_OK ||
	    (rc = answer_run(r, &scan_json, e, &sg_q_scan_get, "l", job.scan)) != SG_OK ||
	    (rc = answer_run(r, &job_json, e, &sg_q_job_get, "l", job.id)) != SG_OK)
		return rc;
	made = sg_asprintf(r->a, "{\"scan\": %s, \"job\": %s}", sg_rows_str(scan_json, 0, 0),
	    sg_rows_str(job_json, 0, 0));
	if (made == NULL)
		return answer_no_memory(e);
	req_audit(r, "scan", scan, NULL);
	reply_headerf(r, "Location", "/api/scans/%s", scan);
	reply_json(r, 201, made);
	return SG_OK;
}

int
h_scan(struct req *r, struct sg_err *e)
{
	return answer_object(r, 200, &sg_q_scan_get, r->object, e);
}

int
h_scan_delete(struct req *r, struct sg_err *e)
{
	return answer_done(r, &sg_q_scan_delete, r->object, e);
}

/* field: 0 image, 1 thumbnail. */
static int
picture(struct req *r, int field, struct sg_err *e)
{
	struct sg_sha256 h;
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_scan_blobs, "l", r->object);

	if (rc != SG_OK)
		return rc;
	if (!sg_rows_sha256(rows, 0, field, &h))
		return sg_fail(e, SG_ECONFLICT, "scan_not_ready",
		    "The scan has no picture: it is still being read, or was refused.");
	reply_blob(r, &h, "image/png", NULL);
	return SG_OK;
}

int
h_scan_image(struct req *r, struct sg_err *e)
{
	return picture(r, 0, e);
}

int
h_scan_thumbnail(struct req *r, struct sg_err *e)
{
	return picture(r, 1, e);
}

int
h_scan_original(struct req *r, struct sg_err *e)
{
	struct sg_sha256 h;
	struct sg_rows *rows;
	const char *kind;
	int rc = answer_run(r, &rows, e, &sg_q_scan_blobs, "l", r->object);

	if (rc != SG_OK)
		return rc;
	sg_rows_sha256(rows, 0, 2, &h);
	kind = sg_rows_str(rows, 0, 4);
	reply_blob(r, &h, strcmp(kind, "png") == 0 ? "image/png" : "application/octet-stream",
	    sg_rows_str(rows, 0, 3));
	return SG_OK;
}
