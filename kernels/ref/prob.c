/* Probabilities and labels: activation, quantising, counting, thresholds. */
#include "config.h"

#include <math.h>

#include "kernels/ref/ref.h"

void
kn_quantise_ref(uint8_t *q, const float *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float v = p[i] > 0 ? p[i] : 0; /* NaN fails the comparison: 0 */

		v = v < 1 ? v : 1;
		/* In double 255 p + 0.5 is exact for a float p, so the floor is too. */
		q[i] = (uint8_t)(255.0 * v + 0.5);
	}
}

void
kn_histogram_ref(uint64_t hist[256], const uint8_t *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hist[q[i]]++;
}

size_t
kn_count_ge_ref(const uint8_t *q, size_t n, int level)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += q[i] >= level;
	return count;
}

void
kn_threshold_ref(uint8_t *mask, const uint8_t *q, size_t n, int level, uint8_t on)
{
	for (size_t i = 0; i < n; i++)
		mask[i] = q[i] >= level ? on : 0;
}

void
kn_argmax_ref(uint8_t *label, const float *planes, int classes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float best = planes[i];
		int at = 0;

		for (int c = 1; c < classes; c++)
			if (planes[c * n + i] > best) {
				best = planes[c * n + i];
				at = c;
			}
		label[i] = (uint8_t)at;
	}
}

void
kn_sigmoid_ref(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = 1.0f / (1.0f + expf(-x[i]));
}

void
kn_softmax_ref(float *y, const float *x, int classes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float most = x[i], sum = 0;

		for (int c = 1; c < classes; c++)
			most = x[c * n + i] > most ? x[c * n + i] : most;
		for (int c = 0; c < classes; c++) {
			y[c * n + i] = expf(x[c * n + i] - most);
			sum += y[c * n + i];
		}
		for (int c = 0; c < classes; c++)
			y[c * n + i] /= sum;
	}
}

void
kn_affine_ref(float *y, const float *x, size_t n, float scale, float shift)
{
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * scale + shift;
}

void
kn_clamp_ref(float *y, const float *x, size_t n, float lo, float hi)
{
	for (size_t i = 0; i < n; i++) {
		float v = x[i] > lo ? x[i] : lo;

		y[i] = v < hi ? v : hi;
	}
}
