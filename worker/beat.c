/* The heartbeat thread; see beat.h. */
#include "config.h"

#include "worker/beat.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/db.h"
#include "common/log.h"
#include "common/queue.h"
#include "worker/claim.h"

#define PROGRESS_MS	500  /* between two notes to Redis */
#define PROGRESS_LIFE_S 60   /* seconds a note lives there */
#define RETRY_MS	1000 /* after a beat that PostgreSQL did not hear */
#define FIRST_MS	1000 /* after a claim: the stage is seen soon, and a cancel too */

struct slot {
	int64_t job, token; /* job 0: the slot is idle */
	const char *stage;
	double done;
	int64_t due_ms; /* next beat, monotonic */
	double told;	/* done as Redis knows it; -1: nothing told */
	atomic_bool halt;
	atomic_int why;
};

struct sg_beats {
	pthread_mutex_t lock; /* guards the slots and ending */
	pthread_cond_t wake;  /* a job was taken, or ending */
	pthread_t thread;
	int ending, stopping, nslots, lease_s;
	struct sg_db *db;
	struct sg_queue *queue;
	struct sg_arena *arena;
	struct slot slot[];
};

static int
beat_every_ms(const struct sg_beats *b)
{
	return b->lease_s * 1000 / 6;
}

static void
halt(struct slot *s, enum sg_halt why)
{
	int none = SG_HALT_NONE;

	/* The first reason stands, but for a lost lease, which overrules: nothing may be written.
	 */
	if (!atomic_compare_exchange_strong(&s->why, &none, (int)why) && why == SG_HALT_LOST)
		atomic_store(&s->why, (int)why);
	atomic_store(&s->halt, true);
}

/* One beat of slot i, with the lock held at entry and exit but not while asking. */
static void
beat(struct sg_beats *b, struct slot *s)
{
	int64_t job = s->job, token = s->token;
	double done = s->done;
	const char *stage = s->stage;
	enum sg_beat_answer answer = SG_BEAT_GO;
	struct sg_err e = {0};
	int rc;

	s->due_ms = sg_now_ms() + beat_every_ms(b);
	pthread_mutex_unlock(&b->lock);
	rc = sg_job_beat(&answer, b->db, b->arena, job, token, b->lease_s, done, stage, &e);
	sg_arena_reset(b->arena);
	pthread_mutex_lock(&b->lock);
	if (s->token != token)
		return; /* it ended meanwhile: no news for the next one */
	if (rc != SG_OK) {
		sg_log_err(SG_LOG_WARN, "beat.error", &e);
		s->due_ms = sg_now_ms() + RETRY_MS;
		return;
	}
	if (answer == SG_BEAT_GO)
		return;
	sg_log(SG_LOG_INFO, answer == SG_BEAT_LOST ? "beat.lost" : "beat.cancel", "{s:I,s:I}",
	    "job", (json_int_t)job, "token", (json_int_t)token);
	halt(s, answer == SG_BEAT_LOST ? SG_HALT_LOST : SG_HALT_CANCEL);
}

/* Tell Redis how far slot s is; as with beat(), the lock is let go while asking. */
static void
tell(struct sg_beats *b, struct slot *s)
{
	char key[40], value[96];
	struct sg_err e = {0};

	snprintf(key, sizeof key, "progress:%lld", (long long)s->job);
	snprintf(value, sizeof value, "{\"progress\":%.3f,\"stage\":\"%.40s\"}", s->done, s->stage);
	s->told = s->done;
	pthread_mutex_unlock(&b->lock);
	/* Redis may be away: the beats tell the same to PostgreSQL. */
	(void)sg_queue_set(b->queue, key, value, PROGRESS_LIFE_S, &e);
	pthread_mutex_lock(&b->lock);
}

/* What is due now; returns when to look again, 0: when something happens. */
static int64_t
round_of_beats(struct sg_beats *b)
{
	int64_t next = 0;
	int i;

	for (i = 0; i < b->nslots; i++) {
		struct slot *s = &b->slot[i];
		int64_t now = sg_now_ms();

		if (s->job != 0 && s->due_ms <= now)
			beat(b, s);
		/* A job's first half second is not worth a note: most are over by then. */
		if (s->job != 0 && s->told >= 0 && s->done > s->told)
			tell(b, s);
		if (s->job != 0) {
			int64_t at = sg_now_ms() + PROGRESS_MS;

			if (s->told < 0)
				s->told = 0;
			if (s->due_ms < at)
				at = s->due_ms;
			if (next == 0 || at < next)
				next = at;
		}
	}
	return next;
}

static void
wait_until(struct sg_beats *b, int64_t next_ms)
{
	int64_t ms = next_ms - sg_now_ms();
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += (ms > 0 ? ms : 0) * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&b->wake, &b->lock, &at);
}

static void *
run(void *arg)
{
	struct sg_beats *b = arg;

	pthread_mutex_lock(&b->lock);
	while (!b->ending) {
		int64_t next = round_of_beats(b);

		if (b->ending)
			break;
		if (next == 0)
			pthread_cond_wait(&b->wake, &b->lock);
		else
			wait_until(b, next);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void
destroy(struct sg_beats *b)
{
	sg_db_free(b->db);
	sg_queue_free(b->queue);
	sg_arena_free(b->arena);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

int
sg_beats_start(struct sg_beats **out, const struct sg_conf *conf, int slots, struct sg_err *e)
{
	struct sg_beats *b = calloc(1, sizeof *b + (size_t)slots * sizeof b->slot[0]);
	pthread_condattr_t attr;

	if (b == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the heartbeat.");
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->wake, &attr);
	pthread_condattr_destroy(&attr);
	b->nslots = slots;
	b->lease_s = (int)conf->lease_s;
	b->db = sg_db_new(conf->db);
	b->queue = sg_queue_new(conf);
	b->arena = sg_arena_new((size_t)1 << 20);
	if (b->db == NULL || b->queue == NULL || b->arena == NULL) {
		destroy(b);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the heartbeat.");
	}
	if (pthread_create(&b->thread, NULL, run, b) != 0) {
		destroy(b);
		return sg_fail(e, SG_EINTERNAL, "thread", "The heartbeat thread cannot start.");
	}
	*out = b;
	return SG_OK;
}

void
sg_beats_stop(struct sg_beats *b)
{
	if (b == NULL)
		return;
	pthread_mutex_lock(&b->lock);
	b->ending = 1;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	destroy(b);
}

void
sg_beat_hold(struct sg_beats *b, int i, int64_t job, int64_t token)
{
	struct slot *s = &b->slot[i];

	pthread_mutex_lock(&b->lock);
	s->job = job;
	s->token = token;
	s->stage = "";
	s->done = 0;
	s->told = -1;
	s->due_ms = sg_now_ms() + (beat_every_ms(b) < FIRST_MS ? beat_every_ms(b) : FIRST_MS);
	atomic_store(&s->halt, b->stopping != 0);
	atomic_store(&s->why, b->stopping ? SG_HALT_STOP : SG_HALT_NONE);
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
}

void
sg_beat_drop(struct sg_beats *b, int i)
{
	pthread_mutex_lock(&b->lock);
	b->slot[i].job = 0;
	b->slot[i].token = 0;
	pthread_mutex_unlock(&b->lock);
}

void
sg_beat_note(struct sg_beats *b, int i, const char *stage, double done)
{
	struct slot *s = &b->slot[i];

	pthread_mutex_lock(&b->lock);
	if (stage != NULL)
		s->stage = stage;
	if (done > s->done)
		s->done = done > 1 ? 1 : done;
	pthread_mutex_unlock(&b->lock);
}

const atomic_bool *
sg_beat_flag(const struct sg_beats *b, int i)
{
	return &b->slot[i].halt;
}

enum sg_halt
sg_beat_why(const struct sg_beats *b, int i)
{
	return (enum sg_halt)atomic_load(&b->slot[i].why);
}

void
sg_beats_halt_all(struct sg_beats *b)
{
	int i;

	pthread_mutex_lock(&b->lock);
	b->stopping = 1;
	for (i = 0; i < b->nslots; i++)
		if (b->slot[i].job != 0)
			halt(&b->slot[i], SG_HALT_STOP);
	pthread_mutex_unlock(&b->lock);
}
