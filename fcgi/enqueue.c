/* Asking for a job. */
#include "config.h"

#include "fcgi/enqueue.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/answer.h"
#include "sql/queries.h"

/* An optional number as text, for a null when there is none. */
static const char *
or_null(char text[24], int64_t n)
{
	if (n == 0)
		return NULL;
	snprintf(text, 24, "%lld", (long long)n);
	return text;
}

int
enqueue(struct req *r, struct enqueue *job, struct sg_err *e)
{
	char scan[24], version[24], segmentation[24], priority[24];
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_job_enqueue, "sssssshhsl", job->kind, job->key,
	    job->params, or_null(scan, job->scan), or_null(version, job->version),
	    or_null(segmentation, job->segmentation), job->input, job->model,
	    or_null(priority, job->priority), r->lane->web->conf->quota_queued);

	if (rc != SG_OK)
		return rc;
	job->id = sg_rows_int(rows, 0, 0);
	job->public_id = sg_rows_str(rows, 0, 1);
	job->fresh = sg_rows_bool(rows, 0, 3);
	if (job->fresh) {
		r->ring_class = sg_rows_str(rows, 0, 2);
		r->ring_job = job->id;
	}
	return SG_OK;
}

int
enqueue_key(const struct req *r, const char **key, struct sg_err *e)
{
	const char *text = req_env(r, "HTTP_IDEMPOTENCY_KEY");
	size_t n = text != NULL ? strlen(text) : 0;

	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x21 || text[i] > 0x7e)
			n = 0;
	if (n < 1 || n > 200)
		return sg_fail(e, SG_EINPUT, "idem_key",
		    "This request needs an Idempotency-Key header of 1 to 200 visible characters.");
	*key = text;
	return SG_OK;
}
