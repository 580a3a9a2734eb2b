/* Pictures of a scan for people. */
#include "config.h"

#include <math.h>

#include "worker/volume/view.h"

static int
no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the picture now.");
}

static double
sample_at(const struct sg_volume *v, size_t i)
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

int
sg_view_plane(const uint8_t **px, struct sg_arena *a, const struct sg_volume *v, int z, int t,
    struct sg_err *e)
{
	size_t n = (size_t)v->nx * (size_t)v->ny * (size_t)v->channels;
	size_t first = ((size_t)t * (size_t)v->nz + (size_t)z) * n;
	double lo, hi, scale;
	uint8_t *to;

	if (v->type == SG_U8) {
		*px = (const uint8_t *)v->vox + first;
		return SG_OK;
	}
	if ((to = sg_alloc_aligned(a, n)) == NULL)
		return no_memory(e);
	lo = hi = sample_at(v, first);
	for (size_t i = first; i < first + n; i++) {
		double s = sample_at(v, i);

		lo = s < lo ? s : lo;
		hi = s > hi ? s : hi;
	}
	/* A flat picture is black at its own level, so that "nothing there" looks like it. */
	scale = hi > lo ? 255 / (hi - lo) : 0;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)((sample_at(v, first + i) - lo) * scale + 0.5);
	*px = to;
	return SG_OK;
}

int
sg_view_thumb(uint8_t **out, int *w, int *h, struct sg_arena *a, const uint8_t *px, int nx, int ny,
    int channels, int side, struct sg_err *e)
{
	double by = fmax(1, fmax(nx, ny) / (double)side);
	int tw = (int)fmax(1, floor(nx / by)), th = (int)fmax(1, floor(ny / by));
	uint8_t *to = sg_alloc_array(a, (size_t)tw * (size_t)th, (size_t)channels);
	uint8_t *o = to;

	if (to == NULL)
		return no_memory(e);
	for (int y = 0; y < th; y++) {
		int y0 = (int)((int64_t)y * ny / th), y1 = (int)((int64_t)(y + 1) * ny / th);

		for (int x = 0; x < tw; x++) {
			int x0 = (int)((int64_t)x * nx / tw),
			    x1 = (int)((int64_t)(x + 1) * nx / tw);

			for (int c = 0; c < channels; c++) {
				uint64_t sum = 0, count = (uint64_t)(x1 - x0) * (uint64_t)(y1 - y0);

				for (int sy = y0; sy < y1; sy++)
					for (int sx = x0; sx < x1; sx++)
						sum += px[((size_t)sy * (size_t)nx + (size_t)sx) *
							      (size_t)channels +
							  (size_t)c];
				*o++ = (uint8_t)((sum + count / 2) / count);
			}
		}
	}
	*out = to;
	*w = tw;
	*h = th;
	return SG_OK;
}
