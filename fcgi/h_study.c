/* Studies: the visits of a patient. */
#include "config.h"

#include "fcgi/answer.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "sql/queries.h"

#define PAGE 50

int
h_studies(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_study_list, "si", req_arg(r, "after"),
	    (int)req_arg_int(r, "limit", PAGE));

	req_audit(r, "study", NULL, NULL);
	return rc == SG_OK ? answer_rows(r, 200, rows, e) : rc;
}

int
h_study_new(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_study_create, "lss", r->object,
	    req_str(r, "description"), req_str(r, "study_date"));

	if (rc != SG_OK)
		return rc;
	answer_made(r, "study", rows);
	reply_headerf(r, "Location", "/api/studies/%s", sg_rows_str(rows, 0, 0));
	return answer_object(r, 201, &sg_q_study_get, sg_rows_int(rows, 0, 1), e);
}

int
h_study(struct req *r, struct sg_err *e)
{
	return answer_object(r, 200, &sg_q_study_get, r->object, e);
}

int
h_study_delete(struct req *r, struct sg_err *e)
{
	return answer_done(r, &sg_q_study_delete, r->object, e);
}
