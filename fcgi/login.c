/* One password hash at a time, and the throttle for names that nobody has. */
#include "config.h"

#include "fcgi/login.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"

#define WAITING_MAX 4
#define NAMES	    4096 /* remembered; a name that falls on another's place takes it over */
#define FREE_TRIES  3
#define LONGEST_S   300

static pthread_mutex_t hash_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static int waiting;

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static struct unknown {
	uint64_t name; /* of its hash */
	int64_t until_ms;
	int wrong;
} names[NAMES];

static int
enter(struct sg_err *e)
{
	int ok;

	pthread_mutex_lock(&count_lock);
	ok = waiting < WAITING_MAX;
	waiting += ok;
	pthread_mutex_unlock(&count_lock);
	if (!ok)
		return sg_fail(e, SG_EBUSY, "login_busy",
		    "Many people log in right now; try again in a moment.");
	pthread_mutex_lock(&hash_lock);
	return SG_OK;
}

static void
leave(void)
{
	pthread_mutex_unlock(&hash_lock);
	pthread_mutex_lock(&count_lock);
	waiting--;
	pthread_mutex_unlock(&count_lock);
}

int
login_check(int *same, const char *hash, const char *password, struct sg_err *e)
{
	if (enter(e) != SG_OK)
		return e->code;
	*same = sg_password_is(hash, password);
	leave();
	return SG_OK;
}

int
login_hash(char hash[SG_PASSWORD_HASH], const char *password, struct sg_err *e)
{
	int rc;

	if (enter(e) != SG_OK)
		return e->code;
	rc = sg_password_hash(hash, password, e);
	leave();
	return rc;
}

static struct unknown *
place_of(const char *name, uint64_t *hash)
{
	struct sg_sha256 h;

	sg_sha256_of(&h, name, strlen(name));
	memcpy(hash, h.byte, sizeof(*hash));
	return &names[*hash % NAMES];
}

int
login_unknown_wait(const char *name)
{
	int64_t now = sg_now_ms(), wait_s = 0;
	struct unknown *u;
	uint64_t hash;

	pthread_mutex_lock(&names_lock);
	u = place_of(name, &hash);
	if (u->name == hash && u->until_ms > now)
		wait_s = (u->until_ms - now + 999) / 1000;
	pthread_mutex_unlock(&names_lock);
	return (int)wait_s;
}

void
login_unknown_wrong(const char *name)
{
	struct unknown *u;
	uint64_t hash;

	pthread_mutex_lock(&names_lock);
	u = place_of(name, &hash);
	if (u->name != hash)
		*u = (struct unknown){.name = hash};
	if (u->wrong >= FREE_TRIES) {
		int64_t s = u->wrong - FREE_TRIES < 9 ? 1 << (u->wrong - FREE_TRIES) : LONGEST_S;

		u->until_ms = sg_now_ms() + (s < LONGEST_S ? s : LONGEST_S) * 1000;
	}
	u->wrong++;
	pthread_mutex_unlock(&names_lock);
}
