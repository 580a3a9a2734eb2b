/* worker/volume: sgvol, PNG out and in again, views and thumbnails. */
#include "config.h"

#include <unistd.h>

#include <zlib.h>

#include "tests/unit/check.h"
#include "worker/volume/bytes.h"
#include "worker/volume/png.h"
#include "worker/volume/view.h"
#include "worker/volume/volume.h"

static struct sg_arena *a;

static uint64_t
noise(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return *s >> 33;
}

/* A volume with known, irregular content, and its sgvol in memory. */
static struct sg_volume *
make(int nx, int ny, int nz, int nt, enum sg_sample type, enum sg_look look)
{
	struct sg_volume *v = NULL;
	struct sg_err e = {0};
	uint64_t s = 7;

	if (sg_volume_new(&v, a, nx, ny, nz, nt, type, look, &e) != SG_OK)
		return NULL;
	for (int64_t i = 0; i < sg_volume_bytes(v); i++)
		((uint8_t *)v->vox)[i] = (uint8_t)noise(&s);
	if (type == SG_F32)
		for (int64_t i = 0; i < sg_volume_bytes(v) / 4; i++)
			((float *)v->vox)[i] = (float)i / 3;
	return v;
}

static uint8_t *
encode(const struct sg_volume *v, size_t *n)
{
	uint8_t *p;

	*n = SG_VOLUME_HEADER + (size_t)sg_volume_bytes(v);
	if ((p = sg_alloc_aligned(a, *n)) == NULL)
		return NULL;
	sg_volume_header(p, v);
	memcpy(p + SG_VOLUME_HEADER, v->vox, *n - SG_VOLUME_HEADER);
	return p;
}

static void
seal(uint8_t *head)
{
	sg_put32(head + 252, (uint32_t)crc32(0, head, 252));
}

static void
volume_comes_back_from_its_file(void)
{
	for (int type = 0; type < SG__SAMPLES; type++) {
		struct sg_volume *v = make(5, 4, 3, 2, (enum sg_sample)type, SG_GREY), *back;
		FILE *f = tmpfile();
		struct sg_err e = {0};

		REQUIRE(v != NULL && f != NULL);
		v->spacing_known = 1;
		v->spacing_mm[2] = 2.5;
		v->ijk_to_ras[0][3] = -120.25;
		CHECK_INT(sg_volume_write(fileno(f), v, &e), SG_OK);
		CHECK_INT(sg_volume_read_fd(&back, a, fileno(f), &e), SG_OK);
		REQUIRE(e.code == SG_OK);
		CHECK_INT(back->nx * 1000 + back->ny * 100 + back->nz * 10 + back->nt, 5432);
		CHECK_INT(back->type, type);
		CHECK(back->spacing_mm[2] == 2.5 && back->ijk_to_ras[0][3] == -120.25);
		CHECK(memcmp(back->vox, v->vox, (size_t)sg_volume_bytes(v)) == 0);
		fclose(f);
	}
}

static void
view_refuses_every_wrong_header(void)
{
	/* One field at a time, the checksum made right again. */
	static const struct {
		int at;
		uint32_t value;
	} WRONG[] = {{0, 0}, {8, 2}, {12, 128}, {16, 0}, {16, 6}, {20, 0xffffffff}, {24, 70000},
	    {28, 0}, {32, 3}, {32, 0}, {36, SG__SAMPLES}, {36, SG_U16}, {40, SG_RGB}, {40, 9},
	    {44, 0}, {44, 9}, {48, 2}, {52, 1}, {56, 1}, {60, 1}, {68, 0x7ff80000}, {68, 0},
	    {68, 0xbff00000}, {92, 0x7ff00000}, {184, 1}, {248, 1}};
	struct sg_volume *v = make(5, 4, 1, 1, SG_U8, SG_GREY), got;
	struct sg_err e = {0};
	uint8_t *p;
	size_t n;

	REQUIRE(v != NULL && (p = encode(v, &n)) != NULL);
	CHECK_INT(sg_volume_view(&got, p, n, &e), SG_OK);
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
		uint8_t kept[SG_VOLUME_HEADER];

		memcpy(kept, p, sizeof(kept));
		sg_put32(p + WRONG[i].at, WRONG[i].value);
		seal(p);
		sg_err_clear(&e);
		if (sg_volume_view(&got, p, n, &e) != SG_EINPUT)
			check_note(__FILE__, __LINE__, "field at %d taken with %u", WRONG[i].at,
			    WRONG[i].value);
		CHECK_STR(e.id, "sgvol_bad");
		memcpy(p, kept, sizeof(kept));
	}
	sg_err_clear(&e);
	CHECK_INT(sg_volume_view(&got, p, n, &e), SG_OK);
}

static void
view_refuses_wrong_lengths_and_flipped_bits(void)
{
	struct sg_volume *v = make(5, 4, 1, 1, SG_U8, SG_GREY), got;
	struct sg_err e = {0};
	uint8_t *p;
	size_t n;

	REQUIRE(v != NULL && (p = encode(v, &n)) != NULL);
	for (size_t cut = 0; cut < n; cut++)
		CHECK_INT(sg_volume_view(&got, p, cut, NULL), SG_EINPUT);
	for (int bit = 0; bit < 256 * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK_INT(sg_volume_view(&got, p, n, NULL), SG_EINPUT);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK_INT(sg_volume_view(&got, p, n, &e), SG_OK);
}

static void
view_refuses_floats_that_are_no_numbers(void)
{
	struct sg_volume *v = make(3, 3, 1, 1, SG_F32, SG_GREY), got;
	uint8_t *p;
	size_t n;

	REQUIRE(v != NULL);
	((float *)v->vox)[8] = NAN;
	REQUIRE((p = encode(v, &n)) != NULL);
	CHECK_INT(sg_volume_view(&got, p, n, NULL), SG_EINPUT);
}

static void
new_refuses_impossible_sizes(void)
{
	struct sg_volume *v;
	struct sg_err e = {0};

	CHECK_INT(sg_volume_new(&v, a, 0, 5, 1, 1, SG_U8, SG_GREY, &e), SG_EINPUT);
	CHECK_STR(e.id, "image_too_large");
	CHECK_INT(sg_volume_new(&v, a, 65537, 5, 1, 1, SG_U8, SG_GREY, NULL), SG_EINPUT);
	CHECK_INT(
	    sg_volume_new(&v, a, 65536, 65536, 65536, 65536, SG_F32, SG_GREY, NULL), SG_EINPUT);
}

static void
png_comes_back_as_written(void)
{
	for (int wide = 0; wide < 2; wide++)
		for (int rgb = 0; rgb < 2; rgb++) {
			enum sg_sample type = wide ? SG_U16 : SG_U8;
			struct sg_volume *v = make(37, 23, 1, 1, type, rgb ? SG_RGB : SG_GREY),
					 *back;
			struct sg_err e = {0};
			struct sg_buf b;

			REQUIRE(v != NULL);
			sg_buf_init(&b, 1 << 20);
			CHECK_INT(
			    sg_png_write(&b, v->vox, 37, 23, v->channels, type, 6, &e), SG_OK);
			REQUIRE(sg_png_read(&back, a, b.data, b.len, 1000, NULL, &e) == SG_OK);
			CHECK_INT(back->type, type);
			CHECK_INT(back->look, v->look);
			CHECK_INT(back->bits, wide ? 16 : 8);
			CHECK_INT(back->spacing_known, 0);
			CHECK(memcmp(back->vox, v->vox, (size_t)sg_volume_bytes(v)) == 0);
			CHECK_INT(
			    sg_png_read(&back, a, b.data, b.len, 37 * 23 - 1, NULL, &e), SG_EINPUT);
			CHECK_STR(e.id, "image_too_large");
			sg_buf_free(&b);
		}
}

static void
png_is_refused_when_cut_or_flipped_anywhere(void)
{
	struct sg_volume *v = make(16, 16, 1, 1, SG_U8, SG_GREY), *back;
	struct sg_err e = {0};
	struct sg_buf b;
	int wrong = 0;

	REQUIRE(v != NULL);
	sg_buf_init(&b, 1 << 20);
	REQUIRE(sg_png_write(&b, v->vox, 16, 16, 1, SG_U8, 6, &e) == SG_OK);
	for (size_t cut = 0; cut < b.len; cut++)
		CHECK_INT(sg_png_read(&back, a, b.data, cut, 1000, NULL, NULL), SG_EINPUT);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 0x10;
		/* Every byte but those of lengths and types is under a CRC, and those break it. */
		if (sg_png_read(&back, a, b.data, b.len, 1000, NULL, NULL) == SG_OK)
			wrong++;
		b.data[i] ^= 0x10;
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(sg_buf_append(&b, "trailing", 8), 0);
	CHECK_INT(sg_png_read(&back, a, b.data, b.len, 1000, NULL, &e), SG_OK);
	sg_buf_free(&b);
}

static void
labels_and_masks_come_back(void)
{
	uint8_t labels[12] = {0, 1, 2, 3, 4, 5, 0, 0, 5, 4, 3, 2};
	struct sg_volume *back;
	struct sg_err e = {0};
	struct sg_buf b;

	sg_buf_init(&b, 1 << 20);
	CHECK_INT(sg_png_write_labels(&b, labels, 4, 3, 5, NULL, &e), SG_OK);
	REQUIRE(sg_png_read_labels(&back, a, b.data, b.len, 1000, &e) == SG_OK);
	CHECK(memcmp(back->vox, labels, 12) == 0);
	/* The same file as a picture has the palette's colours. */
	REQUIRE(sg_png_read(&back, a, b.data, b.len, 1000, NULL, &e) == SG_OK);
	CHECK_INT(back->look, SG_RGB);
	CHECK_INT(((uint8_t *)back->vox)[3], 128); /* label 1 is a dark red */
	sg_buf_clear(&b);
	CHECK_INT(sg_png_write_mask(&b, labels, 4, 3, &e), SG_OK);
	REQUIRE(sg_png_read_labels(&back, a, b.data, b.len, 1000, &e) == SG_OK);
	for (int i = 0; i < 12; i++)
		CHECK_INT(((uint8_t *)back->vox)[i], labels[i] != 0 ? 255 : 0);
	sg_buf_free(&b);
}

static void
labels_are_no_colour_pictures(void)
{
	struct sg_volume *v = make(4, 4, 1, 1, SG_U8, SG_RGB), *back;
	struct sg_err e = {0};
	struct sg_buf b;

	REQUIRE(v != NULL);
	sg_buf_init(&b, 1 << 20);
	REQUIRE(sg_png_write(&b, v->vox, 4, 4, 3, SG_U8, 6, &e) == SG_OK);
	CHECK_INT(sg_png_read_labels(&back, a, b.data, b.len, 1000, &e), SG_EINPUT);
	CHECK_STR(e.id, "label_type");
	sg_buf_free(&b);
}

static void
view_windows_wide_samples(void)
{
	struct sg_volume *v = NULL;
	struct sg_err e = {0};
	const uint8_t *px;
	int16_t *s;

	REQUIRE(sg_volume_new(&v, a, 3, 1, 2, 1, SG_I16, SG_GREY, &e) == SG_OK);
	s = v->vox;
	s[0] = s[1] = s[2] = 7;
	s[3] = -1000;
	s[4] = 0;
	s[5] = 1000;
	REQUIRE(sg_view_plane(&px, a, v, 1, 0, &e) == SG_OK);
	CHECK_INT(px[0], 0);
	CHECK_INT(px[1], 128);
	CHECK_INT(px[2], 255);
	REQUIRE(sg_view_plane(&px, a, v, 0, 0, &e) == SG_OK);
	CHECK_INT(px[0], 0); /* flat */
}

static void
thumbnail_averages_and_keeps_shape(void)
{
	enum { W = 1024, H = 300 };
	uint8_t *px = sg_alloc(a, W * H), *t;
	struct sg_err e = {0};
	int w, h;

	for (int i = 0; i < W * H; i++)
		px[i] = (uint8_t)(i % 2 * 200);
	REQUIRE(sg_view_thumb(&t, &w, &h, a, px, W, H, 1, 256, &e) == SG_OK);
	CHECK_INT(w, 256);
	CHECK_INT(h, 75);
	CHECK_INT(t[0], 100);
	CHECK_INT(t[w * h - 1], 100);
	REQUIRE(sg_view_thumb(&t, &w, &h, a, px, 10, 8, 1, 256, &e) == SG_OK);
	CHECK_INT(w * 100 + h, 1008);
	CHECK(memcmp(t, px, 80) == 0);
	REQUIRE(sg_view_thumb(&t, &w, &h, a, px, 5000, 1, 1, 256, &e) == SG_OK);
	CHECK_INT(h, 1);
}

int
main(void)
{
	a = sg_arena_new((size_t)1 << 30);
	RUN(volume_comes_back_from_its_file);
	RUN(view_refuses_every_wrong_header);
	RUN(view_refuses_wrong_lengths_and_flipped_bits);
	RUN(view_refuses_floats_that_are_no_numbers);
	RUN(new_refuses_impossible_sizes);
	RUN(png_comes_back_as_written);
	RUN(png_is_refused_when_cut_or_flipped_anywhere);
	RUN(labels_and_masks_come_back);
	RUN(labels_are_no_colour_pictures);
	RUN(view_windows_wide_samples);
	RUN(thumbnail_averages_and_keeps_shape);
	sg_arena_free(a);
	return check_end();
}
