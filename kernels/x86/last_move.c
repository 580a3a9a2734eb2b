/* Channels-last kernels that move data: concatenation, resizing, padding; and softmax. */
#include "config.h"

#include "kernels/last.h"
#include "kernels/x86/fast.h"

void
kn_last_place(float *dst, int64_t dst_c, int64_t at, const float *src, int64_t c, int64_t rows)
{
	KN_PARALLEL
	for (int64_t r = 0; r < rows; r++)
		memcpy(dst + r * dst_c + at, src + r * c, (size_t)c * sizeof(*dst));
}

KN_FAST static void
softmax_row(float *dst, const float *src, int64_t c)
{
	float most = src[0], sum = 0;

	for (int64_t k = 1; k < c; k++)
		most = src[k] > most ? src[k] : most;
	for (int64_t k = 0; k < c; k++) {
		dst[k] = kn_exp(src[k] - most);
		sum += dst[k];
	}
	for (int64_t k = 0; k < c; k++)
		dst[k] /= sum;
}

void
kn_last_softmax(float *dst, const float *src, int64_t rows, int64_t c)
{
	KN_PARALLEL
	for (int64_t r = 0; r < rows; r++)
		softmax_row(dst + r * c, src + r * c, c);
}

/* One output row: each pixel from up to eight source rows of c. */
KN_FAST static void
resize_row(float *dst, const float *const row[4], const float w[4], const struct kn_tap *x,
    int64_t out, int64_t c)
{
	for (int64_t i = 0; i < out; i++, dst += c) {
		int64_t lo = x[i].lo * c, hi = x[i].hi * c;
		float f = x[i].w, g = 1 - f;

		for (int64_t k = 0; k < c; k++)
			dst[k] = w[0] * (row[0][lo + k] * g + row[0][hi + k] * f);
		for (int r = 1; r < 4; r++) {
			if (w[r] == 0)
				continue;
			for (int64_t k = 0; k < c; k++)
				dst[k] += w[r] * (row[r][lo + k] * g + row[r][hi + k] * f);
		}
	}
}

/* Nearest along x, one source row: pixels are copied as they are. */
static void
copy_row(float *dst, const float *row, const struct kn_tap *x, int64_t out, int64_t c)
{
	for (int64_t i = 0; i < out; i++)
		memcpy(dst + i * c, row + x[i].lo * c, (size_t)c * sizeof(*dst));
}

static int
only_copies(const struct kn_tap *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (x[i].w != 0)
			return 0;
	return 1;
}

void
kn_last_resize(float *dst, const float *src, int64_t batch, const int64_t in[3],
    const int64_t out[3], int64_t c, const struct kn_tap *z, const struct kn_tap *y,
    const struct kn_tap *x)
{
	int64_t rows = batch * out[0] * out[1];
	int flat = only_copies(x, out[2]);

	KN_PARALLEL
	for (int64_t r = 0; r < rows; r++) {
		const struct kn_tap *tz = &z[r / out[1] % out[0]], *ty = &y[r % out[1]];
		const float *from = src + r / (out[0] * out[1]) * in[0] * in[1] * in[2] * c;
		int64_t step = in[2] * c;
		const float *row[4] = {from + (tz->lo * in[1] + ty->lo) * step,
		    from + (tz->lo * in[1] + ty->hi) * step,
		    from + (tz->hi * in[1] + ty->lo) * step,
		    from + (tz->hi * in[1] + ty->hi) * step};
		float w[4] = {(1 - tz->w) * (1 - ty->w), (1 - tz->w) * ty->w, tz->w * (1 - ty->w),
		    tz->w * ty->w};

		if (flat && tz->w == 0 && ty->w == 0)
			copy_row(dst + r * out[2] * c, row[0], x, out[2], c);
		else
			resize_row(dst + r * out[2] * c, row, w, x, out[2], c);
	}
}

static void
fill(float *dst, int64_t n, float v)
{
	for (int64_t i = 0; i < n; i++)
		dst[i] = v;
}

void
kn_last_pad(float *dst, const float *src, int64_t batch, const int64_t in[3], const int64_t out[3],
    const int64_t at[3], int64_t c, float value)
{
	int64_t rows = batch * out[0] * out[1];
	int64_t x0 = at[2] > 0 ? at[2] : 0, x1 = at[2] + in[2] < out[2] ? at[2] + in[2] : out[2];

	x0 = x0 < out[2] ? x0 : out[2];
	x1 = x1 > x0 ? x1 : x0;
	KN_PARALLEL
	for (int64_t r = 0; r < rows; r++) {
		int64_t b = r / (out[0] * out[1]), z = r / out[1] % out[0] - at[0],
			y = r % out[1] - at[1];
		float *to = dst + r * out[2] * c;

		if (z < 0 || z >= in[0] || y < 0 || y >= in[1]) {
			fill(to, out[2] * c, value);
			continue;
		}
		fill(to, x0 * c, value);
		if (x1 > x0)
			memcpy(to + x0 * c,
			    src + (((b * in[0] + z) * in[1] + y) * in[2] + x0 - at[2]) * c,
			    (size_t)((x1 - x0) * c) * sizeof(*to));
		fill(to + x1 * c, (out[2] - x1) * c, value);
	}
}
