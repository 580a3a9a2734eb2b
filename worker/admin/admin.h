/*
 * segward-admin: what its subcommands share. One file per noun; main.c holds the table.
 *
 * A subcommand gets its own arguments (argv[0] is its name), prints to standard output, and
 * returns SG_OK, or an error in *e that main prints on standard error. Exit status: 0 done,
 * 1 refused or something was found, 2 wrong usage.
 */
#ifndef SG_ADMIN_H
#define SG_ADMIN_H

#include <stdint.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/db.h"
#include "common/err.h"

struct admin {
	struct sg_conf conf;
	struct sg_arena *arena; /* the whole run's memory */
	int json;		/* --json was given */
	int found;		/* something was found: exit status 1, though nothing failed */
};

struct admin_command {
	const char *noun, *verb; /* verb NULL: the noun is the whole command */
	int (*run)(struct admin *a, int argc, char **argv, struct sg_err *e);
	const char *args; /* after the name, for the usage lines */
	const char *does; /* one line */
};

/* SG_EINPUT "usage" makes the exit status 2; main prints the subcommand's usage below it. */
int admin_usage(struct sg_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The configured database, as another role ("sg_migrate", "sg_audit"). Arena-owned text. */
const char *admin_conninfo(struct admin *a, const char *role, struct sg_err *e);
/* A connection as that role; closed with the arena. NULL: see *e. */
struct sg_db *admin_db(struct admin *a, const char *role, struct sg_err *e);

enum admin_form { ADMIN_TABLE, ADMIN_JSON, ADMIN_CSV };
/* Print rows: aligned columns, a JSON array of objects (all values text or null), or CSV
 * (RFC 4180; a leading = + - @ that is no number is led in by ' so no sheet runs it). */
int admin_print(struct admin *a, const struct sg_rows *r, enum admin_form form, struct sg_err *e);

/*
 * Options of a subcommand, read once: each row of the table is an option with its place; what is
 * left are the operands, at most `most`, put into operand[] (NULL after the last).
 */
struct admin_option {
	const char *name;   /* without the dashes */
	const char **value; /* takes a value, put here; NULL for a flag */
	int *flag;	    /* set to 1; NULL when it takes a value */
};
int admin_options(int argc, char **argv, const struct admin_option *options, const char **operand,
    int least, int most, struct sg_err *e);

/* A whole number in least..most; usage error otherwise. */
int admin_number(int64_t *out, const char *text, const char *what, int64_t least, int64_t most,
    struct sg_err *e);

/* Write an event into the audit trail in the open transaction: the system acts. */
int admin_audit(struct admin *a, struct sg_db *db, const char *action, const char *kind,
    const char *object, struct sg_err *e);

int admin_migrate(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_department_add(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_department_list(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_account_add(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_account_list(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_account_state(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_account_password(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_model_add(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_model_list(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_model_state(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_job_list(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_job_retry(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_report(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_verify(struct admin *a, int argc, char **argv, struct sg_err *e);
int admin_conf(struct admin *a, int argc, char **argv, struct sg_err *e);

#endif
