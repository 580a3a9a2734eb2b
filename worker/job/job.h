/*
 * What one kind of job is to the worker's loop: a table of stages that compute and write blobs,
 * and what to do in the transaction that ends the job. Nothing here talks of leases or retries:
 * that is worker/loop.c.
 *
 * A stage may be run again after it lost the database, so it does the same when it is.
 */
#ifndef SG_JOB_H
#define SG_JOB_H

#include <stdatomic.h>

#include <jansson.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/db.h"
#include "common/err.h"
#include "common/store.h"
#include "worker/beat.h"
#include "worker/cache.h"
#include "worker/claim.h"
#include "worker/volume/sandbox.h"

/* What all slots of a worker share; nothing in it changes while they run. */
struct sg_worker {
	const struct sg_conf *conf;
	const char *name;     /* as rows show it; a slot adds "/N" */
	const char *software; /* program, version and backend, as results show it */
	const char *device;   /* processor and instruction set */
	int threads;	      /* computing threads of a slot */
	struct sg_sandbox *sandbox;
	struct sg_store *store;
	struct sg_cache *models;
	struct sg_beats *beats;
};

#define SG_WORK_BLOBS 4

struct sg_work_blob {
	const char *role; /* volume, image, thumbnail, probability, mask */
	const char *kind; /* sgvol, png, prob */
	const void *data;
	size_t bytes;
	int stored;
	struct sg_sha256 sha;
};

/* One job being worked on. Its memory is the arena's; all goes when the job ends. */
struct sg_work {
	const struct sg_worker *worker;
	const struct sg_job *job;
	struct sg_arena *arena;
	struct sg_db *db;
	int slot;
	double from, until; /* progress at the running stage's begin and end */
	void *state;	    /* the kind's own, made by its first stage */
	struct sg_sha256
	    input; /* what the result row says it was made from: the job's own input, */
	struct sg_sha256 model; /* or what the kind found to be it; no model: all zero */
	/* what comes out */
	struct sg_work_blob blob[SG_WORK_BLOBS];
	int nblobs;
	json_t *figures; /* object for the result row, or NULL; the arena's */
};

struct sg_stage {
	const char *name; /* as shown to people while it runs; one word */
	double until;	  /* progress when it is done, 0..1 */
	int (*run)(struct sg_work *w, struct sg_err *e);
};

struct sg_job_kind {
	const char *name;
	const struct sg_stage *stages; /* the last has run NULL */
	/* The kind's rows of a success, in the transaction that has just ended the job. */
	int (*succeed)(struct sg_work *w, struct sg_err *e);
	/* The same for a job that failed because of `why`; may be NULL. */
	int (*fail)(struct sg_work *w, const struct sg_err *why, struct sg_err *e);
};

/* NULL: no such kind here. */
const struct sg_job_kind *sg_job_kind_find(const char *name);
extern const struct sg_job_kind sg_job_ingest, sg_job_segment, sg_job_export;

/* Of the running stage, done in 0..1. Its form fits sg_infer's progress, with w as arg. */
void sg_work_progress(void *w, double done);
/* Set while the job should stop. */
const atomic_bool *sg_work_flag(const struct sg_work *w);

/* A blob the job reads, hashed first; *fd is closed with the arena. SG_EINTERNAL "input_hash". */
int sg_work_open(int *fd, struct sg_work *w, const struct sg_sha256 *h, struct sg_err *e);

/* Note a blob of the result; data must live as long as the arena. At most SG_WORK_BLOBS. */
void sg_work_blob(
    struct sg_work *w, const char *role, const char *kind, const void *data, size_t bytes);
/* Write all that were noted, at the same time, each fsynced. */
int sg_work_store(struct sg_work *w, struct sg_err *e);
const struct sg_sha256 *sg_work_sha(const struct sg_work *w, const char *role);

/* A buffer that goes with the arena. NULL: no memory. */
struct sg_buf *sg_work_buf(struct sg_work *w, size_t limit);

#endif
