/*
 * The janitor: an hour after an hour it takes away what nobody needs and nobody names. It never
 * takes anything younger than a day, so no running job, upload or backup can be hit.
 */
#ifndef SG_JANITOR_H
#define SG_JANITOR_H

#include "common/conf.h"
#include "common/err.h"
#include "common/store.h"

struct sg_tidied { /* what one round took away */
	int temporaries, blobs, uploads;
};

/* One round. Does nothing where the store is another host's. Errors: those of sg_db and store. */
int sg_janitor_round(
    struct sg_tidied *t, const struct sg_conf *conf, struct sg_store *store, struct sg_err *e);

struct sg_janitor;

/* A thread that does a round a few minutes from now, and each hour after. */
int sg_janitor_start(
    struct sg_janitor **out, const struct sg_conf *conf, struct sg_store *store, struct sg_err *e);
void sg_janitor_stop(struct sg_janitor *j); /* waits for a round that runs; NULL is fine */

#endif
