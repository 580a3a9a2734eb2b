/* JSON in, held to limits before jansson's recursive parser sees it. */
#include "config.h"

#include "common/json.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT ((size_t)64 * 1024) /* bytes */
#define MAX_DEPTH     16

static void
decref(void *v)
{
	json_decref(v);
}

json_t *
sg_json_keep(struct sg_arena *a, json_t *v)
{
	if (v != NULL && sg_arena_defer(a, decref, v) != SG_OK)
		return NULL;
	return v;
}

/* The deepest nesting of brackets outside strings; what is not JSON is left to the parser. */
static int
too_deep(const char *text, size_t len)
{
	int depth = 0, in_string = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = 0;
		} else if (c == '"') {
			in_string = 1;
		} else if (c == '[' || c == '{') {
			if (++depth > MAX_DEPTH)
				return 1;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return 0;
}

/* jansson's own texts quote the input, which may be a patient's name: only the place is told. */
static int
refuse(struct sg_err *e, const json_error_t *why)
{
	const char *what;

	switch (json_error_code(why)) {
	case json_error_out_of_memory:
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "There is no memory for this request now.");
	case json_error_duplicate_key:
		what = "a member name stands twice in one object";
		break;
	case json_error_numeric_overflow:
		what = "a number is too large";
		break;
	case json_error_invalid_utf8:
		what = "a text is not valid UTF-8";
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		what = "a text holds a NUL character";
		break;
	case json_error_end_of_input_expected:
		what = "something follows the value";
		break;
	case json_error_premature_end_of_input:
		what = "it ends too early";
		break;
	default:
		what = "the syntax is wrong";
		break;
	}
	return sg_fail(e, SG_EINPUT, "json_bad", "This is not valid JSON: %s (line %d, column %d).",
	    what, why->line, why->column);
}

int
sg_json_parse_limit(
    json_t **out, struct sg_arena *a, const char *text, size_t len, size_t limit, struct sg_err *e)
{
	json_error_t why;
	json_t *v;

	if (len > limit)
		return sg_fail(e, SG_ELIMIT, "json_too_large",
		    "The JSON has %zu bytes; at most %zu are taken.", len, limit);
	if (too_deep(text, len))
		return sg_fail(e, SG_EINPUT, "json_too_deep",
		    "The JSON is nested more than %d levels deep.", MAX_DEPTH);
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (v == NULL)
		return refuse(e, &why);
	v = sg_json_keep(a, v);
	if (v == NULL)
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "There is no memory for this request now.");
	*out = v;
	return SG_OK;
}

int
sg_json_parse(json_t **out, struct sg_arena *a, const char *text, size_t len, struct sg_err *e)
{
	return sg_json_parse_limit(out, a, text, len, DEFAULT_LIMIT, e);
}

/* The member, or NULL when it is missing or null. */
static const json_t *
member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_null(v) ? NULL : v;
}

static void
wrong_type(struct sg_err *e, const char *key, const char *wanted)
{
	sg_fail(e, SG_EINPUT, "json_type", "\"%s\" must be %s.", key, wanted);
}

const char *
sg_json_str(const json_t *o, const char *key, const char *otherwise, struct sg_err *e)
{
	const json_t *v = member(o, key);

	if (v == NULL)
		return otherwise;
	if (!json_is_string(v)) {
		wrong_type(e, key, "a text");
		return otherwise;
	}
	return json_string_value(v);
}

long long
sg_json_int(const json_t *o, const char *key, long long otherwise, struct sg_err *e)
{
	const json_t *v = member(o, key);

	if (v == NULL)
		return otherwise;
	if (!json_is_integer(v)) {
		wrong_type(e, key, "a whole number");
		return otherwise;
	}
	return json_integer_value(v);
}

double
sg_json_num(const json_t *o, const char *key, double otherwise, struct sg_err *e)
{
	const json_t *v = member(o, key);

	if (v == NULL)
		return otherwise;
	if (!json_is_number(v)) {
		wrong_type(e, key, "a number");
		return otherwise;
	}
	return json_number_value(v);
}

int
sg_json_bool(const json_t *o, const char *key, int otherwise, struct sg_err *e)
{
	const json_t *v = member(o, key);

	if (v == NULL)
		return otherwise;
	if (!json_is_boolean(v)) {
		wrong_type(e, key, "true or false");
		return otherwise;
	}
	return json_is_true(v);
}

char *
sg_json_text(struct sg_arena *a, const json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text != NULL && sg_arena_defer(a, free, text) != SG_OK)
		return NULL;
	return text;
}
