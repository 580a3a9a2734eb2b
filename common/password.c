/* Passwords: see password.h. */
#include "config.h"

#include "common/password.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#define PASSES 2ULL
#define MEMORY ((size_t)64 << 20) /* bytes */

_Static_assert(SG_PASSWORD_HASH >= crypto_pwhash_STRBYTES, "room for libsodium's text");

/* A hash that no password has, with the same cost as real ones. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c2Vnd2FyZC1ub2JvZHkhIQ"
			     "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* Characters of UTF-8 text, -1 when it is not UTF-8 or holds control characters. */
static int
count_characters(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	int n = 0;

	for (; *p != '\0'; n++) {
		int more = *p < 0x80 ? 0 : *p < 0xc2 ? -1 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;

		if (more < 0 || *p > 0xf4 || *p < 0x20 || *p == 0x7f)
			return -1;
		for (p++; more > 0; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return -1;
	}
	return n;
}

int
sg_password_fit(const char *password, const char *login, struct sg_err *e)
{
	size_t bytes = strlen(password);
	int n = count_characters(password);

	if (n < 0)
		return sg_fail(e, SG_EINPUT, "password_weak",
		    "The password holds characters that cannot be typed; use letters, digits and "
		    "signs.");
	if (n < SG_PASSWORD_MIN || bytes > SG_PASSWORD_MAX)
		return sg_fail(e, SG_EINPUT, "password_weak",
		    "A password has at least %d characters and at most %d bytes.", SG_PASSWORD_MIN,
		    SG_PASSWORD_MAX);
	if (strspn(password, (char[]){password[0], '\0'}) == bytes)
		return sg_fail(e, SG_EINPUT, "password_weak",
		    "A password is more than one character repeated.");
	if (login != NULL && strcasecmp(password, login) == 0)
		return sg_fail(
		    e, SG_EINPUT, "password_weak", "The password must not be the log-in name.");
	return SG_OK;
}

int
sg_password_hash(char hash[SG_PASSWORD_HASH], const char *password, struct sg_err *e)
{
	if (sodium_init() < 0)
		return sg_fail(
		    e, SG_EINTERNAL, "password_init", "The password library did not start.");
	if (crypto_pwhash_str_alg(hash, password, strlen(password), PASSES, MEMORY,
		crypto_pwhash_ALG_ARGON2ID13) != 0)
		return sg_fail(e, SG_EBUSY, "password_memory",
		    "There is no memory to check passwords now; try again in a moment.");
	return SG_OK;
}

int
sg_password_is(const char *hash, const char *password)
{
	const char *against = hash != NULL ? hash : nobody;
	int is;

	if (sodium_init() < 0)
		return 0;
	is = crypto_pwhash_str_verify(against, password, strlen(password)) == 0;
	return hash != NULL && is;
}
