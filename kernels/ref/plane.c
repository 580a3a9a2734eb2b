/* Planes of a picture: resizing, padding, cropping. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kernels/ref/ref.h"

/* The source position of pixel i: centres of both grids at half-integers. */
static float
half_pixel(int i, int dst, int src)
{
	return (float)(((double)i + 0.5) * src / dst - 0.5);
}

static int
clampi(int v, int hi)
{
	return v < 0 ? 0 : v > hi ? hi : v;
}

void
kn_resize_bilinear_ref(float *dst, int dw, int dh, const float *src, int sw, int sh)
{
	for (int y = 0; y < dh; y++) {
		float fy = half_pixel(y, dh, sh), y0 = floorf(fy), wy = fy - y0;
		const float *a = src + (size_t)clampi((int)y0, sh - 1) * sw;
		const float *b = src + (size_t)clampi((int)y0 + 1, sh - 1) * sw;

		for (int x = 0; x < dw; x++) {
			float fx = half_pixel(x, dw, sw), x0 = floorf(fx), wx = fx - x0;
			int l = clampi((int)x0, sw - 1), r = clampi((int)x0 + 1, sw - 1);
			float top = a[l] + (a[r] - a[l]) * wx;
			float low = b[l] + (b[r] - b[l]) * wx;

			dst[(size_t)y * dw + x] = top + (low - top) * wy;
		}
	}
}

/* The source pixel under the centre of pixel i, in integers so that no rounding can matter. */
static int
under(int i, int dst, int src)
{
	return clampi((int)((2 * (int64_t)i + 1) * src / (2 * (int64_t)dst)), src - 1);
}

void
kn_resize_nearest_ref(float *dst, int dw, int dh, const float *src, int sw, int sh)
{
	for (int y = 0; y < dh; y++)
		for (int x = 0; x < dw; x++)
			dst[(size_t)y * dw + x] =
			    src[(size_t)under(y, dh, sh) * sw + under(x, dw, sw)];
}

void
kn_resize_nearest_u8_ref(uint8_t *dst, int dw, int dh, const uint8_t *src, int sw, int sh)
{
	for (int y = 0; y < dh; y++)
		for (int x = 0; x < dw; x++)
			dst[(size_t)y * dw + x] =
			    src[(size_t)under(y, dh, sh) * sw + under(x, dw, sw)];
}

/* Position i of an endless mirror of n pixels that repeats no edge pixel. */
static int
mirror(int i, int n)
{
	int period = 2 * (n - 1);

	if (n == 1)
		return 0;
	i %= period;
	if (i < 0)
		i += period;
	return i < n ? i : period - i;
}

void
kn_pad_reflect_ref(float *dst, int dw, int dh, int left, int top, const float *src, int sw, int sh)
{
	for (int y = 0; y < dh; y++) {
		const float *row = src + (size_t)mirror(y - top, sh) * sw;

		for (int x = 0; x < dw; x++)
			dst[(size_t)y * dw + x] = row[mirror(x - left, sw)];
	}
}

void
kn_crop_ref(float *dst, int dw, int dh, int left, int top, const float *src, int sw, int sh)
{
	(void)sh;
	for (int y = 0; y < dh; y++)
		memcpy(dst + (size_t)y * dw, src + (size_t)(top + y) * sw + left,
		    (size_t)dw * sizeof(*dst));
}
