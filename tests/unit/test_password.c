/* common/password.c: what may be a password, its hash, and the cost of a name nobody has. */
#include "config.h"

#include "common/clock.h"
#include "common/password.h"
#include "tests/unit/check.h"

static int
fit(const char *password, const char *login)
{
	struct sg_err e = {0};
	int rc = sg_password_fit(password, login, &e);

	if (rc != SG_OK)
		CHECK_STR(e.id, "password_weak");
	return rc;
}

static void
weak_ones_are_refused(void)
{
	char longest[SG_PASSWORD_MAX + 2];

	CHECK_INT(fit("", NULL), SG_EINPUT);
	CHECK_INT(fit("ninechars", NULL), SG_EINPUT);
	CHECK_INT(fit("aaaaaaaaaaaaaaaa", NULL), SG_EINPUT);
	CHECK_INT(fit("anna.the.doctor", "anna.the.doctor"), SG_EINPUT);
	CHECK_INT(fit("Anna.The.Doctor", "anna.the.doctor"), SG_EINPUT);
	CHECK_INT(fit("tab\tin the middle", NULL), SG_EINPUT);
	CHECK_INT(fit("not UTF-8: \xff\xfe", NULL), SG_EINPUT);
	CHECK_INT(fit("cut short: \xe6\xa0", NULL), SG_EINPUT);
	memset(longest, 'a', sizeof longest);
	longest[0] = 'b';
	longest[sizeof longest - 1] = '\0';
	CHECK_INT(fit(longest, NULL), SG_EINPUT);
}

static void
good_ones_fit_in_any_script(void)
{
	char longest[SG_PASSWORD_MAX + 1];

	CHECK_INT(fit("ten chars!", NULL), SG_OK);
	CHECK_INT(fit("парольпаро", "anna"), SG_OK); /* characters are counted, not bytes */
	CHECK_INT(fit("一二三四五六七八九十", NULL), SG_OK);
	memset(longest, 'a', sizeof longest);
	longest[0] = 'b';
	longest[sizeof longest - 1] = '\0';
	CHECK_INT(fit(longest, NULL), SG_OK);
}

static void
a_hash_knows_its_password(void)
{
	static const char head[] = "$argon2id$v=19$m=65536,t=2,p=1$";
	char hash[SG_PASSWORD_HASH], again[SG_PASSWORD_HASH];
	struct sg_err e = {0};

	REQUIRE(sg_password_hash(hash, "correct horse", &e) == SG_OK);
	REQUIRE(sg_password_hash(again, "correct horse", &e) == SG_OK);
	CHECK(strncmp(hash, head, sizeof head - 1) == 0);
	CHECK(strcmp(hash, again) != 0); /* salted */
	CHECK_INT(sg_password_is(hash, "correct horse"), 1);
	CHECK_INT(sg_password_is(hash, "correct horsf"), 0);
	CHECK_INT(sg_password_is(hash, ""), 0);
	CHECK_INT(sg_password_is("no hash", "correct horse"), 0);
	CHECK_INT(sg_password_is(NULL, "correct horse"), 0);
}

/* Best of five each, and wide bounds: a missing check would be a thousand times faster. */
static void
nobody_takes_as_long_as_somebody(void)
{
	char hash[SG_PASSWORD_HASH];
	struct sg_err e = {0};
	int64_t best[2] = {INT64_MAX, INT64_MAX};

	REQUIRE(sg_password_hash(hash, "correct horse", &e) == SG_OK);
	for (int i = 0; i < 10; i++) {
		int64_t from = sg_now_us();

		sg_password_is(i % 2 ? NULL : hash, "wrong horse");
		from = sg_now_us() - from;
		if (from < best[i % 2])
			best[i % 2] = from;
	}
	CHECK(best[1] > best[0] / 2 && best[1] < best[0] * 2);
}

int
main(void)
{
	RUN(weak_ones_are_refused);
	RUN(good_ones_fit_in_any_script);
	RUN(a_hash_knows_its_password);
	RUN(nobody_takes_as_long_as_somebody);
	return check_end();
}
