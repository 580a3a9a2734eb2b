/* Short cuts that most handlers share. */
#include "config.h"

#include "fcgi/answer.h"

#include "fcgi/reply.h"

int
answer_rows(struct req *r, int status, const struct sg_rows *rows, struct sg_err *e)
{
	const char *json = sg_rows_count(rows) > 0 ? sg_rows_str(rows, 0, 0) : NULL;

	if (json == NULL)
		return sg_fail(e, SG_EABSENT, "not_found", "There is nothing here.");
	reply_json(r, status, json);
	return SG_OK;
}

int
answer_object(struct req *r, int status, const struct sg_query *q, int64_t id, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, q, "l", id);

	return rc == SG_OK ? answer_rows(r, status, rows, e) : rc;
}

int
answer_done(struct req *r, const struct sg_query *q, int64_t id, struct sg_err *e)
{
	int rc = answer_run(r, NULL, e, q, "l", id);

	if (rc == SG_OK)
		reply_empty(r, 204);
	return rc;
}

void
answer_made(struct req *r, const char *kind, const struct sg_rows *rows)
{
	req_audit(r, kind, sg_rows_str(rows, 0, 0), NULL);
}

int
answer_no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "no_memory", "The server has no memory now; try again.");
}
