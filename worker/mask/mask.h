/*
 * Masks and label maps: from probabilities to labels, clean-up, and what is counted on them.
 *
 * A probability p is one byte q = floor(255 p + 0.5); foreground at threshold t is
 * q >= ceil(255 t). t is given in thousandths (t_milli, 0..1000), so the ceil is exact integer
 * arithmetic and the same in C, SQL and TypeScript. Label maps hold 0 for background and 1..C.
 */
#ifndef SG_MASK_H
#define SG_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/volume/volume.h"

/* q of a probability; NaN and below 0 give 0, above 1 gives 255. */
uint8_t sg_quantise(float p);
/* The least q that is foreground: (t_milli*255 + 999) / 1000; 0..255. */
int sg_threshold_q(int t_milli);

/* mask[i] = 1 where q[i] >= sg_threshold_q(t_milli), else 0. May work in place. */
void sg_mask_threshold(uint8_t *mask, const uint8_t *q, size_t n, int t_milli);
/* argmax over planes[c][n]; ties go to the lower class; mask[i] = class index 0..C-1. */
void sg_mask_argmax(uint8_t *mask, const uint8_t *planes, int classes, size_t n);
/* The same over f32 scores (softmax outputs or logits). */
void sg_mask_argmax_f32(uint8_t *mask, const float *planes, int classes, size_t n);

/*
 * Clean-up of one label of a map on a grid nx*ny*nz, in place; removed voxels become 0.
 * Components: full neighbourhood (8 in 2-D, 26 in 3-D); holes: background that does not reach
 * the border through faces (4 in 2-D, 6 in 3-D), filled with the label.
 * Errors: SG_EBUSY "no_memory".
 */
int sg_mask_largest(uint8_t *mask, int nx, int ny, int nz, int label, struct sg_err *e);
int sg_mask_drop_small(
    uint8_t *mask, int nx, int ny, int nz, int label, int64_t min_voxels, struct sg_err *e);
int sg_mask_fill_holes(uint8_t *mask, int nx, int ny, int nz, int label, struct sg_err *e);
/* How many components a label has. */
int sg_mask_components(
    int64_t *count, const uint8_t *mask, int nx, int ny, int nz, int label, struct sg_err *e);

/* What one label measures. area_mm2 for one plane, volume_ml for more; -1: spacing unknown. */
struct sg_measure {
	int64_t voxels;
	double area_mm2;
	double volume_ml;
};
/* m[labels]: of label 1..labels. on: the grid's geometry (nx, ny, nz, spacing). */
void sg_mask_measure(
    struct sg_measure *m, int labels, const uint8_t *mask, const struct sg_volume *on);
/* Count of each q. */
void sg_histogram(int64_t h[256], const uint8_t *q, size_t n);

#endif
