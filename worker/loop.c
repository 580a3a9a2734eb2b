/*
 * The loop of a slot: pop -> claim until nothing is ready -> stages -> end the job. Doing the
 * work knows nothing of leases; ending it knows nothing of images.
 *
 * A job is ended under its own token, again and again until PostgreSQL says ok, already or
 * fenced, so an answer lost on the way changes nothing. Blobs are written before, so a row never
 * names a file that is not there.
 */
#include "config.h"

#include "worker/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/hash.h"
#include "common/id.h"
#include "common/json.h"
#include "common/log.h"
#include "common/queue.h"
#include "sql/queries.h"
#include "worker/fate.h"

#define POP_MS	    1000	      /* the doorbell's time-out */
#define PAUSE_MS    500		      /* after an error of a service, with jitter */
#define JOB_MEMORY  ((size_t)8 << 30) /* of one job's arena, the most */
#define RETRY_FIRST 50		      /* ms, first pause of repeating an end; doubles */
#define RETRY_LAST  2000	      /* ms */

struct sg_slot {
	pthread_t thread;
	int i;
	char name[96]; /* worker and slot, as events show it */
	const struct sg_worker *worker;
	struct sg_run *run;
	struct sg_db *db;
	struct sg_queue *queue;
	struct sg_arena *arena;
	int away; /* PostgreSQL could not be asked the last time: said once */
};

static int
stopping(const struct sg_slot *s)
{
	return atomic_load(&s->run->stop);
}

/* About ms, so that many workers do not come back in the same instant. */
static void
pause_about(int ms)
{
	uint16_t r;

	sg_random(&r, sizeof r);
	sg_sleep_ms(ms / 2 + (int)((int64_t)ms * r / 65536));
}

static enum sg_halt
halted(const struct sg_slot *s)
{
	return atomic_load(sg_beat_flag(s->worker->beats, s->i))
		   ? sg_beat_why(s->worker->beats, s->i)
		   : SG_HALT_NONE;
}

/* One stage; when it only lost the database, once more as soon as that is back. */
static int
run_stage(struct sg_slot *s, const struct sg_stage *stage, struct sg_work *w, struct sg_err *e)
{
	for (;;) {
		int rc;

		if (halted(s) != SG_HALT_NONE)
			return sg_fail(e, SG_ECONFLICT, "cancelled", "The job was told to stop.");
		rc = stage->run(w, e);
		if (rc != SG_EBUSY ||
		    (strcmp(e->id, "db_lost") != 0 && strcmp(e->id, "db_retry") != 0))
			return rc;
		sg_err_clear(e);
		pause_about(PAUSE_MS);
	}
}

static int
work(struct sg_slot *s, const struct sg_job_kind *kind, struct sg_work *w, struct sg_err *e)
{
	const struct sg_stage *stage;
	int64_t began;
	int rc = SG_OK;

	if (kind == NULL)
		return sg_fail(e, SG_EDENIED, "job_kind",
		    "This worker does not know jobs of the kind %.20s.", w->job->kind);
	if (w->job->params == NULL)
		return sg_fail(e, SG_EDENIED, "job_bad", "The job's parameters cannot be read.");
	for (stage = kind->stages; stage->run != NULL && rc == SG_OK; stage++) {
		w->until = stage->until;
		sg_beat_note(s->worker->beats, s->i, stage->name, w->from);
		began = sg_now_us();
		rc = run_stage(s, stage, w, e);
		sg_log(SG_LOG_DEBUG, "job.stage", "{s:s,s:f}", "stage", stage->name, "ms",
		    (double)(sg_now_us() - began) / 1000);
		w->from = w->until;
	}
	return rc;
}

/* --- ending ------------------------------------------------------------------------------- */

static const char *
hex_of(struct sg_arena *a, const struct sg_sha256 *h)
{
	char hex[SG_SHA256_HEX];

	sg_sha256_hex(h, hex);
	return sg_strdup(a, hex);
}

/* The blobs' rows, in a transaction of their own: see blob_add_all.sql. */
static int
add_blobs(struct sg_work *w, struct sg_err *e)
{
	json_t *list = sg_json_keep(w->arena, json_array());
	const char *text;
	int i;

	if (w->nblobs == 0)
		return SG_OK;
	for (i = 0; i < w->nblobs && list != NULL; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:I,s:s}", "sha256", hex_of(w->arena, &w->blob[i].sha),
			      "bytes", (json_int_t)w->blob[i].bytes, "kind", w->blob[i].kind));
	if ((text = sg_json_text(w->arena, list)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the result now.");
	return sg_db_run(w->db, w->arena, NULL, e, &sg_q_blob_add_all, "s", text);
}

static const json_t *
result_of(struct sg_work *w)
{
	static const struct sg_sha256 none;
	json_t *blobs = json_object(), *o;
	int i;

	for (i = 0; i < w->nblobs; i++)
		json_object_set_new(
		    blobs, w->blob[i].role, json_string(hex_of(w->arena, &w->blob[i].sha)));
	o = json_pack("{s:s,s:s,s:s?,s:O?,s:o}", "software", w->worker->software, "input_sha",
	    hex_of(w->arena, &w->input), "model_sha",
	    memcmp(&w->model, &none, sizeof none) == 0 ? NULL : hex_of(w->arena, &w->model),
	    "figures", w->figures, "blobs", blobs);
	return sg_json_keep(w->arena, o);
}

struct ending {
	const char *state; /* succeeded, failed, cancelled, dead */
	const struct sg_job_kind *kind;
	const struct sg_err *why; /* NULL for a success */
};

/* Try once to end the job; SG_OK when PostgreSQL has spoken. */
static int
end_once(struct sg_slot *s, struct sg_work *w, const struct ending *end,
    enum sg_finish_answer *answer, struct sg_err *e)
{
	struct sg_who who = {w->job->account_id, w->job->department_id, "worker"};
	int success = end->why == NULL, rc;
	const json_t *result = success ? result_of(w) : NULL;

	if (success && result == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the result now.");
	if (success && (rc = add_blobs(w, e)) != SG_OK)
		return rc;
	if ((rc = sg_db_begin(w->db, &who, e)) != SG_OK)
		return rc;
	rc = sg_job_finish(answer, w->db, w->arena, w->job, end->state,
	    end->why != NULL && strcmp(end->state, "cancelled") != 0 ? end->why->id : NULL,
	    end->why != NULL && strcmp(end->state, "cancelled") != 0 ? end->why->msg : NULL,
	    s->name, result, e);
	if (rc == SG_OK && *answer == SG_FINISH_OK && success)
		rc = end->kind->succeed(w, e);
	else if (rc == SG_OK && *answer == SG_FINISH_OK && end->kind != NULL &&
		 end->kind->fail != NULL && strcmp(end->state, "cancelled") != 0)
		rc = end->kind->fail(w, end->why, e);
	if (rc == SG_OK)
		return sg_db_commit(w->db, e);
	sg_db_rollback(w->db);
	return rc;
}

/* Call once() until it is not the database's absence that fails it. */
static int
insist(struct sg_slot *s, int (*once)(struct sg_slot *, void *, struct sg_err *), void *arg,
    struct sg_err *e)
{
	int pause_ms = RETRY_FIRST;

	for (;;) {
		int rc = once(s, arg, e);

		if (rc != SG_EBUSY)
			return rc;
		/* At a stop's end nobody waits any more: the sweeper frees the job. */
		if (halted(s) == SG_HALT_LOST || halted(s) == SG_HALT_STOP)
			return rc;
		sg_log_err(SG_LOG_WARN, "job.end.retry", e);
		sg_err_clear(e);
		pause_about(pause_ms);
		if ((pause_ms *= 2) > RETRY_LAST)
			pause_ms = RETRY_LAST;
	}
}

struct end_call {
	struct sg_work *w;
	const struct ending *end;
	enum sg_finish_answer answer;
};

static int
end_try(struct sg_slot *s, void *arg, struct sg_err *e)
{
	struct end_call *c = arg;

	return end_once(s, c->w, c->end, &c->answer, e);
}

struct return_call {
	struct sg_work *w;
	int crash, counted, delay_s;
	const char *note;
};

static int
return_try(struct sg_slot *s, void *arg, struct sg_err *e)
{
	const struct return_call *c = arg;

	if (c->crash)
		return sg_job_crash(c->w->db, c->w->arena, c->w->job, s->name, c->note, e);
	return sg_job_give_back(
	    c->w->db, c->w->arena, c->w->job, c->counted, c->delay_s, s->name, c->note, e);
}

static void
let_go(struct sg_slot *s, struct sg_work *w, int crash, int counted, int delay_s, const char *note)
{
	struct return_call c = {w, crash, counted, delay_s, note};
	struct sg_err e = {0};

	if (insist(s, return_try, &c, &e) != SG_OK)
		sg_log_err(SG_LOG_ERROR, "job.return.error", &e);
}

/* Ends the job; when SQL itself refuses the rows, that is a fault of ours like any other. */
static void
end_as(struct sg_slot *s, struct sg_work *w, const struct sg_job_kind *kind, const char *state,
    const struct sg_err *why)
{
	static const char *const answers[] = {"ok", "already", "fenced"};
	struct ending end = {state, kind, why};
	struct end_call c = {w, &end, SG_FINISH_OK};
	struct sg_err e = {0};
	int rc = insist(s, end_try, &c, &e);

	if (rc != SG_OK) {
		sg_log_err(SG_LOG_ERROR, "job.end.error", &e);
		if (rc != SG_EBUSY)
			let_go(s, w, 1, 1, 0, e.id);
		return;
	}
	sg_log(c.answer == SG_FINISH_FENCED ? SG_LOG_WARN : SG_LOG_INFO, "job.end",
	    "{s:I,s:I,s:s,s:s,s:s*}", "job", (json_int_t)w->job->id, "token",
	    (json_int_t)w->job->token, "state", state, "answer", answers[c.answer], "code",
	    why != NULL ? why->id : NULL);
}

/* The work stopped because it was told to. */
static void
end_halted(
    struct sg_slot *s, struct sg_work *w, const struct sg_job_kind *kind, const struct sg_err *why)
{
	switch (halted(s)) {
	case SG_HALT_CANCEL:
		end_as(s, w, kind, "cancelled", why);
		break;
	case SG_HALT_LOST:
		sg_log(SG_LOG_WARN, "job.lost", "{s:I,s:I}", "job", (json_int_t)w->job->id, "token",
		    (json_int_t)w->job->token);
		break;
	case SG_HALT_STOP:
	case SG_HALT_NONE:
		let_go(s, w, 0, 0, 0, "worker stops");
		break;
	}
}

static void
settle(struct sg_slot *s, struct sg_work *w, const struct sg_job_kind *kind, int rc,
    const struct sg_err *why)
{
	const struct sg_fate *fate = sg_fate_of(rc, why);

	if (rc != SG_OK && fate->kind != SG_FATE_HALTED)
		sg_log_err(SG_LOG_WARN, "job.error", why);
	switch (fate->kind) {
	case SG_FATE_SUCCEED:
		end_as(s, w, kind, "succeeded", NULL);
		break;
	case SG_FATE_FAIL:
		end_as(s, w, kind, "failed", why);
		break;
	case SG_FATE_DEAD:
		end_as(s, w, kind, "dead", why);
		break;
	case SG_FATE_CRASH:
		let_go(s, w, 1, 1, 0, why->id);
		break;
	case SG_FATE_RETURN:
		let_go(s, w, 0, fate->counted, fate->delay_s, why->id);
		break;
	case SG_FATE_HALTED:
		end_halted(s, w, kind, why);
		break;
	}
	if (fate->restart) {
		atomic_store(&s->run->restart, true);
		if (s->run->ask != NULL)
			s->run->ask();
	}
}

/* --- the loop ----------------------------------------------------------------------------- */

static void
do_job(struct sg_slot *s, const struct sg_job *job)
{
	const struct sg_job_kind *kind = sg_job_kind_find(job->kind);
	struct sg_work w = {
	    .worker = s->worker,
	    .job = job,
	    .arena = s->arena,
	    .db = s->db,
	    .slot = s->i,
	    .input = job->input,
	    .model = job->model,
	};
	struct sg_err why = {0};
	int64_t began = sg_now_us(), worked;
	int rc;

	sg_beat_hold(s->worker->beats, s->i, job->id, job->token);
	sg_log_context(job->public_id);
	sg_log(SG_LOG_INFO, "job.claim", "{s:I,s:I,s:s,s:i}", "job", (json_int_t)job->id, "token",
	    (json_int_t)job->token, "kind", job->kind, "attempt", job->attempt);
	rc = work(s, kind, &w, &why);
	worked = sg_now_us();
	settle(s, &w, kind, rc, &why);
	sg_beat_drop(s->worker->beats, s->i);
	sg_log(SG_LOG_DEBUG, "job.time", "{s:I,s:f,s:f}", "job", (json_int_t)job->id, "work_ms",
	    (double)(worked - began) / 1000, "end_ms", (double)(sg_now_us() - worked) / 1000);
	sg_log_context(NULL);
	/* Here, while w still stands: clean-ups look at it. */
	sg_arena_reset(s->arena);
}

/* 1: a job was done; 0: none is ready; -1: PostgreSQL cannot be asked. */
static int
claim_one(struct sg_slot *s)
{
	const struct sg_conf *c = s->worker->conf;
	struct sg_job job;
	struct sg_err e = {0};
	int got;

	if (sg_job_claim(&job, &got, s->db, s->arena, c->worker_class, s->name, (int)c->lease_s,
		(int)c->job_cap, &e) != SG_OK) {
		if (!s->away)
			sg_log_err(SG_LOG_WARN, "claim.error", &e);
		s->away = 1;
		sg_arena_reset(s->arena);
		return -1;
	}
	s->away = 0;
	if (got)
		do_job(s, &job);
	sg_arena_reset(s->arena);
	return got;
}

static void *
run(void *arg)
{
	struct sg_slot *s = arg;

	while (!stopping(s)) {
		int64_t rung;
		int done = claim_one(s);

		if (done < 0)
			pause_about(PAUSE_MS);
		if (done != 0 || stopping(s))
			continue;
		if (sg_queue_wait(s->queue, s->worker->conf->worker_class, POP_MS, &rung, NULL) !=
		    SG_OK)
			pause_about(PAUSE_MS);
	}
	return NULL;
}

static void
destroy(struct sg_slot *s)
{
	sg_db_free(s->db);
	sg_queue_free(s->queue);
	sg_arena_free(s->arena);
	free(s);
}

int
sg_slot_start(struct sg_slot **out, int i, const struct sg_worker *worker, struct sg_run *shared,
    struct sg_err *e)
{
	struct sg_slot *s = calloc(1, sizeof *s);

	if (s == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for a slot.");
	s->i = i;
	s->worker = worker;
	s->run = shared;
	snprintf(s->name, sizeof s->name, "%s/%d", worker->name, i);
	s->db = sg_db_new(worker->conf->db);
	s->queue = sg_queue_new(worker->conf);
	s->arena = sg_arena_new(JOB_MEMORY);
	if (s->db == NULL || s->queue == NULL || s->arena == NULL) {
		destroy(s);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for a slot.");
	}
	if (pthread_create(&s->thread, NULL, run, s) != 0) {
		destroy(s);
		return sg_fail(e, SG_EINTERNAL, "thread", "A slot's thread cannot start.");
	}
	*out = s;
	return SG_OK;
}

int
sg_slot_join(struct sg_slot *s, int timeout_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += timeout_ms / 1000;
	at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	if (pthread_clockjoin_np(s->thread, NULL, CLOCK_MONOTONIC, &at) != 0)
		return 0;
	destroy(s);
	return 1;
}
