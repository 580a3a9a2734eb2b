/* Matching of paths, and the completeness of the route table. */
#include "config.h"

#include <string.h>

#include "fcgi/route.h"
#include "tests/unit/check.h"

#define ID "0f8fad5b-d9cb-469f-a165-70867728950e"

static struct sg_arena *arena;

/* The row for a request; NULL and the error's id when there is none. */
static const struct route *
find(struct req *r, const char *method, const char *path, struct sg_err *e)
{
	memset(r, 0, sizeof *r);
	sg_err_clear(e);
	r->a = arena;
	r->method = method;
	r->path = path;
	return route_find(r, e) == SG_OK ? r->route : NULL;
}

static void
paths_find_their_row(void)
{
	struct sg_err e;
	struct req r;
	const struct route *t;

	REQUIRE((t = find(&r, "GET", "/api/patients/" ID, &e)) != NULL);
	CHECK_STR(t->path, "/api/patients/{id}");
	CHECK_STR(r.param[0], ID);
	REQUIRE((t = find(&r, "GET", "/api/reports/turnaround", &e)) != NULL);
	CHECK_STR(r.param[0], "turnaround");
	REQUIRE((t = find(&r, "HEAD", "/api/me", &e)) != NULL);
	CHECK_STR(t->method, "GET");
	REQUIRE((t = find(&r, "HEAD", "/uploads/" ID, &e)) != NULL);
	CHECK_STR(t->method, "HEAD");
}

static void
other_paths_are_nothing(void)
{
	static const char *const none[] = {"", "/", "/api", "/api/", "/api/me/", "//api/me",
	    "/api//me", "/api/me/x", "/api/patients/", "/api/patients/x", "/api/patients/" ID "/",
	    "/api/patients/" ID "x", "/api/patients/..", "/api/patients/%2e%2e", "/API/me",
	    "/api/me%00", "/api/patients/0F8FAD5B-D9CB-469F-A165-70867728950E",
	    "/api/reports/../me", "/api/reports/", "/api/reports/a.b", "/api/reports/A",
	    "/internal/blobs/abc", "/uploads/" ID "/.."};
	struct sg_err e;
	struct req r;

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		CHECK(find(&r, "GET", none[i], &e) == NULL);
		CHECK_STR(e.id, "not_found");
	}
}

static void
other_methods_are_told_what_fits(void)
{
	struct sg_err e;
	struct req r;

	CHECK(find(&r, "DELETE", "/api/patients", &e) == NULL);
	CHECK_STR(e.id, "method_not_allowed");
	REQUIRE(r.reply.headers == 1);
	CHECK_STR(r.reply.header[0].name, "Allow");
	CHECK_STR(r.reply.header[0].value, "GET, POST, HEAD");
	CHECK(find(&r, "get", "/api/me", &e) == NULL);
	CHECK(find(&r, "", "/api/me", &e) == NULL);
	CHECK(find(&r, "GET", "/uploads/" ID, &e) == NULL);
	CHECK_STR(r.reply.header[0].value, "HEAD, PATCH, DELETE");
}

static void
every_row_is_complete(void)
{
	for (int i = 0; i < routes_count; i++)
		CHECK(route_complete(&routes[i]));
}

/* The negative control: a row that forgets something is not served. */
static void
rows_without_a_permission_are_not_complete(void)
{
	struct route t = routes[routes_count / 2];

	CHECK(route_complete(&t));
	t.may.roles = 0;
	CHECK(!route_complete(&t));
	t = routes[routes_count / 2];
	t.may.object = OBJECT_UNSET;
	CHECK(!route_complete(&t));
	t = routes[routes_count / 2];
	t.path = "/api/patients/{id}";
	t.may.object = OBJECT_NONE;
	CHECK(!route_complete(&t));
	t = routes[routes_count / 2];
	t.audit = NULL;
	CHECK(!route_complete(&t));
}

int
main(void)
{
	arena = sg_arena_new(1 << 20);
	RUN(paths_find_their_row);
	RUN(other_paths_are_nothing);
	RUN(other_methods_are_told_what_fits);
	RUN(every_row_is_complete);
	RUN(rows_without_a_permission_are_not_complete);
	sg_arena_free(arena);
	return check_end();
}
