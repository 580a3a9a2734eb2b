/*
 * The doorbell: Redis by hiredis. It carries job ids that wake workers, live progress and short
 * caches; it never carries truth or patient data, and may be emptied or restarted at any moment.
 * Every call fails soft with SG_EBUSY "redis_lost" and reconnects by itself later (with backoff
 * and jitter), so callers go on without it.
 *
 * Keys: list sg:jobs:<class>, string sg:progress:<job> (60 s), sg:session:<hex> (30 s),
 * counters sg:rate:<name> with their own life.
 * One struct sg_queue is one connection and belongs to one thread. Programs ignore SIGPIPE.
 *
 * Commands used, for the ACL: AUTH, RPUSH, BLPOP, LLEN, SET, GET, DEL, INCR, EXPIRE (Redis 7).
 * Errors of every call: SG_EBUSY "redis_lost"; SG_EBUSY "redis_refused" when Redis answered with
 * an error (no permission, no memory); SG_EINTERNAL "redis_conf" for a wrong address or secret.
 */
#ifndef SG_QUEUE_H
#define SG_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/err.h"

struct sg_queue;

/* Connects at first use. c is borrowed and must outlive it. NULL: no memory. */
struct sg_queue *sg_queue_new(const struct sg_conf *c);
void sg_queue_free(struct sg_queue *q);

/* class: "cpu", "gpu" or "any" (an "any" id is pushed to cpu's list and gpu's). */
int sg_queue_ring(struct sg_queue *q, const char *class, int64_t job, struct sg_err *e);
/* Wait for a ring, at most timeout_ms; *job is 0 when none came. The id only wakes. */
int sg_queue_wait(
    struct sg_queue *q, const char *class, int timeout_ms, int64_t *job, struct sg_err *e);
/* Ids waiting in a class's list. */
int sg_queue_length(struct sg_queue *q, const char *class, int64_t *n, struct sg_err *e);

/* Short-lived strings, "sg:" put before the key. get: *value NULL when there is none. */
int sg_queue_set(
    struct sg_queue *q, const char *key, const char *value, int life_s, struct sg_err *e);
int sg_queue_get(
    struct sg_queue *q, struct sg_arena *a, const char *key, const char **value, struct sg_err *e);
int sg_queue_del(struct sg_queue *q, const char *key, struct sg_err *e);
/* Count one more event under a name whose life starts with the first; *n is the count. */
int sg_queue_count(struct sg_queue *q, const char *name, int life_s, int64_t *n, struct sg_err *e);

#endif
