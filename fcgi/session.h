/*
 * Sessions: a cookie with 256 random bits; its SHA-256 stands in PostgreSQL, and for 30 s at a
 * time in Redis, so that a poll costs no query.
 *
 * Ending one is seen at once: the row ends, then the Redis entry is deleted, then the answer
 * goes out. A check that was under way meanwhile does not write its entry back (a counter of
 * ends, looked at under a lock, tells it). Where Redis fails the cache is passed by for 30 s,
 * which is also the life of an entry, and so for the first 30 s of a process.
 */
#ifndef FCGI_SESSION_H
#define FCGI_SESSION_H

#include "fcgi/req.h"

#define SESSION_TOKEN_BYTES 32
#define SESSION_COOKIE	    "__Host-sg"

void session_boot(void); /* once, before the threads */

/* The cookie's value inside a Cookie header; 0 when it is absent, twice there, or malformed. */
int session_cookie(const char *header, char token[44]);
/*
 * Who calls? No or no valid session leaves account 0 and is no error.
 * Errors: SG_EBUSY when PostgreSQL cannot tell.
 */
int session_load(struct req *r, struct sg_err *e);
/* A new session inside the open transaction; sets the cookie and r->session. */
int session_open(struct req *r, const struct sg_who *who, struct sg_err *e);
/* Forget ended sessions in Redis; rows: token hashes in field 0, may be NULL. */
void session_forget(struct req *r, const struct sg_rows *ended);
void session_forget_one(struct req *r, const struct sg_sha256 *hash);
void session_clear_cookie(struct req *r);
/* base64url(SHA-256("csrf" || token)) */
void session_csrf(const char *token, char csrf[45]);
/*
 * Is an unsafe request from our own pages? csrf: also hold it to the session's token.
 * Errors: SG_EDENIED "origin", "csrf".
 */
int session_same_origin(const struct req *r, int csrf, struct sg_err *e);

#endif
