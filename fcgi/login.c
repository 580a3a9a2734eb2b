/*
 * One password hash at a time, and the throttle for names that nobody has. The hashing is done by
 * a thread of its own with a lower priority, so that a flood of log-ins does not take the
 * processor from requests that are already let in.
 */
#include "config.h"

#include "fcgi/login.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/hash.h"

#define WAITING_MAX 4
#define NAMES	    4096 /* remembered; a name that falls on another's place takes it over */
#define FREE_TRIES  3
#define LONGEST_S   300
#define NICER	    5

/* What the hashing thread is to do: check (out NULL) or make a hash. */
struct task {
	const char *hash, *password;
	char *out;
	int same, rc, done;
	struct sg_err *e;
};

static pthread_mutex_t hash_lock = PTHREAD_MUTEX_INITIALIZER; /* whose turn it is */
static pthread_once_t hasher_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t task_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t task_moved = PTHREAD_COND_INITIALIZER;
static struct task *task; /* to be done; NULL: none */
static int hasher_runs;
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

static void
work(struct task *t)
{
	if (t->out != NULL)
		t->rc = sg_password_hash(t->out, t->password, t->e);
	else
		t->same = sg_password_is(t->hash, t->password);
}

static void *
hasher(void *arg)
{
	(void)arg;
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICER);
	for (;;) {
		struct task *t;

		pthread_mutex_lock(&task_lock);
		while (task == NULL)
			pthread_cond_wait(&task_moved, &task_lock);
		t = task;
		task = NULL;
		pthread_mutex_unlock(&task_lock);
		work(t);
		pthread_mutex_lock(&task_lock);
		t->done = 1;
		pthread_cond_broadcast(&task_moved);
		pthread_mutex_unlock(&task_lock);
	}
	return NULL;
}

static void
hasher_start(void)
{
	pthread_t id;

	hasher_runs = pthread_create(&id, NULL, hasher, NULL) == 0;
	if (hasher_runs)
		pthread_detach(id);
}

static int
run(struct task *t)
{
	if (enter(t->e) != SG_OK)
		return t->e->code;
	pthread_once(&hasher_once, hasher_start);
	if (!hasher_runs) {
		work(t);
	} else {
		pthread_mutex_lock(&task_lock);
		task = t;
		pthread_cond_broadcast(&task_moved);
		while (!t->done)
			pthread_cond_wait(&task_moved, &task_lock);
		pthread_mutex_unlock(&task_lock);
	}
	leave();
	return t->rc;
}

int
login_check(int *same, const char *hash, const char *password, struct sg_err *e)
{
	struct task t = {.hash = hash, .password = password, .e = e};
	int rc = run(&t);

	*same = t.same;
	return rc;
}

int
login_hash(char hash[SG_PASSWORD_HASH], const char *password, struct sg_err *e)
{
	struct task t = {.out = hash, .password = password, .e = e};

	return run(&t);
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
