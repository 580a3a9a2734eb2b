/*
 * PostgreSQL by libpq: prepared statements, one transaction at a time, reconnecting.
 *
 * One struct sg_db is one connection and belongs to one thread. Statements are the files of
 * sql/queries, embedded at build time as sg_q_<name> (sql/queries.h): never text glued together.
 * They are prepared at first use on each connection.
 *
 * Who acts is set inside each transaction (set_config sg.account, sg.department, sg.role, local
 * to it), so row level security sees nothing when it was forgotten.
 *
 * Errors: a lost connection is SG_EBUSY "db_lost" (the next call reconnects, with backoff);
 * serialisation failures, lock and statement time-outs are SG_EBUSY "db_retry". Our SQL functions
 * raise SQLSTATE 'SGnnn' with MESSAGE = stable id and DETAIL = sentence: SG400 SG_EINPUT, SG403
 * SG_EDENIED, SG404 SG_EABSENT, SG409 SG_ECONFLICT, SG429 SG_ELIMIT, SG422 SG_ENOTSUP.
 * A value of the wrong form (class 22: a text that is no uuid or date, a number too large, not
 * UTF-8) is SG_EINPUT "value_bad"; a duplicate key SG_ECONFLICT "exists"; no disk or memory
 * SG_EBUSY "db_full". Anything else is SG_EINTERNAL "db_error", logged with its SQLSTATE but
 * without data.
 */
#ifndef SG_DB_H
#define SG_DB_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/hash.h"

struct sg_db;
struct sg_rows; /* an answer; lives in the arena it was asked into */

struct sg_query { /* made from one file of sql/queries */
	const char *name;
	const char *sql;
	int nparams;
};

struct sg_who { /* who acts; role as in SQL: "doctor", "researcher", "admin" */
	int64_t account, department;
	char role[12];
};

struct sg_db *sg_db_new(const char *conninfo); /* connects at the first use; NULL: no memory */
void sg_db_free(struct sg_db *db);
/* 1 when connected. connects counts the successful connections so far (0 at first). */
int sg_db_up(const struct sg_db *db);
unsigned sg_db_connects(const struct sg_db *db);

/*
 * Run one statement. types has a letter for each parameter: s text (NULL is null), i int,
 * l int64_t, d double, b int as boolean, h const struct sg_sha256 * as bytea (NULL is null),
 * x bytea as (const void *, size_t). At most 32. rows (and then a) may be NULL when the answer is
 * of no interest. Outside begin/commit it is its own transaction with nobody acting.
 */
int sg_db_run(struct sg_db *db, struct sg_arena *a, struct sg_rows **rows, struct sg_err *e,
    const struct sg_query *q, const char *types, ...);

/* The same as its own transaction with `who` acting, in one network round trip. SG_EBUSY
 * "db_lost" means here, as for commit: it may or may not have happened. */
int sg_db_run_as(struct sg_db *db, const struct sg_who *who, struct sg_arena *a,
    struct sg_rows **rows, struct sg_err *e, const struct sg_query *q, const char *types, ...);

/* A transaction of several statements. who may be NULL (nobody acts: row level security hides
 * everything; for calls of SECURITY DEFINER functions). After an error only rollback is allowed. */
int sg_db_begin(struct sg_db *db, const struct sg_who *who, struct sg_err *e);
/* SG_EBUSY "db_lost" here means: may or may not have happened. */
int sg_db_commit(struct sg_db *db, struct sg_err *e);
void sg_db_rollback(struct sg_db *db); /* safe to call when no transaction is open */

/*
 * Run a whole script (a migration): many statements, which are one transaction unless the script
 * says otherwise. For segward-admin and tests only, with text from our own files: the error
 * SG_EINTERNAL "db_script" quotes what PostgreSQL said.
 */
int sg_db_script(struct sg_db *db, const char *sql, struct sg_err *e);

int sg_rows_count(const struct sg_rows *r);
int sg_rows_fields(const struct sg_rows *r);
const char *sg_rows_name(const struct sg_rows *r, int field);
/* Text of a value, NULL for SQL null. Lives as long as the arena. */
const char *sg_rows_str(const struct sg_rows *r, int row, int field);
/* 0 for null; asserts that the text is a number. */
int64_t sg_rows_int(const struct sg_rows *r, int row, int field);
double sg_rows_num(const struct sg_rows *r, int row, int field);
int sg_rows_bool(const struct sg_rows *r, int row, int field);
/* A 32-byte bytea; 1, or 0 for null. */
int sg_rows_sha256(const struct sg_rows *r, int row, int field, struct sg_sha256 *h);

#endif
