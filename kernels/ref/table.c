/* The table of plain kernels. */
#include "config.h"

#include "kernels/ref/ref.h"

const struct kn_table kn_ref = {
    .name = "ref",
    .quantise = kn_quantise_ref,
    .histogram = kn_histogram_ref,
    .count_ge = kn_count_ge_ref,
    .threshold = kn_threshold_ref,
    .argmax = kn_argmax_ref,
    .sigmoid = kn_sigmoid_ref,
    .softmax = kn_softmax_ref,
    .affine = kn_affine_ref,
    .clamp = kn_clamp_ref,
    .resize_bilinear = kn_resize_bilinear_ref,
    .resize_nearest = kn_resize_nearest_ref,
    .resize_nearest_u8 = kn_resize_nearest_u8_ref,
    .pad_reflect = kn_pad_reflect_ref,
    .crop = kn_crop_ref,
    .stats = kn_stats_ref,
    .stats_nonzero = kn_stats_nonzero_ref,
    .percentile = kn_percentile_ref,
};
