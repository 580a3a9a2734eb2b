/* What is kept of a model's metadata is read back as it was: worker/net/meta_write.c. */
#include "config.h"

#include "common/json.h"
#include "tests/unit/check.h"
#include "worker/net/meta_int.h"

static struct sg_arena *arena;

/* Read, write, read, write: the two readings and the two texts must be the same. */
static void
there_and_back(const char *text)
{
	struct sg_model_meta a, b;
	struct sg_err e = {0};
	const char *first, *second;

	meta_start(&a);
	meta_start(&b);
	CHECK_INT(meta_from_json(&a, text, strlen(text), arena, &e), SG_OK);
	a.guesses |= a.guessed;
	first = sg_json_text(arena, sg_meta_json(&a, arena));
	REQUIRE(first != NULL);
	CHECK_INT(meta_from_json(&b, first, strlen(first), arena, &e), SG_OK);
	CHECK_STR(e.msg, "");
	b.guesses |= b.guessed;
	second = sg_json_text(arena, sg_meta_json(&b, arena));
	REQUIRE(second != NULL);
	CHECK_STR(second, first);
	CHECK_STR(b.name, a.name);
	CHECK_STR(b.source, a.source);
	CHECK_INT(b.dims, a.dims);
	CHECK_INT(b.channels, a.channels);
	CHECK_INT(b.layout, a.layout);
	CHECK_INT(b.out_layout, a.out_layout);
	CHECK_INT(b.fit, a.fit);
	CHECK(memcmp(b.multiple, a.multiple, sizeof a.multiple) == 0);
	CHECK(memcmp(b.min_size, a.min_size, sizeof a.min_size) == 0);
	CHECK(memcmp(b.size, a.size, sizeof a.size) == 0);
	CHECK(memcmp(b.spacing_mm, a.spacing_mm, sizeof a.spacing_mm) == 0);
	CHECK(memcmp(b.mean, a.mean, sizeof a.mean) == 0);
	CHECK(memcmp(b.std, a.std, sizeof a.std) == 0);
	CHECK_INT(b.intensity, a.intensity);
	CHECK(b.lo == a.lo && b.hi == a.hi && b.eps == a.eps && b.gamma == a.gamma);
	CHECK(b.clip == a.clip && b.per_channel == a.per_channel && b.nonzero == a.nonzero);
	CHECK_INT(b.output, a.output);
	CHECK_INT(b.nclasses, a.nclasses);
	CHECK_INT(b.threshold_milli, a.threshold_milli);
	CHECK(
	    b.largest == a.largest && b.fill_holes == a.fill_holes && b.min_voxels == a.min_voxels);
	CHECK_INT(b.guesses, a.guesses);
	for (int i = 0; i < a.nclasses && i < b.nclasses; i++) {
		CHECK_STR(b.classes[i].name, a.classes[i].name);
		CHECK(memcmp(b.classes[i].rgb, a.classes[i].rgb, 3) == 0);
	}
}

static void
every_intensity_and_output_comes_back(void)
{
	static const char *const intensities[] = {"\"none\"", "\"unit\"", "\"minmax\"",
	    "\"percentile\", \"lo\": 1, \"hi\": 99.8", "\"zscore\", \"nonzero\": true",
	    "\"fixed\", \"mean\": [0.1, 0.25, 7], \"std\": [1, 2, 0.3]",
	    "\"window\", \"lo\": -160, \"hi\": 240"};
	static const char *const outputs[] = {
	    "sigmoid", "softmax", "probability", "probability_softmax"};
	char text[600];

	for (size_t i = 0; i < sizeof intensities / sizeof intensities[0]; i++) {
		for (size_t k = 0; k < sizeof outputs / sizeof outputs[0]; k++) {
			snprintf(text, sizeof text,
			    "{\"schema\": 1, \"name\": \"cells\", \"input\": {\"dims\": 2, "
			    "\"channels\": 3, "
			    "\"multiple\": [16, 32], \"min_size\": [64, 32]}, \"intensity\": "
			    "{\"kind\": %s, "
			    "\"eps\": 0.001, \"per_channel\": true, \"gamma\": 0.5}, \"output\": "
			    "{\"kind\": "
			    "\"%s\", \"classes\": [{\"name\": \"cell\", \"colour\": \"#010203\"}, "
			    "{\"name\": "
			    "\"ядро 核\"}], \"threshold\": 0.375}}",
			    intensities[i], outputs[k]);
			there_and_back(text);
		}
	}
}

static void
volumes_resizing_and_cleaning_come_back(void)
{
	there_and_back(
	    "{\"name\": \"lv\", \"organ\": \"heart\", \"modality\": \"MR\", \"version\": \"2\", "
	    "\"description\": \"d\", \"input\": {\"dims\": 3, \"channels\": 1, \"layout\": "
	    "\"channels_last\", \"fit\": \"resize\", \"size\": [96, 64, 32], \"spacing_mm\": "
	    "[1.25, 1.25, 8]}, \"intensity\": {\"kind\": \"minmax\"}, \"output\": {\"kind\": "
	    "\"softmax\", \"layout\": \"channels_first\", \"classes\": [{\"name\": \"lv\"}]}, "
	    "\"postprocess\": {\"largest\": true, \"fill_holes\": true, \"min_voxels\": 12}, "
	    "\"card\": {\"use\": [\"research\", 1]}}");
}

static void
guesses_stay_guesses(void)
{
	there_and_back(
	    "{\"input\": {}, \"intensity\": {\"kind\": \"unit\"}, \"output\": {\"kind\": "
	    "\"sigmoid\", \"classes\": [{\"name\": \"x\"}]}, \"source\": \"bioimageio 0.4\", "
	    "\"guessed\": [\"classes\", \"threshold\"]}");
}

static void
an_unknown_guess_is_refused(void)
{
	static const char text[] = "{\"guessed\": [\"weather\"]}";
	struct sg_model_meta m;
	struct sg_err e = {0};

	meta_start(&m);
	CHECK_INT(meta_from_json(&m, text, strlen(text), arena, &e), SG_EINPUT);
	CHECK_STR(e.id, "meta_bad");
}

int
main(void)
{
	arena = sg_arena_new((size_t)64 << 20);
	if (arena == NULL)
		return 1;
	RUN(every_intensity_and_output_comes_back);
	RUN(volumes_resizing_and_cleaning_come_back);
	RUN(guesses_stay_guesses);
	RUN(an_unknown_guess_is_refused);
	sg_arena_free(arena);
	return check_end();
}
