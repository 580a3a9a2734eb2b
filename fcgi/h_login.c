/* Registration, log-in, log-out, and what an account may change about itself. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "fcgi/answer.h"
#include "fcgi/handlers.h"
#include "fcgi/login.h"
#include "fcgi/reply.h"
#include "fcgi/route.h"
#include "fcgi/session.h"
#include "sql/queries.h"

static int
wrong(struct sg_err *e)
{
	return sg_fail(e, SG_EDENIED, "login_wrong", "The name or the password is wrong.");
}

static int
throttled(struct req *r, int wait_s, struct sg_err *e)
{
	reply_headerf(r, "Retry-After", "%d", wait_s);
	return sg_fail(e, SG_ELIMIT, "login_throttled",
	    "There were too many wrong tries; wait %d seconds before the next.", wait_s);
}

/* End a handler's own transaction: commit when all went well, else take it back. */
static int
finish(struct req *r, int rc, struct sg_err *e)
{
	if (rc == SG_OK)
		rc = sg_db_commit(r->lane->db, e);
	if (rc != SG_OK)
		sg_db_rollback(r->lane->db);
	return rc;
}

static int
audit(struct req *r, const char *action, const char *kind, const char *id, struct sg_err *e)
{
	return answer_run(r, NULL, e, &sg_q_audit_write, "sssss", action, kind, id, "{}", r->id);
}

/* {account, csrf} of the acting account, in the open transaction. */
static int
answer_me(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	char *text;
	int rc;

	if ((rc = answer_run(r, &rows, e, &sg_q_account_me, "")) != SG_OK)
		return rc;
	if (sg_rows_count(rows) == 0)
		return sg_fail(e, SG_EDENIED, "session_none", "Please log in.");
	text = sg_asprintf(
	    r->a, "{\"account\": %s, \"csrf\": \"%s\"}", sg_rows_str(rows, 0, 1), r->session.csrf);
	if (text == NULL)
		return answer_no_memory(e);
	reply_header(r, "Cache-Control", "no-store");
	reply_json(r, 200, text);
	req_audit(r, "account", sg_rows_str(rows, 0, 0), NULL);
	return SG_OK;
}

int
h_register(struct req *r, struct sg_err *e)
{
	char hash[SG_PASSWORD_HASH];
	struct sg_rows *rows;
	int rc;

	if ((rc = sg_password_fit(req_str(r, "password"), req_str(r, "login"), e)) != SG_OK ||
	    (rc = login_hash(hash, req_str(r, "password"), e)) != SG_OK ||
	    (rc = sg_db_begin(r->lane->db, NULL, e)) != SG_OK)
		return rc;
	rc = answer_run(r, &rows, e, &sg_q_account_register, "ssssss", req_str(r, "login"),
	    req_str(r, "name"), req_has(r, "post") ? req_str(r, "post") : "",
	    req_str(r, "department"), req_str(r, "role"), hash);
	if (rc == SG_OK)
		rc = audit(r, r->route->audit, "account", sg_rows_str(rows, 0, 0), e);
	if ((rc = finish(r, rc, e)) != SG_OK)
		return rc;
	reply_value(r, 202, json_pack("{s:s}", "state", "pending"));
	return SG_OK;
}

/* A wrong try is counted and noted in a transaction of its own. */
static int
note_wrong(struct req *r, const int64_t *account, struct sg_err *e)
{
	int rc = account != NULL
		     ? answer_run(r, NULL, e, &sg_q_login_done, "lbs", *account, 0, r->id)
		     : answer_run(r, NULL, e, &sg_q_login_done, "sbs", NULL, 0, r->id);

	return rc != SG_OK ? rc : wrong(e);
}

/* hash: what was proven; while it was, the password may have become another. */
static int
open_session(struct req *r, int64_t account, const char *hash, struct sg_err *e)
{
	struct sg_who who = {.account = account};
	struct sg_rows *rows;
	int rc;

	/* Department and role are read by the account itself; then it acts with them. */
	rc = sg_db_run_as(r->lane->db, &who, r->a, &rows, e, &sg_q_account_who, "");
	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(rows) == 0)
		return wrong(e);
	who.department = sg_rows_int(rows, 0, 0);
	snprintf(who.role, sizeof(who.role), "%s", sg_rows_str(rows, 0, 1));
	if ((rc = sg_db_begin(r->lane->db, &who, e)) != SG_OK)
		return rc;
	if ((rc = answer_run(r, NULL, e, &sg_q_login_still, "ls", account, hash)) == SG_OK &&
	    (rc = session_open(r, &who, e)) == SG_OK &&
	    (rc = answer_run(r, NULL, e, &sg_q_login_done, "lbs", account, 1, r->id)) == SG_OK)
		rc = answer_me(r, e);
	return finish(r, rc, e);
}

int
h_login(struct req *r, struct sg_err *e)
{
	const char *name = req_str(r, "login"), *hash = NULL;
	struct sg_rows *rows;
	int64_t account = 0;
	int rc, known, same, wait_s;

	if ((rc = answer_run(r, &rows, e, &sg_q_login_lookup, "s", name)) != SG_OK)
		return rc;
	known = sg_rows_count(rows) > 0;
	if (known) {
		account = sg_rows_int(rows, 0, 0);
		hash = sg_rows_str(rows, 0, 1);
	}
	wait_s = known ? (int)sg_rows_int(rows, 0, 2) : login_unknown_wait(name);
	if (wait_s > 0)
		return throttled(r, wait_s, e);
	if ((rc = login_check(&same, hash, req_str(r, "password"), e)) != SG_OK)
		return rc;
	if (!known)
		login_unknown_wrong(name);
	if (!same)
		return note_wrong(r, known ? &account : NULL, e);
	return open_session(r, account, hash, e);
}

int
h_logout(struct req *r, struct sg_err *e)
{
	int rc = answer_run(r, NULL, e, &sg_q_session_end, "h", &r->session.token_hash);

	if (rc != SG_OK)
		return rc;
	r->end_this = 1;
	session_clear_cookie(r);
	reply_empty(r, 204);
	return SG_OK;
}

int
h_logout_everywhere(struct req *r, struct sg_err *e)
{
	int rc = answer_run(r, &r->ended, e, &sg_q_session_end_all, "l", r->session.who.account);

	if (rc != SG_OK)
		return rc;
	session_clear_cookie(r);
	reply_empty(r, 204);
	return SG_OK;
}

int
h_me(struct req *r, struct sg_err *e)
{
	return answer_me(r, e);
}

int
h_me_change(struct req *r, struct sg_err *e)
{
	int rc = answer_run(r, NULL, e, &sg_q_account_language, "s", req_str(r, "language"));

	return rc == SG_OK ? answer_me(r, e) : rc;
}

/* The old password proves that it is still the same person; wrong ones count as log-ins do. */
static int
check_old(struct req *r, const char **login, const char **proven, struct sg_err *e)
{
	struct sg_rows *me, *known;
	int rc, same;

	rc = sg_db_run_as(r->lane->db, &r->session.who, r->a, &me, e, &sg_q_account_me, "");
	if (rc != SG_OK)
		return rc;
	if (sg_rows_count(me) == 0)
		return sg_fail(e, SG_EDENIED, "session_none", "Please log in.");
	*login = sg_rows_str(me, 0, 2);
	if ((rc = answer_run(r, &known, e, &sg_q_login_lookup, "s", *login)) != SG_OK)
		return rc;
	if (sg_rows_count(known) == 0)
		return wrong(e);
	if (sg_rows_int(known, 0, 2) > 0)
		return throttled(r, (int)sg_rows_int(known, 0, 2), e);
	if ((rc = login_check(&same, sg_rows_str(known, 0, 1), req_str(r, "old"), e)) != SG_OK)
		return rc;
	*proven = sg_rows_str(known, 0, 1);
	if (same)
		return SG_OK;
	rc = answer_run(r, NULL, e, &sg_q_login_done, "lbs", r->session.who.account, 0, r->id);
	return rc != SG_OK ? rc
			   : sg_fail(e, SG_EDENIED, "password_wrong", "The old password is wrong.");
}

int
h_me_password(struct req *r, struct sg_err *e)
{
	char hash[SG_PASSWORD_HASH];
	struct sg_who who = r->session.who;
	const char *login = NULL, *proven = NULL;
	int rc;

	if ((rc = check_old(r, &login, &proven, e)) != SG_OK ||
	    (rc = sg_password_fit(req_str(r, "new"), login, e)) != SG_OK ||
	    (rc = login_hash(hash, req_str(r, "new"), e)) != SG_OK ||
	    (rc = sg_db_begin(r->lane->db, &who, e)) != SG_OK)
		return rc;
	rc = answer_run(r, NULL, e, &sg_q_login_still, "ls", who.account, proven);
	if (rc == SG_OK)
		rc = answer_run(r, &r->ended, e, &sg_q_password_set, "ls", who.account, hash);
	if (rc == SG_OK)
		rc = session_open(r, &who, e);
	if (rc == SG_OK)
		rc = answer_me(r, e); /* for the id in the audit row, and the new CSRF token */
	if (rc == SG_OK)
		rc = audit(r, r->route->audit, r->audit_kind, r->audit_object, e);
	if ((rc = finish(r, rc, e)) == SG_OK)
		reply_headerf(r, "X-CSRF-Token", "%s", r->session.csrf);
	if (rc == SG_OK)
		reply_empty(r, 204);
	return rc;
}
