/* Normalisation, softmax, matrix product. */
#include "config.h"

#include <math.h>

#include "kernels/nn.h"

void
kn_batchnorm_ref(float *dst, const float *src, int64_t batch, int64_t c, int64_t n,
    const float *scale, const float *shift, const float *mean, const float *var, float eps)
{
	for (int64_t p = 0; p < batch * c; p++) {
		double a = scale[p % c] / sqrt((double)var[p % c] + eps);
		double b = shift[p % c] - mean[p % c] * a;

		for (int64_t i = 0; i < n; i++)
			dst[p * n + i] = (float)(src[p * n + i] * a + b);
	}
}

void
kn_instancenorm_ref(float *dst, const float *src, int64_t batch, int64_t c, int64_t n,
    const float *scale, const float *shift, float eps)
{
	for (int64_t p = 0; p < batch * c; p++) {
		const float *x = src + p * n;
		double sum = 0, sq = 0, mean, a;

		for (int64_t i = 0; i < n; i++)
			sum += x[i];
		mean = n ? sum / (double)n : 0;
		for (int64_t i = 0; i < n; i++)
			sq += (x[i] - mean) * (x[i] - mean);
		a = scale[p % c] / sqrt((n ? sq / (double)n : 0) + eps);
		for (int64_t i = 0; i < n; i++)
			dst[p * n + i] = (float)((x[i] - mean) * a + shift[p % c]);
	}
}

void
kn_softmax_axis_ref(float *dst, const float *src, int64_t outer, int64_t n, int64_t inner, int log_)
{
	for (int64_t o = 0; o < outer; o++)
		for (int64_t i = 0; i < inner; i++) {
			const float *x = src + o * n * inner + i;
			float *y = dst + o * n * inner + i, most = -INFINITY;
			double sum = 0;

			for (int64_t k = 0; k < n; k++)
				most = x[k * inner] > most ? x[k * inner] : most;
			for (int64_t k = 0; k < n; k++)
				sum += exp((double)x[k * inner] - most);
			for (int64_t k = 0; k < n; k++) {
				double v = (double)x[k * inner] - most;

				y[k * inner] = (float)(log_ ? v - log(sum) : exp(v) / sum);
			}
		}
}

#define RUN 256

void
kn_gemm_ref(float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k, int ta,
    int tb, float alpha, float beta)
{
	double acc[RUN];

	for (int64_t i = 0; i < m; i++)
		for (int64_t j0 = 0; j0 < n; j0 += RUN) {
			int64_t w = n - j0 < RUN ? n - j0 : RUN;

			for (int64_t j = 0; j < w; j++)
				acc[j] = 0;
			for (int64_t l = 0; l < k; l++) {
				double v = ta ? a[l * m + i] : a[i * k + l];
				const float *row = tb ? b + j0 * k + l : b + l * n + j0;
				int64_t step = tb ? k : 1;

				for (int64_t j = 0; j < w; j++)
					acc[j] += v * row[j * step];
			}
			for (int64_t j = 0; j < w; j++) {
				float *to = c + i * n + j0 + j;

				*to = (float)(alpha * acc[j] +
					      (beta != 0 ? (double)beta * *to : 0));
			}
		}
}
