/*
 * An arena: memory that dies together, and clean-ups that run with it. A request and a job
 * own one each. Not shared between threads.
 */
#ifndef SG_ARENA_H
#define SG_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct sg_arena;

/* limit: the most bytes it will ever hold. NULL when there is no memory. */
struct sg_arena *sg_arena_new(size_t limit);
void sg_arena_free(struct sg_arena *a);	 /* runs the deferred calls, newest first; NULL is fine */
void sg_arena_reset(struct sg_arena *a); /* the same, but the arena stays, keeping one block */

/* Zeroed memory aligned for any type; NULL when the limit or the machine's memory is reached. */
void *sg_alloc(struct sg_arena *a, size_t bytes);
/* n * size with the overflow checked. */
void *sg_alloc_array(struct sg_arena *a, size_t n, size_t size);
/* As sg_alloc, aligned to 64 bytes, for voxels and tensors. */
void *sg_alloc_aligned(struct sg_arena *a, size_t bytes);
char *sg_strdup(struct sg_arena *a, const char *s);
char *sg_strndup(struct sg_arena *a, const char *s, size_t n);
char *sg_asprintf(struct sg_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Call fn(arg) when the arena is reset or freed. Returns SG_OK, or SG_EBUSY when there was no
 * memory to note it down (fn has then been called already, so nothing leaks). */
int sg_arena_defer(struct sg_arena *a, void (*fn)(void *), void *arg);

size_t sg_arena_used(const struct sg_arena *a); /* bytes */

#endif
