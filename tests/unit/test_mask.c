/* worker/mask: thresholds, argmax, clean-up, measures, overlap. */
#include "config.h"

#include "tests/unit/check.h"
#include "worker/mask/mask.h"
#include "worker/mask/metric.h"

/* A picture from text: '.' is 0, a digit is its label. */
static void
picture(uint8_t *mask, const char *rows)
{
	for (; *rows != '\0'; rows++)
		if (*rows != ' ')
			*mask++ = *rows == '.' ? 0 : (uint8_t)(*rows - '0');
}

static void
check_picture(const uint8_t *mask, const char *rows, int line)
{
	uint8_t want[256];
	size_t n = 0;

	picture(want, rows);
	for (; *rows != '\0'; rows++)
		n += *rows != ' ';
	if (memcmp(mask, want, n) != 0)
		check_note(__FILE__, line, "the picture differs");
}

static void
quantise_rounds_half_up_and_clamps(void)
{
	CHECK_INT(sg_quantise(0), 0);
	CHECK_INT(sg_quantise(1), 255);
	CHECK_INT(sg_quantise(-3), 0);
	CHECK_INT(sg_quantise(3), 255);
	CHECK_INT(sg_quantise(NAN), 0);
	CHECK_INT(sg_quantise(0.5f), 128);
	CHECK_INT(sg_quantise(0.4999f / 255), 0);
	CHECK_INT(sg_quantise(0.5001f / 255), 1);
}

/* Against the definition, in exact arithmetic: q is foreground when 1000 q >= 255 t. */
static void
threshold_is_exact_for_every_t_and_q(void)
{
	uint8_t q[256], mask[256];

	for (int i = 0; i < 256; i++)
		q[i] = (uint8_t)i;
	for (int t = 0; t <= 1000; t++) {
		sg_mask_threshold(mask, q, 256, t);
		for (int i = 0; i < 256; i++)
			if (mask[i] != (1000 * i >= 255 * t))
				check_note(__FILE__, __LINE__, "t %d, q %d", t, i);
	}
}

static void
argmax_gives_ties_to_the_lower_class(void)
{
	const uint8_t planes[3 * 4] = {5, 0, 9, 7, 5, 1, 9, 7, 4, 1, 9, 8};
	const float scores[3 * 4] = {5, 0, 9, 7, 5, 1, 9, 7, 4, 1, 9, 8};
	uint8_t mask[4];

	sg_mask_argmax(mask, planes, 3, 4);
	check_picture(mask, ".1.2", __LINE__);
	sg_mask_argmax_f32(mask, scores, 3, 4);
	check_picture(mask, ".1.2", __LINE__);
}

static const char LAND[] = "1.....11 "
			   ".1....1. "
			   "..2.2... "
			   "...2...1 "
			   "1.....11";

static void
components_join_over_corners(void)
{
	struct sg_err e = {0};
	uint8_t m[40];
	int64_t n;

	picture(m, LAND);
	CHECK_INT(sg_mask_components(&n, m, 8, 5, 1, 1, &e), SG_OK);
	CHECK_INT(n, 4);
	CHECK_INT(sg_mask_components(&n, m, 8, 5, 1, 2, &e), SG_OK);
	CHECK_INT(n, 1);
	CHECK_INT(sg_mask_components(&n, m, 8, 5, 1, 3, &e), SG_OK);
	CHECK_INT(n, 0);
}

static void
largest_keeps_one_piece_of_its_label(void)
{
	struct sg_err e = {0};
	uint8_t m[40];

	picture(m, LAND);
	CHECK_INT(sg_mask_largest(m, 8, 5, 1, 1, &e), SG_OK);
	check_picture(m,
	    "......11 "
	    "......1. "
	    "..2.2... "
	    "...2.... "
	    "........",
	    __LINE__);
}

static void
drop_small_keeps_what_is_large_enough(void)
{
	struct sg_err e = {0};
	uint8_t m[40];

	picture(m, LAND);
	CHECK_INT(sg_mask_drop_small(m, 8, 5, 1, 1, 2, &e), SG_OK);
	check_picture(m,
	    "1.....11 "
	    ".1....1. "
	    "..2.2... "
	    "...2...1 "
	    "......11",
	    __LINE__);
}

static void
holes_fill_where_one_label_encloses_them(void)
{
	struct sg_err e = {0};
	uint8_t m[63];

	picture(m, "111..111. "
		   "1.1..1.2. "
		   "111..122. "
		   "......... "
		   ".11111... "
		   ".1...1... "
		   ".11.11...");
	CHECK_INT(sg_mask_fill_holes(m, 9, 7, 1, 1, &e), SG_OK);
	check_picture(m,
	    "111..111. "
	    "111..1.2. "
	    "111..122. "
	    "......... "
	    ".11111... "
	    ".1...1... "
	    ".11.11...",
	    __LINE__);
}

static void
holes_and_pieces_in_three_dimensions(void)
{
	struct sg_err e = {0};
	uint8_t m[5 * 5 * 5];
	int64_t n;

	memset(m, 1, sizeof(m));
	m[62] = 0; /* the middle */
	CHECK_INT(sg_mask_fill_holes(m, 5, 5, 5, 1, &e), SG_OK);
	CHECK_INT(m[62], 1);
	m[62] = m[37] = m[12] = 0; /* a shaft to the first slice is no hole */
	CHECK_INT(sg_mask_fill_holes(m, 5, 5, 5, 1, &e), SG_OK);
	CHECK_INT(m[62], 0);
	memset(m, 0, sizeof(m));
	m[0] = m[31] = 1; /* (0,0,0) and (1,1,1) touch at a corner */
	m[124] = 1;
	CHECK_INT(sg_mask_components(&n, m, 5, 5, 5, 1, &e), SG_OK);
	CHECK_INT(n, 2);
}

static void
measures_need_spacing(void)
{
	struct sg_volume on = {.nx = 4, .ny = 2, .nz = 1, .nt = 1, .spacing_mm = {0.5, 2, 3}};
	const uint8_t m[8] = {0, 1, 1, 2, 0, 0, 0, 1};
	struct sg_measure got[3];

	sg_mask_measure(got, 3, m, &on);
	CHECK_INT(got[0].voxels, 3);
	CHECK_INT(got[1].voxels, 1);
	CHECK_INT(got[2].voxels, 0);
	CHECK(got[0].area_mm2 == -1 && got[0].volume_ml == -1);
	on.spacing_known = 1;
	sg_mask_measure(got, 3, m, &on);
	CHECK_NEAR(got[0].area_mm2, 3, 1e-12);
	CHECK(got[0].volume_ml == -1);
	on.ny = 1;
	on.nz = 2;
	sg_mask_measure(got, 3, m, &on);
	CHECK_NEAR(got[0].volume_ml, 3 * 0.5 * 2 * 3 / 1000, 1e-12);
	CHECK(got[0].area_mm2 == -1);
}

static void
overlap_of_known_masks(void)
{
	const uint8_t p[6] = {1, 1, 1, 0, 0, 0}, t[6] = {0, 1, 1, 1, 0, 2};
	const uint8_t none[6] = {0};
	struct sg_overlap o;

	sg_overlap(&o, p, t, 6, -1);
	CHECK_INT(o.tp * 1000 + o.fp * 100 + o.fn * 10 + o.tn, 2121);
	CHECK_NEAR(o.dice, 4.0 / 7, 1e-15);
	CHECK_NEAR(o.jaccard, 2.0 / 5, 1e-15);
	CHECK_NEAR(o.precision, 2.0 / 3, 1e-15);
	CHECK_NEAR(o.recall, 2.0 / 4, 1e-15);
	sg_overlap(&o, p, t, 6, 2);
	CHECK(o.dice == 0 && o.recall == 0 && isnan(o.precision));
	sg_overlap(&o, none, none, 6, -1);
	CHECK(o.dice == 1 && o.jaccard == 1 && isnan(o.precision) && isnan(o.recall));
	sg_overlap(&o, none, t, 6, -1);
	CHECK(o.dice == 0 && o.jaccard == 0);
}

static void
dice_curve_equals_dice_at_each_level(void)
{
	uint8_t q[2000], t[2000], m[2000];
	double curve[256];
	unsigned s = 5;

	for (int i = 0; i < 2000; i++) {
		s = s * 1103515245 + 12345;
		q[i] = (uint8_t)(s >> 16);
		t[i] = (s >> 24) % 3 == 0;
	}
	sg_dice_curve(curve, q, t, 2000);
	for (int k = 0; k < 256; k++) {
		struct sg_overlap o;

		for (int i = 0; i < 2000; i++)
			m[i] = q[i] >= k;
		sg_overlap(&o, m, t, 2000, -1);
		CHECK(curve[k] == o.dice);
	}
}

static void
histogram_counts_every_q(void)
{
	const uint8_t q[7] = {0, 255, 3, 3, 3, 255, 0};
	int64_t h[256], all = 0;

	sg_histogram(h, q, 7);
	for (int i = 0; i < 256; i++)
		all += h[i];
	CHECK_INT(all, 7);
	CHECK_INT(h[0] * 100 + h[3] * 10 + h[255], 232);
}

int
main(void)
{
	RUN(quantise_rounds_half_up_and_clamps);
	RUN(threshold_is_exact_for_every_t_and_q);
	RUN(argmax_gives_ties_to_the_lower_class);
	RUN(components_join_over_corners);
	RUN(largest_keeps_one_piece_of_its_label);
	RUN(drop_small_keeps_what_is_large_enough);
	RUN(holes_fill_where_one_label_encloses_them);
	RUN(holes_and_pieces_in_three_dimensions);
	RUN(measures_need_spacing);
	RUN(overlap_of_known_masks);
	RUN(dice_curve_equals_dice_at_each_level);
	RUN(histogram_counts_every_q);
	return check_end();
}
