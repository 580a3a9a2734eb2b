/* worker/cache.c, with values that are only counters */
#include "config.h"

#include "worker/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/check.h"

struct value {
	int n; /* which load made it */
	int outdated;
};

static atomic_int loads, unloads;
static int fail_next, slow_us;
static size_t value_bytes;

static int
load(void *arg, const struct sg_sha256 *key, const void *extra, void **value, size_t *bytes,
    struct sg_err *e)
{
	struct value *v;

	(void)arg, (void)key, (void)extra;
	if (slow_us > 0)
		usleep((useconds_t)slow_us);
	if (fail_next) {
		fail_next = 0;
		return sg_fail(e, SG_EINPUT, "bad", "Bad.");
	}
	v = calloc(1, sizeof *v);
	if (v == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "No memory.");
	v->n = atomic_fetch_add(&loads, 1) + 1;
	*value = v;
	*bytes = value_bytes;
	return SG_OK;
}

static void
unload(void *arg, void *value)
{
	(void)arg;
	atomic_fetch_add(&unloads, 1);
	free(value);
}

static int
same(void *arg, const struct sg_sha256 *key, void *value)
{
	(void)arg, (void)key;
	return !((struct value *)value)->outdated;
}

static struct sg_cache *
fresh(int most, size_t limit)
{
	static const struct sg_cache_ops ops = {load, unload, same, NULL};

	loads = unloads = 0;
	fail_next = slow_us = 0;
	value_bytes = 10;
	return sg_cache_new(&ops, most, limit);
}

static struct value *
get(struct sg_cache *c, int key)
{
	struct sg_sha256 h = {{(uint8_t)key}};
	void *value = NULL;

	return sg_cache_get(&value, c, &h, NULL, NULL) == SG_OK ? value : NULL;
}

static int /* which load made the value of a key, which is put back at once */
look(struct sg_cache *c, int key)
{
	struct value *v = get(c, key);
	int n = v != NULL ? v->n : -1;

	if (v != NULL)
		sg_cache_put(c, v);
	return n;
}

static void
a_value_is_loaded_once(void)
{
	struct sg_cache *c = fresh(4, 1000);

	CHECK_INT(look(c, 1), 1);
	CHECK_INT(look(c, 1), 1);
	CHECK_INT(look(c, 2), 2);
	CHECK_INT(sg_cache_count(c), 2);
	sg_cache_free(c);
	CHECK_INT(unloads, 2);
}

static void
the_least_recently_used_goes_first(void)
{
	struct sg_cache *c = fresh(2, 1000);

	look(c, 1);
	look(c, 2);
	look(c, 1);
	look(c, 3); /* 2 goes */
	CHECK_INT(sg_cache_count(c), 2);
	CHECK_INT(look(c, 1), 1);
	CHECK_INT(look(c, 2), 4);
	sg_cache_free(c);
}

static void
bytes_are_a_limit_too(void)
{
	struct sg_cache *c = fresh(100, 25);

	look(c, 1);
	look(c, 2);
	CHECK_INT(sg_cache_count(c), 2);
	look(c, 3);
	CHECK_INT(sg_cache_count(c), 2);
	CHECK_INT(look(c, 1), 4);
	sg_cache_free(c);
}

static void
what_is_in_use_stays(void)
{
	struct sg_cache *c = fresh(1, 1000);
	struct value *one = get(c, 1), *two = get(c, 2);

	REQUIRE(one != NULL && two != NULL);
	CHECK_INT(sg_cache_count(c), 2);
	CHECK_INT(unloads, 0);
	CHECK_INT(one->n, 1);
	sg_cache_put(c, one);
	CHECK_INT(sg_cache_count(c), 1);
	sg_cache_put(c, two);
	CHECK_INT(look(c, 2), 2);
	sg_cache_free(c);
}

static void
what_changed_is_loaded_anew(void)
{
	struct sg_cache *c = fresh(4, 1000);
	struct value *v = get(c, 1);

	REQUIRE(v != NULL);
	v->outdated = 1;
	CHECK_INT(look(c, 1), 2); /* while the old one is in use */
	CHECK_INT(unloads, 0);
	sg_cache_put(c, v);
	CHECK_INT(unloads, 1);
	CHECK_INT(look(c, 1), 2);
	sg_cache_free(c);
}

static void
a_failed_load_leaves_nothing(void)
{
	struct sg_cache *c = fresh(4, 1000);

	fail_next = 1;
	CHECK_INT(look(c, 1), -1);
	CHECK_INT(sg_cache_count(c), 0);
	CHECK_INT(look(c, 1), 1);
	sg_cache_free(c);
}

static void *
look_often(void *arg)
{
	struct sg_cache *c = arg;
	int i;

	for (i = 0; i < 2000; i++) {
		struct value *v = get(c, i % 7);

		if (v == NULL)
			return (void *)1;
		sg_cache_put(c, v);
	}
	return NULL;
}

static void
many_threads_share(void)
{
	struct sg_cache *c = fresh(3, 1000);
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		REQUIRE(pthread_create(&t[i], NULL, look_often, c) == 0);
	for (i = 0; i < 4; i++) {
		void *bad;

		pthread_join(t[i], &bad);
		CHECK(bad == NULL);
	}
	CHECK_INT(sg_cache_count(c), 3);
	CHECK_INT(loads - unloads, 3);
	sg_cache_free(c);
}

static void *
look_once(void *arg)
{
	return (void *)(intptr_t)look(arg, 1);
}

static void
those_who_want_the_same_wait_for_one_load(void)
{
	struct sg_cache *c = fresh(3, 1000);
	pthread_t t[4];
	int i;

	slow_us = 50000;
	for (i = 0; i < 4; i++)
		REQUIRE(pthread_create(&t[i], NULL, look_once, c) == 0);
	for (i = 0; i < 4; i++) {
		void *n;

		pthread_join(t[i], &n);
		CHECK_INT((intptr_t)n, 1);
	}
	CHECK_INT(loads, 1);
	sg_cache_free(c);
}

int
main(void)
{
	RUN(a_value_is_loaded_once);
	RUN(the_least_recently_used_goes_first);
	RUN(bytes_are_a_limit_too);
	RUN(what_is_in_use_stays);
	RUN(what_changed_is_loaded_anew);
	RUN(a_failed_load_leaves_nothing);
	RUN(many_threads_share);
	RUN(those_who_want_the_same_wait_for_one_load);
	return check_end();
}
