/* Phantoms: random numbers, fields, blobs and blur that both kinds are drawn with. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "worker/volume/phantom.h"
#include "worker/volume/phantom_int.h"

static const struct {
	const char *name;
	void (*draw)(struct canvas *c);
} KIND[SG__PHANTOM_KINDS] = {
    [SG_PHANTOM_CELLS] = {"cells", ph_cells},
    [SG_PHANTOM_LIVER] = {"liver", ph_liver},
};

const char *
sg_phantom_name(enum sg_phantom_kind kind)
{
	return KIND[kind].name;
}

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t
next(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

double
ph_uniform(struct canvas *c, double lo, double hi)
{
	return lo + (hi - lo) * (double)(next(&c->rng) >> 11) / 9007199254740992.0;
}

/* Box and Muller, one of the pair. */
double
ph_normal(struct canvas *c)
{
	double u = ph_uniform(c, 1e-12, 1), w = ph_uniform(c, 0, 2 * M_PI);

	return sqrt(-2 * log(u)) * cos(w);
}

void
ph_wavy(struct canvas *c, struct blob *b, double how)
{
	for (int k = 0; k < 3; k++) {
		b->wave[k] = how * ph_uniform(c, 0.3, 1) / (k + 1);
		b->phase[k] = ph_uniform(c, 0, 2 * M_PI);
	}
}

double
ph_inside(const struct canvas *c, const struct blob *b, double px, double py)
{
	double dx = px - b->x * c->n, dy = py - b->y * c->n;
	double u = (dx * cos(b->turn) + dy * sin(b->turn)) / (b->rx * c->n);
	double v = (dy * cos(b->turn) - dx * sin(b->turn)) / (b->ry * c->n);
	double r = sqrt(u * u + v * v), limit = 1, at;

	if (r > 1.5 || r == 0)
		return r;
	at = atan2(v, u);
	for (int k = 0; k < 3; k++)
		limit += b->wave[k] * cos((k + 2) * at + b->phase[k]);
	return r / limit;
}

static int
clamp_int(double v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : (int)v;
}

struct box
ph_box(const struct canvas *c, const struct blob *b, double reach)
{
	double r = (b->rx > b->ry ? b->rx : b->ry) * reach * c->n;

	return (struct box){clamp_int(floor(b->x * c->n - r), 0, c->n),
	    clamp_int(floor(b->y * c->n - r), 0, c->n),
	    clamp_int(ceil(b->x * c->n + r) + 1, 0, c->n),
	    clamp_int(ceil(b->y * c->n + r) + 1, 0, c->n)};
}

/* Values on a coarse lattice, blended by smoothstep. */
void
ph_field(struct canvas *c, float *f, int cells)
{
	enum { MOST = 128 };
	float lattice[(MOST + 1) * (MOST + 1)];
	int side;

	if (cells > MOST)
		cells = MOST;
	side = cells + 1;
	for (int i = 0; i < side * side; i++)
		lattice[i] = (float)ph_uniform(c, -1, 1);
	for (int y = 0; y < c->n; y++)
		for (int x = 0; x < c->n; x++) {
			double gx = (double)x * cells / c->n, gy = (double)y * cells / c->n;
			int ix = (int)gx, iy = (int)gy;
			double u = gx - ix, v = gy - iy;
			const float *p = lattice + iy * side + ix;

			u = u * u * (3 - 2 * u);
			v = v * v * (3 - 2 * v);
			f[(size_t)y * (size_t)c->n + (size_t)x] =
			    (float)((p[0] * (1 - u) + p[1] * u) * (1 - v) +
				    (p[side] * (1 - u) + p[side + 1] * u) * v);
		}
}

/* One direction: from[..] with step `step` between neighbours. */
static void
blur_line(float *to, const float *from, int n, size_t step, const float *k, int radius)
{
	for (int i = 0; i < n; i++) {
		float sum = 0;

		for (int j = -radius; j <= radius; j++) {
			int at = i + j < 0 ? 0 : i + j >= n ? n - 1 : i + j;

			sum += k[abs(j)] * from[(size_t)at * step];
		}
		to[(size_t)i * step] = sum;
	}
}

void
ph_blur(struct canvas *c, float *f, double sigma)
{
	enum { MOST = 32 };
	float k[MOST + 1], sum = 0;
	int radius = clamp_int(ceil(3 * sigma), 1, MOST);

	for (int j = 0; j <= radius; j++) {
		k[j] = (float)exp(-0.5 * j * j / (sigma * sigma));
		sum += j == 0 ? k[j] : 2 * k[j];
	}
	for (int j = 0; j <= radius; j++)
		k[j] /= sum;
	for (int y = 0; y < c->n; y++)
		blur_line(c->tmp + (size_t)y * (size_t)c->n, f + (size_t)y * (size_t)c->n, c->n, 1,
		    k, radius);
	for (int x = 0; x < c->n; x++)
		blur_line(f + x, c->tmp + x, c->n, (size_t)c->n, k, radius);
}

int
sg_phantom(uint8_t *image, uint8_t *mask, enum sg_phantom_kind kind, uint64_t seed, int index,
    int size, struct sg_err *e)
{
	size_t n = (size_t)size * (size_t)size;
	float *memory = calloc(3 * n, sizeof(float));
	struct canvas c = {size, memory, memory + n, memory + 2 * n, mask, seed};

	if (memory == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the picture now.");
	/* Seed, kind and index each shift the sequence to a place of its own. */
	c.rng = next(&c.rng) ^ (uint64_t)kind << 56;
	c.rng = next(&c.rng) + (uint64_t)index;
	next(&c.rng);
	memset(mask, 0, n);
	KIND[kind].draw(&c);
	for (size_t i = 0; i < n; i++)
		image[i] = (uint8_t)(c.v[i] < 0 ? 0 : c.v[i] > 255 ? 255 : c.v[i] + 0.5f);
	free(memory);
	return SG_OK;
}
