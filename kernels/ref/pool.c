/* Greatest and mean of sliding windows. */
#include "config.h"

#include <math.h>

#include "kernels/nn.h"

struct span {
	int64_t lo, hi; /* kernel taps that fall inside the picture */
	int64_t at;	/* position of tap 0 */
};

/* Taps k of dimension d with 0 <= at + k * dilation < in, for output position o. */
static struct span
span_of(const struct kn_window *s, int d, int64_t o)
{
	struct span p = {0, s->kernel[d], o * s->stride[d] - s->pad[d]};

	while (p.lo < p.hi && p.at + p.lo * s->dilation[d] < 0)
		p.lo++;
	while (p.hi > p.lo && p.at + (p.hi - 1) * s->dilation[d] >= s->in[d])
		p.hi--;
	return p;
}

static float
max_at(const float *src, const struct kn_window *s, const struct span p[3], int64_t *where)
{
	float best = -INFINITY;

	*where = 0;
	for (int64_t kz = p[0].lo; kz < p[0].hi; kz++)
		for (int64_t ky = p[1].lo; ky < p[1].hi; ky++)
			for (int64_t kx = p[2].lo; kx < p[2].hi; kx++) {
				int64_t z = p[0].at + kz * s->dilation[0];
				int64_t y = p[1].at + ky * s->dilation[1];
				int64_t x = p[2].at + kx * s->dilation[2];
				int64_t at = (z * s->in[1] + y) * s->in[2] + x;

				if (src[at] > best || isnan(src[at])) {
					best = src[at];
					*where = at;
				}
			}
	return best;
}

void
kn_maxpool_ref(float *dst, int64_t *index, const float *src, const struct kn_window *s)
{
	int64_t plane = s->in[0] * s->in[1] * s->in[2], where;
	struct span p[3];

	for (int64_t c = 0; c < s->batch * s->cin; c++)
		for (int64_t z = 0; z < s->out[0]; z++) {
			p[0] = span_of(s, 0, z);
			for (int64_t y = 0; y < s->out[1]; y++) {
				p[1] = span_of(s, 1, y);
				for (int64_t x = 0; x < s->out[2]; x++) {
					p[2] = span_of(s, 2, x);
					*dst++ = max_at(src + c * plane, s, p, &where);
					if (index)
						*index++ = c * plane + where;
				}
			}
		}
}

static double
sum_at(const float *src, const struct kn_window *s, const struct span p[3])
{
	double sum = 0;

	for (int64_t kz = p[0].lo; kz < p[0].hi; kz++)
		for (int64_t ky = p[1].lo; ky < p[1].hi; ky++)
			for (int64_t kx = p[2].lo; kx < p[2].hi; kx++) {
				int64_t z = p[0].at + kz * s->dilation[0];
				int64_t y = p[1].at + ky * s->dilation[1];
				int64_t x = p[2].at + kx * s->dilation[2];

				sum += src[(z * s->in[1] + y) * s->in[2] + x];
			}
	return sum;
}

void
kn_avgpool_ref(float *dst, const float *src, const struct kn_window *s, int count_pad)
{
	int64_t plane = s->in[0] * s->in[1] * s->in[2], o[3], n;
	struct span p[3];

	for (int64_t c = 0; c < s->batch * s->cin; c++)
		for (o[0] = 0; o[0] < s->out[0]; o[0]++)
			for (o[1] = 0; o[1] < s->out[1]; o[1]++)
				for (o[2] = 0; o[2] < s->out[2]; o[2]++) {
					n = 1;
					for (int d = 0; d < 3; d++) {
						p[d] = span_of(s, d, o[d]);
						n *= count_pad ? s->kernel[d] : p[d].hi - p[d].lo;
					}
					*dst++ = n ? (float)(sum_at(src + c * plane, s, p) /
							     (double)n)
						   : 0;
				}
}
