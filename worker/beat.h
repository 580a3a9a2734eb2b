/*
 * The heartbeat: one thread that computes nothing and renews the leases of all slots, a second
 * after the claim and then every sixth of a lease, on its own connection. It also carries progress
 * out (PostgreSQL with each beat, Redis twice a second) and brings bad news in: a cancel, or a
 * lost lease, sets the slot's halt flag, which computing polls between operators.
 *
 * Order promised: after sg_beat_drop() returned, no halt of the dropped job can reach the slot's
 * next one, since every message is checked against the token it was asked under.
 */
#ifndef SG_BEAT_H
#define SG_BEAT_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

struct sg_beats;

enum sg_halt {
	SG_HALT_NONE,
	SG_HALT_CANCEL, /* a person wants it to end */
	SG_HALT_LOST,	/* the lease is gone: forget the job, somebody else has it */
	SG_HALT_STOP,	/* this worker must end now: give the job back */
};

/* Starts the thread. Errors: SG_EBUSY "no_memory", SG_EINTERNAL "thread". */
int sg_beats_start(struct sg_beats **out, const struct sg_conf *conf, int slots, struct sg_err *e);
void sg_beats_stop(struct sg_beats *b); /* ends the thread, frees; NULL is fine */

/* Slot i (from 0) holds this job from now on, until dropped. */
void sg_beat_hold(struct sg_beats *b, int i, int64_t job, int64_t token);
void sg_beat_drop(struct sg_beats *b, int i);
/* Where the slot's job is. stage is a constant string; NULL leaves it. done in 0..1 never falls. */
void sg_beat_note(struct sg_beats *b, int i, const char *stage, double done);

/* The flag that computing polls, and why it is set. */
const atomic_bool *sg_beat_flag(const struct sg_beats *b, int i);
enum sg_halt sg_beat_why(const struct sg_beats *b, int i);
/* Set SG_HALT_STOP on every slot, for jobs held now and later. */
void sg_beats_halt_all(struct sg_beats *b);

#endif
