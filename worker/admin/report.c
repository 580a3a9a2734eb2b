/* segward-admin report: the reports of sql/reports, run by the role that only reads. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "sql/queries.h"
#include "sql/report.h"
#include "worker/admin/admin.h"

static void
list_reports(void)
{
	const struct sg_report *p;

	for (p = sg_reports; p->name != NULL; p++)
		printf("%-12s %s\n", p->name, p->title);
}

int
admin_report(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *name[1] = {NULL}, *from = NULL, *to = NULL;
	int csv = 0, rc;
	const struct admin_option options[] = {
	    {"from", &from, NULL}, {"to", &to, NULL}, {"csv", NULL, &csv}, {NULL, NULL, NULL}};
	const struct sg_report *p = sg_reports;
	struct sg_rows *r;
	struct sg_db *db;

	if ((rc = admin_options(argc, argv, options, name, 0, 1, e)) != SG_OK)
		return rc;
	if (name[0] == NULL) {
		list_reports();
		return SG_OK;
	}
	while (p->name != NULL && strcmp(p->name, name[0]) != 0)
		p++;
	if (p->name == NULL)
		return admin_usage(e, "There is no report %.60s.", name[0]);
	if ((db = admin_db(a, "sg_audit", e)) == NULL)
		return e->code;
	if ((rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, NULL, e, &sg_q_report_begin, "")) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &r, e, &p->query, "ss", from, to)) != SG_OK)
		return rc;
	sg_db_rollback(db);
	rc = admin_print(a, r, csv ? ADMIN_CSV : a->json ? ADMIN_JSON : ADMIN_TABLE, e);
	if (rc == SG_OK && sg_rows_count(r) == SG_REPORT_ROWS)
		fprintf(stderr, "segward-admin: cut after %d rows; narrow --from and --to\n",
		    SG_REPORT_ROWS);
	return rc;
}
