/* Drawing for the phantoms: shared by phantom.c, phantom_cells.c and phantom_liver.c only. */
#ifndef SG_PHANTOM_INT_H
#define SG_PHANTOM_INT_H

#include <stddef.h>
#include <stdint.h>

struct canvas {
	int n;		/* side in pixels */
	float *v;	/* [n][n] the picture */
	float *aux;	/* [n][n] a field at hand */
	float *tmp;	/* [n][n] scratch */
	uint8_t *label; /* [n][n] 0 or 1 */
	uint64_t rng;
};

/* An ellipse with a wavy outline; lengths as shares of the canvas side, 0..1. */
struct blob {
	double x, y, rx, ry;
	double turn; /* radians */
	double wave[3], phase[3];
};

double ph_uniform(struct canvas *c, double lo, double hi);
double ph_normal(struct canvas *c);
/* Pick a wavy outline; how: 0 a plain ellipse, 0.2 very wavy. */
void ph_wavy(struct canvas *c, struct blob *b, double how);
/* Below 1 inside, 1 on the outline, growing outwards. px, py in pixels. */
double ph_inside(const struct canvas *c, const struct blob *b, double px, double py);
/* A smooth random field, about -1..1, with features of n / cells pixels, into f. */
void ph_field(struct canvas *c, float *f, int cells);
/* Gaussian blur of f in place; sigma in pixels. */
void ph_blur(struct canvas *c, float *f, double sigma);

/* The pixels a blob can touch out to `reach` of its radius: x0 <= x < x1. */
struct box {
	int x0, y0, x1, y1;
};
struct box ph_box(const struct canvas *c, const struct blob *b, double reach);

void ph_cells(struct canvas *c); /* c->v becomes grey values 0..255, c->label the cells */
void ph_liver(struct canvas *c);

#endif
