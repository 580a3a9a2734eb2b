/*
 * From uploaded bytes to products: what segward-parse does once it is confined. A table says
 * which kinds of file are read and by whom.
 */
#include "config.h"

#include <string.h>

#include "common/json.h"
#include "common/sniff.h"
#include "worker/volume/bytes.h"
#include "worker/volume/parse.h"
#include "worker/volume/png.h"
#include "worker/volume/view.h"

struct parser {
	const uint8_t *bytes;
	size_t n;
	int64_t max_pixels;
	struct sg_arena *a;
	const struct sg_sink *out, *report;
};

static int
say(const struct parser *p, enum sg_verdict verdict, const char *code, const char *text,
    struct sg_err *e)
{
	json_t *line = json_pack("{s:i, s:s, s:s, s:s}", "file", 0, "verdict",
	    sg_verdict_name(verdict), "code", code, "text", text);
	char *s = line != NULL ? sg_json_text(p->a, sg_json_keep(p->a, line)) : NULL;

	if (s == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the report now.");
	if (p->report->write(p->report->arg, s, strlen(s)) != 0 ||
	    p->report->write(p->report->arg, "\n", 1) != 0)
		return sg_fail(e, SG_EINTERNAL, "io", "The parser could not write its report.");
	return SG_OK;
}

/* A part of up to two pieces (header and samples) with its head and padding. */
static int
put_part(const struct parser *p, enum sg_part_kind kind, int scan, const void *one, size_t n1,
    const void *two, size_t n2, struct sg_err *e)
{
	static const uint8_t zeros[SG_PART_ALIGN];
	uint8_t head[SG_PART_HEAD] = "SGPT";
	size_t pad = (SG_PART_ALIGN - (n1 + n2) % SG_PART_ALIGN) % SG_PART_ALIGN;

	sg_put32(head + 4, kind);
	sg_put32(head + 8, (uint32_t)scan);
	sg_put64(head + 16, n1 + n2);
	if (p->out->write(p->out->arg, head, sizeof(head)) != 0 ||
	    p->out->write(p->out->arg, one, n1) != 0 ||
	    (n2 > 0 && p->out->write(p->out->arg, two, n2) != 0) ||
	    (pad > 0 && p->out->write(p->out->arg, zeros, pad) != 0))
		return sg_fail(e, SG_EINTERNAL, "io", "The parser could not write its products.");
	return SG_OK;
}

static int
put_picture(const struct parser *p, enum sg_part_kind kind, int scan, const uint8_t *px, int w,
    int h, int channels, struct sg_err *e)
{
	struct sg_buf b;
	int rc;

	/* Level 3: a sixth of the time of the default for a few per cent more bytes. */
	sg_buf_init(&b, (size_t)w * (size_t)h * (size_t)channels * 2 + (1 << 16));
	rc = sg_png_write(&b, px, w, h, channels, SG_U8, 3, e);
	if (rc == SG_OK)
		rc = put_part(p, kind, scan, b.data, b.len, NULL, 0, e);
	sg_buf_free(&b);
	return rc;
}

/* The three products of a 2-D scan. */
static int
put_scan(const struct parser *p, int scan, const struct sg_volume *v, struct sg_err *e)
{
	uint8_t head[SG_VOLUME_HEADER], *thumb;
	const uint8_t *px;
	int rc, w, h;

	sg_volume_header(head, v);
	if ((rc = put_part(p, SG_PART_VOLUME, scan, head, sizeof(head), v->vox,
		 (size_t)sg_volume_bytes(v), e)) != SG_OK ||
	    (rc = sg_view_plane(&px, p->a, v, 0, 0, e)) != SG_OK ||
	    (rc = put_picture(p, SG_PART_VIEW, scan, px, v->nx, v->ny, v->channels, e)) != SG_OK ||
	    (rc = sg_view_thumb(
		 &thumb, &w, &h, p->a, px, v->nx, v->ny, v->channels, SG_THUMB_SIDE, e)) != SG_OK)
		return rc;
	return put_picture(p, SG_PART_THUMB, scan, thumb, w, h, v->channels, e);
}

static int
parse_png(const struct parser *p, struct sg_err *e)
{
	const char *note;
	struct sg_volume *v;
	char text[120];
	int rc;

	if ((rc = sg_png_read(&v, p->a, p->bytes, p->n, p->max_pixels, &note, e)) != SG_OK ||
	    (rc = put_scan(p, 0, v, e)) != SG_OK)
		return rc;
	snprintf(text, sizeof(text), "PNG image, %d x %d, %s, %d bits.", v->nx, v->ny,
	    v->look == SG_RGB ? "colour" : "grey", v->bits);
	if ((rc = say(p, SG_VERDICT_OK, "png", text, e)) != SG_OK)
		return rc;
	return note != NULL ? say(p, SG_VERDICT_NOTE, "alpha_dropped", note, e) : SG_OK;
}

/* Which kinds are read; the others are refused by name. */
static const struct {
	enum sg_kind kind;
	int (*parse)(const struct parser *p, struct sg_err *e);
} PARSERS[] = {
    {SG_KIND_PNG, parse_png},
};

static int
parse_any(const struct parser *p, struct sg_err *e)
{
	enum sg_kind kind = sg_sniff(p->bytes, p->n < SG_SNIFF_BYTES ? p->n : SG_SNIFF_BYTES);

	if (p->n == 0)
		return sg_fail(e, SG_EINPUT, "too_small", "The file is empty.");
	for (size_t i = 0; i < sizeof(PARSERS) / sizeof(PARSERS[0]); i++)
		if (PARSERS[i].kind == kind)
			return PARSERS[i].parse(p, e);
	if (kind == SG_KIND_UNKNOWN)
		return sg_fail(e, SG_EINPUT, "bad_type",
		    "The file is no image that Segward knows. Upload a PNG image.");
	return sg_fail(e, SG_ENOTSUP, "type_unsupported",
	    "Files of the kind %s are not read yet. Upload a PNG image.", sg_kind_name(kind));
}

int
sg_parse_bytes(const uint8_t *bytes, size_t n, int64_t max_pixels, struct sg_arena *a,
    const struct sg_sink *out, const struct sg_sink *report, struct sg_err *e)
{
	struct parser p = {bytes, n, max_pixels, a, out, report};
	int rc = parse_any(&p, e), told;

	if (rc != SG_EINPUT && rc != SG_ENOTSUP)
		return rc;
	told = say(&p, SG_VERDICT_REFUSED, e->id, e->msg, NULL);
	return told == SG_OK ? rc : told;
}
