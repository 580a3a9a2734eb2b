/*
 * One HTTP request, from the FastCGI parameters nginx sent to the answer that goes back.
 *
 * Everything hangs on the request's arena and dies with it. A handler reads validated path
 * parameters, query parameters and body members, works in the transaction that the dispatcher
 * opened (route.h says when there is none), and fills r->reply by reply.h. It never writes to
 * the network itself, so an answer is sent only after its transaction is committed.
 */
#ifndef FCGI_REQ_H
#define FCGI_REQ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/db.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/id.h"
#include "common/queue.h"
#include "common/store.h"

struct route;
struct FCGX_Stream;

/* What all threads of the serving process share; read-only after start. */
struct web {
	const struct sg_conf *conf;
	struct sg_store *store;
};

/* What one thread owns. */
struct lane {
	const struct web *web;
	struct sg_db *db;
	struct sg_queue *queue;
	struct sg_arena *arena; /* reset after each request */
};

/* Who is logged in; account 0: nobody. */
struct session {
	struct sg_who who;
	int64_t id;
	struct sg_sha256 token_hash;
	char csrf[45]; /* what X-CSRF-Token has to be */
};

#define REQ_PATH_PARAMS 2
#define REQ_ARGS	6
#define REQ_HEADERS_OUT 12
#define REQ_JSON_MAX	(64 << 10) /* bytes of a JSON body */

struct reply {
	int status;
	const char *type; /* of the body; NULL: no body */
	const char *body;
	size_t length;
	struct {
		const char *name, *value;
	} header[REQ_HEADERS_OUT];
	int headers;
};

struct req {
	struct lane *lane;
	struct sg_arena *a;
	char **env;		/* FastCGI parameters */
	struct FCGX_Stream *in; /* the body, where nginx did not leave it in a file */
	char id[SG_UUID_TEXT];	/* of this request; in problem answers, logs and audit rows */

	const char *method, *path; /* path: as sent, before the '?', never decoded */
	const struct route *route;
	const char *param[REQ_PATH_PARAMS]; /* values of the {..} of the route's path, in order */
	const char *arg[REQ_ARGS];	    /* query parameters, in the order of the route's list */
	json_t *body;			    /* checked against the route's fields; NULL: none */

	struct session session;
	int64_t object; /* row id of the object the path names, from authz.c */
	struct reply reply;

	/* For the audit row; authz.c and the handlers fill them. */
	const char *audit_kind, *audit_object, *audit_detail;
	int audited; /* an SQL function has written the event already */

	/* Done after the commit, before the answer. */
	const char *ring_class; /* wake a worker of this class; NULL: none */
	int64_t ring_job;
	struct sg_rows *ended; /* token hashes (bytea, field 0) of sessions that ended */
	int end_this;	       /* the session of this very request ended */
};

/* A FastCGI parameter or request header ("HTTP_ORIGIN"); NULL when absent. */
const char *req_env(const struct req *r, const char *name);
/* Fill method, path, id and what else stands in the parameters. */
void req_start(struct req *r, struct lane *lane, char **env, struct FCGX_Stream *in);
/* Query parameter by its name in the route's list; NULL: not given. */
const char *req_arg(const struct req *r, const char *name);
int64_t req_arg_int(const struct req *r, const char *name, int64_t otherwise);
/* Body members, already checked by type and range; NULL / otherwise when left out. */
const char *req_str(const struct req *r, const char *name);
int64_t req_int(const struct req *r, const char *name, int64_t otherwise);
double req_num(const struct req *r, const char *name, double otherwise);
int req_has(const struct req *r, const char *name);

/* Declared length of the body, 0 when there is none; -1: not a number. */
int64_t req_length(const struct req *r);
/*
 * Read and parse a JSON body of at most REQ_JSON_MAX bytes.
 * Errors: SG_ELIMIT "json_too_large", SG_EINPUT "json_bad", "body_type" (not application/json),
 * "body_short", and those of sg_json_parse.
 */
int req_json(struct req *r, json_t **out, struct sg_err *e);

/* The object an audit row is about. */
void req_audit(struct req *r, const char *kind, const char *object, const char *detail);

#endif
