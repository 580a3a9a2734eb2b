/* A result as files and rows show it: mask PNG, labels, histogram. */
#ifndef SG_FIGURES_H
#define SG_FIGURES_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "worker/job/infer.h"

/* One label: 0 and 255; several: a palette of their colours. mask [ny][nx]. */
int sg_figures_mask(struct sg_buf *png, const uint8_t *mask, int nx, int ny,
    const struct sg_infer_label *labels, int nlabels, struct sg_err *e);

/* JSON array of {value, name, colour, voxels, area_mm2}; area null where the spacing is unknown.
 * NULL: no memory. */
const char *sg_figures_labels(struct sg_arena *a, const struct sg_infer_label *labels, int n);

/* JSON array of 256 counts. NULL: no memory. */
const char *sg_figures_histogram(struct sg_arena *a, const int64_t histogram[256]);

#endif
