/* The sweeper thread; see sweep.h. */
#include "config.h"

#include "worker/sweep.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/queue.h"
#include "sql/queries.h"

#define TICK_MS	   1000 /* between two sealings */
#define SWEEP_EACH 2	/* ticks between two sweeps */
#define SEAL_BATCH 1000 /* events of one transaction */

struct sg_sweeper {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	int ending;
	const struct sg_worker *worker;
	struct sg_db *db;
	struct sg_queue *queue;
	struct sg_arena *arena;
	unsigned connects;  /* of the database, when hold_until was set */
	int64_t hold_until; /* ms, monotonic: nothing is swept before */
	int away;
};

static int
seal(struct sg_sweeper *s, struct sg_err *e)
{
	for (;;) {
		struct sg_rows *r;
		int rc = sg_db_run(s->db, s->arena, &r, e, &sg_q_audit_seal, "i", SEAL_BATCH);

		if (rc != SG_OK)
			return rc;
		if (sg_rows_int(r, 0, 0) < SEAL_BATCH)
			return SG_OK;
	}
}

/* Ring for what waits, but never pile up more rings than there is work. */
static void
top_up(struct sg_sweeper *s, const struct sg_rows *waiting)
{
	int64_t have;
	int i, n = sg_rows_count(waiting);
	const char *class = s->worker->conf->worker_class;

	if (n == 0 || sg_queue_length(s->queue, class, &have, NULL) != SG_OK)
		return;
	for (i = 0; i < n && have + i < n; i++)
		if (sg_queue_ring(s->queue, class, sg_rows_int(waiting, i, 0), NULL) != SG_OK)
			return;
}

static int
sweep(struct sg_sweeper *s, struct sg_err *e)
{
	const struct sg_worker *w = s->worker;
	struct sg_rows *r;
	int rc;

	rc = sg_db_run(s->db, s->arena, NULL, e, &sg_q_worker_seen, "ssiss", w->name,
	    w->conf->worker_class, (int)w->conf->worker_slots, w->software, w->device);
	if (rc != SG_OK)
		return rc;
	/* After each new connection one lease passes first: perhaps nobody could reach the
	 * database, and those who are alive must be able to renew before they are thought dead. */
	if (sg_db_connects(s->db) != s->connects) {
		s->connects = sg_db_connects(s->db);
		s->hold_until = sg_now_ms() + w->conf->lease_s * 1000;
	}
	if (sg_now_ms() < s->hold_until)
		return SG_OK;
	rc = sg_db_run(s->db, s->arena, &r, e, &sg_q_job_sweep, "si", w->conf->worker_class,
	    (int)w->conf->lease_s);
	if (rc == SG_OK)
		top_up(s, r);
	return rc;
}

static void
tick(struct sg_sweeper *s, int count)
{
	struct sg_err e = {0};
	int rc = SG_OK;

	if (count % SWEEP_EACH == 0)
		rc = sweep(s, &e);
	if (rc == SG_OK)
		rc = seal(s, &e);
	if (rc != SG_OK && !s->away)
		sg_log_err(SG_LOG_WARN, "sweep.error", &e);
	s->away = rc != SG_OK;
	sg_arena_reset(s->arena);
}

static void *
run(void *arg)
{
	struct sg_sweeper *s = arg;
	struct timespec at;
	int count;

	clock_gettime(CLOCK_MONOTONIC, &at);
	pthread_mutex_lock(&s->lock);
	for (count = 0; !s->ending; count++) {
		pthread_mutex_unlock(&s->lock);
		tick(s, count);
		pthread_mutex_lock(&s->lock);
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += TICK_MS / 1000;
		if (!s->ending)
			pthread_cond_timedwait(&s->wake, &s->lock, &at);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
destroy(struct sg_sweeper *s)
{
	sg_db_free(s->db);
	sg_queue_free(s->queue);
	sg_arena_free(s->arena);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
sg_sweeper_start(struct sg_sweeper **out, const struct sg_worker *worker, struct sg_err *e)
{
	struct sg_sweeper *s = calloc(1, sizeof *s);
	pthread_condattr_t attr;

	if (s == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the sweeper.");
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	s->worker = worker;
	s->db = sg_db_new(worker->conf->db);
	s->queue = sg_queue_new(worker->conf);
	s->arena = sg_arena_new((size_t)4 << 20);
	if (s->db == NULL || s->queue == NULL || s->arena == NULL) {
		destroy(s);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the sweeper.");
	}
	if (pthread_create(&s->thread, NULL, run, s) != 0) {
		destroy(s);
		return sg_fail(e, SG_EINTERNAL, "thread", "The sweeper's thread cannot start.");
	}
	*out = s;
	return SG_OK;
}

void
sg_sweeper_stop(struct sg_sweeper *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->ending = 1;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	destroy(s);
}
