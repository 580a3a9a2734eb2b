/* Convolution and its transpose. */
#include "config.h"

#include "kernels/nn.h"

#define RUN 256 /* outputs summed together: one piece of a row */

/* The first and one past the last i of 0..n for which 0 <= i * stride + at < limit. */
static void
inside(int64_t *lo, int64_t *hi, int64_t n, int64_t stride, int64_t at, int64_t limit)
{
	*lo = at >= 0 ? 0 : (-at + stride - 1) / stride;
	*hi = limit - at <= 0 ? 0 : (limit - at + stride - 1) / stride;
	if (*hi > n)
		*hi = n;
}

/* Add one kernel row's part to a piece of an output row that starts at x0. */
static void
conv_row(
    double *acc, int64_t n, int64_t x0, const float *row, const float *w, const struct kn_window *s)
{
	for (int64_t k = 0; k < s->kernel[2]; k++) {
		int64_t at = x0 * s->stride[2] + k * s->dilation[2] - s->pad[2], lo, hi;

		inside(&lo, &hi, n, s->stride[2], at, s->in[2]);
		for (int64_t x = lo; x < hi; x++)
			acc[x] += (double)w[k] * row[at + x * s->stride[2]];
	}
}

static void
conv_piece(double *acc, int64_t n, const int64_t o[3], const float *src, const float *w,
    int64_t channels, const struct kn_window *s)
{
	int64_t plane = s->in[0] * s->in[1] * s->in[2];
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];

	for (int64_t c = 0; c < channels; c++)
		for (int64_t kz = 0; kz < s->kernel[0]; kz++) {
			int64_t z = o[0] * s->stride[0] + kz * s->dilation[0] - s->pad[0];

			if (z < 0 || z >= s->in[0])
				continue;
			for (int64_t ky = 0; ky < s->kernel[1]; ky++) {
				int64_t y = o[1] * s->stride[1] + ky * s->dilation[1] - s->pad[1];

				if (y < 0 || y >= s->in[1])
					continue;
				conv_row(acc, n, o[2],
				    src + c * plane + (z * s->in[1] + y) * s->in[2],
				    w + c * taps + (kz * s->kernel[1] + ky) * s->kernel[2], s);
			}
		}
}

void
kn_conv_ref(
    float *dst, const float *src, const float *w, const float *bias, const struct kn_window *s)
{
	int64_t cg = s->cin / s->group, og = s->cout / s->group;
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
	int64_t plane = s->in[0] * s->in[1] * s->in[2];
	int64_t rows = s->batch * s->cout * s->out[0] * s->out[1];
	double acc[RUN];

	for (int64_t r = 0; r < rows; r++) {
		int64_t o[3] = {r / s->out[1] % s->out[0], r % s->out[1], 0};
		int64_t c = r / (s->out[0] * s->out[1]) % s->cout;
		int64_t b = r / (s->out[0] * s->out[1] * s->cout);
		const float *in = src + (b * s->cin + c / og * cg) * plane;

		for (o[2] = 0; o[2] < s->out[2]; o[2] += RUN) {
			int64_t n = s->out[2] - o[2] < RUN ? s->out[2] - o[2] : RUN;

			for (int64_t x = 0; x < n; x++)
				acc[x] = bias ? bias[c] : 0;
			conv_piece(acc, n, o, in, w + c * cg * taps, cg, s);
			for (int64_t x = 0; x < n; x++)
				dst[r * s->out[2] + o[2] + x] = (float)acc[x];
		}
	}
}

/* Which input position i gives output position o through kernel tap k: i * stride + k * dilation
 * - pad = o; -1 when none does. */
static int64_t
giver(int64_t o, int64_t k, int d, const struct kn_window *s)
{
	int64_t at = o + s->pad[d] - k * s->dilation[d];

	if (at < 0 || at % s->stride[d] != 0 || at / s->stride[d] >= s->in[d])
		return -1;
	return at / s->stride[d];
}

static double
deconv_at(const int64_t o[3], const float *src, const float *w, int64_t channels, int64_t og,
    const struct kn_window *s)
{
	int64_t plane = s->in[0] * s->in[1] * s->in[2];
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
	double sum = 0;

	for (int64_t kz = 0; kz < s->kernel[0]; kz++) {
		int64_t z = giver(o[0], kz, 0, s);

		for (int64_t ky = 0; z >= 0 && ky < s->kernel[1]; ky++) {
			int64_t y = giver(o[1], ky, 1, s);

			for (int64_t kx = 0; y >= 0 && kx < s->kernel[2]; kx++) {
				int64_t x = giver(o[2], kx, 2, s);
				int64_t at = (z * s->in[1] + y) * s->in[2] + x;
				int64_t tap = (kz * s->kernel[1] + ky) * s->kernel[2] + kx;

				for (int64_t c = 0; x >= 0 && c < channels; c++)
					sum += (double)src[c * plane + at] * w[c * og * taps + tap];
			}
		}
	}
	return sum;
}

void
kn_deconv_ref(
    float *dst, const float *src, const float *w, const float *bias, const struct kn_window *s)
{
	int64_t cg = s->cin / s->group, og = s->cout / s->group;
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
	int64_t plane = s->in[0] * s->in[1] * s->in[2];
	int64_t o[3];

	for (int64_t b = 0; b < s->batch; b++)
		for (int64_t c = 0; c < s->cout; c++) {
			int64_t g = c / og;
			const float *in = src + (b * s->cin + g * cg) * plane;
			const float *wc = w + (g * cg * og + c % og) * taps;

			for (o[0] = 0; o[0] < s->out[0]; o[0]++)
				for (o[1] = 0; o[1] < s->out[1]; o[1]++)
					for (o[2] = 0; o[2] < s->out[2]; o[2]++)
						*dst++ = (float)(deconv_at(o, in, wc, cg, og, s) +
								 (bias ? bias[c] : 0));
		}
}
