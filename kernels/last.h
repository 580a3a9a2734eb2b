/*
 * Kernels of the CPU backend that oneDNN has not, or not well: channels last, f32, over all
 * threads of the caller's OpenMP setting. A tensor is [batch][n][c], n pixels or voxels, c
 * channels fastest. Work is cut in blocks of fixed size, so results do not depend on the number of
 * threads. Checked against kernels/nn.h by tests/unit/test_net_cpu.
 */
#ifndef KN_LAST_H
#define KN_LAST_H

#include <stdint.h>

enum kn_act { KN_NONE, KN_RELU, KN_LEAKY, KN_SIGMOID, KN_TANH, KN_CLIP };

struct kn_epilogue {
	enum kn_act act;
	float a, b; /* LEAKY: slope a; CLIP: bounds a, b */
};

/* [batch][c][n] -> [batch][n][c] and back. */
void kn_to_last(float *dst, const float *src, int64_t batch, int64_t c, int64_t n);
void kn_to_plain(float *dst, const float *src, int64_t batch, int64_t c, int64_t n);

/* dst = act(src); in place allowed. Sigmoid and tanh within 1e-6. */
void kn_act(float *dst, const float *src, int64_t n, struct kn_epilogue e);

/* dst = act(src * scale[c] + shift[c]) over rows of c; in place allowed. */
void kn_last_affine(float *dst, const float *src, int64_t rows, int64_t c, const float *scale,
    const float *shift, struct kn_epilogue e);

/* Statistics of each [batch][c] over n in double, then as above; scratch: KN_NORM_SCRATCH bytes. */
#define KN_NORM_BLOCKS	   64
#define KN_NORM_SCRATCH(c) ((size_t)(c) * (2 * KN_NORM_BLOCKS + 2) * sizeof(double))
void kn_last_instancenorm(float *dst, const float *src, int64_t batch, int64_t n, int64_t c,
    const float *scale, const float *shift, float eps, struct kn_epilogue e, void *scratch);
/* The same for plain order [planes][n], channel = plane % c. */
void kn_plain_instancenorm(float *dst, const float *src, int64_t planes, int64_t n, int64_t c,
    const float *scale, const float *shift, float eps, struct kn_epilogue e);

/* Mean over n of each channel: dst [batch][c]; scratch as above. */
void kn_last_mean(float *dst, const float *src, int64_t batch, int64_t n, int64_t c, void *scratch);

/* Copy rows of c floats into the rows of dst, dst_c wide, at column `at`. */
void kn_last_place(
    float *dst, int64_t dst_c, int64_t at, const float *src, int64_t c, int64_t rows);

enum kn_binary { KN_ADD, KN_SUB, KN_MUL, KN_DIV, KN_MAX, KN_MIN, KN_PRELU };
/* dst[i][j][k] = act(a op b) over dims[3], where a and b have steps (0 repeats) in elements. */
void kn_binary3(enum kn_binary op, float *dst, const float *a, const int64_t as[3], const float *b,
    const int64_t bs[3], const int64_t dims[3], struct kn_epilogue e);

/* Softmax over the c values of each row. */
void kn_last_softmax(float *dst, const float *src, int64_t rows, int64_t c);

/* One axis of a resize: output i is src[lo] + (src[hi] - src[lo]) * w; nearest has lo = hi. */
struct kn_tap {
	int32_t lo, hi;
	float w;
};
/* [batch][in z][in y][in x][c] -> [batch][out...][c]; taps of z, y, x, one per output position. */
void kn_last_resize(float *dst, const float *src, int64_t batch, const int64_t in[3],
    const int64_t out[3], int64_t c, const struct kn_tap *z, const struct kn_tap *y,
    const struct kn_tap *x);

/* dst, sides out, all `value` but for src, sides in, placed at `at` (may be negative: cropped). */
void kn_last_pad(float *dst, const float *src, int64_t batch, const int64_t in[3],
    const int64_t out[3], const int64_t at[3], int64_t c, float value);

#endif
