/*
 * Arenas: a chain of zeroed blocks, the newest in front. Large requests get a block of their own,
 * which calloc takes straight from the kernel, so untouched pages of a volume cost nothing.
 */
#include "config.h"

#include "common/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define FIRST_BLOCK ((size_t)8 * 1024)
#define LAST_BLOCK  ((size_t)256 * 1024) /* blocks double up to here */
#define ALIGN	    ((size_t)16)
#define ALIGN_WIDE  ((size_t)64)

struct block {
	struct block *next;
	size_t cap, used; /* bytes at data */
	uint8_t *data;	  /* aligned to ALIGN_WIDE, inside this allocation */
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct sg_arena {
	struct block *blocks;
	struct deferred *deferred;
	size_t limit, held; /* held: the blocks' capacities */
	size_t used;	    /* handed out, with the gaps of alignment */
	size_t next_block;
};

struct sg_arena *
sg_arena_new(size_t limit)
{
	struct sg_arena *a = calloc(1, sizeof *a);

	if (a == NULL)
		return NULL;
	a->limit = limit;
	a->next_block = FIRST_BLOCK;
	return a;
}

static void
run_deferred(struct sg_arena *a)
{
	struct deferred *d;

	while ((d = a->deferred) != NULL) {
		a->deferred = d->next;
		d->fn(d->arg);
		free(d);
	}
}

static void
free_blocks(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void
sg_arena_free(struct sg_arena *a)
{
	if (a == NULL)
		return;
	run_deferred(a);
	free_blocks(a->blocks);
	free(a);
}

void
sg_arena_reset(struct sg_arena *a)
{
	struct block *keep = NULL, *b, *next;

	run_deferred(a);
	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		if (keep == NULL && b->cap <= LAST_BLOCK)
			keep = b;
		else
			free(b);
	}
	if (keep != NULL) {
		memset(keep->data, 0, keep->used);
		keep->used = 0;
		keep->next = NULL;
	}
	a->blocks = keep;
	a->held = keep != NULL ? keep->cap : 0;
	a->used = 0;
}

static struct block *
block_new(size_t cap)
{
	struct block *b;
	uintptr_t at;

	if (cap > SIZE_MAX - sizeof *b - ALIGN_WIDE)
		return NULL;
	b = calloc(1, sizeof *b + ALIGN_WIDE + cap);
	if (b == NULL)
		return NULL;
	at = ((uintptr_t)(b + 1) + ALIGN_WIDE - 1) & ~(uintptr_t)(ALIGN_WIDE - 1);
	b->data = (uint8_t *)at;
	b->cap = cap;
	return b;
}

/* A new block that holds at least `bytes`, or NULL. */
static struct block *
add_block(struct sg_arena *a, size_t bytes)
{
	size_t room = a->limit - a->held, cap;
	struct block *b;

	if (bytes > room)
		return NULL;
	if (bytes > a->next_block / 2) {
		cap = bytes;
	} else {
		cap = a->next_block < room ? a->next_block : room;
		if (a->next_block < LAST_BLOCK)
			a->next_block *= 2;
	}
	b = block_new(cap);
	if (b == NULL)
		return NULL;
	a->held += cap;
	/* A block that is full from the start goes behind the one still being filled. */
	if (cap == bytes && a->blocks != NULL) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

static void *
take(struct sg_arena *a, size_t bytes, size_t align)
{
	struct block *b = a->blocks;
	size_t at;

	if (bytes > SIZE_MAX - ALIGN_WIDE)
		return NULL;
	if (bytes == 0)
		bytes = 1;
	if (b != NULL) {
		at = (b->used + align - 1) & ~(align - 1);
		if (at <= b->cap && bytes <= b->cap - at) {
			a->used += at + bytes - b->used;
			b->used = at + bytes;
			return b->data + at;
		}
	}
	b = add_block(a, bytes);
	if (b == NULL)
		return NULL;
	b->used = bytes;
	a->used += bytes;
	return b->data;
}

void *
sg_alloc(struct sg_arena *a, size_t bytes)
{
	return take(a, bytes, ALIGN);
}

void *
sg_alloc_array(struct sg_arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return take(a, bytes, ALIGN);
}

void *
sg_alloc_aligned(struct sg_arena *a, size_t bytes)
{
	return take(a, bytes, ALIGN_WIDE);
}

char *
sg_strndup(struct sg_arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = take(a, len + 1, ALIGN);

	if (copy != NULL)
		memcpy(copy, s, len);
	return copy;
}

char *
sg_strdup(struct sg_arena *a, const char *s)
{
	return sg_strndup(a, s, strlen(s));
}

char *
sg_asprintf(struct sg_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	text = take(a, (size_t)n + 1, ALIGN);
	if (text == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

int
sg_arena_defer(struct sg_arena *a, void (*fn)(void *), void *arg)
{
	/* Not from the arena itself: a full arena must still be able to release what it owns. */
	struct deferred *d = malloc(sizeof *d);

	if (d == NULL) {
		fn(arg);
		return SG_EBUSY;
	}
	d->fn = fn;
	d->arg = arg;
	d->next = a->deferred;
	a->deferred = d;
	return SG_OK;
}

size_t
sg_arena_used(const struct sg_arena *a)
{
	return a->used;
}
