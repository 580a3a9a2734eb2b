/* Validators of query parameters and body members, and the decoding of query strings. */
#include "config.h"

#include "fcgi/param.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/id.h"
#include "fcgi/req.h"

static const char *const type_names[PARAM__TYPES] = {
    [PARAM_TEXT] = "text",
    [PARAM_SECRET] = "secret",
    [PARAM_UUID] = "uuid",
    [PARAM_INT] = "int",
    [PARAM_NUMBER] = "number",
    [PARAM_ENUM] = "enum",
    [PARAM_DATE] = "date",
    [PARAM_HEX256] = "hex256",
};

const char *
param_type_name(enum param_type t)
{
	return type_names[t];
}

/* Length of the UTF-8 sequence at s (n bytes left); 0: malformed, overlong or a surrogate. */
static size_t
utf8_step(const unsigned char *s, size_t n, unsigned *code)
{
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf5 ? 4
				   : 0;
	unsigned c;

	if (len == 0 || len > n)
		return 0;
	c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
	    (len == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	*code = c;
	return len;
}

int
param_utf8(const char *s, size_t n, size_t *letters)
{
	size_t count = 0, i = 0, step;
	unsigned code;

	for (; i < n; i += step, count++)
		if ((step = utf8_step((const unsigned char *)s + i, n - i, &code)) == 0)
			return 0;
	*letters = count;
	return 1;
}

/* Text for one line: no control characters (C0, DEL, C1), no line or paragraph separators. */
static int
is_plain(const char *s)
{
	size_t n = strlen(s), step;
	unsigned c;

	for (size_t i = 0; i < n; i += step) {
		if ((step = utf8_step((const unsigned char *)s + i, n - i, &c)) == 0)
			return 0;
		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			return 0;
	}
	return 1;
}

int
param_date(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, m, d, leap;

	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
		return 0;
	for (int i = 0; i < 10; i++)
		if (i != 4 && i != 7 && (s[i] < '0' || s[i] > '9'))
			return 0;
	y = atoi(s);
	m = atoi(s + 5);
	d = atoi(s + 8);
	if (y < 1850 || y > 2200 || m < 1 || m > 12 || d < 1)
		return 0;
	leap = m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0);
	return d <= days[m - 1] + leap;
}

static int
is_word(const char *words, const char *text)
{
	size_t n = strlen(text);

	for (const char *p = words; n > 0; p++) {
		size_t len = strcspn(p, "|");

		if (len == n && memcmp(p, text, n) == 0)
			return 1;
		p += len;
		if (*p == '\0')
			break;
	}
	return 0;
}

static int
is_int(const char *text, long long lo, long long hi)
{
	const char *digits = text + (*text == '-');
	size_t n = strlen(digits);
	long long v;

	if (n == 0 || n > 18 || strspn(digits, "0123456789") != n)
		return 0;
	v = strtoll(text, NULL, 10);
	return v >= lo && v <= hi;
}

int
param_check(const char *what, enum param_type type, long long lo, long long hi, const char *words,
    const char *text, struct sg_err *e)
{
	size_t n = strlen(text), letters = 0;

	switch (type) {
	case PARAM_TEXT:
		if (!param_utf8(text, n, &letters) || !is_plain(text))
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s has control characters or is not UTF-8.", what);
		if ((long long)letters < lo || (long long)letters > hi)
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s needs %lld to %lld characters.", what, lo, hi);
		return SG_OK;
	case PARAM_SECRET:
		if (!param_utf8(text, n, &letters) || (long long)n < lo || (long long)n > hi)
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s needs %lld to %lld bytes of text.", what, lo, hi);
		return SG_OK;
	case PARAM_UUID:
		if (!sg_uuid_valid(text))
			return sg_fail(e, SG_EINPUT, "param_bad", "The %s is not an id.", what);
		return SG_OK;
	case PARAM_INT:
		if (!is_int(text, lo, hi))
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s has to be a whole number from %lld to %lld.", what, lo, hi);
		return SG_OK;
	case PARAM_ENUM:
		if (!is_word(words, text))
			return sg_fail(
			    e, SG_EINPUT, "param_bad", "The %s has to be one of %s.", what, words);
		return SG_OK;
	case PARAM_DATE:
		if (!param_date(text))
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s has to be a date written YYYY-MM-DD.", what);
		return SG_OK;
	case PARAM_HEX256:
		if (n != 64 || strspn(text, "0123456789abcdef") != 64)
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s has to be 64 lower-case hex digits.", what);
		return SG_OK;
	case PARAM_NUMBER: /* only in bodies */
	case PARAM__TYPES:
		break;
	}
	return sg_fail(e, SG_EINTERNAL, "param_table", "A parameter's row has no such type.");
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Percent and plus decoding in place; 0: a broken escape or a NUL. */
static int
url_decode(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		int hi, lo;

		if (*s == '+') {
			*to++ = ' ';
		} else if (*s == '%') {
			if ((hi = hex_digit(s[1])) < 0 || (lo = hex_digit(s[2])) < 0 ||
			    hi + lo == 0)
				return 0;
			*to++ = (char)(hi << 4 | lo);
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return 1;
}

static int
take_arg(struct req *r, const struct param *list, char *pair, struct sg_err *e)
{
	char *value = strchr(pair, '=');
	char what[48];
	int i = 0;

	if (value != NULL)
		*value++ = '\0';
	while (list != NULL && list[i].name != NULL && strcmp(list[i].name, pair) != 0)
		i++;
	if (list == NULL || list[i].name == NULL)
		return sg_fail(e, SG_EINPUT, "param_unknown",
		    "The address has a parameter that does not belong there.");
	if (r->arg[i] != NULL)
		return sg_fail(
		    e, SG_EINPUT, "param_twice", "The parameter %s is given twice.", list[i].name);
	snprintf(what, sizeof(what), "parameter %s", list[i].name);
	if (value == NULL || *value == '\0')
		return SG_OK; /* ?q= is the same as leaving it out */
	if (!url_decode(value))
		return sg_fail(e, SG_EINPUT, "param_bad", "The %s has a broken %% escape.", what);
	r->arg[i] = value;
	return param_check(what, list[i].type, list[i].lo, list[i].hi, list[i].words, value, e);
}

int
param_query(struct req *r, const struct param *list, const char *query, struct sg_err *e)
{
	char *copy, *pair, *rest;

	if (query == NULL || *query == '\0')
		return SG_OK;
	if ((copy = sg_strdup(r->a, query)) == NULL)
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "The server has no memory now; try again.");
	for (pair = strtok_r(copy, "&", &rest); pair != NULL; pair = strtok_r(NULL, "&", &rest))
		if (take_arg(r, list, pair, e) != SG_OK)
			return e->code;
	return SG_OK;
}

static int
check_number(const struct field *f, const char *what, const json_t *v, struct sg_err *e)
{
	double d = json_number_value(v);

	if (!json_is_number(v))
		return sg_fail(e, SG_EINPUT, "json_type", "The %s has to be a number.", what);
	if (!isfinite(d) || d < (double)f->lo || d > (double)f->hi)
		return sg_fail(e, SG_EINPUT, "param_bad", "The %s has to lie from %lld to %lld.",
		    what, f->lo, f->hi);
	if (fabs(d * 1000 - nearbyint(d * 1000)) > 1e-6)
		return sg_fail(
		    e, SG_EINPUT, "param_bad", "The %s may have three decimals at most.", what);
	return SG_OK;
}

static int
check_field(const struct field *f, const json_t *v, struct sg_err *e)
{
	char what[48];

	snprintf(what, sizeof(what), "member %s", f->name);
	if (v == NULL || json_is_null(v)) {
		if (!f->required)
			return SG_OK;
		return sg_fail(e, SG_EINPUT, "json_missing", "The %s is missing.", what);
	}
	if (f->type == PARAM_NUMBER)
		return check_number(f, what, v, e);
	if (f->type == PARAM_INT) {
		if (!json_is_integer(v))
			return sg_fail(
			    e, SG_EINPUT, "json_type", "The %s has to be a whole number.", what);
		if (json_integer_value(v) < f->lo || json_integer_value(v) > f->hi)
			return sg_fail(e, SG_EINPUT, "param_bad",
			    "The %s has to lie from %lld to %lld.", what, f->lo, f->hi);
		return SG_OK;
	}
	if (!json_is_string(v))
		return sg_fail(e, SG_EINPUT, "json_type", "The %s has to be text.", what);
	if (strlen(json_string_value(v)) != json_string_length(v))
		return sg_fail(e, SG_EINPUT, "param_bad", "The %s holds a NUL character.", what);
	return param_check(what, f->type, f->lo, f->hi, f->words, json_string_value(v), e);
}

int
param_body(const json_t *body, const struct field *list, struct sg_err *e)
{
	size_t known = 0;

	if (!json_is_object(body))
		return sg_fail(e, SG_EINPUT, "json_type", "The body has to be a JSON object.");
	for (const struct field *f = list; f->name != NULL; f++) {
		const json_t *v = json_object_get(body, f->name);

		known += v != NULL;
		if (check_field(f, v, e) != SG_OK)
			return e->code;
	}
	if (known != json_object_size(body))
		return sg_fail(e, SG_EINPUT, "json_unknown",
		    "The body has a member that does not belong there.");
	return SG_OK;
}
