/* Voxels to PNG, by libpng, into a growing buffer. */
#include "config.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "worker/volume/png.h"

static void
on_error(png_structp png, png_const_charp msg)
{
	(void)msg;
	png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp msg)
{
	(void)png;
	(void)msg;
}

static void
on_write(png_structp png, png_bytep p, size_t n)
{
	struct sg_buf *b = png_get_io_ptr(png);

	if (sg_buf_append(b, p, n) != 0)
		png_error(png, "buffer full");
}

static void
on_flush(png_structp png)
{
	(void)png;
}

struct plan {
	int nx, ny, channels, depth, colour, level, filter;
	const png_color *palette;
	int colours;
};

static int
write_png(struct sg_buf *b, const uint8_t *px, const struct plan *p, struct sg_err *e)
{
	size_t stride = (size_t)p->nx * (size_t)p->channels * (p->depth == 16 ? 2 : 1);
	png_infop info = NULL;
	png_structp png;

	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	if (png != NULL)
		info = png_create_info_struct(png);
	if (info == NULL || setjmp(png_jmpbuf(png)) != 0) {
		png_destroy_write_struct(&png, &info);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the picture now.");
	}
	png_set_write_fn(png, b, on_write, on_flush);
	png_set_user_limits(png, SG_VOLUME_MAX_SIDE, SG_VOLUME_MAX_SIDE);
	png_set_compression_level(png, p->level);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, p->filter);
	png_set_IHDR(png, info, (png_uint_32)p->nx, (png_uint_32)p->ny, p->depth, p->colour,
	    PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (p->palette != NULL)
		png_set_PLTE(png, info, p->palette, p->colours);
	png_write_info(png, info);
	if (p->depth == 16)
		png_set_swap(png);
	for (int y = 0; y < p->ny; y++)
		png_write_row(png, px + (size_t)y * stride);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	return SG_OK;
}

int
sg_png_write(struct sg_buf *b, const void *samples, int nx, int ny, int channels,
    enum sg_sample type, int level, struct sg_err *e)
{
	struct plan p = {.nx = nx, .ny = ny, .channels = channels, .level = level};

	p.depth = type == SG_U16 ? 16 : 8;
	p.colour = channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
	/* One fixed filter: nearly as small as trying all five on every row, and much faster. */
	p.filter = PNG_FILTER_SUB;
	return write_png(b, samples, &p, e);
}

int
sg_png_write_mask(struct sg_buf *b, const uint8_t *mask, int nx, int ny, struct sg_err *e)
{
	struct plan p = {nx, ny, 1, 8, PNG_COLOR_TYPE_GRAY, 6, PNG_FILTER_NONE, NULL, 0};
	size_t n = (size_t)nx * (size_t)ny;
	uint8_t *px = malloc(n);
	int rc;

	if (px == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the picture now.");
	for (size_t i = 0; i < n; i++)
		px[i] = mask[i] != 0 ? 255 : 0;
	rc = write_png(b, px, &p, e);
	free(px);
	return rc;
}

/* Distinct colours for labels: the bits of the label spread over the channels, as the VOC
 * challenge colours its classes. Label 0 is black. */
static png_color
label_colour(int label)
{
	unsigned ch[3] = {0, 0, 0};

	for (int bit = 0; bit < 8; bit++)
		ch[bit % 3] |= (unsigned)(label >> bit & 1) << (7 - bit / 3);
	return (png_color){(png_byte)ch[0], (png_byte)ch[1], (png_byte)ch[2]};
}

int
sg_png_write_labels(struct sg_buf *b, const uint8_t *labels, int nx, int ny, int c,
    const uint8_t *rgb, struct sg_err *e)
{
	struct plan p = {nx, ny, 1, 8, PNG_COLOR_TYPE_PALETTE, 6, PNG_FILTER_NONE, NULL, c + 1};
	png_color table[256];

	for (int i = 0; i <= c; i++)
		table[i] = rgb != NULL ? (png_color){rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]}
				       : label_colour(i);
	p.palette = table;
	return write_png(b, labels, &p, e);
}
