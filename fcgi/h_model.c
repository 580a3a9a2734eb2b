/* Models and their versions. */
#include "config.h"

#include "fcgi/answer.h"
#include "fcgi/handlers.h"
#include "sql/queries.h"

int
h_models(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_model_list, "");

	req_audit(r, "model", NULL, NULL);
	return rc == SG_OK ? answer_rows(r, 200, rows, e) : rc;
}
