/* Accounts, as an admin sees and changes them. */
#include "config.h"

#include "fcgi/answer.h"
#include "fcgi/handlers.h"
#include "sql/queries.h"

int
h_accounts(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc = answer_run(r, &rows, e, &sg_q_account_list, "s", req_arg(r, "state"));

	return rc == SG_OK ? answer_rows(r, 200, rows, e) : rc;
}

static int
set_state(struct req *r, const char *state, struct sg_err *e)
{
	int rc = answer_run(r, &r->ended, e, &sg_q_account_set_state, "ss", r->param[0], state);

	return rc == SG_OK ? answer_object(r, 200, &sg_q_account_get, r->object, e) : rc;
}

int
h_account_enable(struct req *r, struct sg_err *e)
{
	return set_state(r, "active", e);
}

int
h_account_disable(struct req *r, struct sg_err *e)
{
	return set_state(r, "disabled", e);
}
