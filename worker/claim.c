/* The verbs of the job queue over sg_db; see claim.h. */
#include "config.h"

#include "worker/claim.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "sql/queries.h"

#define PARAMS_LIMIT ((size_t)64 * 1024) /* bytes of a job's parameters */

enum {
	C_ID,
	C_PUBLIC,
	C_TOKEN,
	C_ATTEMPT,
	C_KIND,
	C_PARAMS,
	C_SCAN,
	C_VERSION,
	C_SEGMENTATION,
	C_INPUT,
	C_MODEL,
	C_ACCOUNT,
	C_DEPARTMENT
};

int
sg_job_claim(struct sg_job *job, int *got, struct sg_db *db, struct sg_arena *a, const char *class,
    const char *worker, int lease_s, int cap, struct sg_err *e)
{
	struct sg_rows *r;
	const char *params;
	int rc;

	*got = 0;
	rc = sg_db_run(db, a, &r, e, &sg_q_job_claim, "ssii", class, worker, lease_s, cap);
	if (rc != SG_OK || sg_rows_count(r) == 0)
		return rc;
	memset(job, 0, sizeof *job);
	job->id = sg_rows_int(r, 0, C_ID);
	job->token = sg_rows_int(r, 0, C_TOKEN);
	job->attempt = (int)sg_rows_int(r, 0, C_ATTEMPT);
	snprintf(job->public_id, sizeof job->public_id, "%s", sg_rows_str(r, 0, C_PUBLIC));
	job->kind = sg_rows_str(r, 0, C_KIND);
	job->scan_id = sg_rows_int(r, 0, C_SCAN);
	job->version_id = sg_rows_int(r, 0, C_VERSION);
	job->segmentation_id = sg_rows_int(r, 0, C_SEGMENTATION);
	job->account_id = sg_rows_int(r, 0, C_ACCOUNT);
	job->department_id = sg_rows_int(r, 0, C_DEPARTMENT);
	job->has_input = sg_rows_sha256(r, 0, C_INPUT, &job->input);
	job->has_model = sg_rows_sha256(r, 0, C_MODEL, &job->model);
	*got = 1;
	/* The job is ours from here on: parameters that cannot be read are for its kind to refuse.
	 */
	params = sg_rows_str(r, 0, C_PARAMS);
	if (sg_json_parse_limit(&job->params, a, params, strlen(params), PARAMS_LIMIT, NULL) !=
	    SG_OK)
		job->params = NULL;
	return SG_OK;
}

int
sg_job_beat(enum sg_beat_answer *answer, struct sg_db *db, struct sg_arena *a, int64_t job,
    int64_t token, int lease_s, double progress, const char *stage, struct sg_err *e)
{
	struct sg_rows *r;
	int rc = sg_db_run(
	    db, a, &r, e, &sg_q_job_beat, "llids", job, token, lease_s, progress, stage);

	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(r) == 0)
		*answer = SG_BEAT_LOST;
	else
		*answer = sg_rows_bool(r, 0, 0) ? SG_BEAT_CANCEL : SG_BEAT_GO;
	return SG_OK;
}

int
sg_job_finish(enum sg_finish_answer *answer, struct sg_db *db, struct sg_arena *a,
    const struct sg_job *job, const char *state, const char *error_code, const char *error_text,
    const char *worker, const json_t *result, struct sg_err *e)
{
	struct sg_rows *r;
	const char *text = NULL, *said;
	int rc;

	if (result != NULL && (text = sg_json_text(a, result)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the result now.");
	rc = sg_db_run(db, a, &r, e, &sg_q_job_finish, "llsssss", job->id, job->token, state,
	    error_code, error_text, worker, text);
	if (rc != SG_OK)
		return rc;
	said = sg_rows_str(r, 0, 0);
	if (strcmp(said, "ok") == 0)
		*answer = SG_FINISH_OK;
	else
		*answer = strcmp(said, "already") == 0 ? SG_FINISH_ALREADY : SG_FINISH_FENCED;
	return SG_OK;
}

/* What became of a job that was let go, for the log. */
static void
told(const struct sg_job *job, const char *event, const struct sg_rows *r, const char *note)
{
	sg_log(SG_LOG_WARN, event, "{s:I,s:I,s:s,s:s}", "job", (json_int_t)job->id, "token",
	    (json_int_t)job->token, "now", sg_rows_str(r, 0, 0), "why", note);
}

int
sg_job_crash(struct sg_db *db, struct sg_arena *a, const struct sg_job *job, const char *worker,
    const char *note, struct sg_err *e)
{
	struct sg_rows *r;
	int rc = sg_db_run(
	    db, a, &r, e, &sg_q_job_crash, "llss", job->id, job->token, worker, note);

	if (rc == SG_OK)
		told(job, "job.crash", r, note);
	return rc;
}

int
sg_job_give_back(struct sg_db *db, struct sg_arena *a, const struct sg_job *job, int counted,
    int delay_s, const char *worker, const char *note, struct sg_err *e)
{
	struct sg_rows *r;
	int rc = sg_db_run(db, a, &r, e, &sg_q_job_give_back, "llbdss", job->id, job->token,
	    counted, (double)delay_s, worker, note);

	if (rc == SG_OK)
		told(job, "job.give_back", r, note);
	return rc;
}
