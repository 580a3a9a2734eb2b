/* GET /healthz: does this process reach its services? And the one list that needs no log-in. */
#include "config.h"

#include "fcgi/answer.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "sql/queries.h"

int
h_health(struct req *r, struct sg_err *e)
{
	struct sg_err ignored = {0};
	const char *value;
	int db, redis;

	(void)e;
	db = sg_db_run(r->lane->db, r->a, NULL, &ignored, &sg_q_health_check, "") == SG_OK;
	sg_err_clear(&ignored);
	redis = sg_queue_get(r->lane->queue, r->a, "session:health", &value, &ignored) == SG_OK;
	/* Redis only makes things faster: without it all is well, if slower. */
	if (!db)
		reply_header(r, "Retry-After", "2");
	reply_header(r, "Cache-Control", "no-store");
	reply_value(
	    r, db ? 200 : 503, json_pack("{s:b, s:b, s:b}", "ok", db, "db", db, "redis", redis));
	return SG_OK;
}

int
h_departments(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_department_list, "");

	return rc == SG_OK ? answer_rows(r, 200, rows, e) : rc;
}
