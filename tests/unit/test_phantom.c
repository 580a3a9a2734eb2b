/* worker/volume/phantom: the same for the same seed, and no single threshold solves it. */
#include "config.h"

#include "tests/unit/check.h"
#include "worker/mask/metric.h"
#include "worker/volume/phantom.h"

enum { SIDE = 512, N = SIDE * SIDE, COUNT = 6 };

static uint8_t image[N], mask[N], image2[N], mask2[N];

static void
same_seed_same_picture(void)
{
	struct sg_err e = {0};

	for (int k = 0; k < SG__PHANTOM_KINDS; k++) {
		enum sg_phantom_kind kind = (enum sg_phantom_kind)k;

		REQUIRE(sg_phantom(image, mask, kind, 5, 3, SIDE, &e) == SG_OK);
		REQUIRE(sg_phantom(image2, mask2, kind, 5, 3, SIDE, &e) == SG_OK);
		CHECK(memcmp(image, image2, N) == 0 && memcmp(mask, mask2, N) == 0);
		REQUIRE(sg_phantom(image2, mask2, kind, 5, 4, SIDE, &e) == SG_OK);
		CHECK(memcmp(image, image2, N) != 0 && memcmp(mask, mask2, N) != 0);
		REQUIRE(sg_phantom(image2, mask2, kind, 6, 3, SIDE, &e) == SG_OK);
		CHECK(memcmp(mask, mask2, N) != 0);
	}
}

static void
every_size_is_drawn(void)
{
	struct sg_err e = {0};

	for (int k = 0; k < SG__PHANTOM_KINDS; k++)
		for (int side = SG_PHANTOM_LEAST; side <= SIDE; side += 61) {
			int64_t on = 0;

			REQUIRE(sg_phantom(image, mask, (enum sg_phantom_kind)k, 1, 0, side, &e) ==
				SG_OK);
			for (int i = 0; i < side * side; i++)
				on += mask[i];
			CHECK(on > side * side / 50 && on < side * side / 2);
		}
}

/* Bright or dark foreground, the best level of each picture for itself: more than any one
 * threshold over the set could reach. */
static void
no_threshold(enum sg_phantom_kind kind)
{
	double sum = 0;
	struct sg_err e = {0};

	for (int i = 0; i < COUNT; i++) {
		double up[256], down[256], best = 0;

		REQUIRE(sg_phantom(image, mask, kind, 20, i, SIDE, &e) == SG_OK);
		sg_dice_curve(up, image, mask, N);
		for (int p = 0; p < N; p++)
			image[p] = (uint8_t)(255 - image[p]);
		sg_dice_curve(down, image, mask, N);
		for (int q = 0; q < 256; q++)
			best = fmax(best, fmax(up[q], down[q]));
		CHECK(best > 0.1);
		sum += best;
	}
	printf("# %s: mean of the best Dice by a threshold %.3f\n", sg_phantom_name(kind),
	    sum / COUNT);
	CHECK(sum / COUNT < 0.7);
}

static void
no_threshold_finds_the_cells(void)
{
	no_threshold(SG_PHANTOM_CELLS);
}

static void
no_threshold_finds_the_liver(void)
{
	no_threshold(SG_PHANTOM_LIVER);
}

int
main(void)
{
	RUN(same_seed_same_picture);
	RUN(every_size_is_drawn);
	RUN(no_threshold_finds_the_cells);
	RUN(no_threshold_finds_the_liver);
	return check_end();
}
