/* The plain kernels behind kn_ref, one file each; meanings stand in kernels/kn.h. */
#ifndef KN_REF_H
#define KN_REF_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kn.h"

void kn_quantise_ref(uint8_t *q, const float *p, size_t n);
void kn_histogram_ref(uint64_t hist[256], const uint8_t *q, size_t n);
size_t kn_count_ge_ref(const uint8_t *q, size_t n, int level);
void kn_threshold_ref(uint8_t *mask, const uint8_t *q, size_t n, int level, uint8_t on);
void kn_argmax_ref(uint8_t *label, const float *planes, int classes, size_t n);
void kn_sigmoid_ref(float *y, const float *x, size_t n);
void kn_softmax_ref(float *y, const float *x, int classes, size_t n);
void kn_affine_ref(float *y, const float *x, size_t n, float scale, float shift);
void kn_clamp_ref(float *y, const float *x, size_t n, float lo, float hi);
void kn_resize_bilinear_ref(float *dst, int dw, int dh, const float *src, int sw, int sh);
void kn_resize_nearest_ref(float *dst, int dw, int dh, const float *src, int sw, int sh);
void kn_resize_nearest_u8_ref(uint8_t *dst, int dw, int dh, const uint8_t *src, int sw, int sh);
void kn_pad_reflect_ref(
    float *dst, int dw, int dh, int left, int top, const float *src, int sw, int sh);
void kn_crop_ref(float *dst, int dw, int dh, int left, int top, const float *src, int sw, int sh);
void kn_stats_ref(struct kn_stats *s, const float *x, size_t n);
void kn_stats_nonzero_ref(struct kn_stats *s, const float *x, size_t n);
float kn_percentile_ref(const float *x, size_t n, double percent, float *scratch);

#endif
