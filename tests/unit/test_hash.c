/* common/hash.c, against the examples of FIPS 180-4 */
#include "config.h"

#include "common/hash.h"

#include "common/id.h"
#include "tests/unit/check.h"

static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void
sha256_of_known_texts(void)
{
	struct sg_sha256 h;
	char hex[SG_SHA256_HEX];

	sg_sha256_of(&h, "abc", 3);
	sg_sha256_hex(&h, hex);
	CHECK_STR(hex, abc_hex);
	sg_sha256_of(&h, "", 0);
	sg_sha256_hex(&h, hex);
	CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
running_hashes_take_pieces(void)
{
	struct sg_hash *h = sg_hash_new(SG_HASH_SHA256);
	char hex[SG_SHA256_HEX], thousand[1000];
	uint8_t digest[32];
	int i;

	REQUIRE(h != NULL);
	memset(thousand, 'a', sizeof thousand);
	for (i = 0; i < 1000; i++)
		sg_hash_add(h, thousand, sizeof thousand);
	sg_hash_end(h, digest);
	sg_hex(hex, digest, 32);
	CHECK_STR(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");

	h = sg_hash_new(SG_HASH_SHA1);
	REQUIRE(h != NULL);
	sg_hash_add(h, "a", 1);
	sg_hash_add(h, "bc", 2);
	sg_hash_end(h, digest);
	sg_hex(hex, digest, 20);
	CHECK_STR(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void
hex_must_be_exact(void)
{
	struct sg_sha256 h, other;
	char hex[80];
	int i;

	sg_sha256_of(&other, "abc", 3);
	CHECK_INT(sg_sha256_from_hex(&h, abc_hex), 1);
	CHECK(memcmp(&h, &other, sizeof h) == 0);
	for (i = 0; i < 64; i++) {
		strcpy(hex, abc_hex);
		hex[i] = '\0';
		CHECK_INT(sg_sha256_from_hex(&h, hex), 0);
		hex[i] = 'A';
		CHECK_INT(sg_sha256_from_hex(&h, hex), 0);
	}
	CHECK(memcmp(&h, &other, sizeof h) == 0);
	snprintf(hex, sizeof hex, "%s0", abc_hex);
	CHECK_INT(sg_sha256_from_hex(&h, hex), 0);
	CHECK_INT(sg_sha256_from_hex(&h, ""), 0);
}

static void
a_copy_goes_its_own_way(void)
{
	struct sg_hash *one = sg_hash_new(SG_HASH_SHA256), *two;
	struct sg_sha256 a, b, want;

	REQUIRE(one != NULL);
	sg_hash_add(one, "ab", 2);
	REQUIRE((two = sg_hash_copy(one)) != NULL);
	sg_hash_add(one, "c", 1);
	sg_hash_end(two, b.byte);
	sg_hash_end(one, a.byte);
	sg_sha256_of(&want, "abc", 3);
	CHECK(memcmp(&a, &want, sizeof want) == 0);
	sg_sha256_of(&want, "ab", 2);
	CHECK(memcmp(&b, &want, sizeof want) == 0);
}

int
main(void)
{
	RUN(a_copy_goes_its_own_way);
	RUN(sha256_of_known_texts);
	RUN(running_hashes_take_pieces);
	RUN(hex_must_be_exact);
	return check_end();
}
