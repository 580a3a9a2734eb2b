/* Patients of the caller's department. */
#include "config.h"

#include "fcgi/answer.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "sql/queries.h"

#define PAGE 50

int
h_patients(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_patient_list, "ssi", req_arg(r, "q"),
	    req_arg(r, "after"), (int)req_arg_int(r, "limit", PAGE));

	req_audit(r, "patient", NULL, NULL);
	return rc == SG_OK ? answer_rows(r, 200, rows, e) : rc;
}

int
h_patient_new(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_patient_create, "ssss", req_str(r, "code"),
	    req_str(r, "name"), req_str(r, "birth_date"), req_str(r, "sex"));

	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(rows) == 0)
		return sg_fail(e, SG_ECONFLICT, "patient_code_taken",
		    "Your department has a patient with this number already.");
	answer_made(r, "patient", rows);
	reply_headerf(r, "Location", "/api/patients/%s", sg_rows_str(rows, 0, 0));
	return answer_object(r, 201, &sg_q_patient_get, sg_rows_int(rows, 0, 1), e);
}

int
h_patient(struct req *r, struct sg_err *e)
{
	return answer_object(r, 200, &sg_q_patient_get, r->object, e);
}

int
h_patient_delete(struct req *r, struct sg_err *e)
{
	return answer_done(r, &sg_q_patient_delete, r->object, e);
}
