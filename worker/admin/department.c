/* segward-admin department. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "sql/queries.h"
#include "worker/admin/admin.h"

int
admin_department_add(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	const char *name[1];
	struct sg_rows *r;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, NULL, name, 1, 1, e)) != SG_OK)
		return rc;
	if (name[0][0] == '\0' || strlen(name[0]) > 120)
		return sg_fail(e, SG_EINPUT, "department_name",
		    "A department's name has 1 to 120 characters.");
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_department_add, "s", name[0])) !=
		SG_OK)
		return rc;
	if (sg_rows_count(r) == 0)
		return sg_fail(e, SG_ECONFLICT, "department_taken",
		    "There is a department of this name already.");
	if ((rc = admin_audit(a, db, "department.create", "department", sg_rows_str(r, 0, 0), e)) !=
		SG_OK ||
	    (rc = sg_db_commit(db, e)) != SG_OK)
		return rc;
	printf("%s\n", sg_rows_str(r, 0, 0));
	return SG_OK;
}

int
admin_department_list(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	struct sg_rows *r;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, NULL, NULL, 0, 0, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_department_list, "")) != SG_OK)
		return rc;
	return admin_print(a, r, a->json ? ADMIN_JSON : ADMIN_TABLE, e);
}
