/*
 * Connected components of one label: counting, keeping the largest, dropping small ones, and
 * filling holes. Plain flood filling with a stack of its own; every voxel is visited once.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "worker/mask/mask.h"

struct grid {
	int nx, ny, nz;
	size_t n;
	uint8_t *seen;
	size_t *stack; /* voxels of the region at hand: [0..count) */
	size_t count, cap;
	int failed; /* no memory */
};

static int
no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory to clean up the mask now.");
}

static int
grid_open(struct grid *g, int nx, int ny, int nz, struct sg_err *e)
{
	memset(g, 0, sizeof(*g));
	g->nx = nx;
	g->ny = ny;
	g->nz = nz;
	g->n = (size_t)nx * (size_t)ny * (size_t)nz;
	g->seen = calloc(g->n, 1);
	return g->seen != NULL ? SG_OK : no_memory(e);
}

static void
grid_close(struct grid *g)
{
	free(g->seen);
	free(g->stack);
}

static void
push(struct grid *g, size_t at)
{
	if (g->count == g->cap) {
		size_t cap = g->cap == 0 ? 1024 : 2 * g->cap;
		size_t *more = realloc(g->stack, cap * sizeof(*more));

		if (more == NULL) {
			g->failed = 1;
			return;
		}
		g->stack = more;
		g->cap = cap;
	}
	g->seen[at] = 1;
	g->stack[g->count++] = at;
}

/* Look at the neighbours of one voxel; full: all 26 (8), else through faces. *open is set where
 * the region reaches the border, *others where it touches a value that is neither its own nor
 * `wall`. */
static void
spread(struct grid *g, const uint8_t *mask, size_t at, int full, int wall, int *open, int *others)
{
	int x = (int)(at % (size_t)g->nx), y = (int)(at / (size_t)g->nx % (size_t)g->ny);
	int z = (int)(at / (size_t)g->nx / (size_t)g->ny);
	uint8_t own = mask[at];
	int deep = g->nz > 1; /* a plane has no neighbours above and below */

	*open |= x == 0 || x == g->nx - 1 || y == 0 || y == g->ny - 1 ||
		 (g->nz > 1 && (z == 0 || z == g->nz - 1));
	for (int dz = -deep; dz <= deep; dz++)
		for (int dy = -1; dy <= 1; dy++)
			for (int dx = -1; dx <= 1; dx++) {
				int far = abs(dx) + abs(dy) + abs(dz);
				size_t to;

				if (far == 0 || (!full && far > 1) || x + dx < 0 ||
				    x + dx >= g->nx || y + dy < 0 || y + dy >= g->ny ||
				    z + dz < 0 || z + dz >= g->nz)
					continue;
				to = ((size_t)(z + dz) * (size_t)g->ny + (size_t)(y + dy)) *
					 (size_t)g->nx +
				     (size_t)(x + dx);
				if (mask[to] == own && !g->seen[to])
					push(g, to);
				*others |= mask[to] != own && mask[to] != wall;
			}
}

/* All voxels connected to `at` with its value, in g->stack[0..count). */
static void
flood(struct grid *g, const uint8_t *mask, size_t at, int full, int wall, int *open, int *others)
{
	*open = *others = 0;
	g->count = 0;
	push(g, at);
	for (size_t i = 0; i < g->count && !g->failed; i++)
		spread(g, mask, g->stack[i], full, wall, open, others);
}

static void
erase(struct grid *g, uint8_t *mask)
{
	for (size_t i = 0; i < g->count; i++)
		mask[g->stack[i]] = 0;
}

int
sg_mask_components(
    int64_t *count, const uint8_t *mask, int nx, int ny, int nz, int label, struct sg_err *e)
{
	int open, others, rc;
	struct grid g;

	if ((rc = grid_open(&g, nx, ny, nz, e)) != SG_OK)
		return rc;
	*count = 0;
	for (size_t i = 0; i < g.n && !g.failed; i++)
		if (mask[i] == label && !g.seen[i]) {
			flood(&g, mask, i, 1, 0, &open, &others);
			++*count;
		}
	rc = g.failed ? no_memory(e) : SG_OK;
	grid_close(&g);
	return rc;
}

int
sg_mask_drop_small(
    uint8_t *mask, int nx, int ny, int nz, int label, int64_t min_voxels, struct sg_err *e)
{
	int open, others, rc;
	struct grid g;

	if ((rc = grid_open(&g, nx, ny, nz, e)) != SG_OK)
		return rc;
	for (size_t i = 0; i < g.n && !g.failed; i++)
		if (mask[i] == label && !g.seen[i]) {
			flood(&g, mask, i, 1, 0, &open, &others);
			if (!g.failed && (int64_t)g.count < min_voxels)
				erase(&g, mask);
		}
	rc = g.failed ? no_memory(e) : SG_OK;
	grid_close(&g);
	return rc;
}

/* Of equally large components the first in memory order stays. */
int
sg_mask_largest(uint8_t *mask, int nx, int ny, int nz, int label, struct sg_err *e)
{
	size_t best = 0, best_at = 0;
	int open, others, rc;
	struct grid g;

	if ((rc = grid_open(&g, nx, ny, nz, e)) != SG_OK)
		return rc;
	for (size_t i = 0; i < g.n && !g.failed; i++)
		if (mask[i] == label && !g.seen[i]) {
			flood(&g, mask, i, 1, 0, &open, &others);
			if (g.count > best) {
				best = g.count;
				best_at = i;
			}
		}
	if (!g.failed && best > 0) {
		memset(g.seen, 0, g.n);
		flood(&g, mask, best_at, 1, 0, &open, &others);
		memset(g.seen, 0, g.n);
		for (size_t i = 0; i < g.count; i++)
			g.seen[g.stack[i]] = 1;
		for (size_t i = 0; i < g.n; i++)
			if (mask[i] == label && !g.seen[i])
				mask[i] = 0;
	}
	rc = g.failed ? no_memory(e) : SG_OK;
	grid_close(&g);
	return rc;
}

int
sg_mask_fill_holes(uint8_t *mask, int nx, int ny, int nz, int label, struct sg_err *e)
{
	int open, others, rc;
	struct grid g;

	if ((rc = grid_open(&g, nx, ny, nz, e)) != SG_OK)
		return rc;
	for (size_t i = 0; i < g.n && !g.failed; i++)
		if (mask[i] == 0 && !g.seen[i]) {
			flood(&g, mask, i, 0, label, &open, &others);
			if (g.failed || open || others)
				continue;
			for (size_t k = 0; k < g.count; k++)
				mask[g.stack[k]] = (uint8_t)label;
		}
	rc = g.failed ? no_memory(e) : SG_OK;
	grid_close(&g);
	return rc;
}
