/*
 * A slice as the network wants it: channels adapted, intensity normalised. Statistics are taken
 * over the picture itself, before any padding.
 */
#include "config.h"

#include <math.h>

#include "kernels/kn.h"
#include "worker/job/infer_int.h"

static float
sample(const struct sg_volume *v, size_t i)
{
	switch (v->type) {
	case SG_U8:
		return ((const uint8_t *)v->vox)[i];
	case SG_U16:
		return ((const uint16_t *)v->vox)[i];
	case SG_I16:
		return ((const int16_t *)v->vox)[i];
	default:
		return ((const float *)v->vox)[i];
	}
}

/* The greatest value of a sample type, for SG_INT_UNIT. */
static float
greatest(enum sg_sample t)
{
	static const float MOST[SG__SAMPLES] = {255, 65535, 32767, 1};

	return MOST[t];
}

/* Interleaved samples to planes; RGB to grey by the luma weights of ITU-R BT.601, which the
 * field's image libraries use; grey to RGB by repeating. */
static void
to_planes(const struct infer *r, float *planes, int z)
{
	const struct sg_volume *v = r->scan;
	size_t n = (size_t)v->nx * (size_t)v->ny, k = (size_t)v->channels;
	size_t first = (size_t)z * n * k;

	for (size_t i = 0; i < n; i++) {
		size_t at = first + i * k;

		if (r->channels == v->channels) {
			for (size_t c = 0; c < k; c++)
				planes[c * n + i] = sample(v, at + c);
		} else if (r->channels == 1) {
			planes[i] = 0.299f * sample(v, at) + 0.587f * sample(v, at + 1) +
				    0.114f * sample(v, at + 2);
		} else {
			for (int c = 0; c < r->channels; c++)
				planes[(size_t)c * n + i] = sample(v, at);
		}
	}
}

/* y = (x - from) * scale, as one multiply and add. */
static void
shift_scale(float *x, size_t n, double from, double scale)
{
	kn()->affine(x, x, n, (float)scale, (float)(-from * scale));
}

/* Over values that are not 0, which stay 0 (as MONAI's NormalizeIntensity with nonzero does). */
static void
zscore_nonzero(float *x, size_t n, double eps)
{
	struct kn_stats s;
	double by;

	kn()->stats_nonzero(&s, x, n);
	if (s.n == 0)
		return;
	by = 1 / (s.std + eps);
	for (size_t i = 0; i < n; i++)
		if (x[i] != 0)
			x[i] = (float)((x[i] - s.mean) * by);
}

/* Guard a division where the picture is flat and the model says no epsilon. */
static double
inverse(double d)
{
	return d > 0 ? 1 / d : 0;
}

static void
percentiles(const struct sg_model_meta *m, float *x, size_t n, float *scratch)
{
	double lo = kn()->percentile(x, n, m->lo, scratch);
	double hi = kn()->percentile(x, n, m->hi, scratch);

	if (m->clip)
		kn()->clamp(x, x, n, (float)lo, (float)hi);
	shift_scale(x, n, lo, inverse(hi - lo + m->eps));
}

/* One statistic's worth of values: a channel, or all of them. c: the channel for SG_INT_FIXED. */
static void
normalise(const struct infer *r, float *x, size_t n, int c, float *scratch)
{
	const struct sg_model_meta *m = r->meta;
	struct kn_stats s;

	switch (m->intensity) {
	case SG_INT_NONE:
		break;
	case SG_INT_UNIT:
		shift_scale(x, n, 0, 1 / (double)greatest(r->scan->type));
		break;
	case SG_INT_MINMAX:
		(m->nonzero ? kn()->stats_nonzero : kn()->stats)(&s, x, n);
		shift_scale(x, n, s.min, inverse((double)s.max - s.min + m->eps));
		break;
	case SG_INT_PERCENTILE:
		percentiles(m, x, n, scratch);
		break;
	case SG_INT_ZSCORE:
		if (m->nonzero) {
			zscore_nonzero(x, n, m->eps);
			break;
		}
		kn()->stats(&s, x, n);
		shift_scale(x, n, s.mean, inverse(s.std + m->eps));
		break;
	case SG_INT_FIXED:
		shift_scale(x, n, m->mean[c], inverse(m->std[c] + m->eps));
		break;
	case SG_INT_WINDOW:
		kn()->clamp(x, x, n, (float)m->lo, (float)m->hi);
		shift_scale(x, n, m->lo, inverse(m->hi - m->lo));
		break;
	}
}

void
infer_input(const struct infer *r, float *planes, float *scratch, int z)
{
	size_t n = (size_t)r->scan->nx * (size_t)r->scan->ny;
	size_t all = n * (size_t)r->channels;
	int apart = r->meta->per_channel || r->meta->intensity == SG_INT_FIXED;

	to_planes(r, planes, z);
	if (!apart)
		normalise(r, planes, all, 0, scratch);
	for (int c = 0; apart && c < r->channels; c++)
		normalise(r, planes + (size_t)c * n, n, c, scratch);
	if (r->meta->gamma > 0 && r->meta->gamma != 1)
		for (size_t i = 0; i < all; i++)
			planes[i] = powf(fminf(fmaxf(planes[i], 0), 1), (float)r->meta->gamma);
}
