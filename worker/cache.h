/*
 * Loaded models, shared by the slots of one worker: the least recently used goes first when
 * there are too many or they hold too many bytes. A model in use is never unloaded. Several
 * slots that want the same model at once load it once.
 *
 * What a model is, is the business of the operations given (worker/model.c); so the order of
 * things here can be tested without any.
 */
#ifndef SG_CACHE_H
#define SG_CACHE_H

#include <stddef.h>

#include "common/err.h"
#include "common/hash.h"

struct sg_cache;

struct sg_cache_ops {
	/* Make the value for a key and say how many bytes it holds. extra: as given to get. */
	int (*load)(void *arg, const struct sg_sha256 *key, const void *extra, void **value,
	    size_t *bytes, struct sg_err *e);
	void (*unload)(void *arg, void *value);
	/* 0: what the value was made from has changed since; it is loaded anew. May be NULL. */
	int (*same)(void *arg, const struct sg_sha256 *key, void *value);
	void *arg;
};

/* most: values kept at a time; bytes: all of them together. NULL: no memory. */
struct sg_cache *sg_cache_new(const struct sg_cache_ops *ops, int most, size_t bytes);
void sg_cache_free(struct sg_cache *c); /* nothing may be in use; NULL is fine */

/* *value stays loaded until it is put back. Errors: those of load, SG_EBUSY "no_memory". */
int sg_cache_get(void **value, struct sg_cache *c, const struct sg_sha256 *key, const void *extra,
    struct sg_err *e);
void sg_cache_put(struct sg_cache *c, void *value);

int sg_cache_count(struct sg_cache *c); /* values loaded now */

#endif
