/* common/id.c; base64 against the examples of RFC 4648 */
#include "config.h"

#include "common/id.h"

#include "tests/unit/check.h"

static void
uuids_are_version_4_and_differ(void)
{
	char a[SG_UUID_TEXT], b[SG_UUID_TEXT];
	int i;

	for (i = 0; i < 1000; i++) {
		sg_uuid_new(a);
		sg_uuid_new(b);
		CHECK(sg_uuid_valid(a));
		CHECK_INT(a[14], '4');
		CHECK(strchr("89ab", a[19]) != NULL);
		CHECK(strcmp(a, b) != 0);
	}
}

static void
uuid_spelling_is_strict(void)
{
	static const char good[] = "00112233-4455-6677-8899-aabbccddeeff";
	char text[40];
	int i;

	CHECK_INT(sg_uuid_valid(good), 1);
	for (i = 0; i < 36; i++) {
		strcpy(text, good);
		text[i] = 'G';
		CHECK_INT(sg_uuid_valid(text), 0);
		text[i] = '\0';
		CHECK_INT(sg_uuid_valid(text), 0);
	}
	CHECK_INT(sg_uuid_valid("00112233-4455-6677-8899-AABBCCDDEEFF"), 0);
	CHECK_INT(sg_uuid_valid("00112233-4455-6677-8899-aabbccddeeff0"), 0);
	CHECK_INT(sg_uuid_valid("../../../../../../../../../etc/passwd"), 0);
	CHECK_INT(sg_uuid_valid(""), 0);
}

static void
base64_known_texts(void)
{
	static const struct {
		const char *plain, *coded, *padded;
	} t[] = {{"", "", ""}, {"f", "Zg", "Zg=="}, {"fo", "Zm8", "Zm8="}, {"foo", "Zm9v", "Zm9v"},
	    {"foobar", "Zm9vYmFy", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-", "+//+"}};
	char text[64];
	uint8_t out[64];
	size_t i;

	for (i = 0; i < sizeof t / sizeof t[0]; i++) {
		size_t n = strlen(t[i].plain);

		sg_base64url(text, t[i].plain, n);
		CHECK_STR(text, t[i].coded);
		CHECK_INT(sg_base64_decode(out, sizeof out, t[i].coded, strlen(t[i].coded)), n);
		CHECK(memcmp(out, t[i].plain, n) == 0);
		CHECK_INT(sg_base64_decode(out, sizeof out, t[i].padded, strlen(t[i].padded)), n);
		CHECK(memcmp(out, t[i].plain, n) == 0);
	}
}

static void
base64_random_bytes_come_back(void)
{
	uint8_t bytes[100], back[100];
	char text[140];
	size_t n;

	for (n = 0; n <= sizeof bytes; n++) {
		sg_random(bytes, n);
		sg_base64url(text, bytes, n);
		CHECK_INT(strlen(text), (n * 4 + 2) / 3);
		CHECK_INT(sg_base64_decode(back, n, text, strlen(text)), n);
		CHECK(memcmp(bytes, back, n) == 0);
	}
}

static void
base64_nonsense_is_refused(void)
{
	static const char *const bad[] = {"Z", "Zg=", "Zg===", "Z===", "=", "====", "Zm9v!",
	    "Zm 9v", "Zm9v\n", "Zh", "Zm9", "Zm8==", "Z=g=", "Zg==Zg=="};
	uint8_t out[64];
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (sg_base64_decode(out, sizeof out, bad[i], strlen(bad[i])) != -1)
			check_note(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
	CHECK_INT(sg_base64_decode(out, 2, "Zm9v", 4), -1); /* does not fit */
	CHECK_INT(sg_base64_decode(out, 3, "Zm9v", 4), 3);
}

int
main(void)
{
	RUN(uuids_are_version_4_and_differ);
	RUN(uuid_spelling_is_strict);
	RUN(base64_known_texts);
	RUN(base64_random_bytes_come_back);
	RUN(base64_nonsense_is_refused);
	return check_end();
}
