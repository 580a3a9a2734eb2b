/* Validators of parameters and body members. */
#include "config.h"

#include <string.h>

#include "common/json.h"
#include "fcgi/param.h"
#include "fcgi/req.h"
#include "fcgi/route.h"
#include "tests/unit/check.h"

static int
fits(enum param_type type, long long lo, long long hi, const char *words, const char *text)
{
	struct sg_err e = {0};

	return param_check("parameter x", type, lo, hi, words, text, &e) == SG_OK;
}

static void
dates_are_days_of_the_calendar(void)
{
	CHECK(param_date("2024-02-29"));
	CHECK(param_date("2000-02-29"));
	CHECK(param_date("1850-01-01"));
	CHECK(!param_date("2023-02-29"));
	CHECK(!param_date("1900-02-29"));
	CHECK(!param_date("2024-04-31"));
	CHECK(!param_date("2024-13-01"));
	CHECK(!param_date("2024-00-10"));
	CHECK(!param_date("2024-01-00"));
	CHECK(!param_date("24-01-01"));
	CHECK(!param_date("2024-1-01"));
	CHECK(!param_date("2024-01-01x"));
	CHECK(!param_date("0001-01-01"));
}

static void
numbers_are_digits_within_limits(void)
{
	CHECK(fits(PARAM_INT, 1, 200, NULL, "1"));
	CHECK(fits(PARAM_INT, 1, 200, NULL, "200"));
	CHECK(fits(PARAM_INT, -5, 5, NULL, "-5"));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, "0"));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, "201"));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, "1e2"));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, " 1"));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, ""));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, "-"));
	CHECK(!fits(PARAM_INT, 1, 200, NULL, "99999999999999999999"));
}

static void
words_are_whole_words(void)
{
	CHECK(fits(PARAM_ENUM, 0, 0, "en|zh-CN|ru", "en"));
	CHECK(fits(PARAM_ENUM, 0, 0, "en|zh-CN|ru", "ru"));
	CHECK(!fits(PARAM_ENUM, 0, 0, "en|zh-CN|ru", "zh"));
	CHECK(!fits(PARAM_ENUM, 0, 0, "en|zh-CN|ru", "en|zh-CN"));
	CHECK(!fits(PARAM_ENUM, 0, 0, "en|zh-CN|ru", ""));
	CHECK(!fits(PARAM_ENUM, 0, 0, "en|zh-CN|ru", "EN"));
}

static void
text_is_plain_utf8(void)
{
	CHECK(fits(PARAM_TEXT, 1, 4, NULL, "\xe8\x82\x9d\xe8\x82\x9d\xe8\x82\x9d\xe8\x82\x9d"));
	CHECK(!fits(PARAM_TEXT, 1, 3, NULL, "\xe8\x82\x9d\xe8\x82\x9d\xe8\x82\x9d\xe8\x82\x9d"));
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, ""));
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "a\nb"));
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "a\x7f"));
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xc2\x85"));	  /* C1 */
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xe2\x80\xa8"));	  /* line separator */
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xc0\x80"));	  /* overlong */
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xed\xa0\x80"));	  /* surrogate */
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xf4\x90\x80\x80")); /* above U+10FFFF */
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xe8\x82"));	  /* cut */
	CHECK(!fits(PARAM_TEXT, 1, 9, NULL, "\xff"));
	CHECK(fits(PARAM_SECRET, 1, 9, NULL, "tab\tok"));
}

static const struct param list[] = {
    {"q", PARAM_TEXT, 1, 20, NULL},
    {"limit", PARAM_INT, 1, 200, NULL},
    {NULL, PARAM_TEXT, 0, 0, NULL},
};

static struct sg_arena *arena;

/* The error id of a query string, "" when it is taken. */
static const char *
query(struct req *r, const char *text)
{
	static struct sg_err e;
	struct route route = {.args = list};

	sg_err_clear(&e);
	memset(r, 0, sizeof *r);
	r->a = arena;
	r->route = &route;
	param_query(r, list, text, &e);
	r->route = NULL;
	return e.id;
}

static void
queries_are_decoded_once(void)
{
	struct req r;

	CHECK_STR(query(&r, "q=a%20b+c&limit=7"), "");
	CHECK_STR(r.arg[0], "a b c");
	CHECK_STR(r.arg[1], "7");
	CHECK_STR(query(&r, "q=%2541"), "");
	CHECK_STR(r.arg[0], "%41");
	CHECK_STR(query(&r, "q=%E8%82%9D"), "");
	CHECK_STR(r.arg[0], "\xe8\x82\x9d");
	CHECK_STR(query(&r, "q=a=b"), "");
	CHECK_STR(r.arg[0], "a=b");
	CHECK_STR(query(&r, "q=&limit="), "");
	CHECK(r.arg[0] == NULL && r.arg[1] == NULL);
	CHECK_STR(query(&r, ""), "");
	CHECK_STR(query(&r, "&&"), "");
}

static void
queries_that_do_not_fit_are_refused(void)
{
	struct req r;

	CHECK_STR(query(&r, "x=1"), "param_unknown");
	CHECK_STR(query(&r, "q"), "");
	CHECK_STR(query(&r, "=1"), "param_unknown");
	CHECK_STR(query(&r, "q=1&q=2"), "param_twice");
	CHECK_STR(query(&r, "q=%"), "param_bad");
	CHECK_STR(query(&r, "q=%4"), "param_bad");
	CHECK_STR(query(&r, "q=%zz"), "param_bad");
	CHECK_STR(query(&r, "q=%00"), "param_bad");
	CHECK_STR(query(&r, "q=%0a"), "param_bad");
	CHECK_STR(query(&r, "limit=1000"), "param_bad");
	CHECK_STR(query(&r, "limit=1%00"), "param_bad");
}

static const struct field fields[] = {
    {"name", PARAM_TEXT, 1, 1, 20, NULL},
    {"sex", PARAM_ENUM, 0, 0, 0, "female|male|other"},
    {"n", PARAM_INT, 0, 1, 9, NULL},
    {"t", PARAM_NUMBER, 0, 0, 1, NULL},
    {NULL, PARAM_TEXT, 0, 0, 0, NULL},
};

static const char *
body(const char *text)
{
	static struct sg_err e;
	json_t *v = NULL;

	sg_err_clear(&e);
	if (sg_json_parse(&v, arena, text, strlen(text), &e) == SG_OK)
		param_body(v, fields, &e);
	return e.id;
}

static void
bodies_hold_known_members_of_the_right_type(void)
{
	CHECK_STR(body("{\"name\":\"A\"}"), "");
	CHECK_STR(body("{\"name\":\"A\",\"sex\":null,\"n\":9,\"t\":0.125}"), "");
	CHECK_STR(body("{\"name\":\"A\",\"t\":1}"), "");
	CHECK_STR(body("{}"), "json_missing");
	CHECK_STR(body("{\"name\":null}"), "json_missing");
	CHECK_STR(body("{\"name\":1}"), "json_type");
	CHECK_STR(body("{\"name\":[\"A\"]}"), "json_type");
	CHECK_STR(body("{\"name\":\"A\",\"other\":1}"), "json_unknown");
	CHECK_STR(body("{\"name\":\"A\",\"other\":null}"), "json_unknown");
	CHECK_STR(body("{\"name\":\"A\",\"sex\":\"x\"}"), "param_bad");
	CHECK_STR(body("{\"name\":\"A\",\"n\":10}"), "param_bad");
	CHECK_STR(body("{\"name\":\"A\",\"n\":1.0}"), "json_type");
	CHECK_STR(body("{\"name\":\"A\",\"t\":1.5}"), "param_bad");
	CHECK_STR(body("{\"name\":\"A\",\"t\":-0.001}"), "param_bad");
	CHECK_STR(body("{\"name\":\"A\",\"t\":0.1234}"), "param_bad");
	CHECK_STR(body("{\"name\":\"A\",\"t\":\"0.5\"}"), "json_type");
	CHECK_STR(body("[]"), "json_type");
	CHECK_STR(body("\"name\""), "json_type");
}

int
main(void)
{
	arena = sg_arena_new(1 << 20);
	RUN(dates_are_days_of_the_calendar);
	RUN(numbers_are_digits_within_limits);
	RUN(words_are_whole_words);
	RUN(text_is_plain_utf8);
	RUN(queries_are_decoded_once);
	RUN(queries_that_do_not_fit_are_refused);
	RUN(bodies_hold_known_members_of_the_right_type);
	sg_arena_free(arena);
	return check_end();
}
