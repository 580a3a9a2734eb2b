/* The header texts of tus. */
#include "config.h"

#include <string.h>

#include "common/hash.h"
#include "common/id.h"
#include "fcgi/tus.h"
#include "tests/unit/check.h"

static const char *
name_of(char name[4 * TUS_NAME_MAX + 1], const char *metadata)
{
	static struct sg_err e;

	sg_err_clear(&e);
	name[0] = '\0';
	tus_file_name(name, metadata, &e);
	return e.id;
}

static void
numbers_are_digits(void)
{
	CHECK_INT(tus_number("0"), 0);
	CHECK_INT(tus_number("4294967296"), 4294967296LL);
	CHECK_INT(tus_number("00012"), 12);
	CHECK_INT(tus_number(NULL), -1);
	CHECK_INT(tus_number(""), -1);
	CHECK_INT(tus_number("-1"), -1);
	CHECK_INT(tus_number("+1"), -1);
	CHECK_INT(tus_number("1 "), -1);
	CHECK_INT(tus_number("0x10"), -1);
	CHECK_INT(tus_number("9999999999999999999"), -1);
}

static void
checksums_are_of_a_known_kind_and_length(void)
{
	struct tus_checksum c;
	struct sg_err e = {0};

	CHECK_INT(tus_checksum(&c, NULL, &e), SG_OK);
	CHECK(!c.given);
	CHECK_INT(tus_checksum(&c, "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", &e), SG_OK);
	CHECK(c.given && c.kind == SG_HASH_SHA1 && c.len == 20 && c.want[0] == 0x2a &&
	      c.want[19] == 0xed);
	CHECK_INT(
	    tus_checksum(&c, "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", &e), SG_OK);
	CHECK(c.len == 32 && c.want[0] == 0xb9);
	static const char *const bad[] = {"", "sha1", "sha1 ", "sha1 Kq5s",
	    "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "md5 XrY7u+Ae7tCTyyK7j1rNww==",
	    "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 !!!!", "sha256 ="};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		sg_err_clear(&e);
		CHECK_INT(tus_checksum(&c, bad[i], &e), SG_EINPUT);
		CHECK_STR(e.id, "checksum_bad");
	}
}

static void
names_come_out_of_the_metadata(void)
{
	char name[4 * TUS_NAME_MAX + 1];

	CHECK_STR(name_of(name, "filename YS5wbmc="), "");
	CHECK_STR(name, "a.png");
	CHECK_STR(name_of(name, "filetype aW1hZ2UvcG5n,filename YS5wbmc="), "");
	CHECK_STR(name, "a.png");
	CHECK_STR(name_of(name, "is_confidential, filename YS5wbmc=,x eQ=="), "");
	CHECK_STR(name, "a.png");
	CHECK_STR(name_of(name, "filename 6IKdLnBuZw=="), "");
	CHECK_STR(name, "\xe8\x82\x9d.png");
}

static void
harmful_names_are_refused(void)
{
	static const char *const raw[] = {"..", ".", "a/b", "a\\b", "a\nb", "\x7f", "\xff",
	    "x\xe2\x80\xaegnp.exe", "\xe2\x80\x8fx", "\xe2\x81\xa6x", "\xd8\x9cx", ""};
	char name[4 * TUS_NAME_MAX + 1], header[64], b64[48];

	for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
		sg_base64url(b64, raw[i], strlen(raw[i]));
		snprintf(header, sizeof header, "filename %s", b64);
		CHECK_STR(name_of(name, header), "bad_name");
	}
	sg_base64url(b64, "a\0b", 3);
	snprintf(header, sizeof header, "filename %s", b64);
	CHECK_STR(name_of(name, header), "bad_name");
	CHECK_STR(name_of(name, "filename %%%"), "bad_name");
	CHECK_STR(name_of(name, "filename"), "bad_name");
	CHECK_STR(name_of(name, NULL), "metadata_bad");
	CHECK_STR(name_of(name, ""), "metadata_bad");
	CHECK_STR(name_of(name, ",,,"), "metadata_bad");
	CHECK_STR(name_of(name, "filenames YS5wbmc="), "metadata_bad");
}

/* No text, however cut or doubled, makes the parser leave its buffer (run with sanitizers). */
static void
any_metadata_is_survived(void)
{
	static const char seed[] = "filename YS5wbmc=,type aW1n, ,,filename  ,x";
	char name[4 * TUS_NAME_MAX + 1], text[3000];
	struct tus_checksum c;
	unsigned state = 1;

	for (int round = 0; round < 20000; round++) {
		size_t n = 0;

		for (int piece = 0; piece < 4; piece++) {
			state = state * 1103515245 + 12345;
			size_t from = (state >> 8) % sizeof seed,
			       len = (state >> 16) % (sizeof seed - from + 1);

			memcpy(text + n, seed + from, len);
			n += len;
		}
		text[n] = '\0';
		name_of(name, text);
		CHECK(strlen(name) <= 4 * TUS_NAME_MAX);
		tus_checksum(&c, text, NULL);
	}
	memset(text, 'A', sizeof text - 1);
	memcpy(text, "filename ", 9);
	text[sizeof text - 1] = '\0';
	CHECK_STR(name_of(name, text), "bad_name");
}

static void
dates_are_written_for_http(void)
{
	char text[40];

	tus_date(text, 784111777);
	CHECK_STR(text, "Sun, 06 Nov 1994 08:49:37 GMT");
}

int
main(void)
{
	RUN(numbers_are_digits);
	RUN(checksums_are_of_a_known_kind_and_length);
	RUN(names_come_out_of_the_metadata);
	RUN(harmful_names_are_refused);
	RUN(any_metadata_is_survived);
	RUN(dates_are_written_for_http);
	return check_end();
}
