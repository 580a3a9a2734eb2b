/*
 * The ingest job: an uploaded file becomes a scan. The bytes are parsed by segward-parse in its
 * sandbox; here only what the dead child left is looked at: a checked sgvol, two pictures, and
 * one report line per file.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "sql/queries.h"
#include "worker/job/job.h"

struct ingest {
	int fd; /* the upload, hashed */
	struct sg_parsed *parsed;
};

static int
fetch(struct sg_work *w, struct sg_err *e)
{
	struct ingest *in = sg_alloc(w->arena, sizeof *in);

	if (in == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	w->state = in;
	if (w->job->scan_id == 0 || !w->job->has_input)
		return sg_fail(e, SG_EDENIED, "job_bad", "The job names no scan or no file.");
	return sg_work_open(&in->fd, w, &w->job->input, e);
}

static int
parse(struct sg_work *w, struct sg_err *e)
{
	struct ingest *in = w->state;
	struct sg_sandbox_limits limits = sg_sandbox_limits_image;

	limits.pixels = w->worker->conf->image_max_pixels;
	return sg_sandbox_parse(
	    &in->parsed, w->worker->sandbox, w->arena, in->fd, &limits, sg_work_flag(w), NULL, e);
}

static uint32_t
big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * A picture from the child goes to browsers as it is, so it must at least begin as a PNG of the
 * size it should have; nosniff and the type given by nginx do the rest.
 */
static int
picture(const struct sg_part *p, uint32_t max_w, uint32_t max_h, int exact)
{
	static const uint8_t head[16] = {
	    0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
	uint32_t width, height;

	if (p == NULL || p->bytes < 57 || memcmp(p->data, head, sizeof head) != 0)
		return 0;
	width = big_endian(p->data + 16);
	height = big_endian(p->data + 20);
	if (exact)
		return width == max_w && height == max_h;
	return width >= 1 && width <= max_w && height >= 1 && height <= max_h;
}

static int
store(struct sg_work *w, struct sg_err *e)
{
	struct ingest *in = w->state;
	const struct sg_parsed *p = in->parsed;
	const struct sg_part *volume = sg_parsed_part(p, 0, SG_PART_VOLUME);
	const struct sg_part *view = sg_parsed_part(p, 0, SG_PART_VIEW);
	const struct sg_part *thumb = sg_parsed_part(p, 0, SG_PART_THUMB);
	const struct sg_volume *v;

	if (p->nscans != 1)
		return sg_fail(e, SG_ENOTSUP, "scan_many",
		    "The file holds %d image sets; upload one at a time.", p->nscans);
	v = &p->volumes[0];
	if (v->nz != 1 || v->nt != 1)
		return sg_fail(e, SG_ENOTSUP, "scan_kind",
		    "The file holds a volume; only single images are taken so far.");
	if (volume == NULL || !picture(view, (uint32_t)v->nx, (uint32_t)v->ny, 1) ||
	    !picture(thumb, SG_THUMB_SIDE, SG_THUMB_SIDE, 0))
		return sg_fail(e, SG_EINTERNAL, "parse_answer",
		    "The program that reads images gave an answer that is not as promised.");
	sg_work_blob(w, "volume", "sgvol", volume->data, volume->bytes);
	sg_work_blob(w, "image", "png", view->data, view->bytes);
	sg_work_blob(w, "thumbnail", "png", thumb->data, thumb->bytes);
	w->figures = sg_json_keep(
	    w->arena, json_pack("{s:i,s:i,s:i,s:i,s:i}", "width", v->nx, "height", v->ny,
			  "channels", v->channels, "bits", v->bits, "lines", p->nlines));
	return sg_work_store(w, e);
}

static json_t *
line(const char *verdict, const char *code, const char *text)
{
	return json_pack("{s:s,s:s,s:s}", "verdict", verdict, "code", code, "text", text);
}

/* The report as a JSON array; scan_ready and scan_refused add the file's name. */
static const char *
report(struct sg_work *w, const struct sg_err *why)
{
	struct ingest *in = w->state;
	json_t *lines = sg_json_keep(w->arena, json_array());
	int i;

	if (lines == NULL)
		return NULL;
	for (i = 0; in != NULL && in->parsed != NULL && i < in->parsed->nlines; i++) {
		const struct sg_report_line *l = &in->parsed->lines[i];

		/* No child made this up as valid UTF-8 for certain: json_pack refuses what is not.
		 */
		json_array_append_new(lines, line(sg_verdict_name(l->verdict), l->code, l->text));
	}
	if (why != NULL && json_array_size(lines) == 0)
		json_array_append_new(lines, line("refused", why->id, why->msg));
	return sg_json_text(w->arena, lines);
}

static int
succeed(struct sg_work *w, struct sg_err *e)
{
	const struct ingest *in = w->state;
	const struct sg_volume *v = &in->parsed->volumes[0];
	const char *lines = report(w, NULL);

	if (lines == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	return sg_db_run(w->db, w->arena, NULL, e, &sg_q_scan_ready, "lshhhiiiiibddds",
	    w->job->scan_id, "2d", sg_work_sha(w, "volume"), sg_work_sha(w, "image"),
	    sg_work_sha(w, "thumbnail"), v->nx, v->ny, v->nz, v->nt, v->channels, v->spacing_known,
	    v->spacing_mm[0], v->spacing_mm[1], v->spacing_mm[2], lines);
}

static int
fail(struct sg_work *w, const struct sg_err *why, struct sg_err *e)
{
	const char *lines = report(w, why);

	if (lines == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	return sg_db_run(
	    w->db, w->arena, NULL, e, &sg_q_scan_refused, "ls", w->job->scan_id, lines);
}

static const struct sg_stage stages[] = {
    {"fetch", 0.1, fetch},
    {"parse", 0.7, parse},
    {"store", 1.0, store},
    {NULL, 1.0, NULL},
};

const struct sg_job_kind sg_job_ingest = {"ingest", stages, succeed, fail};
