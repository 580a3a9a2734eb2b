/*
 * Passwords: Argon2id by libsodium (crypto_pwhash_str), 2 passes over 64 MiB, as OWASP's
 * password storage sheet has it. A hash takes some 60 ms and 64 MiB; callers that serve many
 * at a time hold a lock around it.
 */
#ifndef SG_PASSWORD_H
#define SG_PASSWORD_H

#include "common/err.h"

#define SG_PASSWORD_HASH 128 /* characters of a hash in text form, with its NUL */
#define SG_PASSWORD_MIN	 10  /* characters a new password has at least */
#define SG_PASSWORD_MAX	 200 /* bytes it has at most */

/* May this be somebody's new password? login may be NULL. Errors: SG_EINPUT "password_weak"
 * (too short, too long, not UTF-8, one character repeated, the log-in name). */
int sg_password_fit(const char *password, const char *login, struct sg_err *e);

/* The text that is stored. Errors: SG_EBUSY "password_memory" (no 64 MiB free now). */
int sg_password_hash(char hash[SG_PASSWORD_HASH], const char *password, struct sg_err *e);

/*
 * 1 when the password is the hashed one. With hash NULL (nobody has the name that was typed) a
 * hash of nothing is checked all the same, so that the answer takes as long, and 0 returned.
 */
int sg_password_is(const char *hash, const char *password);

#endif
