/* Error values. */
#include "config.h"

#include "common/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a UTF-8 character would make the sentence unfit for JSON. */
static void
trim_partial_utf8(char *s)
{
	size_t n = strlen(s), i = n;

	while (i > 0 && n - i < 4) {
		unsigned char c = (unsigned char)s[--i];
		size_t want = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;

		if (want == 0)
			continue;
		if (n - i < want)
			s[i] = '\0';
		return;
	}
}

int
sg_fail(struct sg_err *e, enum sg_code code, const char *id, const char *fmt, ...)
{
	va_list ap;
	int n;

	assert(code > SG_OK && code < SG__ECODES);
	if (e == NULL)
		return code;
	if (e->code != SG_OK)
		return e->code;
	e->code = code;
	snprintf(e->id, sizeof e->id, "%s", id);
	va_start(ap, fmt);
	n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	if (n < 0)
		e->msg[0] = '\0';
	else if ((size_t)n >= sizeof e->msg)
		trim_partial_utf8(e->msg);
	return code;
}

void
sg_err_clear(struct sg_err *e)
{
	memset(e, 0, sizeof *e);
}
