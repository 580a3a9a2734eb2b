/* The one place where roles and objects are decided. */
#include "config.h"

#include "fcgi/authz.h"

#include <string.h>

#include "fcgi/req.h"
#include "fcgi/route.h"
#include "sql/queries.h"

/* Each query takes public id, account, department, role, and gives the row id of an object that
 * this caller may touch. */
static const struct {
	const char *name, *kind;
	const struct sg_query *query;
} rules[OBJECT__RULES] = {
    [OBJECT_UNSET] = {"unset", NULL, NULL},
    [OBJECT_NONE] = {"none", NULL, NULL},
    [OBJECT_PATIENT] = {"patient", "patient", &sg_q_authz_patient},
    [OBJECT_STUDY] = {"study", "study", &sg_q_authz_study},
    [OBJECT_SCAN] = {"scan", "scan", &sg_q_authz_scan},
    [OBJECT_SEGMENTATION] = {"segmentation", "segmentation", &sg_q_authz_segmentation},
    [OBJECT_JOB] = {"job", "job", &sg_q_authz_job},
    [OBJECT_UPLOAD] = {"upload", "upload", &sg_q_authz_upload},
    [OBJECT_ACCOUNT] = {"account", "account", &sg_q_authz_account},
};

const char *
authz_rule_name(enum object_rule rule)
{
	return rules[rule].name;
}

unsigned
authz_role_bit(const char *role)
{
	static const struct {
		const char *name;
		unsigned bit;
	} roles[] = {
	    {"doctor", ROLE_DOCTOR},
	    {"researcher", ROLE_RESEARCHER},
	    {"admin", ROLE_ADMIN},
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(role, roles[i].name) == 0)
			return roles[i].bit;
	return 0;
}

int
authz_role(const struct req *r, unsigned roles, struct sg_err *e)
{
	if (roles & (ROLE_NOBODY | ROLE_HOST)) /* server.c keeps the two listeners apart */
		return SG_OK;
	if (r->session.who.account == 0)
		return sg_fail(e, SG_EDENIED, "session_none", "Please log in.");
	if ((authz_role_bit(r->session.who.role) & roles) == 0)
		return sg_fail(e, SG_EDENIED, "role", "Your role does not allow this.");
	return SG_OK;
}

int
authz_object(
    struct req *r, enum object_rule rule, const char *public_id, int64_t *id, struct sg_err *e)
{
	const struct sg_who *who = &r->session.who;
	struct sg_rows *rows;
	int rc;

	if (rules[rule].query == NULL)
		return sg_fail(e, SG_EINTERNAL, "authz_rule", "This object has no rule.");
	if (sg_uuid_valid(public_id)) {
		/* Without the dispatcher's transaction this is one of its own, same person acting.
		 */
		rc = r->route->flags & ROUTE_NO_TX
			 ? sg_db_run_as(r->lane->db, who, r->a, &rows, e, rules[rule].query, "slls",
			       public_id, who->account, who->department, who->role)
			 : sg_db_run(r->lane->db, r->a, &rows, e, rules[rule].query, "slls",
			       public_id, who->account, who->department, who->role);
		if (rc != SG_OK)
			return rc;
		if (sg_rows_count(rows) == 1) {
			*id = sg_rows_int(rows, 0, 0);
			req_audit(r, rules[rule].kind, public_id, NULL);
			return SG_OK;
		}
	}
	return sg_fail(e, SG_EABSENT, "not_found", "There is nothing here.");
}
