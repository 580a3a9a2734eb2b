/*
 * Answers: JSON, nothing, a file handed to nginx by X-Accel-Redirect, or a problem (RFC 9457).
 * One table gives the HTTP status of an error; everything else about an error is its id and
 * sentence. The text is built here and sent by server.c after the commit.
 */
#ifndef FCGI_REPLY_H
#define FCGI_REPLY_H

#include "common/buf.h"
#include "common/hash.h"
#include "fcgi/req.h"

void reply_json(struct req *r, int status, const char *json); /* json: owned by the arena */
void reply_value(struct req *r, int status, json_t *v);	      /* takes v over */
void reply_empty(struct req *r, int status);
void reply_header(struct req *r, const char *name, const char *value); /* value: arena's */
/* As reply_header, the value formatted. */
void reply_headerf(struct req *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * Let nginx send a blob. type: its content type. attachment: a file name to save it under
 * (any UTF-8), or NULL to show it in place.
 */
void reply_blob(struct req *r, const struct sg_sha256 *h, const char *type, const char *attachment);
/* Drops what the handler had put together. */
void reply_problem(struct req *r, const struct sg_err *e);
int reply_status_of(const struct sg_err *e);
/* Content-Disposition as RFC 6266 says: plain ASCII name and filename*. */
char *reply_disposition(struct sg_arena *a, const char *name);
/* The CGI answer: Status, headers, blank line, body (left out for HEAD). */
int reply_write(const struct req *r, struct sg_buf *to);

#endif
