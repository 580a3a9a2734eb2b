/* segward-admin job. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common/id.h"
#include "common/queue.h"
#include "sql/queries.h"
#include "worker/admin/admin.h"

int
admin_job_list(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *state = NULL, *limit = "50";
	const struct admin_option options[] = {
	    {"state", &state, NULL}, {"limit", &limit, NULL}, {NULL, NULL, NULL}};
	struct sg_rows *r;
	struct sg_db *db;
	int64_t n;
	int rc;

	if ((rc = admin_options(argc, argv, options, NULL, 0, 0, e)) != SG_OK ||
	    (rc = admin_number(&n, limit, "--limit", 1, 100000, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_job_list, "sl", state, n);
	return rc != SG_OK ? rc : admin_print(a, r, a->json ? ADMIN_JSON : ADMIN_TABLE, e);
}

/* The doorbell may be out of order: the sweep finds the job within seconds. */
static void
ring(struct admin *a, const struct sg_rows *job)
{
	struct sg_queue *q = sg_queue_new(&a->conf);

	if (q != NULL)
		sg_queue_ring(q, sg_rows_str(job, 0, 2), sg_rows_int(job, 0, 0), NULL);
	sg_queue_free(q);
}

int
admin_job_retry(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *id[1];
	char key[8 + SG_UUID_TEXT] = "admin-";
	struct sg_rows *r;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, NULL, id, 1, 1, e)) != SG_OK)
		return rc;
	if (!sg_uuid_valid(id[0]))
		return admin_usage(e, "A job is named by its UUID, as `job list` prints it.");
	sg_uuid_new(key + strlen(key));
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_job_retry, "ss", id[0], key)) !=
		SG_OK ||
	    (rc = admin_audit(a, db, "job.retry", "job", sg_rows_str(r, 0, 1), e)) != SG_OK ||
	    (rc = sg_db_commit(db, e)) != SG_OK)
		return rc;
	ring(a, r);
	printf("%s\n", sg_rows_str(r, 0, 1));
	return SG_OK;
}
