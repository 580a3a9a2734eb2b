/* Figures of an array: mean, deviation, extremes, percentiles. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kernels/ref/ref.h"

static int
counts(float v, int nonzero)
{
	return isfinite(v) && !(nonzero && v == 0);
}

static void
stats(struct kn_stats *s, const float *x, size_t n, int nonzero)
{
	double sum = 0, sq = 0;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < n; i++) {
		if (!counts(x[i], nonzero))
			continue;
		if (s->n == 0 || x[i] < s->min)
			s->min = x[i];
		if (s->n == 0 || x[i] > s->max)
			s->max = x[i];
		s->n++;
		sum += x[i];
	}
	if (s->n == 0)
		return;
	s->mean = sum / (double)s->n;
	for (size_t i = 0; i < n; i++)
		if (counts(x[i], nonzero))
			sq += (x[i] - s->mean) * (x[i] - s->mean);
	s->std = sqrt(sq / (double)s->n);
}

void
kn_stats_ref(struct kn_stats *s, const float *x, size_t n)
{
	stats(s, x, n, 0);
}

void
kn_stats_nonzero_ref(struct kn_stats *s, const float *x, size_t n)
{
	stats(s, x, n, 1);
}

/* Put the k-th smallest of a[0..n) at a[k], nothing greater before it (Hoare's selection). */
static void
select_nth(float *a, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		float pivot = a[lo + (hi - lo) / 2];
		size_t i = lo, j = hi;

		for (;;) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i >= j)
				break;
			float t = a[i];
			a[i++] = a[j];
			a[j--] = t;
		}
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
}

float
kn_percentile_ref(const float *x, size_t n, double percent, float *scratch)
{
	size_t m = 0, k;
	double at;
	float low, high;

	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i]))
			scratch[m++] = x[i];
	if (m == 0)
		return 0;
	percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
	at = percent / 100 * (double)(m - 1);
	k = (size_t)at;
	select_nth(scratch, m, k);
	low = scratch[k];
	if (k + 1 >= m || at == (double)k)
		return low;
	high = scratch[k + 1];
	for (size_t i = k + 2; i < m; i++)
		high = scratch[i] < high ? scratch[i] : high;
	return (float)(low + (high - low) * (at - (double)k));
}
