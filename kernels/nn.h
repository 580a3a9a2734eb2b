/*
 * Arithmetic of network operators, plain C: the judge of every device. Tensors are f32 in plain
 * order (batch, channel, then 3 spatial dimensions; a 2-D net has depth 1), last dimension
 * fastest. Sums are kept in double, so that what differs from these is the other's rounding.
 * dst never overlaps its sources.
 */
#ifndef KN_NN_H
#define KN_NN_H

#include <stdint.h>

/* A sliding window; all lists are depth, height, width. */
struct kn_window {
	int64_t batch, cin, cout, group;
	int64_t in[3], out[3];
	int64_t kernel[3], stride[3], dilation[3], pad[3]; /* pad: before the first element */
};

/* w: [cout][cin / group][kernel]; bias [cout] or NULL. */
void kn_conv_ref(
    float *dst, const float *src, const float *w, const float *bias, const struct kn_window *s);
/* Transposed: w is [cin][cout / group][kernel]; out is the larger side. */
void kn_deconv_ref(
    float *dst, const float *src, const float *w, const float *bias, const struct kn_window *s);
/* Greatest in each window; padding counts for nothing. index: where in its plane it stood, as
 * ONNX's second output of MaxPool, or NULL. cin = cout channels. */
void kn_maxpool_ref(float *dst, int64_t *index, const float *src, const struct kn_window *s);
/* Mean of each window over the elements inside the picture, or with count_pad over all taps. */
void kn_avgpool_ref(float *dst, const float *src, const struct kn_window *s, int count_pad);

/* y = (x - mean[c]) / sqrt(var[c] + eps) * scale[c] + shift[c], x [batch][c][n]. */
void kn_batchnorm_ref(float *dst, const float *src, int64_t batch, int64_t c, int64_t n,
    const float *scale, const float *shift, const float *mean, const float *var, float eps);
/* The same with mean and variance of each [batch][c] plane itself. */
void kn_instancenorm_ref(float *dst, const float *src, int64_t batch, int64_t c, int64_t n,
    const float *scale, const float *shift, float eps);
/* Over the middle of [outer][n][inner]; log: the logarithm of it. */
void kn_softmax_axis_ref(
    float *dst, const float *src, int64_t outer, int64_t n, int64_t inner, int log);

/* c [m][n] = alpha * a b + beta * c. a is [m][k], or [k][m] with ta; b is [k][n], or [n][k]
 * with tb. With beta 0 c is not read. */
void kn_gemm_ref(float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k, int ta,
    int tb, float alpha, float beta);

enum kn_coord {
	KN_HALF_PIXEL,
	KN_PYTORCH_HALF_PIXEL,
	KN_ALIGN_CORNERS,
	KN_ASYMMETRIC,
	KN_HALF_PIXEL_SYMMETRIC
};
enum kn_nearest { KN_PREFER_FLOOR, KN_PREFER_CEIL, KN_FLOOR, KN_CEIL };

/* The source coordinate of position i along one dimension (ONNX Resize). */
double kn_coordinate(enum kn_coord mode, int64_t i, int64_t in, int64_t out, float scale);
/* The source position under it, within 0..in-1. */
int64_t kn_nearest_at(enum kn_nearest mode, double x, int64_t in);

/* rank 1..8; scale[i] as the model gives it (out / in where it gives sizes). */
void kn_resize_nd_nearest_ref(void *dst, const void *src, int size, int rank, const int64_t *in,
    const int64_t *out, const float *scale, enum kn_coord coord, enum kn_nearest nearest);
void kn_resize_nd_linear_ref(float *dst, const float *src, int rank, const int64_t *in,
    const int64_t *out, const float *scale, enum kn_coord coord);

#endif
