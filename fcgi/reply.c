/* Answers: JSON, files, problems; and the table from errors to HTTP statuses. */
#include "config.h"

#include "fcgi/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "fcgi/route.h"

/* What an error's code means over HTTP ... */
static const int status_of_code[SG__ECODES] = {
    [SG_OK] = 200,
    [SG_EINPUT] = 400,
    [SG_EABSENT] = 404,
    [SG_EDENIED] = 403,
    [SG_ECONFLICT] = 409,
    [SG_ELIMIT] = 429,
    [SG_ENOTSUP] = 422,
    [SG_EBUSY] = 503,
    [SG_EINTERNAL] = 500,
};

/* ... and the ids for which HTTP or tus has a closer word. */
static const struct {
	const char *id;
	int status;
} status_of_id[] = {
    {"session_none", 401},
    {"login_wrong", 401},
    {"method_not_allowed", 405},
    {"tus_version", 412},
    {"json_too_large", 413},
    {"too_large", 413},
    {"quota_bytes", 413},
    {"past_end", 413},
    {"bad_type", 415},
    {"body_type", 415},
    {"bad_checksum", 460},
    {"disk_full", 507},
    {"store_full", 507},
};

static const struct {
	int status;
	const char *title;
} titles[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {460, "Checksum Mismatch"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

#define COUNT(x) (sizeof(x) / sizeof((x)[0]))

static const char *
title_of(int status)
{
	for (size_t i = 0; i < COUNT(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Status";
}

int
reply_status_of(const struct sg_err *e)
{
	for (size_t i = 0; i < COUNT(status_of_id); i++)
		if (strcmp(status_of_id[i].id, e->id) == 0)
			return status_of_id[i].status;
	return status_of_code[e->code];
}

void
reply_header(struct req *r, const char *name, const char *value)
{
	struct reply *p = &r->reply;

	if (value == NULL || p->headers == REQ_HEADERS_OUT)
		return;
	p->header[p->headers].name = name;
	p->header[p->headers++].value = value;
}

void
reply_headerf(struct req *r, const char *name, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_header(r, name, sg_strdup(r->a, text));
}

void
reply_json(struct req *r, int status, const char *json)
{
	r->reply.status = status;
	r->reply.type = "application/json";
	r->reply.body = json;
	r->reply.length = strlen(json);
}

void
reply_value(struct req *r, int status, json_t *v)
{
	struct sg_err e = {0};
	char *text = v != NULL && sg_json_keep(r->a, v) != NULL ? sg_json_text(r->a, v) : NULL;

	if (text != NULL) {
		reply_json(r, status, text);
		return;
	}
	sg_fail(&e, SG_EBUSY, "no_memory", "The server has no memory now; try again.");
	reply_problem(r, &e);
}

void
reply_empty(struct req *r, int status)
{
	r->reply.status = status;
	r->reply.type = NULL;
	r->reply.body = NULL;
	r->reply.length = 0;
}

char *
reply_disposition(struct sg_arena *a, const char *name)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(name);
	char *text = sg_alloc(a, 64 + 4 * n);
	char *p;

	if (text == NULL)
		return NULL;
	p = stpcpy(text, "attachment; filename=\"");
	for (size_t i = 0; i < n; i++) /* one '_' for each letter that is not plain */
		if (((unsigned char)name[i] & 0xc0) != 0x80)
			*p++ = strchr(plain, name[i]) != NULL ? name[i] : '_';
	p = stpcpy(p, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < n; i++) {
		if (strchr(plain, name[i]) != NULL)
			*p++ = name[i];
		else
			p += snprintf(p, 4, "%%%02X", (unsigned char)name[i]);
	}
	*p = '\0';
	return text;
}

void
reply_blob(struct req *r, const struct sg_sha256 *h, const char *type, const char *attachment)
{
	char path[SG_BLOB_PATH];

	sg_blob_path(h, path);
	reply_empty(r, 200);
	r->reply.type = type;
	reply_headerf(r, "X-Accel-Redirect", "/blobs/%s", path);
	reply_header(r, "X-Content-Type-Options", "nosniff");
	reply_header(r, "Cache-Control", "private, no-cache");
	if (attachment != NULL)
		reply_header(r, "Content-Disposition", reply_disposition(r->a, attachment));
}

void
reply_problem(struct req *r, const struct sg_err *e)
{
	int status = reply_status_of(e);
	json_t *v;
	char *text = NULL;

	/* Headers that belong to the error itself stay. */
	for (int i = 0; i < r->reply.headers; i++) {
		const char *name = r->reply.header[i].name;

		if (strcmp(name, "Allow") != 0 && strcmp(name, "Retry-After") != 0 &&
		    strncmp(name, "Tus-", 4) != 0 && strncmp(name, "Upload-", 7) != 0)
			r->reply.header[i--] = r->reply.header[--r->reply.headers];
	}
	if (status == 503)
		reply_header(r, "Retry-After", "2");
	v = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", "about:blank", "title",
	    title_of(status), "status", status, "code", e->id, "detail", e->msg, "request", r->id);
	if (v != NULL && sg_json_keep(r->a, v) != NULL)
		text = sg_json_text(r->a, v);
	if (text != NULL)
		reply_json(r, status, text);
	else
		reply_empty(r, 503);
	r->reply.type = text != NULL ? "application/problem+json" : NULL;
	if (status == 500)
		sg_log_err(SG_LOG_ERROR, "request.error", e);
}

int
reply_write(const struct req *r, struct sg_buf *to)
{
	const struct reply *p = &r->reply;

	sg_buf_printf(to, "Status: %d %s\r\n", p->status, title_of(p->status));
	if (p->type != NULL)
		sg_buf_printf(to, "Content-Type: %s\r\n", p->type);
	for (int i = 0; i < p->headers; i++)
		sg_buf_printf(to, "%s: %s\r\n", p->header[i].name, p->header[i].value);
	if (p->body != NULL)
		sg_buf_printf(to, "Content-Length: %zu\r\n", p->length);
	sg_buf_str(to, "\r\n");
	if (p->body != NULL && strcmp(r->method, "HEAD") != 0)
		sg_buf_append(to, p->body, p->length);
	return to->err;
}
