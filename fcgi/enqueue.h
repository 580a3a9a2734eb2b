/* Asking for a job inside the request's transaction; a worker is woken after the commit. */
#ifndef FCGI_ENQUEUE_H
#define FCGI_ENQUEUE_H

#include "fcgi/req.h"

struct enqueue {
	const char *kind, *key, *params;     /* key: of idempotency; params: JSON */
	int64_t scan, version, segmentation; /* row ids; 0: none */
	const struct sg_sha256 *input, *model;
	int priority; /* 0: the default */

	int64_t id; /* out: the job's row */
	const char *public_id;
	int fresh; /* out: 0 when the key was used for this very job before */
};

/* Errors: those of sg.enqueue (SG_ELIMIT "quota_queued", SG_ECONFLICT "idem_key_reused", ...). */
int enqueue(struct req *r, struct enqueue *job, struct sg_err *e);
/* The Idempotency-Key header: 1 to 200 visible ASCII characters. Errors: SG_EINPUT "idem_key". */
int enqueue_key(const struct req *r, const char **key, struct sg_err *e);

#endif
