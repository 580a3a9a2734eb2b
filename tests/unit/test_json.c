/* common/json.c */
#include "config.h"

#include "common/json.h"

#include "tests/unit/check.h"

static struct sg_arena *arena;

/* Parse text; the id of the error, or "ok". */
static const char *
verdict_n(const char *text, size_t n)
{
	static struct sg_err e;
	json_t *v = NULL;

	sg_err_clear(&e);
	if (sg_json_parse(&v, arena, text, n, &e) == SG_OK)
		return v != NULL ? "ok" : "nothing";
	return v == NULL ? e.id : "a value with an error";
}

static const char *
verdict(const char *text)
{
	return verdict_n(text, strlen(text));
}

static void
good_values_are_taken(void)
{
	CHECK_STR(verdict("{}"), "ok");
	CHECK_STR(verdict("{\"a\":[1,2.5,null,true,\"\\u00e9\"]}"), "ok");
	CHECK_STR(verdict("1"), "ok");
	CHECK_STR(verdict("\"[[[[[[[[[[[[[[[[[[[[[[ \\\" {{{{{{{{{{{{{{{{{\""), "ok");
	CHECK_STR(verdict("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"), "ok"); /* 16 */
}

static void
bad_texts_are_refused(void)
{
	static const char *const bad[] = {"", " ", "{", "}", "{\"a\"}", "{\"a\":1,}", "[1 2]",
	    "nul", "{} {}", "{\"a\":1,\"a\":2}", "1e999", "-1e999",
	    "123456789012345678901234567890", "\"\xff\"", "\"\\u0000\"", "{\"\\u0000\":1}", "NaN",
	    "Infinity", "'a'", "01", "\"\n\"", "\"\\ud800\"", "\"abc"};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (strcmp(verdict(bad[i]), "json_bad") != 0)
			check_note(__FILE__, __LINE__, "%s gave %s", bad[i], verdict(bad[i]));
	CHECK_STR(verdict_n("\"a\0b\"", 5), "json_bad");
	CHECK_STR(verdict_n("{}\0", 3), "json_bad");
}

static void
depth_is_limited(void)
{
	char text[20001];
	int i;

	CHECK_STR(verdict("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), "json_too_deep"); /* 17 */
	memset(text, '[', 10000);
	memset(text + 10000, ']', 10000);
	CHECK_STR(verdict_n(text, 20000), "json_too_deep");
	CHECK_STR(verdict_n(text, 10000), "json_too_deep");
	for (i = 0; i < 20000; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	CHECK_STR(verdict_n(text, 20000), "json_too_deep");
}

static void
size_is_limited(void)
{
	size_t n = (size_t)10 << 20;
	char *text = malloc(n);
	struct sg_err e = {0};
	json_t *v;

	REQUIRE(text != NULL);
	memset(text, ' ', n);
	text[0] = '1';
	CHECK_STR(verdict_n(text, n), "json_too_large");
	CHECK_STR(verdict_n(text, 65537), "json_too_large");
	CHECK_STR(verdict_n(text, 65536), "ok");
	CHECK_INT(sg_json_parse_limit(&v, arena, text, n, n, &e), SG_OK);
	free(text);
}

/* What a person typed must not come back in a sentence that is logged. */
static void
errors_do_not_quote_the_input(void)
{
	struct sg_err e = {0};
	json_t *v;

	sg_json_parse(&v, arena, "{\"name\": Miller}", 16, &e);
	CHECK_STR(e.id, "json_bad");
	CHECK(strstr(e.msg, "Miller") == NULL);
	CHECK(strstr(e.msg, "line 1") != NULL);
	sg_err_clear(&e);
	sg_json_parse(&v, arena, "{\"Miller\":1,\"Miller\":1}", 23, &e);
	CHECK(strstr(e.msg, "Miller") == NULL && strstr(e.msg, "twice") != NULL);
}

static void
members_have_types(void)
{
	static const char text[] = "{\"s\":\"x\",\"i\":7,\"d\":2.5,\"b\":true,\"n\":null,\"o\":{}}";
	struct sg_err e = {0};
	json_t *o;

	REQUIRE(sg_json_parse(&o, arena, text, strlen(text), &e) == SG_OK);
	CHECK_STR(sg_json_str(o, "s", "?", &e), "x");
	CHECK_INT(sg_json_int(o, "i", -1, &e), 7);
	CHECK(sg_json_num(o, "d", 0, &e) == 2.5 && sg_json_num(o, "i", 0, &e) == 7);
	CHECK_INT(sg_json_bool(o, "b", 0, &e), 1);
	CHECK_STR(sg_json_str(o, "n", "?", &e), "?");
	CHECK_STR(sg_json_str(o, "absent", NULL, &e), NULL);
	CHECK_INT(sg_json_int(o, "absent", -1, &e), -1);
	CHECK_INT(e.code, SG_OK);
	CHECK_INT(sg_json_int(o, "s", -1, &e), -1);
	CHECK_STR(e.id, "json_type");
	CHECK(strstr(e.msg, "\"s\"") != NULL);
	sg_err_clear(&e);
	CHECK_INT(sg_json_int(o, "d", -1, &e), -1); /* 2.5 is no whole number */
	CHECK_STR(e.id, "json_type");
	sg_err_clear(&e);
	CHECK_INT(sg_json_bool(o, "i", 0, &e), 0);
	CHECK_STR(e.id, "json_type");
	CHECK_STR(sg_json_text(arena, json_object_get(o, "o")), "{}");
}

int
main(void)
{
	arena = sg_arena_new((size_t)1 << 20);
	RUN(good_values_are_taken);
	RUN(bad_texts_are_refused);
	RUN(depth_is_limited);
	RUN(size_is_limited);
	RUN(errors_do_not_quote_the_input);
	RUN(members_have_types);
	sg_arena_free(arena);
	return check_end();
}
