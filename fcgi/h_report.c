/* The SQL reports, for admins: as JSON for the page, as CSV to take along. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "fcgi/answer.h"
#include "fcgi/csv.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "fcgi/route.h"
#include "sql/queries.h"
#include "sql/report.h"

#define TEXT_MAX (8 << 20) /* bytes of one report's answer */

static json_t *
columns_of(const struct sg_report *p)
{
	json_t *list = json_array();

	for (int i = 0; p->columns[i] != NULL; i++)
		json_array_append_new(list, json_string(p->columns[i]));
	return list;
}

int
h_reports(struct req *r, struct sg_err *e)
{
	json_t *items = json_array();

	(void)e;
	for (const struct sg_report *p = sg_reports; p->name != NULL; p++)
		json_array_append_new(
		    items, json_pack("{s:s, s:s, s:s, s:o}", "name", p->name, "title", p->title,
			       "note", p->note, "columns", columns_of(p)));
	req_audit(r, "report", NULL, NULL);
	reply_value(r, 200, json_pack("{s:o, s:n}", "items", items, "next"));
	return SG_OK;
}

static int
as_csv(struct req *r, const struct sg_report *p, const struct sg_rows *rows, struct sg_buf *b)
{
	int n = sg_rows_fields(rows);

	for (int i = 0; i < n; i++)
		csv_field(b, sg_rows_name(rows, i), i == 0);
	csv_end(b);
	for (int row = 0; row < sg_rows_count(rows); row++) {
		for (int i = 0; i < n; i++)
			csv_field(b, sg_rows_str(rows, row, i), i == 0);
		csv_end(b);
	}
	reply_header(r, "Content-Disposition",
	    reply_disposition(r->a, sg_asprintf(r->a, "segward-%s.csv", p->name)));
	return b->err;
}

/* A value as a JSON number where it is one as it stands, else as text. */
static json_t *
value_of(const char *text)
{
	json_error_t ignored;
	json_t *v;

	if (text == NULL)
		return json_null();
	if (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) {
		v = json_loads(text, JSON_DECODE_ANY, &ignored);
		if (json_is_number(v))
			return v;
		json_decref(v);
	}
	return json_string(text);
}

static void
as_json(struct req *r, const struct sg_report *p, const struct sg_rows *rows)
{
	json_t *list = json_array();

	for (int row = 0; row < sg_rows_count(rows); row++) {
		json_t *one = json_array();

		for (int i = 0; i < sg_rows_fields(rows); i++)
			json_array_append_new(one, value_of(sg_rows_str(rows, row, i)));
		json_array_append_new(list, one);
	}
	reply_value(r, 200,
	    json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", p->name, "title", p->title, "note",
		p->note, "columns", columns_of(p), "rows", list));
}

static void
free_buf(void *arg)
{
	sg_buf_free(arg);
}

/* In a transaction that can only read. */
static int
read_report(struct req *r, const struct sg_report *p, struct sg_rows **rows, struct sg_err *e)
{
	int rc;

	if ((rc = sg_db_begin(r->lane->db, &r->session.who, e)) != SG_OK)
		return rc;
	if ((rc = answer_run(r, NULL, e, &sg_q_report_begin, "")) == SG_OK)
		rc = answer_run(r, rows, e, &p->query, "ss", req_arg(r, "from"), req_arg(r, "to"));
	sg_db_rollback(r->lane->db);
	return rc;
}

/* The view is in the audit log before anything is shown. */
static int
note_view(struct req *r, const struct sg_report *p, struct sg_err *e)
{
	const char *detail = sg_asprintf(r->a, "{\"report\": \"%s\"}", p->name);

	return sg_db_run_as(r->lane->db, &r->session.who, r->a, NULL, e, &sg_q_audit_write, "sssss",
	    r->route->audit, "report", NULL, detail, r->id);
}

int
h_report(struct req *r, struct sg_err *e)
{
	const struct sg_report *p = sg_reports;
	const char *format = req_arg(r, "format");
	struct sg_rows *rows;
	struct sg_buf *b;
	int rc;

	while (p->name != NULL && strcmp(p->name, r->param[0]) != 0)
		p++;
	if (p->name == NULL)
		return sg_fail(e, SG_EABSENT, "not_found", "There is no such report.");
	if ((rc = read_report(r, p, &rows, e)) != SG_OK || (rc = note_view(r, p, e)) != SG_OK)
		return rc;
	if (format == NULL || strcmp(format, "csv") != 0) {
		as_json(r, p, rows);
		return SG_OK;
	}
	if ((b = sg_alloc(r->a, sizeof(*b))) == NULL)
		return answer_no_memory(e);
	sg_buf_init(b, TEXT_MAX);
	if (sg_arena_defer(r->a, free_buf, b) != SG_OK)
		return answer_no_memory(e);
	if (as_csv(r, p, rows, b) != 0)
		return sg_fail(e, SG_ELIMIT, "report_too_large",
		    "The report is too long; choose a shorter span of time.");
	reply_empty(r, 200);
	r->reply.type = "text/csv; charset=utf-8";
	r->reply.body = (const char *)b->data;
	r->reply.length = b->len;
	return SG_OK;
}
