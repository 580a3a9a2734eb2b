/* Little-endian numbers at any address, and files mapped for reading. */
#ifndef SG_BYTES_H
#define SG_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

static inline void
sg_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline void
sg_put64(uint8_t *p, uint64_t v)
{
	sg_put32(p, (uint32_t)v);
	sg_put32(p + 4, (uint32_t)(v >> 32));
}

static inline uint32_t
sg_get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t
sg_get64(const uint8_t *p)
{
	return sg_get32(p) | (uint64_t)sg_get32(p + 4) << 32;
}

/* The whole of a plain file, mapped read-only until the arena goes. An empty file gives n = 0.
 * Errors: SG_EBUSY "no_memory", SG_EINTERNAL "io". */
int sg_map_fd(const uint8_t **p, size_t *n, struct sg_arena *a, int fd, struct sg_err *e);

#endif
