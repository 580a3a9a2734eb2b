/*
 * One connection to PostgreSQL.
 *
 * Everything goes through exchange(): it sends a few statements as one pipeline (libpq's pipeline
 * mode), preparing in the same breath those that this connection has not seen, and reads all
 * answers. So a transaction of one statement with somebody acting is one round trip.
 *
 * A connection that breaks is dropped; the next call makes a new one unless the last attempt
 * failed a moment ago (backoff). Inside a transaction nothing reconnects: its statements fail
 * until the caller has rolled back.
 */
#include "config.h"

#include "common/db.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db_rows.h"
#include "common/id.h"
#include "common/log.h"

#define MAX_PARAMS	   32
#define FIRST_BACKOFF_MS   100
#define LONGEST_BACKOFF_MS 5000

enum tx { TX_NONE, TX_OPEN, TX_FAILED };

struct sg_db {
	char *conninfo;
	PGconn *pg; /* NULL: not connected */
	unsigned connects;
	enum tx tx;
	int64_t retry_at_ms; /* no attempt to connect before this */
	int backoff_ms;
	const struct sg_query **prepared; /* on this connection */
	size_t nprepared, room;
};

/* One statement of a pipeline, with its parameters as libpq wants them. */
struct step {
	const struct sg_query *q;
	const char *value[MAX_PARAMS];
	int length[MAX_PARAMS], format[MAX_PARAMS];
	char text[MAX_PARAMS][32]; /* numbers */
};

static const struct sg_query q_begin = {"sg_begin", "begin", 0};
static const struct sg_query q_commit = {"sg_commit", "commit", 0};
static const struct sg_query q_rollback = {"sg_rollback", "rollback", 0};
static const struct sg_query q_who = {"sg_who",
    "select set_config('sg.account', $1, true), set_config('sg.department', $2, true),"
    " set_config('sg.role', $3, true)",
    3};

struct sg_db *
sg_db_new(const char *conninfo)
{
	struct sg_db *db = calloc(1, sizeof *db);

	if (db == NULL)
		return NULL;
	db->conninfo = strdup(conninfo);
	if (db->conninfo == NULL) {
		free(db);
		return NULL;
	}
	return db;
}

static void
drop(struct sg_db *db)
{
	PQfinish(db->pg);
	db->pg = NULL;
	db->nprepared = 0;
	if (db->tx != TX_NONE)
		db->tx = TX_FAILED;
}

void
sg_db_free(struct sg_db *db)
{
	if (db == NULL)
		return;
	drop(db);
	free(db->prepared);
	free(db->conninfo);
	free(db);
}

int
sg_db_up(const struct sg_db *db)
{
	return db->pg != NULL && PQstatus(db->pg) == CONNECTION_OK;
}

unsigned
sg_db_connects(const struct sg_db *db)
{
	return db->connects;
}

static int
lost(struct sg_db *db, struct sg_err *e)
{
	drop(db);
	return sg_fail(
	    e, SG_EBUSY, "db_lost", "The database cannot be reached now; try again soon.");
}

/* Notices may quote data, and nothing reads them. */
static void
ignore_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static int
connect_now(struct sg_db *db, struct sg_err *e)
{
	/* What stands before dbname is a default that the connection string may change. */
	static const char *const names[] = {"connect_timeout", "tcp_user_timeout",
	    "keepalives_idle", "client_encoding", "options", "dbname", NULL};
	const char *values[] = {"5", "15000", "10", "UTF8",
	    "-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=iso_8601", db->conninfo, NULL};
	unsigned jitter;

	if (sg_now_ms() < db->retry_at_ms)
		return lost(db, e);
	db->pg = PQconnectdbParams(names, values, 1);
	if (db->pg != NULL && PQstatus(db->pg) == CONNECTION_OK) {
		PQsetNoticeReceiver(db->pg, ignore_notice, NULL);
		db->backoff_ms = 0;
		db->connects++;
		sg_log(SG_LOG_INFO, "db.connected", "{s:i}", "connects", (int)db->connects);
		return SG_OK;
	}
	db->backoff_ms = db->backoff_ms == 0 ? FIRST_BACKOFF_MS : db->backoff_ms * 2;
	if (db->backoff_ms > LONGEST_BACKOFF_MS)
		db->backoff_ms = LONGEST_BACKOFF_MS;
	sg_random(&jitter, sizeof jitter);
	db->retry_at_ms = sg_now_ms() + db->backoff_ms / 2 +
			  (int)(jitter % (unsigned)db->backoff_ms);
	sg_log(SG_LOG_WARN, "db.unreachable", "{s:i}", "backoff_ms", db->backoff_ms);
	return lost(db, e);
}

/*
 * Be connected. An idle connection has nothing to say unless the server has ended it, so one look
 * tells a restart of the server before a statement is sent into the void.
 */
static int
ensure(struct sg_db *db, struct sg_err *e)
{
	struct pollfd p = {.events = POLLIN};

	if (db->tx == TX_FAILED)
		return sg_fail(
		    e, SG_EBUSY, "db_lost", "The database cannot be reached now; try again soon.");
	if (db->pg != NULL && db->tx == TX_NONE) {
		p.fd = PQsocket(db->pg);
		if (p.fd < 0 || poll(&p, 1, 0) != 0 || PQstatus(db->pg) != CONNECTION_OK ||
		    PQtransactionStatus(db->pg) != PQTRANS_IDLE)
			drop(db);
	}
	return db->pg != NULL ? SG_OK : connect_now(db, e);
}

static int
is_prepared(const struct sg_db *db, const struct sg_query *q)
{
	size_t i;

	for (i = 0; i < db->nprepared; i++)
		if (db->prepared[i] == q)
			return 1;
	return 0;
}

static int
note_prepared(struct sg_db *db, const struct sg_query *q)
{
	if (db->nprepared == db->room) {
		size_t room = db->room == 0 ? 64 : db->room * 2;
		const struct sg_query **more = reallocarray(db->prepared, room, sizeof *more);

		if (more == NULL)
			return 0;
		db->prepared = more;
		db->room = room;
	}
	db->prepared[db->nprepared++] = q;
	return 1;
}

/*
 * Read the answer to one command and its closing NULL. Returns the answer, NULL when there is
 * none (the connection is gone).
 */
static PGresult *
read_one(PGconn *pg)
{
	PGresult *res = PQgetResult(pg), *more;

	if (res == NULL || PQresultStatus(res) == PGRES_PIPELINE_SYNC)
		return res;
	while ((more = PQgetResult(pg)) != NULL)
		PQclear(more);
	return res;
}

static int
send_steps(struct sg_db *db, const struct step *steps, int n, int fresh[])
{
	int i;

	if (PQenterPipelineMode(db->pg) != 1)
		return 0;
	for (i = 0; i < n; i++) {
		const struct step *s = &steps[i];

		fresh[i] = !is_prepared(db, s->q);
		if (fresh[i] && PQsendPrepare(db->pg, s->q->name, s->q->sql, 0, NULL) != 1)
			return 0;
		if (PQsendQueryPrepared(
			db->pg, s->q->name, s->q->nparams, s->value, s->length, s->format, 0) != 1)
			return 0;
	}
	return PQpipelineSync(db->pg);
}

/*
 * Send the steps, read all answers. The answer of step `wanted` is handed out in *answer when all
 * went well. On error *e says what the first failing one said.
 */
static int
exchange(struct sg_db *db, const struct step *steps, int n, int wanted, PGresult **answer,
    struct sg_err *e)
{
	int fresh[4], i, part, rc = SG_OK, gone = 0;
	PGresult *res;

	assert(n <= 4);
	*answer = NULL;
	if (!send_steps(db, steps, n, fresh))
		return lost(db, e);
	for (i = 0; i < n; i++) {
		for (part = fresh[i] ? 0 : 1; part < 2; part++) {
			ExecStatusType status;

			res = read_one(db->pg);
			if (res == NULL) {
				PQclear(*answer);
				*answer = NULL;
				return lost(db, e);
			}
			status = PQresultStatus(res);
			if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
				if (part == 0)
					gone |= !note_prepared(db, steps[i].q);
				if (part == 1 && i == wanted) {
					*answer = res;
					continue;
				}
			} else if (rc == SG_OK) { /* later ones are only PGRES_PIPELINE_ABORTED */
				rc = sg_rows_error(e, res, steps[i].q->name, &gone);
			}
			PQclear(res);
		}
	}
	PQclear(read_one(db->pg)); /* the sync */
	if (rc != SG_OK) {
		PQclear(*answer);
		*answer = NULL;
	}
	if (PQstatus(db->pg) != CONNECTION_OK || PQexitPipelineMode(db->pg) != 1)
		gone = 1;
	if (gone)
		drop(db);
	return rc;
}

static void
add_text(struct step *s, int i, const char *text)
{
	s->value[i] = text;
	s->format[i] = 0;
}

static void
add_bytes(struct step *s, int i, const void *p, size_t n)
{
	assert(n <= INT32_MAX);
	s->value[i] = p;
	s->length[i] = (int)n;
	s->format[i] = 1;
}

/* Fill a step from the letters of sg_db_run. */
static void
fill(struct step *s, const struct sg_query *q, const char *types, va_list ap)
{
	int i;

	assert(strlen(types) == (size_t)q->nparams && q->nparams <= MAX_PARAMS);
	s->q = q;
	for (i = 0; i < q->nparams; i++) {
		const struct sg_sha256 *h;
		const void *p;

		switch (types[i]) {
		case 's':
			add_text(s, i, va_arg(ap, const char *));
			continue;
		case 'h':
			h = va_arg(ap, const struct sg_sha256 *);
			add_bytes(s, i, h != NULL ? h->byte : NULL, sizeof h->byte);
			continue;
		case 'x':
			p = va_arg(ap, const void *);
			add_bytes(s, i, p, va_arg(ap, size_t));
			continue;
		case 'i':
			snprintf(s->text[i], sizeof s->text[i], "%d", va_arg(ap, int));
			break;
		case 'l':
			snprintf(
			    s->text[i], sizeof s->text[i], "%lld", (long long)va_arg(ap, int64_t));
			break;
		case 'd':
			snprintf(s->text[i], sizeof s->text[i], "%.17g", va_arg(ap, double));
			break;
		case 'b':
			snprintf(s->text[i], sizeof s->text[i], "%s", va_arg(ap, int) ? "t" : "f");
			break;
		default:
			assert(!"a letter of sg_db_run");
		}
		add_text(s, i, s->text[i]);
	}
}

static void
fill_plain(struct step *s, const struct sg_query *q)
{
	s->q = q;
}

static void
fill_who(struct step *s, const struct sg_who *who)
{
	s->q = &q_who;
	snprintf(s->text[0], sizeof s->text[0], "%lld", (long long)who->account);
	snprintf(s->text[1], sizeof s->text[1], "%lld", (long long)who->department);
	snprintf(s->text[2], sizeof s->text[2], "%.11s", who->role);
	add_text(s, 0, s->text[0]);
	add_text(s, 1, s->text[1]);
	add_text(s, 2, s->text[2]);
}

static int
hand_out(struct sg_arena *a, struct sg_rows **rows, PGresult *answer, struct sg_err *e)
{
	if (rows == NULL) {
		PQclear(answer);
		return SG_OK;
	}
	*rows = sg_rows_wrap(a, answer);
	if (*rows == NULL)
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "There is no memory for this request now.");
	return SG_OK;
}

int
sg_db_run(struct sg_db *db, struct sg_arena *a, struct sg_rows **rows, struct sg_err *e,
    const struct sg_query *q, const char *types, ...)
{
	struct step s;
	PGresult *answer;
	va_list ap;
	int rc;

	rc = ensure(db, e);
	if (rc != SG_OK)
		return rc;
	va_start(ap, types);
	fill(&s, q, types, ap);
	va_end(ap);
	rc = exchange(db, &s, 1, 0, &answer, e);
	if (rc != SG_OK) {
		if (db->tx == TX_OPEN)
			db->tx = TX_FAILED;
		return rc;
	}
	return hand_out(a, rows, answer, e);
}

int
sg_db_run_as(struct sg_db *db, const struct sg_who *who, struct sg_arena *a, struct sg_rows **rows,
    struct sg_err *e, const struct sg_query *q, const char *types, ...)
{
	struct step s[4];
	PGresult *answer;
	va_list ap;
	int rc;

	assert(db->tx == TX_NONE && who != NULL);
	rc = ensure(db, e);
	if (rc != SG_OK)
		return rc;
	fill_plain(&s[0], &q_begin);
	fill_who(&s[1], who);
	va_start(ap, types);
	fill(&s[2], q, types, ap);
	va_end(ap);
	fill_plain(&s[3], &q_commit);
	rc = exchange(db, s, 4, 2, &answer, e);
	if (rc != SG_OK) {
		sg_db_rollback(db);
		return rc;
	}
	return hand_out(a, rows, answer, e);
}

int
sg_db_begin(struct sg_db *db, const struct sg_who *who, struct sg_err *e)
{
	struct step s[2];
	PGresult *answer;
	int rc, n = 1;

	assert(db->tx == TX_NONE);
	rc = ensure(db, e);
	if (rc != SG_OK)
		return rc;
	fill_plain(&s[0], &q_begin);
	if (who != NULL)
		fill_who(&s[n++], who);
	rc = exchange(db, s, n, 0, &answer, e);
	if (rc != SG_OK) {
		sg_db_rollback(db);
		return rc;
	}
	PQclear(answer);
	db->tx = TX_OPEN;
	return SG_OK;
}

int
sg_db_commit(struct sg_db *db, struct sg_err *e)
{
	struct step s;
	PGresult *answer;
	int rc, kept;

	assert(db->tx != TX_NONE);
	if (db->tx == TX_FAILED) {
		sg_db_rollback(db);
		return sg_fail(
		    e, SG_EINTERNAL, "db_error", "A failed transaction cannot be committed.");
	}
	fill_plain(&s, &q_commit);
	rc = exchange(db, &s, 1, 0, &answer, e);
	db->tx = TX_NONE;
	if (rc != SG_OK) {
		sg_db_rollback(db);
		return rc;
	}
	/* PostgreSQL answers COMMIT of a broken transaction with ROLLBACK, and calls it a success.
	 */
	kept = strcmp(PQcmdStatus(answer), "COMMIT") == 0;
	PQclear(answer);
	if (!kept)
		return sg_fail(e, SG_EINTERNAL, "db_error", "The transaction was rolled back.");
	return SG_OK;
}

void
sg_db_rollback(struct sg_db *db)
{
	struct sg_err unheard = {0};
	struct step s;
	PGresult *answer = NULL;

	db->tx = TX_NONE;
	if (db->pg == NULL || PQtransactionStatus(db->pg) == PQTRANS_IDLE)
		return;
	fill_plain(&s, &q_rollback);
	if (exchange(db, &s, 1, 0, &answer, &unheard) != SG_OK && db->pg != NULL)
		drop(db); /* the server rolls back what loses its connection */
	PQclear(answer);
}

int
sg_db_script(struct sg_db *db, const char *sql, struct sg_err *e)
{
	PGresult *res;
	int rc, gone = 0;

	assert(db->tx == TX_NONE);
	rc = ensure(db, e);
	if (rc != SG_OK)
		return rc;
	res = PQexec(db->pg, sql);
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		break;
	default:
		if (PQresultErrorField(res, PG_DIAG_SQLSTATE) == NULL)
			rc = lost(db, e);
		else
			rc = sg_fail(e, SG_EINTERNAL, "db_script",
			    "%s (SQLSTATE %s, at character %s)",
			    PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY),
			    PQresultErrorField(res, PG_DIAG_SQLSTATE),
			    PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION) != NULL
				? PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION)
				: "?");
		gone = 1;
		break;
	}
	PQclear(res);
	/* A script may open a transaction, set a role or change a table: begin afresh after it. */
	if (gone || PQtransactionStatus(db->pg) != PQTRANS_IDLE)
		drop(db);
	else
		PQclear(PQexec(db->pg, "discard all"));
	db->nprepared = 0;
	return rc;
}
