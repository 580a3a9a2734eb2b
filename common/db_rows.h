/* What db.c and db_rows.c share; nobody else includes it. */
#ifndef SG_DB_ROWS_H
#define SG_DB_ROWS_H

#include <libpq-fe.h>

#include "common/db.h"

/* An answer that lives in the arena; takes res over, also on error. NULL: no memory. */
struct sg_rows *sg_rows_wrap(struct sg_arena *a, PGresult *res);

/* Make an error value of a failed result, and log it without data. conn_lost: the connection is
 * of no more use and must be dropped. Returns the code. */
int sg_rows_error(struct sg_err *e, const PGresult *res, const char *query, int *conn_lost);

#endif
