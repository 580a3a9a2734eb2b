/* What the subcommands of segward-admin share: connections, options, the audit event. */
#include "config.h"

#include "worker/admin/admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/queries.h"

int
admin_usage(struct sg_err *e, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return sg_fail(e, SG_EINPUT, "usage", "%s", text);
}

const char *
admin_conninfo(struct admin *a, const char *role, struct sg_err *e)
{
	const char *db = a->conf.db, *joint = " user=";
	char *text;

	if (strncmp(db, "postgresql://", 13) == 0 || strncmp(db, "postgres://", 11) == 0)
		joint = strchr(db, '?') != NULL ? "&user=" : "?user=";
	/* libpq takes the last one of a key that stands twice */
	text = sg_asprintf(a->arena, "%s%s%s", db, joint, role);
	if (text == NULL) {
		sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
		return NULL;
	}
	return text;
}

static void
close_db(void *db)
{
	sg_db_free(db);
}

struct sg_db *
admin_db(struct admin *a, const char *role, struct sg_err *e)
{
	const char *conninfo = admin_conninfo(a, role, e);
	struct sg_db *db = conninfo != NULL ? sg_db_new(conninfo) : NULL;

	if (db == NULL || sg_arena_defer(a->arena, close_db, db) != SG_OK) {
		sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
		return NULL;
	}
	return db;
}

static const struct admin_option *
find_option(const struct admin_option *options, const char *name, size_t n)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strlen(options->name) == n && strncmp(options->name, name, n) == 0)
			return options;
	return NULL;
}

int
admin_options(int argc, char **argv, const struct admin_option *options, const char **operand,
    int least, int most, struct sg_err *e)
{
	int i, n = 0, only_operands = 0;

	for (i = 1; i < argc; i++) {
		const char *name = argv[i] + 2, *equals;
		const struct admin_option *o;

		if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (n == most)
				return admin_usage(
				    e, "There is an argument too many: %.60s", argv[i]);
			operand[n++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			only_operands = 1;
			continue;
		}
		equals = strchr(argv[i], '=');
		o = argv[i][1] != '-'
			? NULL
			: find_option(options, name,
			      equals != NULL ? (size_t)(equals - name) : strlen(name));
		if (o == NULL || (o->value == NULL && equals != NULL))
			return admin_usage(e, "There is no option %.60s here.", argv[i]);
		if (o->value == NULL)
			*o->flag = 1;
		else if (equals != NULL)
			*o->value = equals + 1;
		else if (i + 1 < argc)
			*o->value = argv[++i];
		else
			return admin_usage(e, "Option --%s wants a value.", o->name);
	}
	if (n < least)
		return admin_usage(e, "An argument is missing.");
	if (n < most)
		operand[n] = NULL;
	return SG_OK;
}

int
admin_number(
    int64_t *out, const char *text, const char *what, int64_t least, int64_t most, struct sg_err *e)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < least || v > most)
		return admin_usage(e, "%s must be a whole number from %lld to %lld.", what,
		    (long long)least, (long long)most);
	*out = v;
	return SG_OK;
}

int
admin_audit(struct admin *a, struct sg_db *db, const char *action, const char *kind,
    const char *object, struct sg_err *e)
{
	return sg_db_run(db, a->arena, NULL, e, &sg_q_admin_audit, "sss", action, kind, object);
}
