/* Rows on paper: an aligned table, JSON, or CSV. */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "worker/admin/admin.h"

/* Columns a UTF-8 text takes on a terminal, near enough: wide East Asian characters count two. */
static int
width_of(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c & 0xc0) != 0x80)
			n += c >= 0xe3 && c <= 0xed ? 2 : c >= 0xf0 ? 2 : 1;
	}
	return n;
}

static void
print_cell(const char *s, int width, int last)
{
	int pad = last ? 0 : width - width_of(s) + 2;

	for (; *s != '\0'; s++) /* no control characters reach the terminal */
		putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
	if (last)
		putchar('\n');
	else
		printf("%*s", pad, "");
}

static const char *
text_at(const struct sg_rows *r, int i, int f)
{
	const char *s = i < 0 ? sg_rows_name(r, f) : sg_rows_str(r, i, f);

	return s != NULL ? s : "";
}

static int
print_table(struct admin *a, const struct sg_rows *r, struct sg_err *e)
{
	int nf = sg_rows_fields(r), nr = sg_rows_count(r), i, f;
	int *width = sg_alloc_array(a->arena, (size_t)nf, sizeof *width);

	if (width == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	for (f = 0; f < nf; f++)
		for (i = -1; i < nr; i++)
			if (width_of(text_at(r, i, f)) > width[f])
				width[f] = width_of(text_at(r, i, f));
	for (i = -1; i < nr; i++)
		for (f = 0; f < nf; f++)
			print_cell(text_at(r, i, f), width[f], f == nf - 1);
	return SG_OK;
}

static int
print_json(struct admin *a, const struct sg_rows *r, struct sg_err *e)
{
	json_t *all = sg_json_keep(a->arena, json_array());
	int nf = sg_rows_fields(r), nr = sg_rows_count(r), i, f;

	for (i = 0; i < nr; i++) {
		json_t *o = json_object();

		for (f = 0; f < nf; f++) {
			const char *s = sg_rows_str(r, i, f);

			json_object_set_new(
			    o, sg_rows_name(r, f), s != NULL ? json_string(s) : json_null());
		}
		if (json_array_append_new(all, o) != 0)
			return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	}
	if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(1)) != 0)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	putchar('\n');
	return SG_OK;
}

static void
print_csv_cell(const char *s)
{
	size_t digits = strspn(s, "+-.0123456789eE");

	if (strchr("=+-@\t\r", s[0]) != NULL && s[0] != '\0' && s[digits] != '\0') {
		/* a sheet would run it as a formula */
		printf("\"'");
	} else if (strpbrk(s, ",\"\r\n") == NULL) {
		fputs(s, stdout);
		return;
	} else {
		putchar('"');
	}
	for (; *s != '\0'; s++) {
		if (*s == '"')
			putchar('"');
		putchar(*s);
	}
	putchar('"');
}

static void
print_csv(const struct sg_rows *r)
{
	int nf = sg_rows_fields(r), nr = sg_rows_count(r), i, f;

	for (i = -1; i < nr; i++)
		for (f = 0; f < nf; f++) {
			print_csv_cell(text_at(r, i, f));
			fputs(f == nf - 1 ? "\r\n" : ",", stdout);
		}
}

int
admin_print(struct admin *a, const struct sg_rows *r, enum admin_form form, struct sg_err *e)
{
	if (form == ADMIN_JSON)
		return print_json(a, r, e);
	if (form == ADMIN_CSV) {
		print_csv(r);
		return SG_OK;
	}
	return print_table(a, r, e);
}
