/*
 * Passwords of people who log in. One hash is computed at a time in a process (it takes 64 MiB
 * and 60 ms), and few wait for their turn, so that log-ins never take all threads.
 * A name that nobody has costs the same time and is slowed down by the same rule as a name that
 * somebody has, so answers do not tell which names exist.
 */
#ifndef FCGI_LOGIN_H
#define FCGI_LOGIN_H

#include "common/err.h"
#include "common/password.h"

/* As sg_password_is; *same tells. Errors: SG_EBUSY "login_busy" (too many are waiting). */
int login_check(int *same, const char *hash, const char *password, struct sg_err *e);
/* As sg_password_hash. */
int login_hash(char hash[SG_PASSWORD_HASH], const char *password, struct sg_err *e);

/* Seconds to wait before a name nobody has may be tried again; the rule of sg.login_done. */
int login_unknown_wait(const char *name);
void login_unknown_wrong(const char *name);

#endif
