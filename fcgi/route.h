/*
 * The route table: every method and path this server answers, with its parameters, its body,
 * who may call it and what the audit log calls it. The dispatcher works from these rows alone;
 * `segward-web --routes` prints them, and tests hold doc/openapi.json and the role matrix to them.
 */
#ifndef FCGI_ROUTE_H
#define FCGI_ROUTE_H

#include <stdio.h>

#include "fcgi/authz.h"
#include "fcgi/param.h"
#include "fcgi/req.h"

enum {
	ROUTE_NO_CSRF = 1,   /* no session yet: only Origin is checked */
	ROUTE_POLL = 2,	     /* does not renew the session's idle time */
	ROUTE_NO_TX = 4,     /* the handler does its own transactions, audit row included */
	ROUTE_RAW_BODY = 8,  /* the body is bytes, not JSON */
	ROUTE_READ_ONLY = 16 /* unsafe method without effect (OPTIONS): no CSRF check */
};

struct route {
	const char *method, *path;
	struct permission may;
	const char *audit; /* action of the audit event; "": none */
	unsigned flags;
	const struct param *args; /* query parameters, ended by a NULL name; NULL: none */
	const struct field
	    *fields; /* members of the JSON body, ended by a NULL name; NULL: no body */
	int (*handle)(struct req *r, struct sg_err *e);
};

extern const struct route routes[];
extern const int routes_count;

/*
 * Find the row for r->method and r->path, and fill r->route and r->param. HEAD is served by GET's
 * row unless it has its own.
 * Errors: SG_EABSENT "not_found"; SG_EINPUT "method_not_allowed" with an Allow header set.
 */
int route_find(struct req *r, struct sg_err *e);
/* 1 when the path fits the pattern; values of {..} are copied to the arena. */
int route_match(
    const char *pattern, const char *path, const char *value[REQ_PATH_PARAMS], struct sg_arena *a);
/* A row is fit to serve: it names who may call it, and an object rule where its path has an id. */
int route_complete(const struct route *t);
void routes_print(FILE *to); /* the table as JSON */

#endif
