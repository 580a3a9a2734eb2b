/*
 * A network on the CPU backend against the reference, on one thread and on three, twice each: the
 * same bits on the same threads. Inputs are random; the seed is printed and may be given as
 * SG_TEST_SEED.
 *
 * Tolerance: weights are scaled so that outputs lie near 1. The reference sums in double, the
 * backend in f32 in an order of its own: n terms of size 1/sqrt(n) err by about 2^-24 sqrt(n),
 * 4e-6 for the longest sum in these tests (5,000). So 2e-5 of the largest output is what a right
 * sum never reaches, and a missing or misplaced term always does.
 */
#ifndef SG_TESTS_NET_AGAINST_H
#define SG_TESTS_NET_AGAINST_H

#include "tests/net/maker.h"

/*
 * With maker.bf16 the backend runs in bf16, on weights and inputs that bf16 holds without error:
 * products are then exact and sums f32, so that one convolution is held to the same tolerance.
 */
#define AGAINST_TOLERANCE 2e-5

enum { NATIVE, MIXED }; /* every node is the backend's; some may be left to the reference */

uint64_t against_seed(void);

/* What is wrong (valid until the next call), or NULL. Inputs are random in low..high; most: the
 * largest difference, in units of the largest output or 1. */
const char *against_reference(
    struct maker *m, const char *name, int how, float low, float high, double most);

#endif
