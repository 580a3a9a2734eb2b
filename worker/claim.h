/*
 * The verbs of the job queue as a worker uses them (doc/jobs.md): claim, beat, finish, crash,
 * give back. Each is one SQL function of schema sg; the clock is PostgreSQL's alone.
 */
#ifndef SG_CLAIM_H
#define SG_CLAIM_H

#include <stdint.h>

#include <jansson.h>

#include "common/arena.h"
#include "common/db.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/id.h"

/* A job as it was claimed. Strings and params live in the arena given to sg_job_claim(). */
struct sg_job {
	int64_t id, token; /* token: the lease's fencing number */
	char public_id[SG_UUID_TEXT];
	int attempt; /* this one, from 1 */
	const char *kind;
	json_t *params;								 /* an object */
	int64_t scan_id, version_id, segmentation_id, account_id, department_id; /* 0: none */
	int has_input, has_model;
	struct sg_sha256 input, model;
};

/* *got is 1 and *job filled when a job was claimed, 0 when none is ready. */
int sg_job_claim(struct sg_job *job, int *got, struct sg_db *db, struct sg_arena *a,
    const char *class, const char *worker, int lease_s, int cap, struct sg_err *e);

enum sg_beat_answer { SG_BEAT_GO, SG_BEAT_CANCEL, SG_BEAT_LOST };

/* Renew a lease and tell how far the job is (0..1). */
int sg_job_beat(enum sg_beat_answer *answer, struct sg_db *db, struct sg_arena *a, int64_t job,
    int64_t token, int lease_s, double progress, const char *stage, struct sg_err *e);

enum sg_finish_answer { SG_FINISH_OK, SG_FINISH_ALREADY, SG_FINISH_FENCED };

/*
 * End a job: state "succeeded" (result: the object described at sg.finish), "failed",
 * "cancelled" or "dead" (result NULL). Stands inside the caller's transaction.
 * Answers: OK, this call did it; ALREADY, an earlier call with this token had done it; FENCED,
 * the lease is somebody else's by now and nothing was changed.
 */
int sg_job_finish(enum sg_finish_answer *answer, struct sg_db *db, struct sg_arena *a,
    const struct sg_job *job, const char *state, const char *error_code, const char *error_text,
    const char *worker, const json_t *result, struct sg_err *e);

/* The parser or the computing crashed: back to the queue, or dead the second time. */
int sg_job_crash(struct sg_db *db, struct sg_arena *a, const struct sg_job *job, const char *worker,
    const char *note, struct sg_err *e);

/* Back to the queue, to be ready after delay_s. counted: this attempt is the job's, not ours. */
int sg_job_give_back(struct sg_db *db, struct sg_arena *a, const struct sg_job *job, int counted,
    int delay_s, const char *worker, const char *note, struct sg_err *e);

#endif
