/*
 * Who may do what. A route names the roles that may call it and the rule for the object in its
 * path; authz_check is the one place where both are decided. A foreign, deleted or unknown object
 * is answered alike: SG_EABSENT "not_found". Row level security is the second wall behind this.
 */
#ifndef FCGI_AUTHZ_H
#define FCGI_AUTHZ_H

#include <stdint.h>

#include "common/err.h"

struct req;

enum {
	ROLE_NOBODY = 1, /* no session needed */
	ROLE_DOCTOR = 2,
	ROLE_RESEARCHER = 4,
	ROLE_ADMIN = 8,
	ROLE_HOST = 16, /* a remote worker behind nginx's mutual-TLS listener */
	ROLE_ANY = ROLE_DOCTOR | ROLE_RESEARCHER | ROLE_ADMIN
};

enum object_rule {
	OBJECT_UNSET = 0,    /* a row that forgot its rule is never served */
	OBJECT_NONE,	     /* the path names no object, or a public one */
	OBJECT_PATIENT,	     /* a patient of the caller's department */
	OBJECT_STUDY,	     /* of such a patient */
	OBJECT_SCAN,	     /* of such a study */
	OBJECT_SEGMENTATION, /* of such a scan */
	OBJECT_JOB,	     /* the caller's own; admins: any */
	OBJECT_UPLOAD,	     /* the caller's own, not ended */
	OBJECT_ACCOUNT,	     /* any account (admins only) */
	OBJECT__RULES
};

struct permission {
	unsigned roles;
	enum object_rule object;
};

/* Is the caller's role among these? SG_EDENIED "session_none" (log in first) or "role". */
int authz_role(const struct req *r, unsigned roles, struct sg_err *e);
/*
 * May the caller touch the object with this public id? Fills *id with its row id. Inside the
 * request's transaction, or outside of any for a ROUTE_NO_TX handler.
 */
int authz_object(
    struct req *r, enum object_rule rule, const char *public_id, int64_t *id, struct sg_err *e);
/* "doctor" to its bit; 0 for an unknown one. */
unsigned authz_role_bit(const char *role);
const char *authz_rule_name(enum object_rule rule);

#endif
