/*
 * PNG to voxels, by libpng under limits. The header is checked before any pixel's memory is
 * taken; libpng's own limits bound chunks. libpng reports errors by longjmp: everything a jump
 * could leak lives in struct reader, which the caller of setjmp frees.
 */
#include "config.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "worker/volume/png.h"

enum {
	CHUNKS = 1000,	      /* ancillary chunks kept, libpng's own default made explicit */
	CHUNK_BYTES = 8 << 20 /* memory of one ancillary chunk, unpacked */
};

struct reader {
	png_structp png;
	png_infop info;
	const uint8_t *p;
	size_t n, at;
	int cut;       /* ran past the end */
	char why[120]; /* libpng's words */
};

static void
on_error(png_structp png, png_const_charp msg)
{
	struct reader *r = png_get_error_ptr(png);

	snprintf(r->why, sizeof(r->why), "%s", msg);
	png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp msg)
{
	(void)png;
	(void)msg;
}

static void
on_read(png_structp png, png_bytep out, size_t n)
{
	struct reader *r = png_get_io_ptr(png);

	if (n > r->n - r->at) {
		r->cut = 1;
		png_error(png, "the file ends too early");
	}
	memcpy(out, r->p + r->at, n);
	r->at += n;
}

static int
no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
}

static int
corrupt(const struct reader *r, struct sg_err *e)
{
	if (strstr(r->why, "memory") != NULL)
		return no_memory(e);
	if (r->cut)
		return sg_fail(e, SG_EINPUT, "image_corrupt",
		    "The PNG file is cut off. Export or upload it again.");
	return sg_fail(e, SG_EINPUT, "image_corrupt",
	    "The PNG file is damaged (%s). Export or upload it again.",
	    r->why[0] != '\0' ? r->why : "unreadable");
}

/* The header alone: sizes against the limits, before libpng allocates rows. */
static int
check_size(const struct reader *r, int64_t max_pixels, struct sg_err *e)
{
	int64_t w = png_get_image_width(r->png, r->info);
	int64_t h = png_get_image_height(r->png, r->info);

	if (w > SG_VOLUME_MAX_SIDE || h > SG_VOLUME_MAX_SIDE || w * h > max_pixels)
		return sg_fail(e, SG_EINPUT, "image_too_large",
		    "The image has %lld x %lld pixels; at most %lld are accepted.", (long long)w,
		    (long long)h, (long long)max_pixels);
	return SG_OK;
}

/* Rows into pixels[h][stride]; all passes of an interlaced image. Jumps on damage. */
static void
read_rows(struct reader *r, uint8_t *pixels, size_t stride, uint32_t h)
{
	int passes = png_set_interlace_handling(r->png);

	png_read_update_info(r->png, r->info);
	if (png_get_rowbytes(r->png, r->info) != stride)
		png_error(r->png, "unexpected row length");
	for (int pass = 0; pass < passes; pass++)
		for (uint32_t y = 0; y < h; y++)
			png_read_row(r->png, pixels + y * stride, NULL);
	png_read_end(r->png, NULL);
}

/*
 * Palette indices to colours: in place when every colour used is grey, else in a new RGB volume.
 * Errors: "image_corrupt" for an index outside the palette.
 */
static int
apply_palette(struct sg_volume **v, struct sg_arena *a, const struct reader *r, struct sg_err *e)
{
	size_t n = (size_t)sg_volume_voxels(*v);
	uint8_t *index = (*v)->vox, *to;
	struct sg_volume *rgb;
	png_colorp c = NULL;
	int colours = 0, grey = 1, rc;

	png_get_PLTE(r->png, r->info, &c, &colours);
	for (size_t i = 0; i < n; i++) {
		if (index[i] >= colours)
			return sg_fail(e, SG_EINPUT, "image_corrupt",
			    "The PNG file uses colours outside its palette. Export it again.");
		grey &= c[index[i]].red == c[index[i]].green &&
			c[index[i]].green == c[index[i]].blue;
	}
	if (grey) {
		for (size_t i = 0; i < n; i++)
			index[i] = c[index[i]].red;
		return SG_OK;
	}
	if ((rc = sg_volume_new(&rgb, a, (*v)->nx, (*v)->ny, 1, 1, SG_U8, SG_RGB, e)) != SG_OK)
		return rc;
	to = rgb->vox;
	for (size_t i = 0; i < n; i++) {
		*to++ = c[index[i]].red;
		*to++ = c[index[i]].green;
		*to++ = c[index[i]].blue;
	}
	*v = rgb;
	return SG_OK;
}

/*
 * Ask libpng for one or two bytes a sample in host order, without alpha. Palettes stay indices,
 * so that they can be checked; grey below 8 bits is spread over 0..255 unless labels are wanted.
 */
static void
set_transforms(const struct reader *r, int colour, int depth, int labels)
{
	if (depth < 8 && colour == PNG_COLOR_TYPE_GRAY && !labels)
		png_set_expand_gray_1_2_4_to_8(r->png);
	else if (depth < 8)
		png_set_packing(r->png);
	if (depth == 16)
		png_set_swap(r->png);
	png_set_strip_alpha(r->png);
}

/* The body of both readers, under the caller's setjmp. labels: keep stored values. */
static int
read_image(struct sg_volume **out, struct sg_arena *a, struct reader *r, int64_t max_pixels,
    int labels, const char **note, struct sg_err *e)
{
	int colour, depth, rc;
	struct sg_volume *v;
	uint32_t w, h;

	png_read_info(r->png, r->info);
	if ((rc = check_size(r, max_pixels, e)) != SG_OK)
		return rc;
	w = png_get_image_width(r->png, r->info);
	h = png_get_image_height(r->png, r->info);
	colour = png_get_color_type(r->png, r->info);
	depth = png_get_bit_depth(r->png, r->info);
	set_transforms(r, colour, depth, labels);
	if ((rc = sg_volume_new(&v, a, (int)w, (int)h, 1, 1, depth == 16 ? SG_U16 : SG_U8,
		 (colour & ~PNG_COLOR_MASK_ALPHA) == PNG_COLOR_TYPE_RGB ? SG_RGB : SG_GREY, e)) !=
	    SG_OK)
		return rc;
	read_rows(r, v->vox, (size_t)w * (size_t)v->channels * sg_sample_bytes(v->type), h);
	if (colour == PNG_COLOR_TYPE_PALETTE && !labels &&
	    (rc = apply_palette(&v, a, r, e)) != SG_OK)
		return rc;
	v->bits = colour == PNG_COLOR_TYPE_PALETTE ? 8 : depth;
	if (note != NULL && ((colour & PNG_COLOR_MASK_ALPHA) != 0 ||
				png_get_valid(r->png, r->info, PNG_INFO_tRNS) != 0))
		*note = "Transparency was left out; the stored samples are used.";
	*out = v;
	return SG_OK;
}

static int
read_png(struct sg_volume **out, struct sg_arena *a, const void *p, size_t n, int64_t max_pixels,
    int labels, const char **note, struct sg_err *e)
{
	struct reader r = {.p = p, .n = n};
	volatile int rc;

	if (note != NULL)
		*note = NULL;
	if (n == 0)
		return sg_fail(e, SG_EINPUT, "too_small", "The file is empty.");
	if (n < 8 || png_sig_cmp(p, 0, 8) != 0)
		return sg_fail(e, SG_EINPUT, "bad_type", "The file is not a PNG image.");
	r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
	if (r.png != NULL)
		r.info = png_create_info_struct(r.png);
	if (r.info == NULL) {
		png_destroy_read_struct(&r.png, NULL, NULL);
		return no_memory(e);
	}
	if (setjmp(png_jmpbuf(r.png)) != 0) {
		rc = corrupt(&r, e);
	} else {
		png_set_read_fn(r.png, &r, on_read);
		/* Sizes are judged by check_size, with its own sentence. */
		png_set_user_limits(r.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
		png_set_chunk_cache_max(r.png, CHUNKS);
		png_set_chunk_malloc_max(r.png, CHUNK_BYTES);
		png_set_crc_action(r.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
		png_set_keep_unknown_chunks(r.png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
		rc = read_image(out, a, &r, max_pixels, labels, note, e);
	}
	png_destroy_read_struct(&r.png, &r.info, NULL);
	return rc;
}

int
sg_png_read(struct sg_volume **out, struct sg_arena *a, const void *p, size_t n, int64_t max_pixels,
    const char **note, struct sg_err *e)
{
	return read_png(out, a, p, n, max_pixels, 0, note, e);
}

/* One byte a pixel from what was read; the same memory. */
static int
to_labels(struct sg_volume *v, struct sg_err *e)
{
	size_t n = (size_t)sg_volume_voxels(v), c = (size_t)v->channels;
	const uint16_t *wide = v->vox;
	uint8_t *px = v->vox;

	for (size_t i = 0; i < n; i++) {
		unsigned s[3] = {0, 0, 0};

		for (size_t k = 0; k < c; k++)
			s[k] = v->type == SG_U16 ? wide[i * c + k] : px[i * c + k];
		if (s[0] > 255 || (c == 3 && (s[0] != s[1] || s[1] != s[2])))
			return sg_fail(e, SG_EINPUT, "label_type",
			    "The picture is no label map: it has colours or values above 255.");
		px[i] = (uint8_t)s[0];
	}
	v->type = SG_U8;
	v->look = SG_GREY;
	v->channels = 1;
	v->bits = 8;
	return SG_OK;
}

int
sg_png_read_labels(struct sg_volume **out, struct sg_arena *a, const void *p, size_t n,
    int64_t max_pixels, struct sg_err *e)
{
	struct sg_volume *v;
	int rc = read_png(&v, a, p, n, max_pixels, 1, NULL, e);

	if (rc != SG_OK || (rc = to_labels(v, e)) != SG_OK)
		return rc;
	*out = v;
	return SG_OK;
}
