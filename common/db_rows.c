/* Answers of PostgreSQL: values of a good one, the meaning of a bad one. */
#include "config.h"

#include "common/db_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct sg_rows {
	PGresult *res;
};

static void
clear(void *res)
{
	PQclear(res);
}

struct sg_rows *
sg_rows_wrap(struct sg_arena *a, PGresult *res)
{
	struct sg_rows *r;

	if (sg_arena_defer(a, clear, res) != SG_OK)
		return NULL;
	r = sg_alloc(a, sizeof *r);
	if (r != NULL)
		r->res = res;
	return r;
}

int
sg_rows_count(const struct sg_rows *r)
{
	return PQntuples(r->res);
}

int
sg_rows_fields(const struct sg_rows *r)
{
	return PQnfields(r->res);
}

const char *
sg_rows_name(const struct sg_rows *r, int field)
{
	return PQfname(r->res, field);
}

const char *
sg_rows_str(const struct sg_rows *r, int row, int field)
{
	assert(row >= 0 && row < PQntuples(r->res) && field >= 0 && field < PQnfields(r->res));
	return PQgetisnull(r->res, row, field) ? NULL : PQgetvalue(r->res, row, field);
}

int64_t
sg_rows_int(const struct sg_rows *r, int row, int field)
{
	const char *text = sg_rows_str(r, row, field);
	char *end;
	long long v;

	if (text == NULL)
		return 0;
	v = strtoll(text, &end, 10);
	assert(end != text && *end == '\0');
	return v;
}

double
sg_rows_num(const struct sg_rows *r, int row, int field)
{
	const char *text = sg_rows_str(r, row, field);
	char *end;
	double v;

	if (text == NULL)
		return 0;
	v = strtod(text, &end);
	assert(end != text && *end == '\0');
	return v;
}

int
sg_rows_bool(const struct sg_rows *r, int row, int field)
{
	const char *text = sg_rows_str(r, row, field);

	return text != NULL && text[0] == 't';
}

int
sg_rows_sha256(const struct sg_rows *r, int row, int field, struct sg_sha256 *h)
{
	const char *text = sg_rows_str(r, row, field);

	if (text == NULL)
		return 0;
	assert(strncmp(text, "\\x", 2) == 0);
	return sg_sha256_from_hex(h, text + 2);
}

/* SQLSTATEs that our own SQL functions raise: MESSAGE is the id, DETAIL the sentence. */
static const struct {
	char state[6];
	enum sg_code code;
} raised[] = {
    {"SG400", SG_EINPUT},
    {"SG403", SG_EDENIED},
    {"SG404", SG_EABSENT},
    {"SG409", SG_ECONFLICT},
    {"SG422", SG_ENOTSUP},
    {"SG429", SG_ELIMIT},
};

/* The others that are not our fault. A shorter text is a class: it matches by its beginning. */
static const struct {
	const char *state;
	enum sg_code code;
	int lost;
	const char *id, *text;
} known[] = {
    {"40001", SG_EBUSY, 0, "db_retry", "Something changed at the same time; try again."},
    {"40P01", SG_EBUSY, 0, "db_retry", "Something changed at the same time; try again."},
    {"55P03", SG_EBUSY, 0, "db_retry", "Somebody else is changing this; try again."},
    {"57014", SG_EBUSY, 0, "db_retry", "The database took too long; try again."},
    /* a plan or a statement that a migration made stale */
    {"0A000", SG_EBUSY, 1, "db_retry", "The database has changed; try again."},
    {"26000", SG_EBUSY, 1, "db_retry", "The database has changed; try again."},
    {"08", SG_EBUSY, 1, "db_lost", "The database cannot be reached now; try again soon."},
    {"57P", SG_EBUSY, 1, "db_lost", "The database cannot be reached now; try again soon."},
    {"53", SG_EBUSY, 0, "db_full", "The database has no room or memory now; try again later."},
    {"58030", SG_EBUSY, 0, "db_full", "The database cannot write now; try again later."},
    {"22", SG_EINPUT, 0, "value_bad", "A value is not of the form that is expected here."},
    {"23505", SG_ECONFLICT, 0, "exists", "There is one like this already."},
};

static int
id_is_plain(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && id[n] == '\0' && n < sizeof((struct sg_err *)0)->id;
}

int
sg_rows_error(struct sg_err *e, const PGresult *res, const char *query, int *conn_lost)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *id = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	size_t i;

	*conn_lost = 0;
	if (state == NULL) { /* libpq's own: nothing came from the server */
		*conn_lost = 1;
		return sg_fail(
		    e, SG_EBUSY, "db_lost", "The database cannot be reached now; try again soon.");
	}
	for (i = 0; i < sizeof raised / sizeof raised[0]; i++)
		if (strcmp(state, raised[i].state) == 0 && id != NULL && id_is_plain(id))
			return sg_fail(e, raised[i].code, id, "%s", text != NULL ? text : "");
	for (i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strncmp(state, known[i].state, strlen(known[i].state)) != 0)
			continue;
		sg_log(SG_LOG_WARN, "db.refused", "{s:s, s:s}", "query", query, "sqlstate", state);
		*conn_lost = known[i].lost;
		return sg_fail(e, known[i].code, known[i].id, "%s", known[i].text);
	}
	sg_log(SG_LOG_ERROR, "db.error", "{s:s, s:s}", "query", query, "sqlstate", state);
	return sg_fail(e, SG_EINTERNAL, "db_error",
	    "The database refused a statement (%s); this has been noted down.", state);
}
