/*
 * A slice of an abdominal CT, windowed to 8 bits (-160..240 HU): body wall with fat and muscle,
 * spine, ribs, aorta and vena cava, kidneys, spleen, stomach with an air bubble, bowel, and the
 * liver with its vessels. The liver's grey lies among those of its neighbours.
 */
#include "config.h"

#include <math.h>

#include "worker/volume/phantom_int.h"

enum { LOW_HU = -160, HIGH_HU = 240 };

/* Paint a blob in HU with a texture of so many HU from aux; only where `within` allows. */
static void
paint(struct canvas *c, const struct blob *b, const struct blob *within, double hu, double texture)
{
	struct box box = ph_box(c, b, 1.5);

	for (int y = box.y0; y < box.y1; y++)
		for (int x = box.x0; x < box.x1; x++) {
			size_t at = (size_t)y * (size_t)c->n + (size_t)x;

			if (ph_inside(c, b, x, y) >= 1 ||
			    (within != NULL && ph_inside(c, within, x, y) >= 1))
				continue;
			c->v[at] = (float)(hu + texture * c->aux[at]);
			c->label[at] = 0;
		}
}

/* An organ in its coat of fat, which sets it off from a neighbour of the same grey. */
static void
paint_organ(
    struct canvas *c, const struct blob *b, const struct blob *within, double hu, double texture)
{
	struct blob coat = *b;

	coat.rx += 0.007;
	coat.ry += 0.007;
	paint(c, &coat, within, -70, 14);
	paint(c, b, within, hu, texture);
}

static struct blob
place(struct canvas *c, double x, double y, double rx, double ry, double turn, double wavy)
{
	struct blob b = {.x = x + ph_uniform(c, -0.012, 0.012),
	    .y = y + ph_uniform(c, -0.012, 0.012),
	    .rx = rx * ph_uniform(c, 0.88, 1.12),
	    .ry = ry * ph_uniform(c, 0.88, 1.12),
	    .turn = turn + ph_uniform(c, -0.12, 0.12)};

	ph_wavy(c, &b, wavy);
	return b;
}

/* Skin, fat and the muscle wall; returns the cavity. */
static struct blob
body(struct canvas *c)
{
	struct blob skin = place(c, 0.5, 0.52, 0.43, 0.32, 0, 0.02), wall, cavity;
	double fat = ph_uniform(c, 0.025, 0.06);

	wall = skin;
	wall.rx -= fat;
	wall.ry -= fat;
	cavity = wall;
	cavity.rx -= ph_uniform(c, 0.025, 0.035);
	cavity.ry -= ph_uniform(c, 0.025, 0.035);
	paint(c, &skin, NULL, -100, 12);
	paint(c, &wall, NULL, ph_uniform(c, 52, 68), 10);
	paint(c, &cavity, NULL, -85, 14); /* fat between the organs */
	return cavity;
}

static void
ribs(struct canvas *c, const struct blob *cavity)
{
	int count = (int)ph_uniform(c, 9, 14);

	for (int i = 0; i < count; i++) {
		double at = 2 * M_PI * i / count + ph_uniform(c, -0.12, 0.12);
		struct blob b = {.x = cavity->x + (cavity->rx + 0.014) * cos(at),
		    .y = cavity->y + (cavity->ry + 0.014) * sin(at),
		    .rx = ph_uniform(c, 0.018, 0.03),
		    .ry = ph_uniform(c, 0.007, 0.011),
		    .turn = at + M_PI / 2};

		if (sin(at) < -0.75)
			continue; /* no ribs in the middle of the front */
		paint(c, &b, NULL, ph_uniform(c, 260, 480), 60);
		b.rx *= 0.6;
		b.ry *= 0.45;
		paint(c, &b, NULL, ph_uniform(c, 120, 200), 30);
	}
}

/* The liver: a big right lobe (left in the picture) and a tongue over the midline. */
static void
liver(struct canvas *c, const struct blob *cavity, double hu)
{
	struct blob part[3] = {
	    place(c, 0.285, 0.50, 0.155, 0.215, 0.1, 0.05),
	    place(c, 0.39, 0.40, 0.165, 0.105, -0.25, 0.06),
	    place(c, 0.53, 0.365, 0.10, 0.055, 0.15, 0.08),
	};
	struct blob inside = *cavity, vessel;
	int vessels = (int)ph_uniform(c, 8, 15);

	inside.rx -= 0.008;
	inside.ry -= 0.008;
	for (int p = 0; p < 3; p++)
		paint(c, &part[p], &inside, hu, 9);
	for (int y = 0; y < c->n; y++)
		for (int x = 0; x < c->n; x++)
			for (int p = 0; p < 3; p++)
				if (ph_inside(c, &part[p], x, y) < 1 &&
				    ph_inside(c, &inside, x, y) < 1)
					c->label[(size_t)y * (size_t)c->n + (size_t)x] = 1;
	/* Vessels and small lesions belong to the liver: painted without touching the label. */
	for (int i = 0; i < vessels; i++) {
		struct box box;

		vessel = place(c, ph_uniform(c, 0.2, 0.45), ph_uniform(c, 0.35, 0.62),
		    ph_uniform(c, 0.008, 0.03), ph_uniform(c, 0.005, 0.009), ph_uniform(c, 0, M_PI),
		    0.05);
		box = ph_box(c, &vessel, 1.2);
		for (int y = box.y0; y < box.y1; y++)
			for (int x = box.x0; x < box.x1; x++) {
				size_t at = (size_t)y * (size_t)c->n + (size_t)x;

				if (c->label[at] && ph_inside(c, &vessel, x, y) < 1)
					c->v[at] = (float)(hu + (i % 5 == 0 ? -35 : 30));
			}
	}
}

/* Organs around the liver, back to front; later ones lie over earlier ones. */
static void
organs(struct canvas *c, const struct blob *in, double liver_hu)
{
	double spleen_hu = liver_hu + ph_uniform(c, -8, 14);
	struct blob b;

	for (int i = 0; i < 14; i++) { /* bowel */
		b = place(c, ph_uniform(c, 0.42, 0.78), ph_uniform(c, 0.33, 0.62),
		    ph_uniform(c, 0.025, 0.05), ph_uniform(c, 0.02, 0.035), ph_uniform(c, 0, 3),
		    0.1);
		paint_organ(c, &b, in, liver_hu + ph_uniform(c, -50, 25), 15);
	}
	b = place(c, 0.66, 0.40, 0.115, 0.085, 0.3, 0.06);
	paint_organ(c, &b, in, liver_hu + ph_uniform(c, -20, 15), 14); /* stomach */
	liver(c, in, liver_hu);
	b = place(c, 0.635, 0.355, 0.045, 0.02, 0.1, 0.05);
	paint(c, &b, in, -700, 30); /* its air */
	b = place(c, 0.79, 0.53, 0.065, 0.125, -0.3, 0.05);
	paint_organ(c, &b, in, spleen_hu, 9);
	for (int side = -1; side <= 1; side += 2) {
		b = place(c, 0.5 + 0.185 * side, 0.655, 0.05, 0.068, 0.35 * side, 0.04);
		paint_organ(c, &b, in, ph_uniform(c, 125, 175), 12); /* kidney */
		b.rx *= 0.45;
		b.ry *= 0.4;
		paint(c, &b, in, -40, 10);
		b = place(c, 0.5 + 0.115 * side, 0.74, 0.055, 0.045, 0.2 * side, 0.05);
		paint(c, &b, NULL, ph_uniform(c, 52, 68), 8); /* back muscle */
	}
}

static void
spine(struct canvas *c)
{
	struct blob b = place(c, 0.5, 0.68, 0.062, 0.048, 0, 0.04), arch;

	paint(c, &b, NULL, ph_uniform(c, 330, 450), 40);
	b.rx *= 0.82;
	b.ry *= 0.78;
	paint(c, &b, NULL, ph_uniform(c, 150, 210), 60);
	arch = place(c, 0.5, 0.755, 0.045, 0.035, 0, 0.08);
	paint(c, &arch, NULL, ph_uniform(c, 280, 400), 60);
	arch.rx *= 0.5;
	arch.ry *= 0.55;
	paint(c, &arch, NULL, 30, 5);
	b = place(c, 0.53, 0.60, 0.022, 0.022, 0, 0.02);
	paint(c, &b, NULL, ph_uniform(c, 130, 190), 4); /* aorta */
	b = place(c, 0.445, 0.595, 0.026, 0.02, 0, 0.04);
	paint(c, &b, NULL, ph_uniform(c, 110, 150), 4); /* vena cava */
}

void
ph_liver(struct canvas *c)
{
	double liver_hu = ph_uniform(c, 80, 112), noise = ph_uniform(c, 14, 24), bias;
	size_t n = (size_t)c->n * (size_t)c->n;
	struct blob cavity;

	for (size_t i = 0; i < n; i++)
		c->v[i] = -1000;
	ph_field(c, c->aux, 45);
	cavity = body(c);
	organs(c, &cavity, liver_hu);
	spine(c);
	ribs(c, &cavity);
	ph_blur(c, c->v, 0.9 * c->n / 512);

	/* Shading over the field, then noise with the grain of a reconstruction kernel. */
	bias = ph_uniform(c, 10, 20);
	ph_field(c, c->aux, 2);
	for (size_t i = 0; i < n; i++)
		c->v[i] += (float)bias * c->aux[i];
	for (size_t i = 0; i < n; i++)
		c->aux[i] = (float)ph_normal(c);
	ph_blur(c, c->aux, 0.8);
	/* A Gaussian of sigma s leaves white noise 1 / (2 s sqrt(pi)) of its deviation. */
	for (size_t i = 0; i < n; i++)
		c->v[i] = (float)((c->v[i] + noise * 2 * 0.8 * sqrt(M_PI) * c->aux[i] - LOW_HU) *
				  255 / (HIGH_HU - LOW_HU));
}
