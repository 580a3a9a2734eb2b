/*
 * The reports of sql/reports, embedded at build time. A report answers one question for admins;
 * it has two parameters, from (included) and to (excluded), times or NULL for open.
 *
 * Run one in its own transaction: begin (as an admin, or in a session of sg_audit), then
 * sg_q_report_begin, then the report's query, which returns at most SG_REPORT_ROWS rows with
 * the named columns in that order; then roll back.
 */
#ifndef SG_REPORT_H
#define SG_REPORT_H

#include "common/db.h"

#define SG_REPORT_ROWS 10000

struct sg_report {
	const char *name;           /* as in URLs and on the command line */
	const char *title;          /* for people */
	const char *reads;          /* tables and what a row is */
	const char *note;           /* caveats */
	const char *const *columns; /* NULL at the end; units are in the names */
	struct sg_query query;      /* "ss": from, to */
};

extern const struct sg_report sg_reports[]; /* by name; name is NULL at the end */

#endif
