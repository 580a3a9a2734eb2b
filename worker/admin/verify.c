/*
 * segward-admin verify: is everything as promised? The queue's invariants, the bytes of every
 * blob against its name, and the audit chain. Prints each finding; exit status 1 when there is
 * one. Reads only, as the role sg_audit, and may run beside everything else.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store.h"
#include "sql/queries.h"
#include "worker/admin/admin.h"

static int
check_invariants(struct admin *a, struct sg_db *db, struct sg_err *e)
{
	struct sg_rows *r;
	int i, rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_invariants, "s", NULL);

	if (rc != SG_OK)
		return rc;
	for (i = 0; i < sg_rows_count(r); i++) {
		printf("%s broken %s times: %s\n", sg_rows_str(r, i, 0), sg_rows_str(r, i, 1),
		    sg_rows_str(r, i, 2));
		a->found = 1;
	}
	if (sg_rows_count(r) == 0)
		printf("queue: every promise is kept\n");
	return SG_OK;
}

/* Broken or absent: a finding. The store being out of reach is an error. */
static int
check_blob(struct admin *a, struct sg_store *s, const struct sg_rows *r, int i, struct sg_err *e)
{
	struct sg_err why = {0};
	struct sg_sha256 h;
	struct stat st;
	int fd, wrong_size;

	sg_rows_sha256(r, i, 0, &h);
	if (sg_blob_open(&fd, s, &h, 1, &why) != SG_OK) {
		if (why.code == SG_EBUSY)
			return sg_fail(e, why.code, why.id, "%s", why.msg);
		printf("blob %s: %s\n", sg_rows_str(r, i, 1), why.msg);
		a->found = 1;
		return SG_OK;
	}
	wrong_size = fstat(fd, &st) != 0 || st.st_size != sg_rows_int(r, i, 2);
	close(fd);
	if (wrong_size) {
		printf("blob %s: its size is not the one noted down\n", sg_rows_str(r, i, 1));
		a->found = 1;
	}
	return SG_OK;
}

static void
close_store(void *s)
{
	sg_store_close(s);
}

static int
check_blobs(struct admin *a, struct sg_db *db, struct sg_err *e)
{
	struct sg_arena *page = sg_arena_new((size_t)16 << 20);
	struct sg_sha256 after, *from = NULL;
	struct sg_store *s;
	struct sg_rows *r;
	long n = 0;
	int i, rc;

	if (page == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	if ((rc = sg_store_open(&s, &a->conf, e)) != SG_OK ||
	    (rc = sg_arena_defer(a->arena, close_store, s)) != SG_OK)
		goto out;
	do {
		rc = sg_db_run(db, page, &r, e, &sg_q_admin_blob_list, "h", from);
		if (rc != SG_OK)
			goto out;
		for (i = 0; i < sg_rows_count(r); i++, n++)
			if ((rc = check_blob(a, s, r, i, e)) != SG_OK)
				goto out;
		i = sg_rows_count(r);
		if (i > 0)
			sg_rows_sha256(r, i - 1, 0, &after);
		from = &after;
		sg_arena_reset(page);
	} while (i > 0);
	printf("blobs: %ld looked at\n", n);
out:
	sg_arena_free(page);
	return rc;
}

static int
check_audit(struct admin *a, struct sg_db *db, struct sg_err *e)
{
	struct sg_rows *r;
	int rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_audit_verify, "");

	if (rc != SG_OK)
		return rc;
	if (sg_rows_str(r, 0, 0) != NULL) {
		printf("audit: the chain is broken at seal %s\n", sg_rows_str(r, 0, 0));
		a->found = 1;
	}
	printf("audit: %s events sealed, %s waiting for their seal, head %s\n",
	    sg_rows_str(r, 0, 1), sg_rows_str(r, 0, 2), sg_rows_str(r, 0, 3));
	return SG_OK;
}

int
admin_verify(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	int no_blobs = 0, rc;
	const struct admin_option options[] = {{"no-blobs", NULL, &no_blobs}, {NULL, NULL, NULL}};
	struct sg_db *db;

	if ((rc = admin_options(argc, argv, options, NULL, 0, 0, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_audit", e)) == NULL)
		return e->code;
	if ((rc = check_invariants(a, db, e)) != SG_OK ||
	    (!no_blobs && (rc = check_blobs(a, db, e)) != SG_OK))
		return rc;
	return check_audit(a, db, e);
}
