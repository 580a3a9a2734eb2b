/*
 * Errors as values: a code that says who can mend it, a stable id that programs and
 * translations key on, and one plain sentence for a person.
 *
 * A function that can fail returns an enum sg_code as int and fills the caller's struct
 * sg_err. The first error stands: sg_fail() leaves a filled one alone, so callers pass it up
 * untouched. Sentences hold no patient data, no secrets and no server paths.
 */
#ifndef SG_ERR_H
#define SG_ERR_H

enum sg_code {
	SG_OK = 0,
	SG_EINPUT,    /* the caller's data is wrong: HTTP 400, job failed for good */
	SG_EABSENT,   /* nothing by that name, or not yours to see: HTTP 404 */
	SG_EDENIED,   /* known, but not allowed: HTTP 401 or 403 */
	SG_ECONFLICT, /* true a moment ago, not now: HTTP 409 */
	SG_ELIMIT,    /* over a limit or quota: HTTP 413 or 429 */
	SG_ENOTSUP,   /* valid, but not supported here: HTTP 422, said by name */
	SG_EBUSY,     /* try again: HTTP 503, job given back with a delay */
	SG_EINTERNAL, /* our fault: HTTP 500, job dead after its tries: a person looks */
	SG__ECODES
};

struct sg_err {
	enum sg_code code;
	char id[32];   /* stable, e.g. "image_too_large"; listed in doc/errors.md */
	char msg[200]; /* what was found and what to do; UTF-8, one sentence or two */
};

/* Fill *e unless it holds an error already; returns the code that stands. e may be NULL. */
int sg_fail(struct sg_err *e, enum sg_code code, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Make *e hold no error. */
void sg_err_clear(struct sg_err *e);

#endif
