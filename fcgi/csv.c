/* CSV fields. */
#include "config.h"

#include "fcgi/csv.h"

#include <stdlib.h>
#include <string.h>

static int
is_number(const char *s)
{
	char *end;

	if (strspn(s, "+-.0123456789eE") != strlen(s))
		return 0;
	strtod(s, &end);
	return end != s && *end == '\0';
}

void
csv_field(struct sg_buf *to, const char *text, int first)
{
	int risky;

	if (!first)
		sg_buf_append(to, ",", 1);
	if (text == NULL)
		return;
	risky = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL && !is_number(text);
	if (!risky && strpbrk(text, "\",\r\n") == NULL) {
		sg_buf_str(to, text);
		return;
	}
	sg_buf_str(to, risky ? "\"'" : "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			sg_buf_append(to, "\"", 1);
		sg_buf_append(to, text, 1);
	}
	sg_buf_append(to, "\"", 1);
}

void
csv_end(struct sg_buf *to)
{
	sg_buf_append(to, "\r\n", 2);
}
