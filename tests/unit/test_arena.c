/* common/arena.c */
#include "config.h"

#include "common/arena.h"

#include <stdint.h>

#include "common/err.h"
#include "tests/unit/check.h"

static int calls, order[8];

static void
note_call(void *arg)
{
	order[calls++] = *(int *)arg;
}

static void
memory_is_zeroed_and_aligned(void)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	uint8_t *p;
	size_t i, n;
	int round;

	REQUIRE(a != NULL);
	for (round = 0; round < 2; round++) { /* the second on the block that was kept */
		for (n = 1; n < 3000; n = n * 2 + 1) {
			p = sg_alloc(a, n);
			REQUIRE(p != NULL);
			CHECK_INT((uintptr_t)p % 16, 0);
			for (i = 0; i < n; i++)
				CHECK_INT(p[i], 0);
			memset(p, 0xa5, n);
			p = sg_alloc_aligned(a, n);
			REQUIRE(p != NULL);
			CHECK_INT((uintptr_t)p % 64, 0);
			CHECK_INT(p[0] | p[n - 1], 0);
			memset(p, 0x5a, n);
		}
		CHECK(sg_arena_used(a) > 0);
		sg_arena_reset(a);
		CHECK_INT(sg_arena_used(a), 0);
	}
	sg_arena_free(a);
}

static void
limit_holds(void)
{
	struct sg_arena *a = sg_arena_new(100000);
	size_t total = 0;

	REQUIRE(a != NULL);
	CHECK(sg_alloc(a, 100001) == NULL);
	CHECK(sg_alloc(a, SIZE_MAX) == NULL);
	CHECK(sg_alloc(a, SIZE_MAX - 70) == NULL);
	CHECK(sg_alloc_array(a, SIZE_MAX / 2, 3) == NULL);
	while (sg_alloc(a, 1000) != NULL)
		total += 1000;
	CHECK(total >= 90000 && total <= 100000);
	CHECK(sg_arena_used(a) <= 100000);
	sg_arena_reset(a);
	CHECK(sg_alloc(a, 50000) != NULL);
	sg_arena_free(a);
}

static void
whole_limit_can_be_one_piece(void)
{
	struct sg_arena *a = sg_arena_new(1 << 20);

	REQUIRE(a != NULL);
	CHECK(sg_alloc(a, 1 << 20) != NULL);
	CHECK(sg_alloc(a, 1) == NULL);
	sg_arena_free(a);
}

static void
deferred_calls_run_newest_first(void)
{
	struct sg_arena *a = sg_arena_new(0); /* not even memory is needed for them */
	int one = 1, two = 2, three = 3;

	REQUIRE(a != NULL);
	calls = 0;
	CHECK_INT(sg_arena_defer(a, note_call, &one), SG_OK);
	CHECK_INT(sg_arena_defer(a, note_call, &two), SG_OK);
	sg_arena_reset(a);
	CHECK_INT(calls, 2);
	CHECK_INT(order[0], 2);
	CHECK_INT(order[1], 1);
	CHECK_INT(sg_arena_defer(a, note_call, &three), SG_OK);
	sg_arena_free(a);
	CHECK_INT(calls, 3);
	sg_arena_free(NULL);
}

static void
texts_are_copied(void)
{
	struct sg_arena *a = sg_arena_new(1 << 16);
	char wide[3000];

	REQUIRE(a != NULL);
	memset(wide, 'x', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	CHECK_STR(sg_strdup(a, "hello"), "hello");
	CHECK_STR(sg_strndup(a, "hello", 3), "hel");
	CHECK_STR(sg_strndup(a, "hi", 30), "hi");
	CHECK_STR(sg_asprintf(a, "%d-%s", 7, "x"), "7-x");
	CHECK_STR(sg_asprintf(a, "%s", wide), wide);
	sg_arena_free(a);
}

static void
many_small_pieces_do_not_overlap(void)
{
	struct sg_arena *a = sg_arena_new(8 << 20);
	uint32_t *p[5000];
	uint32_t i, j;

	REQUIRE(a != NULL);
	for (i = 0; i < 5000; i++) {
		size_t n = 1 + i % 97;

		p[i] = sg_alloc_array(a, n, sizeof *p[i]);
		REQUIRE(p[i] != NULL);
		for (j = 0; j < n; j++)
			p[i][j] = i;
	}
	for (i = 0; i < 5000; i++)
		for (j = 0; j < 1 + i % 97; j++)
			CHECK_INT(p[i][j], i);
	sg_arena_free(a);
}

int
main(void)
{
	RUN(memory_is_zeroed_and_aligned);
	RUN(limit_holds);
	RUN(whole_limit_can_be_one_piece);
	RUN(deferred_calls_run_newest_first);
	RUN(texts_are_copied);
	RUN(many_small_pieces_do_not_overlap);
	return check_end();
}
