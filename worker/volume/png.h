/*
 * PNG in and out (ISO/IEC 15948; W3C PNG third edition), by libpng under limits.
 */
#ifndef SG_PNG_H
#define SG_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "worker/volume/volume.h"

/*
 * Read a PNG: 1 to 16 bits, grey, grey with alpha, RGB, RGBA, palette, interlaced or not.
 * Result: grey or RGB, u8 (below 8 bits spread over 0..255) or u16. A palette whose colours are
 * all grey gives grey. Alpha and tRNS are dropped, not composited: the stored samples are what
 * was measured, and image libraries of the field read them so. Gamma and colour profiles are
 * not applied, for the same reason. Of an APNG the default image is read. Bytes after IEND are
 * ignored. *note (may be NULL) becomes what was dropped, or NULL.
 * Errors: SG_EINPUT "too_small" (no bytes), "bad_type" (not a PNG), "image_corrupt" (CRC, cut,
 * impossible header, index outside the palette), "image_too_large" (over max_pixels or a side
 * over SG_VOLUME_MAX_SIDE), SG_EBUSY "no_memory".
 */
int sg_png_read(struct sg_volume **out, struct sg_arena *a, const void *p, size_t n,
    int64_t max_pixels, const char **note, struct sg_err *e);

/*
 * Read a PNG as a label map: u8, one channel, the stored value itself: palette indices stay
 * indices, grey is not spread (a 1-bit mask gives 0 and 1). RGB(A) pictures of masks, as some
 * sets have them, give their red channel when all three are equal. 16 bits: values must be <= 255.
 * Errors: as above, and SG_EINPUT "label_type" (colours that are no labels).
 */
int sg_png_read_labels(struct sg_volume **out, struct sg_arena *a, const void *p, size_t n,
    int64_t max_pixels, struct sg_err *e);

/* A PNG appended to b. Samples: u8 or u16 in host order, channels 1 or 3, [ny][nx][channels].
 * level: zlib 0..9. Errors: SG_EBUSY "no_memory". */
int sg_png_write(struct sg_buf *b, const void *samples, int nx, int ny, int channels,
    enum sg_sample type, int level, struct sg_err *e);
/* A binary mask: 0 stays 0, anything else 255; 8-bit grey (labels <= 1), as contracts.md. */
int sg_png_write_mask(struct sg_buf *b, const uint8_t *mask, int nx, int ny, struct sg_err *e);
/* A label map 0..C as 8-bit palette, index = label; rgb[3*(C+1)] or NULL for a built-in one. */
int sg_png_write_labels(struct sg_buf *b, const uint8_t *labels, int nx, int ny, int c,
    const uint8_t *rgb, struct sg_err *e);

#endif
