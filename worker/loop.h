/*
 * A slot: one thread that waits for the doorbell, claims, works, and ends what it claimed. Each
 * has its own connections, lease and memory.
 */
#ifndef SG_LOOP_H
#define SG_LOOP_H

#include "common/err.h"
#include "worker/job/job.h"

struct sg_slot;

/* What the slots and main tell each other. */
struct sg_run {
	atomic_bool stop;    /* claim no more, end what is held */
	atomic_bool restart; /* a slot asks for a fresh process */
	void (*ask)(void);   /* wakes main to see restart; may be NULL */
};

/* Starts slot i. worker and run outlive it. Errors: SG_EBUSY "no_memory", SG_EINTERNAL "thread". */
int sg_slot_start(struct sg_slot **out, int i, const struct sg_worker *worker, struct sg_run *run,
    struct sg_err *e);
/* Wait at most timeout_ms for a slot to end after run->stop; 1: it did, and is freed. */
int sg_slot_join(struct sg_slot *s, int timeout_ms);

#endif
