/*
 * segward-admin migrate: apply what the database lacks of sql/migrations, each file in one
 * transaction together with its row in sg.schema_migration. An advisory lock keeps two runs
 * apart. A file that was applied and has another hash now is refused: migrations only grow.
 *
 * Uses libpq itself, since a migration is many statements and db.h sends one at a time.
 */
#include "config.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "sql/migration.h"
#include "worker/admin/admin.h"

static void
finish_connection(void *pg)
{
	PQfinish(pg);
}

/* Run text; the server's own words go to standard error, for they tell where a file is wrong. */
static int
run(PGconn *pg, const char *what, const char *text, struct sg_err *e)
{
	PGresult *res = PQexec(pg, text);
	ExecStatusType status = PQresultStatus(res);

	PQclear(res);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return SG_OK;
	fprintf(stderr, "%s", PQerrorMessage(pg));
	return sg_fail(e, SG_EINTERNAL, "migrate_failed",
	    "Migration stopped at %.60s; what came before it stays done.", what);
}

/* The hash a migration was applied with, "" when it was not. */
static int
applied_hash(PGconn *pg, const char *name, char hex[SG_SHA256_HEX], struct sg_err *e)
{
	PGresult *res = PQexecParams(pg,
	    "select encode(sha256, 'hex') from sg.schema_migration where name = $1", 1, NULL,
	    (const char *const[]){name}, NULL, NULL, 0);

	hex[0] = '\0';
	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		fprintf(stderr, "%s", PQerrorMessage(pg));
		PQclear(res);
		return sg_fail(e, SG_EINTERNAL, "migrate_failed",
		    "The list of applied migrations cannot be read.");
	}
	if (PQntuples(res) == 1)
		snprintf(hex, SG_SHA256_HEX, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return SG_OK;
}

static int
note_applied(PGconn *pg, const char *name, const char *hex, struct sg_err *e)
{
	PGresult *res = PQexecParams(pg,
	    "insert into sg.schema_migration (name, sha256) values ($1, decode($2, 'hex'))", 2,
	    NULL, (const char *const[]){name, hex}, NULL, NULL, 0);
	int ok = PQresultStatus(res) == PGRES_COMMAND_OK;

	PQclear(res);
	return ok ? SG_OK
		  : sg_fail(e, SG_EINTERNAL, "migrate_failed",
			"Migration %.60s could not be noted as done.", name);
}

static int
apply(PGconn *pg, const struct sg_migration *m, int *n, struct sg_err *e)
{
	struct sg_sha256 h;
	char hex[SG_SHA256_HEX], had[SG_SHA256_HEX];
	int rc;

	sg_sha256_of(&h, m->sql, strlen(m->sql));
	sg_sha256_hex(&h, hex);
	if ((rc = applied_hash(pg, m->name, had, e)) != SG_OK)
		return rc;
	if (strcmp(had, hex) == 0)
		return SG_OK;
	if (had[0] != '\0')
		return sg_fail(e, SG_EINTERNAL, "migrate_changed",
		    "Migration %.60s was applied with other contents than this program has.",
		    m->name);
	if ((rc = run(pg, m->name, "begin", e)) != SG_OK ||
	    (rc = run(pg, m->name, m->sql, e)) != SG_OK ||
	    (rc = note_applied(pg, m->name, hex, e)) != SG_OK ||
	    (rc = run(pg, m->name, "commit", e)) != SG_OK)
		return rc;
	printf("applied %s\n", m->name);
	++*n;
	return SG_OK;
}

/* A database that a newer program has migrated is left alone. */
static int
refuse_unknown(PGconn *pg, struct sg_err *e)
{
	PGresult *res = PQexec(pg, "select name from sg.schema_migration order by name");
	int i, rc = SG_OK;

	for (i = 0; rc == SG_OK && i < PQntuples(res); i++) {
		const struct sg_migration *m = sg_migrations;

		while (m->name != NULL && strcmp(m->name, PQgetvalue(res, i, 0)) != 0)
			m++;
		if (m->name == NULL)
			rc = sg_fail(e, SG_EINTERNAL, "migrate_unknown",
			    "The database has migration %.60s, which this program does not know: "
			    "use the newer program.",
			    PQgetvalue(res, i, 0));
	}
	PQclear(res);
	return rc;
}

int
admin_migrate(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	static const char prepare[] = "set role sg_owner; set client_min_messages = warning;"
				      "select pg_advisory_lock(hashtextextended('sg.migrate', 0));"
				      "create table if not exists sg.schema_migration ("
				      "  name text primary key, sha256 bytea not null, applied_at "
				      "timestamptz not null default now())";
	const struct sg_migration *m;
	const char *operand[1], *conninfo = admin_conninfo(a, "sg_migrate", e);
	PGconn *pg;
	int rc, n = 0;

	if ((rc = admin_options(argc, argv, NULL, operand, 0, 0, e)) != SG_OK)
		return rc;
	if (conninfo == NULL)
		return e->code;
	pg = PQconnectdb(conninfo);
	if (sg_arena_defer(a->arena, finish_connection, pg) != SG_OK)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	if (PQstatus(pg) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(pg));
		return sg_fail(e, SG_EBUSY, "db_lost",
		    "The database cannot be reached as sg_migrate (sql/roles.sql makes the "
		    "roles).");
	}
	if ((rc = run(pg, "the start", prepare, e)) != SG_OK ||
	    (rc = refuse_unknown(pg, e)) != SG_OK)
		return rc;
	for (m = sg_migrations; m->name != NULL; m++)
		if ((rc = apply(pg, m, &n, e)) != SG_OK)
			return rc;
	if (n == 0)
		printf("nothing to do: the database is up to date\n");
	return SG_OK;
}
