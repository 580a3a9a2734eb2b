/*
 * Synthetic images with labels, for demonstrations and tests: no patient was ever near them.
 * The same kind, seed, index and size give the same bytes.
 *
 * Both kinds are made so that no single grey threshold finds the structure (a test holds its
 * best Dice below 0.7), while shape and neighbourhood do.
 */
#ifndef SG_PHANTOM_H
#define SG_PHANTOM_H

#include <stdint.h>

#include "common/err.h"

enum sg_phantom_kind { SG_PHANTOM_CELLS, SG_PHANTOM_LIVER, SG__PHANTOM_KINDS };
const char *sg_phantom_name(enum sg_phantom_kind kind); /* "cells", "liver" */

enum { SG_PHANTOM_LEAST = 128, SG_PHANTOM_MOST = 2048 };

/* image and mask [size][size], mask 0 or 1; size within the two limits above.
 * Errors: SG_EBUSY "no_memory". */
int sg_phantom(uint8_t *image, uint8_t *mask, enum sg_phantom_kind kind, uint64_t seed, int index,
    int size, struct sg_err *e);

#endif
