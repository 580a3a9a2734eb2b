/*
 * Arithmetic on arrays: the kernels around a network. Includes nothing of ours.
 *
 * Every kernel has a plain C form in kernels/ref, kept for ever as the judge; faster ones stand
 * behind the same table. Call through kn(): kn()->quantise(q, p, n). Results of all forms are
 * bit-equal to the reference unless a line here says otherwise.
 * Planes are row-major, x fastest: [height][width], channels apart: [C][height][width].
 * Sizes are in elements. No kernel allocates; dst and src must not overlap unless "in place".
 */
#ifndef KN_H
#define KN_H

#include <stddef.h>
#include <stdint.h>

struct kn_stats {
	double mean, std; /* population: divided by n; two passes in double */
	float min, max;
	size_t n; /* values that were finite; the others are left out */
};

struct kn_table {
	const char *name; /* "ref", ... */

	/* q = floor(255 p + 0.5); p is clamped to 0..1 first, NaN gives 0. */
	void (*quantise)(uint8_t *q, const float *p, size_t n);
	/* hist[q] += occurrences (the caller zeroes hist). */
	void (*histogram)(uint64_t hist[256], const uint8_t *q, size_t n);
	/* How many q >= level; level 0..256. */
	size_t (*count_ge)(const uint8_t *q, size_t n, int level);
	/* mask = q >= level ? on : 0; in place allowed. */
	void (*threshold)(uint8_t *mask, const uint8_t *q, size_t n, int level, uint8_t on);
	/* label = index of the greatest of the C planes [C][n], ties to the lower; C 1..255. */
	void (*argmax)(uint8_t *label, const float *planes, int classes, size_t n);
	/* 1 / (1 + exp(-x)); in place allowed. Relative error below 1e-6. */
	void (*sigmoid)(float *y, const float *x, size_t n);
	/* Softmax over C planes [C][n], the greatest taken off first; in place allowed. As above.
	 */
	void (*softmax)(float *y, const float *x, int classes, size_t n);
	/* y = x * scale + shift; in place allowed. */
	void (*affine)(float *y, const float *x, size_t n, float scale, float shift);
	/* y = min(max(x, lo), hi); NaN gives lo; in place allowed. */
	void (*clamp)(float *y, const float *x, size_t n, float lo, float hi);

	/* One plane; pixel centres at half-integers ("half pixel"), edges clamped. Shrinking does
	 * not average. */
	void (*resize_bilinear)(float *dst, int dw, int dh, const float *src, int sw, int sh);
	void (*resize_nearest)(float *dst, int dw, int dh, const float *src, int sw, int sh);
	void (*resize_nearest_u8)(uint8_t *dst, int dw, int dh, const uint8_t *src, int sw, int sh);
	/* dst(x, y) = src mirrored at its edges without repeating the edge pixel (numpy "reflect"),
	 * as often as needed; src(0, 0) lands at dst(left, top). A side of 1 repeats its pixel. */
	void (*pad_reflect)(
	    float *dst, int dw, int dh, int left, int top, const float *src, int sw, int sh);
	/* The opposite: the dw x dh window of src that starts at (left, top). */
	void (*crop)(
	    float *dst, int dw, int dh, int left, int top, const float *src, int sw, int sh);

	void (*stats)(struct kn_stats *s, const float *x, size_t n);
	/* The same over values that are not 0. */
	void (*stats_nonzero)(struct kn_stats *s, const float *x, size_t n);
	/* Percentile 0..100 with linear interpolation (numpy's default). scratch holds n floats and
	 * is overwritten; not finite values are left out; 0 when none is left. */
	float (*percentile)(const float *x, size_t n, double percent, float *scratch);
};

extern const struct kn_table kn_ref;
/* The best table of this machine, chosen once. Thread-safe. */
const struct kn_table *kn(void);

/* ceil(255 t) for t in thousandths 0..1000: a voxel is foreground when q >= this. */
static inline int
kn_level(int t_milli)
{
	return (t_milli * 255 + 999) / 1000;
}

#endif
