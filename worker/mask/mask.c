/* From probabilities to labels, and what is counted on them. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kernels/kn.h"
#include "worker/mask/mask.h"

uint8_t
sg_quantise(float p)
{
	uint8_t q;

	kn()->quantise(&q, &p, 1);
	return q;
}

int
sg_threshold_q(int t_milli)
{
	return kn_level(t_milli);
}

void
sg_mask_threshold(uint8_t *mask, const uint8_t *q, size_t n, int t_milli)
{
	kn()->threshold(mask, q, n, kn_level(t_milli), 1);
}

void
sg_mask_argmax(uint8_t *mask, const uint8_t *planes, int classes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int best = 0;

		for (int c = 1; c < classes; c++)
			if (planes[(size_t)c * n + i] > planes[(size_t)best * n + i])
				best = c;
		mask[i] = (uint8_t)best;
	}
}

void
sg_mask_argmax_f32(uint8_t *mask, const float *planes, int classes, size_t n)
{
	kn()->argmax(mask, planes, classes, n);
}

void
sg_mask_measure(struct sg_measure *m, int labels, const uint8_t *mask, const struct sg_volume *on)
{
	uint64_t count[256] = {0};
	double mm2 = on->spacing_mm[0] * on->spacing_mm[1];

	kn()->histogram(count, mask, (size_t)sg_volume_voxels(on));
	for (int i = 0; i < labels; i++) {
		m[i].voxels = (int64_t)count[i + 1];
		m[i].area_mm2 = m[i].volume_ml = -1;
		if (!on->spacing_known)
			continue;
		if (on->nz == 1)
			m[i].area_mm2 = (double)m[i].voxels * mm2;
		else
			m[i].volume_ml = (double)m[i].voxels * mm2 * on->spacing_mm[2] / 1000;
	}
}

void
sg_histogram(int64_t h[256], const uint8_t *q, size_t n)
{
	uint64_t count[256] = {0};

	kn()->histogram(count, q, n);
	for (int i = 0; i < 256; i++)
		h[i] = (int64_t)count[i];
}
