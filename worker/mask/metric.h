/*
 * How well two binary masks agree. Definitions (both masks on one grid, P predicted, T truth):
 *   dice      2 |P and T| / (|P| + |T|)          (Dice 1945; Zijdenbos 1994)
 *   jaccard   |P and T| / |P or T|               (Jaccard 1912)
 *   precision |P and T| / |P|,  recall |P and T| / |T|
 * Empty masks: both empty: dice, jaccard 1. One empty: 0. A ratio without a denominator is
 * undefined: NaN here, null in JSON, counted and never averaged.
 */
#ifndef SG_METRIC_H
#define SG_METRIC_H

#include <stddef.h>
#include <stdint.h>

struct sg_overlap {
	int64_t tp, fp, fn, tn; /* voxels */
	double dice, jaccard, precision, recall;
};

/* Foreground is the label `label`, or any non-zero value when label < 0. */
void sg_overlap(
    struct sg_overlap *o, const uint8_t *pred, const uint8_t *truth, size_t n, int label);
/* The four figures from the four counts. */
void sg_overlap_figures(struct sg_overlap *o);
/* Dice at each foreground limit q >= k, k = 0..255, from one pass over the probabilities. */
void sg_dice_curve(double dice[256], const uint8_t *q, const uint8_t *truth, size_t n);

#endif
