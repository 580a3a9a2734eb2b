/* Pictures of a scan for people: 8-bit, as browsers show them. */
#ifndef SG_VIEW_H
#define SG_VIEW_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "worker/volume/volume.h"

/*
 * One slice of one phase as 8-bit samples [ny][nx][channels]. u8 is borrowed as it is; wider
 * samples are windowed from the least to the greatest value of the slice to 0..255.
 * Errors: SG_EBUSY "no_memory".
 */
int sg_view_plane(const uint8_t **px, struct sg_arena *a, const struct sg_volume *v, int z, int t,
    struct sg_err *e);

/* 8-bit picture shrunk by averaging over areas so that no side exceeds `side`; smaller ones stay
 * as they are. *w, *h: its size. Errors: SG_EBUSY "no_memory". */
int sg_view_thumb(uint8_t **out, int *w, int *h, struct sg_arena *a, const uint8_t *px, int nx,
    int ny, int channels, int side, struct sg_err *e);

#endif
