/* Short cuts that most handlers share: a statement whose first field is the answer's JSON. */
#ifndef FCGI_ANSWER_H
#define FCGI_ANSWER_H

#include "fcgi/req.h"

/* sg_db_run on the request's connection; types and values as there, rows may be NULL. */
#define answer_run(r, rows, e, q, ...) sg_db_run((r)->lane->db, (r)->a, rows, e, q, __VA_ARGS__)

/* Answer with field 0 of the first row. Errors: SG_EABSENT "not_found" when there is no row. */
int answer_rows(struct req *r, int status, const struct sg_rows *rows, struct sg_err *e);
/* Run a query whose one parameter is a row id and answer with its JSON. */
int answer_object(
    struct req *r, int status, const struct sg_query *q, int64_t id, struct sg_err *e);
/* Run a statement whose one parameter is a row id; 204. */
int answer_done(struct req *r, const struct sg_query *q, int64_t id, struct sg_err *e);
/* Field 0 (a public id) of the first row becomes the audit row's object. */
void answer_made(struct req *r, const char *kind, const struct sg_rows *rows);
int answer_no_memory(struct sg_err *e);

#endif
