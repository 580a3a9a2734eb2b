/* Cookies, the session cache, and the check that a request comes from our own pages. */
#include "config.h"

#include "fcgi/session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "fcgi/authz.h"
#include "fcgi/reply.h"
#include "fcgi/route.h"
#include "sql/queries.h"

#define CACHE_S 30

/* Cache writers hold it shared while they compare `ends` and write; ending holds it alone. */
static pthread_rwlock_t ends_lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_uint ends;
static _Atomic int64_t bypass_until_ms;

static void
bypass(void)
{
	atomic_store(&bypass_until_ms, sg_now_ms() + CACHE_S * 1000);
}

void
session_boot(void)
{
	bypass(); /* the process before us may have ended a session while Redis was away */
}

static int
cache_usable(void)
{
	return sg_now_ms() >= atomic_load(&bypass_until_ms);
}

int
session_cookie(const char *header, char token[44])
{
	static const char name[] = SESSION_COOKIE "=";
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	int found = 0;

	while (header != NULL && *header != '\0') {
		size_t n;

		header += strspn(header, " \t;");
		n = strcspn(header, ";");
		if (strncmp(header, name, sizeof(name) - 1) == 0) {
			const char *value = header + sizeof(name) - 1;
			size_t len = n - (sizeof(name) - 1);

			while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
				len--;
			if (found++ || len != 43 || strspn(value, letters) < 43)
				return 0;
			memcpy(token, value, 43);
			token[43] = '\0';
		}
		header += n;
	}
	return found;
}

void
session_csrf(const char *token, char csrf[45])
{
	struct sg_sha256 h;
	char text[4 + 44];
	int n = snprintf(text, sizeof(text), "csrf%.43s", token);

	sg_sha256_of(&h, text, (size_t)n);
	sg_base64url(csrf, h.byte, sizeof(h.byte));
}

static const char *
cache_key(char key[8 + SG_SHA256_HEX], const struct sg_sha256 *hash)
{
	memcpy(key, "session:", 8);
	sg_sha256_hex(hash, key + 8);
	return key;
}

/* "account department session touched role"; 0 when it cannot serve. */
static int
cache_read(struct req *r, int touch)
{
	char key[8 + SG_SHA256_HEX];
	struct sg_err e = {0};
	const char *value;
	long long account, department, session;
	int touched;
	char role[12];

	if (!cache_usable())
		return 0;
	if (sg_queue_get(r->lane->queue, r->a, cache_key(key, &r->session.token_hash), &value,
		&e) != SG_OK) {
		bypass();
		return 0;
	}
	if (value == NULL || sscanf(value, "%lld %lld %lld %d %11s", &account, &department,
				 &session, &touched, role) != 5)
		return 0;
	if (authz_role_bit(role) == 0 || (touch && !touched))
		return 0;
	r->session.who.account = account;
	r->session.who.department = department;
	r->session.id = session;
	snprintf(r->session.who.role, sizeof(r->session.who.role), "%s", role);
	return 1;
}

static void
cache_write(struct req *r, int touched, unsigned ends_before)
{
	const struct session *s = &r->session;
	char key[8 + SG_SHA256_HEX], value[96];
	struct sg_err e = {0};

	if (!cache_usable())
		return;
	snprintf(value, sizeof(value), "%lld %lld %lld %d %s", (long long)s->who.account,
	    (long long)s->who.department, (long long)s->id, touched, s->who.role);
	pthread_rwlock_rdlock(&ends_lock);
	if (atomic_load(&ends) == ends_before &&
	    sg_queue_set(r->lane->queue, cache_key(key, &s->token_hash), value, CACHE_S, &e) !=
		SG_OK)
		bypass();
	pthread_rwlock_unlock(&ends_lock);
}

int
session_load(struct req *r, struct sg_err *e)
{
	int touch = (r->route->flags & ROUTE_POLL) == 0;
	int idle_s = (int)r->lane->web->conf->session_idle_s;
	unsigned ends_before;
	struct sg_rows *rows;
	const char *role;
	char token[44];
	int rc;

	if (!session_cookie(req_env(r, "HTTP_COOKIE"), token))
		return SG_OK;
	sg_sha256_of(&r->session.token_hash, token, 43);
	session_csrf(token, r->session.csrf);
	if (cache_read(r, touch))
		return SG_OK;
	ends_before = atomic_load(&ends);
	rc = sg_db_run(r->lane->db, r->a, &rows, e, &sg_q_session_check, "hib",
	    &r->session.token_hash, idle_s, touch);
	if (rc != SG_OK || sg_rows_count(rows) == 0)
		return rc;
	r->session.who.account = sg_rows_int(rows, 0, 0);
	r->session.who.department = sg_rows_int(rows, 0, 1);
	r->session.id = sg_rows_int(rows, 0, 3);
	role = sg_rows_str(rows, 0, 2);
	snprintf(r->session.who.role, sizeof(r->session.who.role), "%s", role != NULL ? role : "");
	cache_write(r, touch, ends_before);
	return SG_OK;
}

int
session_open(struct req *r, const struct sg_who *who, struct sg_err *e)
{
	const struct sg_conf *c = r->lane->web->conf;
	uint8_t secret[SESSION_TOKEN_BYTES];
	struct sg_rows *rows;
	char token[44];
	int rc;

	sg_random(secret, sizeof(secret));
	sg_base64url(token, secret, sizeof(secret));
	sg_sha256_of(&r->session.token_hash, token, 43);
	rc = sg_db_run(r->lane->db, r->a, &rows, e, &sg_q_session_open, "lhii", who->account,
	    &r->session.token_hash, (int)c->session_idle_s, (int)c->session_absolute_s);
	if (rc != SG_OK)
		return rc;
	r->session.who = *who;
	session_csrf(token, r->session.csrf);
	reply_headerf(r, "Set-Cookie",
	    SESSION_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict", token);
	return SG_OK;
}

void
session_clear_cookie(struct req *r)
{
	reply_header(r, "Set-Cookie",
	    SESSION_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

static void
note_end(void)
{
	pthread_rwlock_wrlock(&ends_lock);
	atomic_fetch_add(&ends, 1);
	pthread_rwlock_unlock(&ends_lock);
}

static void
drop_entry(struct req *r, const struct sg_sha256 *hash)
{
	char key[8 + SG_SHA256_HEX];
	struct sg_err e = {0};

	if (sg_queue_del(r->lane->queue, cache_key(key, hash), &e) != SG_OK)
		bypass();
}

void
session_forget_one(struct req *r, const struct sg_sha256 *hash)
{
	note_end();
	drop_entry(r, hash);
}

void
session_forget(struct req *r, const struct sg_rows *ended)
{
	struct sg_sha256 h;

	if (ended == NULL || sg_rows_count(ended) == 0)
		return;
	note_end();
	for (int i = 0; i < sg_rows_count(ended); i++)
		if (sg_rows_sha256(ended, i, 0, &h))
			drop_entry(r, &h);
}

/* Equal, without telling by its time where they differ. */
static int
same_text(const char *a, const char *b)
{
	size_t n = strlen(a);
	unsigned char diff = 0;

	if (strlen(b) != n)
		return 0;
	for (size_t i = 0; i < n; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return diff == 0;
}

int
session_same_origin(const struct req *r, int csrf, struct sg_err *e)
{
	const char *origin = req_env(r, "HTTP_ORIGIN");
	const char *site = req_env(r, "HTTP_SEC_FETCH_SITE");
	const char *given = req_env(r, "HTTP_X_CSRF_TOKEN");

	/* A browser sends one of the two with every unsafe request; both have to fit if both are.
	 */
	if ((origin == NULL && site == NULL) ||
	    (origin != NULL && strcmp(origin, r->lane->web->conf->origin) != 0) ||
	    (site != NULL && strcmp(site, "same-origin") != 0))
		return sg_fail(e, SG_EDENIED, "origin",
		    "This request does not come from this site's own pages.");
	if (csrf && (given == NULL || !same_text(given, r->session.csrf)))
		return sg_fail(
		    e, SG_EDENIED, "csrf", "The page is out of date; reload it and try again.");
	return SG_OK;
}
