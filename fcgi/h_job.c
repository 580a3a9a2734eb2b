/* Jobs: asked for, watched, cancelled, tried again. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/answer.h"
#include "fcgi/authz.h"
#include "fcgi/enqueue.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "sql/queries.h"

/* Scan and version of a segment job: both there, and fit to run. */
static int
find_inputs(struct req *r, struct enqueue *job, struct sg_sha256 hash[2], struct sg_err *e)
{
	struct sg_rows *rows;
	int rc;

	rc = authz_object(r, OBJECT_SCAN, req_str(r, "scan"), &job->scan, e);
	if (rc != SG_OK)
		return rc;
	rc = answer_run(r, &rows, e, &sg_q_job_inputs, "ls", job->scan, req_str(r, "version"));
	if (rc != SG_OK)
		return rc;
	job->version = sg_rows_int(rows, 0, 2);
	if (job->version == 0)
		return sg_fail(e, SG_EABSENT, "not_found", "There is no such version.");
	if (strcmp(sg_rows_str(rows, 0, 0), "ready") != 0 || !sg_rows_sha256(rows, 0, 1, &hash[0]))
		return sg_fail(e, SG_ECONFLICT, "scan_not_ready",
		    "The scan cannot be used: it is still being read, or was refused.");
	sg_rows_sha256(rows, 0, 3, &hash[1]);
	job->input = &hash[0];
	job->model = &hash[1];
	return SG_OK;
}

int
h_job_new(struct req *r, struct sg_err *e)
{
	struct enqueue job = {.kind = "segment", .params = "{}"};
	struct sg_sha256 hash[2];
	int rc;

	if ((rc = enqueue_key(r, &job.key, e)) != SG_OK ||
	    (rc = find_inputs(r, &job, hash, e)) != SG_OK)
		return rc;
	job.priority = (int)req_int(r, "priority", 0);
	if (req_has(r, "threshold"))
		job.params = sg_asprintf(
		    r->a, "{\"threshold_milli\": %ld}", lrint(req_num(r, "threshold", 0) * 1000));
	if (job.params == NULL)
		return answer_no_memory(e);
	if ((rc = enqueue(r, &job, e)) != SG_OK)
		return rc;
	req_audit(r, "job", job.public_id, NULL);
	reply_headerf(r, "Location", "/api/jobs/%s", job.public_id);
	return answer_object(r, job.fresh ? 201 : 200, &sg_q_job_get, job.id, e);
}

/* The N of If-None-Match: "rN"; -1 when there is none. */
static int64_t
known_revision(const struct req *r)
{
	const char *text = req_env(r, "HTTP_IF_NONE_MATCH");

	if (text == NULL)
		return -1;
	if (strncmp(text, "W/", 2) == 0)
		text += 2;
	text += *text == '"';
	if (*text != 'r' || strspn(text + 1, "0123456789") == 0)
		return -1;
	return strtoll(text + 1, NULL, 10);
}

/* One of a pair of queries about jobs since a revision: an account's own, or all for an admin. */
static int
ask(struct req *r, const struct sg_query *own, const struct sg_query *all, int64_t since,
    struct sg_rows **rows, struct sg_err *e)
{
	const struct sg_who *who = &r->session.who;

	if (authz_role_bit(who->role) == ROLE_ADMIN)
		return sg_db_run_as(r->lane->db, who, r->a, rows, e, all, "l", since);
	return sg_db_run_as(r->lane->db, who, r->a, rows, e, own, "ll", since, who->account);
}

/*
 * The poll of every open page: the session from Redis, one index entry in one round trip, and
 * the list itself only when something is new. Revisions of one account become visible in order
 * (sg.account_key), so none is missed.
 */
int
h_jobs(struct req *r, struct sg_err *e)
{
	int64_t revision = req_arg_int(r, "since", 0);
	struct sg_rows *news, *list;
	const char *text = NULL;
	int rc;

	if ((rc = ask(r, &sg_q_job_news, &sg_q_job_news_all, revision, &news, e)) != SG_OK)
		return rc;
	if (sg_rows_count(news) > 0) {
		if ((rc = ask(r, &sg_q_job_list, &sg_q_job_list_all, revision, &list, e)) != SG_OK)
			return rc;
		if (sg_rows_count(list) > 0) {
			revision = sg_rows_int(list, 0, 0);
			text = sg_rows_str(list, 0, 1);
		}
	}
	if (text == NULL)
		text = sg_asprintf(
		    r->a, "{\"revision\": %lld, \"items\": []}", (long long)revision);
	if (text == NULL)
		return answer_no_memory(e);
	reply_json(r, 200, text);
	reply_header(r, "Cache-Control", "private, no-cache");
	reply_headerf(r, "ETag", "\"r%lld\"", (long long)revision);
	if (known_revision(r) == revision)
		reply_empty(r, 304);
	return SG_OK;
}

int
h_job(struct req *r, struct sg_err *e)
{
	return answer_object(r, 200, &sg_q_job_get, r->object, e);
}

int
h_job_cancel(struct req *r, struct sg_err *e)
{
	int rc = answer_run(r, NULL, e, &sg_q_job_cancel, "s", r->param[0]);

	return rc == SG_OK ? answer_object(r, 200, &sg_q_job_get, r->object, e) : rc;
}

int
h_job_retry(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	const char *key, *old = r->param[0];
	int rc, fresh;

	/* Without a key of the client's own each request is a new try. */
	if (req_env(r, "HTTP_IDEMPOTENCY_KEY") != NULL) {
		if ((rc = enqueue_key(r, &key, e)) != SG_OK)
			return rc;
	} else if ((key = sg_asprintf(r->a, "retry:%s", r->id)) == NULL) {
		return answer_no_memory(e);
	}
	rc = answer_run(
	    r, &rows, e, &sg_q_job_retry, "ssl", old, key, r->lane->web->conf->quota_queued);
	if (rc != SG_OK)
		return rc;
	fresh = sg_rows_bool(rows, 0, 3);
	if (fresh) {
		r->ring_class = sg_rows_str(rows, 0, 2);
		r->ring_job = sg_rows_int(rows, 0, 0);
	}
	req_audit(
	    r, "job", sg_rows_str(rows, 0, 1), sg_asprintf(r->a, "{\"retry_of\": \"%s\"}", old));
	reply_headerf(r, "Location", "/api/jobs/%s", sg_rows_str(rows, 0, 1));
	return answer_object(r, fresh ? 201 : 200, &sg_q_job_get, sg_rows_int(rows, 0, 0), e);
}
