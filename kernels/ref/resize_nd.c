/* Resizing in any number of dimensions, as ONNX's Resize says. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kernels/nn.h"

#define MAX_RANK 8

double
kn_coordinate(enum kn_coord mode, int64_t i, int64_t in, int64_t out, float scale)
{
	double x = (double)i, s = scale;

	/* A scale given as f32 near out/in means the ratio itself; others (0.6 of 5 pixels) are
	 * taken as they are. */
	if (s == (float)((double)out / (double)in))
		s = (double)out / (double)in;
	switch (mode) {
	case KN_HALF_PIXEL:
		return (x + 0.5) / s - 0.5;
	case KN_PYTORCH_HALF_PIXEL:
		return out > 1 ? (x + 0.5) / s - 0.5 : 0;
	case KN_ALIGN_CORNERS:
		return out > 1 ? x * (double)(in - 1) / (s * (double)in - 1) : 0;
	case KN_ASYMMETRIC:
		return x / s;
	case KN_HALF_PIXEL_SYMMETRIC: {
		double adjust = (double)out / (s * (double)in), centre = (double)in / 2;

		return centre * (1 - adjust) + (x + 0.5) / s - 0.5;
	}
	}
	return x;
}

int64_t
kn_nearest_at(enum kn_nearest mode, double x, int64_t in)
{
	double v = mode == KN_FLOOR	    ? floor(x)
		   : mode == KN_CEIL	    ? ceil(x)
		   : mode == KN_PREFER_CEIL ? floor(x + 0.5)
					    : ceil(x - 0.5);

	return v < 0 ? 0 : v >= (double)in ? in - 1 : (int64_t)v;
}

/* The next position of a counter over dims; 0 after the last. */
static int
next(int64_t *at, const int64_t *dims, int rank)
{
	for (int d = rank - 1; d >= 0; d--) {
		if (++at[d] < dims[d])
			return 1;
		at[d] = 0;
	}
	return 0;
}

static int64_t
product(const int64_t *dims, int rank)
{
	int64_t n = 1;

	for (int i = 0; i < rank; i++)
		n *= dims[i];
	return n;
}

void
kn_resize_nd_nearest_ref(void *dst, const void *src, int size, int rank, const int64_t *in,
    const int64_t *out, const float *scale, enum kn_coord coord, enum kn_nearest nearest)
{
	int64_t at[MAX_RANK] = {0}, n = product(out, rank);
	char *to = dst;

	for (int64_t i = 0; i < n; i++, next(at, out, rank)) {
		int64_t from = 0;

		for (int d = 0; d < rank; d++) {
			int64_t x = at[d];

			if (in[d] != out[d] || scale[d] != 1)
				x = kn_nearest_at(nearest,
				    kn_coordinate(coord, x, in[d], out[d], scale[d]), in[d]);
			from = from * in[d] + x;
		}
		memcpy(to + i * size, (const char *)src + from * size, (size_t)size);
	}
}

void
kn_resize_nd_linear_ref(float *dst, const float *src, int rank, const int64_t *in,
    const int64_t *out, const float *scale, enum kn_coord coord)
{
	int64_t at[MAX_RANK] = {0}, n = product(out, rank);

	for (int64_t i = 0; i < n; i++, next(at, out, rank)) {
		int64_t lo[MAX_RANK], hi[MAX_RANK];
		double w[MAX_RANK], sum = 0;

		for (int d = 0; d < rank; d++) {
			double x = in[d] == out[d] && scale[d] == 1
				       ? (double)at[d]
				       : kn_coordinate(coord, at[d], in[d], out[d], scale[d]);
			double f;

			x = x < 0 ? 0 : x > (double)(in[d] - 1) ? (double)(in[d] - 1) : x;
			f = floor(x);
			lo[d] = (int64_t)f;
			hi[d] = lo[d] + 1 < in[d] ? lo[d] + 1 : lo[d];
			w[d] = x - f;
		}
		for (int corner = 0; corner < 1 << rank; corner++) {
			double weight = 1;
			int64_t from = 0;

			for (int d = 0; d < rank; d++) {
				weight *= corner >> d & 1 ? w[d] : 1 - w[d];
				from = from * in[d] + (corner >> d & 1 ? hi[d] : lo[d]);
			}
			if (weight != 0)
				sum += weight * src[from];
		}
		dst[i] = (float)sum;
	}
}
