/* The cache of loaded models; see cache.h. A list in order of use, newest first. */
#include "config.h"

#include "worker/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct entry *next;
	struct sg_sha256 key;
	void *value; /* NULL: being loaded */
	size_t bytes;
	int users;
	int outdated; /* not to be found any more; goes with its last user */
};

struct sg_cache {
	pthread_mutex_t lock;
	pthread_cond_t loaded; /* some entry is loaded, or could not be */
	struct sg_cache_ops ops;
	struct entry *first;
	int most;
	size_t limit; /* bytes */
};

struct sg_cache *
sg_cache_new(const struct sg_cache_ops *ops, int most, size_t bytes)
{
	struct sg_cache *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->loaded, NULL);
	c->ops = *ops;
	c->most = most;
	c->limit = bytes;
	return c;
}

static void
take_out(struct sg_cache *c, struct entry *x)
{
	struct entry **at = &c->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
}

static void
unload(struct sg_cache *c, struct entry *x)
{
	take_out(c, x);
	if (x->value != NULL)
		c->ops.unload(c->ops.arg, x->value);
	free(x);
}

void
sg_cache_free(struct sg_cache *c)
{
	if (c == NULL)
		return;
	while (c->first != NULL) {
		assert(c->first->users == 0);
		unload(c, c->first);
	}
	pthread_cond_destroy(&c->loaded);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Unload from the old end until the limits are kept, but nothing that is in use. */
static void
trim(struct sg_cache *c)
{
	for (;;) {
		struct entry *x, *oldest = NULL;
		size_t bytes = 0;
		int count = 0;

		for (x = c->first; x != NULL; x = x->next) {
			count++;
			bytes += x->bytes;
			if (x->users == 0)
				oldest = x;
		}
		if (oldest == NULL || (count <= c->most && bytes <= c->limit))
			return;
		unload(c, oldest);
	}
}

static struct entry *
find(struct sg_cache *c, const struct sg_sha256 *key)
{
	struct entry *x;

	for (x = c->first; x != NULL; x = x->next)
		if (!x->outdated && memcmp(&x->key, key, sizeof *key) == 0)
			return x;
	return NULL;
}

/* A loaded entry of this key with one more user; NULL: there is none. */
static struct entry *
find_loaded(struct sg_cache *c, const struct sg_sha256 *key)
{
	struct entry *x;

	while ((x = find(c, key)) != NULL && x->value == NULL)
		pthread_cond_wait(&c->loaded, &c->lock);
	if (x == NULL)
		return NULL;
	if (c->ops.same != NULL && !c->ops.same(c->ops.arg, key, x->value)) {
		x->outdated = 1;
		if (x->users == 0)
			unload(c, x);
		return NULL;
	}
	x->users++;
	take_out(c, x);
	x->next = c->first;
	c->first = x;
	return x;
}

static struct entry *
begin_loading(struct sg_cache *c, const struct sg_sha256 *key)
{
	struct entry *x = calloc(1, sizeof *x);

	if (x == NULL)
		return NULL;
	x->key = *key;
	x->users = 1;
	x->next = c->first;
	c->first = x;
	return x;
}

int
sg_cache_get(void **value, struct sg_cache *c, const struct sg_sha256 *key, const void *extra,
    struct sg_err *e)
{
	struct entry *x;
	void *made = NULL;
	size_t bytes = 0;
	int rc = SG_OK;

	pthread_mutex_lock(&c->lock);
	if ((x = find_loaded(c, key)) != NULL) {
		*value = x->value;
		pthread_mutex_unlock(&c->lock);
		return SG_OK;
	}
	x = begin_loading(c, key);
	pthread_mutex_unlock(&c->lock);
	if (x == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the model now.");
	rc = c->ops.load(c->ops.arg, key, extra, &made, &bytes, e);
	pthread_mutex_lock(&c->lock);
	if (rc == SG_OK) {
		x->value = *value = made;
		x->bytes = bytes;
		trim(c);
	} else {
		unload(c, x);
	}
	pthread_cond_broadcast(&c->loaded);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

void
sg_cache_put(struct sg_cache *c, void *value)
{
	struct entry *x;

	pthread_mutex_lock(&c->lock);
	for (x = c->first; x != NULL && x->value != value; x = x->next)
		;
	assert(x != NULL && x->users > 0);
	x->users--;
	if (x->users == 0 && x->outdated)
		unload(c, x);
	trim(c);
	pthread_mutex_unlock(&c->lock);
}

int
sg_cache_count(struct sg_cache *c)
{
	struct entry *x;
	int count = 0;

	pthread_mutex_lock(&c->lock);
	for (x = c->first; x != NULL; x = x->next)
		count += x->value != NULL;
	pthread_mutex_unlock(&c->lock);
	return count;
}
