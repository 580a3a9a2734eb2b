/* common/err.c */
#include "config.h"

#include "common/err.h"

#include "tests/unit/check.h"

static void
first_error_stands(void)
{
	struct sg_err e = {0};

	CHECK_INT(sg_fail(&e, SG_EINPUT, "one", "first %d", 1), SG_EINPUT);
	CHECK_INT(sg_fail(&e, SG_EBUSY, "two", "second"), SG_EINPUT);
	CHECK_STR(e.id, "one");
	CHECK_STR(e.msg, "first 1");
	CHECK_INT(sg_fail(NULL, SG_EBUSY, "two", "nobody asks"), SG_EBUSY);
	sg_err_clear(&e);
	CHECK_INT(e.code, SG_OK);
	CHECK_INT(sg_fail(&e, SG_EBUSY, "two", "second"), SG_EBUSY);
}

/* Whatever the cut falls on, no character is left in pieces. */
static void
long_sentence_is_cut_between_characters(void)
{
	int shift;

	for (shift = 0; shift < 8; shift++) {
		struct sg_err e = {0};
		char text[400] = "abcdefgh";
		size_t i, n;

		text[shift] = '\0';
		for (i = 0; i < 60; i++)
			strcat(text, i % 2 ? "\xe2\x82\xac" : "\xf0\x9f\x98\x80");
		sg_fail(&e, SG_EINPUT, "long", "%s", text);
		n = strlen(e.msg);
		CHECK(n < sizeof e.msg && n > sizeof e.msg - 6);
		CHECK(strncmp(e.msg, text, n) == 0);
		CHECK(
		    ((unsigned char)text[n] & 0xc0) != 0x80); /* the next byte begins a character */
	}
}

int
main(void)
{
	RUN(first_error_stands);
	RUN(long_sentence_is_cut_between_characters);
	return check_end();
}
