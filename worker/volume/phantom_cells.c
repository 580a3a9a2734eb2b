/*
 * Cells under a fluorescence microscope: elliptic nuclei, alone and in touching clusters, of
 * very different brightness; light that falls off and shifts over the field; a glow of cells out
 * of focus; debris; the blur of the optics and the noise of counting photons.
 */
#include "config.h"

#include <math.h>

#include "worker/volume/phantom_int.h"

enum { MOST_CELLS = 160 };

/* Add a blob's light, falling off smoothly at its edge; label it when it is a cell. */
static void
shine(struct canvas *c, const struct blob *b, double light, double softness, int is_cell)
{
	struct box box = ph_box(c, b, 1.5);

	for (int y = box.y0; y < box.y1; y++)
		for (int x = box.x0; x < box.x1; x++) {
			size_t at = (size_t)y * (size_t)c->n + (size_t)x;
			double s = ph_inside(c, b, x, y);
			double edge = 1 / (1 + exp((s - 1) / softness));

			if (edge < 0.01)
				continue;
			/* Texture of the chromatin, from the field in aux. */
			c->v[at] += (float)(light * edge * (1 + 0.25 * c->aux[at] * is_cell));
			if (is_cell && s < 1)
				c->label[at] = 1;
		}
}

static int
overlaps(const struct blob *all, int count, const struct blob *b)
{
	for (int i = 0; i < count; i++) {
		double dx = all[i].x - b->x, dy = all[i].y - b->y;
		double near = 0.8 * (fmin(all[i].rx, all[i].ry) + fmin(b->rx, b->ry));

		if (dx * dx + dy * dy < near * near)
			return 1;
	}
	return 0;
}

/* A new cell, half of the time at the flank of an older one. */
static void
place_cell(struct canvas *c, struct blob *b, const struct blob *all, int count)
{
	double r = ph_uniform(c, 0.018, 0.038);

	b->rx = r * ph_uniform(c, 1, 1.45);
	b->ry = r;
	b->turn = ph_uniform(c, 0, M_PI);
	ph_wavy(c, b, 0.07);
	if (count > 0 && ph_uniform(c, 0, 1) < 0.5) {
		const struct blob *mate = &all[(int)ph_uniform(c, 0, count - 1e-9)];
		double way = ph_uniform(c, 0, 2 * M_PI);
		double far = 0.95 * (mate->ry + b->rx);

		b->x = mate->x + far * cos(way);
		b->y = mate->y + far * sin(way);
	} else {
		b->x = ph_uniform(c, 0.01, 0.99);
		b->y = ph_uniform(c, 0.01, 0.99);
	}
}

static void
draw_cells(struct canvas *c)
{
	int want = (int)ph_uniform(c, 45, 95), count = 0;
	struct blob all[MOST_CELLS];

	ph_field(c, c->aux, 60);
	for (int tries = 0; tries < 20 * want && count < want; tries++) {
		struct blob b;

		place_cell(c, &b, all, count);
		if (overlaps(all, count, &b))
			continue;
		all[count++] = b;
		shine(c, &b, ph_uniform(c, 22, 75), 0.05, 1);
	}
}

static void
draw_litter(struct canvas *c)
{
	int glows = (int)ph_uniform(c, 6, 12), specks = (int)ph_uniform(c, 30, 90);
	struct blob b = {0};

	/* Cells out of focus: wide and dim, no label. */
	for (int i = 0; i < glows; i++) {
		b.x = ph_uniform(c, 0, 1);
		b.y = ph_uniform(c, 0, 1);
		b.rx = ph_uniform(c, 0.05, 0.12);
		b.ry = b.rx * ph_uniform(c, 0.7, 1);
		b.turn = ph_uniform(c, 0, M_PI);
		shine(c, &b, ph_uniform(c, 20, 60), 0.25, 0);
	}
	for (int i = 0; i < specks; i++) {
		b.x = ph_uniform(c, 0, 1);
		b.y = ph_uniform(c, 0, 1);
		b.rx = ph_uniform(c, 0.002, 0.007);
		b.ry = b.rx * ph_uniform(c, 0.5, 1);
		shine(c, &b, ph_uniform(c, 40, 160), 0.2, 0);
	}
}

/* Lamp and stray light: what is there gets multiplied, and something gets added. */
static void
light_up(struct canvas *c)
{
	double lx = ph_uniform(c, 0.1, 0.9), ly = ph_uniform(c, 0.1, 0.9);
	double way = ph_uniform(c, 0, 2 * M_PI), tilt = ph_uniform(c, 50, 85);

	ph_field(c, c->aux, 3);
	for (int y = 0; y < c->n; y++)
		for (int x = 0; x < c->n; x++) {
			size_t at = (size_t)y * (size_t)c->n + (size_t)x;
			double u = (double)x / c->n, v = (double)y / c->n;
			double far = (u - lx) * (u - lx) + (v - ly) * (v - ly);
			double lamp = 0.45 + 0.75 * exp(-far / 0.25);
			double stray = tilt * ((u - 0.5) * cos(way) + (v - 0.5) * sin(way) + 0.75) +
				       18 * c->aux[at];

			c->v[at] = (float)(c->v[at] * lamp + fmax(stray, 4));
		}
}

void
ph_cells(struct canvas *c)
{
	size_t n = (size_t)c->n * (size_t)c->n;

	draw_cells(c);
	draw_litter(c);
	ph_blur(c, c->v, ph_uniform(c, 1.0, 1.8) * c->n / 512);
	light_up(c);
	/* Photons counted: the noise grows with the root of the light; the camera adds its own. */
	for (size_t i = 0; i < n; i++)
		c->v[i] += (float)(ph_normal(c) * sqrt(0.5 * fmax(c->v[i], 0) + 6));
}
