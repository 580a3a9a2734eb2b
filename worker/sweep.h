/*
 * The sweeper: a thread in every worker that frees jobs of dead workers, tops up the doorbell,
 * says that this worker lives, and seals audit events. Several at once are harmless.
 */
#ifndef SG_SWEEP_H
#define SG_SWEEP_H

#include "common/err.h"
#include "worker/job/job.h"

struct sg_sweeper;

/* worker outlives it. Errors: SG_EBUSY "no_memory", SG_EINTERNAL "thread". */
int sg_sweeper_start(struct sg_sweeper **out, const struct sg_worker *worker, struct sg_err *e);
void sg_sweeper_stop(struct sg_sweeper *s); /* NULL is fine */

#endif
