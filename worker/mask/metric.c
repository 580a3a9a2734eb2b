/* How well two masks agree; the definitions stand in the header. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "worker/mask/metric.h"

static double
ratio(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : NAN;
}

void
sg_overlap_figures(struct sg_overlap *o)
{
	int64_t either = o->tp + o->fp + o->fn;

	o->dice = either == 0 ? 1 : 2.0 * (double)o->tp / (double)(either + o->tp);
	o->jaccard = either == 0 ? 1 : (double)o->tp / (double)either;
	o->precision = ratio(o->tp, o->tp + o->fp);
	o->recall = ratio(o->tp, o->tp + o->fn);
}

void
sg_overlap(struct sg_overlap *o, const uint8_t *pred, const uint8_t *truth, size_t n, int label)
{
	int64_t count[2][2] = {{0}};

	for (size_t i = 0; i < n; i++) {
		int p = label < 0 ? pred[i] != 0 : pred[i] == label;
		int t = label < 0 ? truth[i] != 0 : truth[i] == label;

		count[p][t]++;
	}
	o->tp = count[1][1];
	o->fp = count[1][0];
	o->fn = count[0][1];
	o->tn = count[0][0];
	sg_overlap_figures(o);
}

void
sg_dice_curve(double dice[256], const uint8_t *q, const uint8_t *truth, size_t n)
{
	int64_t hist[2][256] = {{0}}, all = 0;
	struct sg_overlap o = {0};

	for (size_t i = 0; i < n; i++)
		hist[truth[i] != 0][q[i]]++;
	for (int k = 0; k < 256; k++)
		all += hist[1][k];
	for (int k = 255; k >= 0; k--) {
		o.tp += hist[1][k];
		o.fp += hist[0][k];
		o.fn = all - o.tp;
		sg_overlap_figures(&o);
		dice[k] = o.dice;
	}
}
