/*
 * The way of one request. Order matters: the session is known before anything is said about an
 * object; CSRF is checked before the body is read; the audit row is written in the handler's own
 * transaction, and the answer goes out after its commit.
 */
#include "config.h"

#include "fcgi/dispatch.h"

#include <string.h>

#include "common/log.h"
#include "fcgi/authz.h"
#include "fcgi/param.h"
#include "fcgi/reply.h"
#include "fcgi/route.h"
#include "fcgi/session.h"
#include "sql/queries.h"

static int
is_safe(const struct req *r)
{
	return strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0 ||
	       (r->route->flags & ROUTE_READ_ONLY) != 0;
}

/* The mutual-TLS listener serves hosts and nothing else; other listeners never serve hosts. */
static int
right_listener(const struct req *r, struct sg_err *e)
{
	const char *flag = req_env(r, "SG_INTERNAL");
	int internal = flag != NULL && strcmp(flag, "1") == 0;

	if (internal != ((r->route->may.roles & ROLE_HOST) != 0))
		return sg_fail(e, SG_EABSENT, "not_found", "There is nothing here.");
	return SG_OK;
}

static int
admit(struct req *r, struct sg_err *e)
{
	const struct route *t = r->route;
	int nobody = (t->may.roles & (ROLE_NOBODY | ROLE_HOST)) != 0;

	if (!route_complete(t))
		return sg_fail(e, SG_EINTERNAL, "route_open", "This address has no permission.");
	if (right_listener(r, e) != SG_OK)
		return e->code;
	if (!nobody && session_load(r, e) != SG_OK)
		return e->code;
	if (authz_role(r, t->may.roles, e) != SG_OK)
		return e->code;
	if (!is_safe(r) && (t->may.roles & ROLE_HOST) == 0)
		return session_same_origin(r, (t->flags & ROUTE_NO_CSRF) == 0, e);
	return SG_OK;
}

static int
read_input(struct req *r, struct sg_err *e)
{
	const struct route *t = r->route;
	int rc;

	if ((rc = param_query(r, t->args, req_env(r, "QUERY_STRING"), e)) != SG_OK)
		return rc;
	if (t->fields != NULL) {
		if ((rc = req_json(r, &r->body, e)) != SG_OK)
			return rc;
		return param_body(r->body, t->fields, e);
	}
	if ((t->flags & ROUTE_RAW_BODY) == 0 && req_length(r) > 0 && !is_safe(r))
		return sg_fail(e, SG_EINPUT, "json_unknown", "This request takes no body.");
	return SG_OK;
}

static int
write_audit(struct req *r, struct sg_err *e)
{
	if (r->route->audit[0] == '\0' || r->audited)
		return SG_OK;
	return sg_db_run(r->lane->db, r->a, NULL, e, &sg_q_audit_write, "sssss", r->route->audit,
	    r->audit_kind != NULL ? r->audit_kind : "", r->audit_object,
	    r->audit_detail != NULL ? r->audit_detail : "{}", r->id);
}

static int
in_transaction(struct req *r, struct sg_err *e)
{
	const struct route *t = r->route;
	const struct sg_who *who = r->session.who.account != 0 ? &r->session.who : NULL;
	int rc;

	if ((rc = sg_db_begin(r->lane->db, who, e)) != SG_OK)
		return rc;
	rc = SG_OK;
	if (t->may.object != OBJECT_NONE)
		rc = authz_object(r, t->may.object, r->param[0], &r->object, e);
	if (rc == SG_OK)
		rc = t->handle(r, e);
	if (rc == SG_OK)
		rc = write_audit(r, e);
	if (rc == SG_OK)
		rc = sg_db_commit(r->lane->db, e);
	if (rc != SG_OK)
		sg_db_rollback(r->lane->db);
	return rc;
}

/* Whatever came of the transaction: the answer to its commit may have been lost, and a cache
 * entry too few harms nobody. */
static void
forget_ended(struct req *r)
{
	session_forget(r, r->ended);
	if (r->end_this)
		session_forget_one(r, &r->session.token_hash);
}

/* A failed ring is made good by the workers' sweep. */
static void
ring(struct req *r)
{
	struct sg_err e = {0};

	if (r->ring_class != NULL)
		sg_queue_ring(r->lane->queue, r->ring_class, r->ring_job, &e);
}

static int
work(struct req *r, struct sg_err *e)
{
	const struct route *t;
	int rc;

	if ((rc = route_find(r, e)) != SG_OK || (rc = admit(r, e)) != SG_OK ||
	    (rc = read_input(r, e)) != SG_OK)
		return rc;
	t = r->route;
	if (t->flags & ROUTE_NO_TX) {
		if (t->may.object != OBJECT_NONE)
			rc = authz_object(r, t->may.object, r->param[0], &r->object, e);
		if (rc == SG_OK)
			rc = t->handle(r, e);
	} else {
		rc = in_transaction(r, e);
	}
	forget_ended(r);
	if (rc == SG_OK)
		ring(r);
	return rc;
}

void
dispatch(struct req *r)
{
	struct sg_err e = {0};

	sg_log_context(r->id);
	if (work(r, &e) != SG_OK)
		reply_problem(r, &e);
	if (r->reply.status == 0)
		reply_empty(r, 204);
	sg_log(SG_LOG_DEBUG, "request", "{s:s, s:i}", "route",
	    r->route != NULL ? r->route->path : "", "status", r->reply.status);
	sg_log_context(NULL);
}
