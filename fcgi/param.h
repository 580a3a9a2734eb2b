/*
 * What a parameter or body member may be: one row each, so that a handler sees checked values
 * only. Unknown ones are refused, so a typing mistake never passes in silence.
 */
#ifndef FCGI_PARAM_H
#define FCGI_PARAM_H

#include <jansson.h>

#include "common/err.h"

struct req;

enum param_type {
	PARAM_TEXT,   /* UTF-8 without control characters; lo..hi letters */
	PARAM_SECRET, /* any UTF-8 without NUL (passwords); lo..hi bytes */
	PARAM_UUID,
	PARAM_INT,    /* lo..hi */
	PARAM_NUMBER, /* lo..hi; at most 3 decimals, as thresholds have */
	PARAM_ENUM,   /* one of words, separated by '|' */
	PARAM_DATE,   /* YYYY-MM-DD of the calendar, 1850..2200 */
	PARAM_HEX256, /* 64 lower-case hex digits */
	PARAM__TYPES
};

struct param { /* of the query */
	const char *name;
	enum param_type type;
	long long lo, hi;
	const char *words;
};

struct field { /* a member of the JSON body */
	const char *name;
	enum param_type type;
	int required; /* 0: may be left out or null */
	long long lo, hi;
	const char *words;
};

/*
 * One value in text form. what: "parameter limit" or "member name", for the sentence.
 * Errors: SG_EINPUT "param_bad".
 */
int param_check(const char *what, enum param_type type, long long lo, long long hi,
    const char *words, const char *text, struct sg_err *e);
/*
 * Split and decode a query string into r->arg by the route's list.
 * Errors: SG_EINPUT "param_unknown", "param_twice", "param_bad".
 */
int param_query(struct req *r, const struct param *list, const char *query, struct sg_err *e);
/* Errors: SG_EINPUT "json_type", "json_unknown", "json_missing", "param_bad". */
int param_body(const json_t *body, const struct field *list, struct sg_err *e);

/* 1 when the text is well-formed UTF-8; *letters counts code points. */
int param_utf8(const char *s, size_t n, size_t *letters);
int param_date(const char *s); /* 1: YYYY-MM-DD, a day of the calendar */
const char *param_type_name(enum param_type t);

#endif
