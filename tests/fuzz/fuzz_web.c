/*
 * Fuzz target: what segward-web itself reads of a request. The first byte says which parser gets
 * the rest: a query string, a JSON body with its members, upload metadata, a checksum, a CSV text.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/json.h"
#include "fcgi/csv.h"
#include "fcgi/param.h"
#include "fcgi/req.h"
#include "fcgi/tus.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct param query[] = {
    {"q", PARAM_TEXT, 1, 100, NULL},
    {"after", PARAM_UUID, 0, 0, NULL},
    {"limit", PARAM_INT, 1, 200, NULL},
    {"from", PARAM_DATE, 0, 0, NULL},
    {"format", PARAM_ENUM, 0, 0, "json|csv"},
    {NULL, PARAM_TEXT, 0, 0, NULL},
};
static const struct field body[] = {
    {"name", PARAM_TEXT, 1, 1, 120, NULL},
    {"password", PARAM_SECRET, 0, 1, 200, NULL},
    {"id", PARAM_UUID, 0, 0, 0, NULL},
    {"date", PARAM_DATE, 0, 0, 0, NULL},
    {"t", PARAM_NUMBER, 0, 0, 1, NULL},
    {"n", PARAM_INT, 0, 1, 9, NULL},
    {"word", PARAM_ENUM, 0, 0, 0, "en|zh-CN|ru"},
    {NULL, PARAM_TEXT, 0, 0, 0, NULL},
};

static void
one(char kind, const char *text, size_t n, struct sg_arena *a)
{
	char name[4 * TUS_NAME_MAX + 1];
	struct tus_checksum c;
	struct req r = {.a = a};
	struct sg_err e = {0};
	struct sg_buf b;
	json_t *v;

	switch (kind) {
	case 'q':
		param_query(&r, query, text, &e);
		break;
	case 'j':
		if (sg_json_parse(&v, a, text, n, &e) == SG_OK)
			param_body(v, body, &e);
		break;
	case 'm':
		if (tus_file_name(name, text, &e) == SG_OK && strlen(name) > 4 * TUS_NAME_MAX)
			abort();
		break;
	case 's':
		tus_checksum(&c, text, &e);
		tus_number(text);
		break;
	default:
		sg_buf_init(&b, 1 << 20);
		csv_field(&b, text, 1);
		sg_buf_free(&b);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	char *text = n > 0 ? malloc(n) : NULL; /* exactly as long as it is: reading on is found */

	if (a != NULL && text != NULL) {
		memcpy(text, p + 1, n - 1);
		text[n - 1] = '\0';
		one((char)p[0], text, n - 1, a);
	}
	free(text);
	sg_arena_free(a);
	return 0;
}
