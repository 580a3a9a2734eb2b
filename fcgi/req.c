/* A request's parameters, body and audit notes. */
#include "config.h"

#include "fcgi/req.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "fcgi/param.h"
#include "fcgi/route.h"

const char *
req_env(const struct req *r, const char *name)
{
	size_t n = strlen(name);

	for (char **p = r->env; p != NULL && *p != NULL; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=')
			return (*p)[n + 1] != '\0' ? *p + n + 1 : NULL;
	return NULL;
}

/* nginx's $request_id: 32 hex digits; ours when it did not send one. */
static void
take_id(struct req *r)
{
	const char *given = req_env(r, "REQUEST_ID");

	if (given != NULL && strlen(given) == 32 && strspn(given, "0123456789abcdef") == 32)
		memcpy(r->id, given, 33);
	else
		sg_uuid_new(r->id);
}

void
req_start(struct req *r, struct lane *lane, char **env, struct FCGX_Stream *in)
{
	const char *uri, *method;

	memset(r, 0, sizeof(*r));
	r->lane = lane;
	r->a = lane->arena;
	r->env = env;
	r->in = in;
	take_id(r);
	method = req_env(r, "REQUEST_METHOD");
	r->method = method != NULL ? method : "";
	uri = req_env(r, "REQUEST_URI");
	if (uri == NULL)
		uri = "";
	r->path = sg_strndup(r->a, uri, strcspn(uri, "?"));
	if (r->path == NULL)
		r->path = "";
}

const char *
req_arg(const struct req *r, const char *name)
{
	const struct param *list = r->route->args;

	for (int i = 0; list != NULL && list[i].name != NULL && i < REQ_ARGS; i++)
		if (strcmp(list[i].name, name) == 0)
			return r->arg[i];
	return NULL;
}

int64_t
req_arg_int(const struct req *r, const char *name, int64_t otherwise)
{
	const char *text = req_arg(r, name);

	return text != NULL ? strtoll(text, NULL, 10) : otherwise;
}

int
req_has(const struct req *r, const char *name)
{
	const json_t *v = json_object_get(r->body, name);

	return v != NULL && !json_is_null(v);
}

const char *
req_str(const struct req *r, const char *name)
{
	return json_string_value(json_object_get(r->body, name));
}

int64_t
req_int(const struct req *r, const char *name, int64_t otherwise)
{
	return req_has(r, name) ? json_integer_value(json_object_get(r->body, name)) : otherwise;
}

double
req_num(const struct req *r, const char *name, double otherwise)
{
	return req_has(r, name) ? json_number_value(json_object_get(r->body, name)) : otherwise;
}

int64_t
req_length(const struct req *r)
{
	const char *text = req_env(r, "CONTENT_LENGTH");
	char *end;
	long long n;

	if (text == NULL)
		return 0;
	if (strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return -1;
	errno = 0;
	n = strtoll(text, &end, 10);
	return errno == 0 ? n : -1;
}

/* "application/json", with or without parameters such as charset=utf-8. */
static int
is_json(const char *type)
{
	static const char want[] = "application/json";

	return type != NULL && strncasecmp(type, want, sizeof(want) - 1) == 0 &&
	       strchr("; \t", type[sizeof(want) - 1]) != NULL;
}

int
req_json(struct req *r, json_t **out, struct sg_err *e)
{
	int64_t length = req_length(r);
	int64_t got = 0;
	char *text;

	if (length < 0)
		return sg_fail(e, SG_EINPUT, "body_short", "Content-Length is not a number.");
	if (length > REQ_JSON_MAX)
		return sg_fail(
		    e, SG_ELIMIT, "json_too_large", "The request's body is larger than 64 KiB.");
	if (length == 0)
		return sg_fail(e, SG_EINPUT, "json_missing", "This request needs a JSON body.");
	if (!is_json(req_env(r, "CONTENT_TYPE")))
		return sg_fail(e, SG_EINPUT, "body_type",
		    "This request needs a body of type application/json.");
	if ((text = sg_alloc(r->a, (size_t)length + 1)) == NULL)
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "The server has no memory now; try again.");
	while (got < length) {
		int n = FCGX_GetStr(text + got, (int)(length - got), r->in);

		if (n <= 0)
			return sg_fail(e, SG_EINPUT, "body_short",
			    "The request's body is shorter than its Content-Length.");
		got += n;
	}
	return sg_json_parse(out, r->a, text, (size_t)length, e);
}

void
req_audit(struct req *r, const char *kind, const char *object, const char *detail)
{
	r->audit_kind = kind;
	r->audit_object = object;
	r->audit_detail = detail;
}
