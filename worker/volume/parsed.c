/*
 * Reading back what a sandboxed parser wrote. A hostile upload may have taken the parser over,
 * so nothing here is believed: heads, sizes, order, text and volumes are checked anew.
 */
#include "config.h"

#include <string.h>

#include "common/json.h"
#include "worker/volume/bytes.h"
#include "worker/volume/parse.h"

enum {
	MAX_SCANS = 4096,
	MAX_PARTS = MAX_SCANS * (SG__PART_KINDS - 1),
	MAX_LINES = 20000,
	MAX_REPORT = 16 << 20 /* bytes */
};

static const char *const VERDICT[SG__VERDICTS] = {
    [SG_VERDICT_OK] = "ok",
    [SG_VERDICT_REFUSED] = "refused",
    [SG_VERDICT_NOTE] = "note",
};

const char *
sg_verdict_name(enum sg_verdict v)
{
	return VERDICT[v];
}

static int
wrong(struct sg_err *e, const char *what)
{
	return sg_fail(e, SG_EINTERNAL, "parse_answer", "The parser's answer is wrong: %s.", what);
}

static int
no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
}

/* One part at p[*at]; *at moves behind it. */
static int
read_part(struct sg_part *part, const uint8_t *p, size_t n, size_t *at, struct sg_err *e)
{
	const uint8_t *head = p + *at;
	uint64_t bytes, whole;

	if (n - *at < SG_PART_HEAD || memcmp(head, "SGPT", 4) != 0 || sg_get32(head + 12) != 0 ||
	    sg_get64(head + 24) != 0)
		return wrong(e, "head of a part");
	bytes = sg_get64(head + 16);
	if (bytes > n - *at - SG_PART_HEAD)
		return wrong(e, "length of a part");
	whole = (bytes + SG_PART_ALIGN - 1) / SG_PART_ALIGN * SG_PART_ALIGN;
	if (whole > n - *at - SG_PART_HEAD)
		return wrong(e, "end of a part");
	if (sg_get32(head + 4) < 1 || sg_get32(head + 4) >= SG__PART_KINDS)
		return wrong(e, "kind of a part");
	if (sg_get32(head + 8) >= MAX_SCANS)
		return wrong(e, "scan of a part");
	part->kind = (enum sg_part_kind)sg_get32(head + 4);
	part->scan = (int)sg_get32(head + 8);
	part->data = head + SG_PART_HEAD;
	part->bytes = (size_t)bytes;
	*at += SG_PART_HEAD + (size_t)whole;
	return SG_OK;
}

static int
is_png(const struct sg_part *part)
{
	return part->bytes > 8 && memcmp(part->data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

/* Every scan has exactly its parts in the promised order. */
static int
read_parts(struct sg_parsed *r, struct sg_arena *a, const uint8_t *p, size_t n, struct sg_err *e)
{
	const int kinds = SG__PART_KINDS - 1;
	size_t at = 0, cap = 0;
	int rc;

	while (at < n) {
		struct sg_part part;

		if (r->nparts == MAX_PARTS)
			return wrong(e, "too many parts");
		if ((rc = read_part(&part, p, n, &at, e)) != SG_OK)
			return rc;
		if (part.scan != r->nparts / kinds || (int)part.kind != r->nparts % kinds + 1)
			return wrong(e, "order of the parts");
		if (part.kind != SG_PART_VOLUME && !is_png(&part))
			return wrong(e, "a picture that is none");
		if ((size_t)r->nparts == cap) {
			struct sg_part *more;

			cap = cap == 0 ? 8 : 2 * cap;
			if ((more = sg_alloc_array(a, cap, sizeof(*more))) == NULL)
				return no_memory(e);
			if (r->nparts > 0)
				memcpy(more, r->parts, (size_t)r->nparts * sizeof(*more));
			r->parts = more;
		}
		r->parts[r->nparts++] = part;
	}
	if (r->nparts % kinds != 0)
		return wrong(e, "a part is missing");
	r->nscans = r->nparts / kinds;
	if (r->nscans == 0)
		return SG_OK;
	if ((r->volumes = sg_alloc_array(a, (size_t)r->nscans, sizeof(*r->volumes))) == NULL)
		return no_memory(e);
	for (int i = 0; i < r->nscans; i++) {
		const struct sg_part *part = &r->parts[i * kinds];
		struct sg_err why = {0};

		if (sg_volume_view(&r->volumes[i], part->data, part->bytes, &why) != SG_OK)
			return wrong(e, why.msg);
	}
	return SG_OK;
}

static int
code_ok(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 32 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* Control characters have no place in a sentence for people. */
static int
text_ok(const char *s, size_t cap)
{
	if (strlen(s) >= cap)
		return 0;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return 0;
	return 1;
}

static int
read_line(
    struct sg_report_line *line, struct sg_arena *a, const char *text, size_t n, struct sg_err *e)
{
	struct sg_err why = {0};
	const char *verdict, *code, *words;
	long long file;
	json_t *o;

	if (sg_json_parse_limit(&o, a, text, n, 4096, &why) != SG_OK || !json_is_object(o))
		return wrong(e, "a report line that is no object");
	file = sg_json_int(o, "file", -1, &why);
	verdict = sg_json_str(o, "verdict", "", &why);
	code = sg_json_str(o, "code", "", &why);
	words = sg_json_str(o, "text", "", &why);
	if (why.code != SG_OK || file < 0 || file >= MAX_LINES || !code_ok(code) ||
	    !text_ok(words, sizeof(line->text)))
		return wrong(e, "a report line");
	line->file = (int)file;
	line->verdict = SG__VERDICTS;
	for (int v = 0; v < SG__VERDICTS; v++)
		if (strcmp(verdict, VERDICT[v]) == 0)
			line->verdict = (enum sg_verdict)v;
	if (line->verdict == SG__VERDICTS)
		return wrong(e, "an unknown verdict");
	memcpy(line->code, code, strlen(code) + 1);
	memcpy(line->text, words, strlen(words) + 1);
	return SG_OK;
}

static int
read_lines(struct sg_parsed *r, struct sg_arena *a, const char *p, size_t n, struct sg_err *e)
{
	int count = 0, rc;

	if (n > MAX_REPORT || n == 0 || p[n - 1] != '\n')
		return wrong(e, "length of the report");
	for (size_t i = 0; i < n; i++)
		count += p[i] == '\n';
	if (count > MAX_LINES)
		return wrong(e, "too many report lines");
	if ((r->lines = sg_alloc_array(a, (size_t)count, sizeof(*r->lines))) == NULL)
		return no_memory(e);
	for (; r->nlines < count; r->nlines++) {
		const char *end = memchr(p, '\n', n);
		size_t len = (size_t)(end - p);

		if ((rc = read_line(&r->lines[r->nlines], a, p, len, e)) != SG_OK)
			return rc;
		p = end + 1;
		n -= len + 1;
	}
	return SG_OK;
}

int
sg_parsed_read(
    struct sg_parsed **out, struct sg_arena *a, int out_fd, int report_fd, struct sg_err *e)
{
	struct sg_parsed *r = sg_alloc(a, sizeof(*r));
	const uint8_t *parts, *report;
	size_t nparts, nreport;
	int rc;

	if (r == NULL)
		return no_memory(e);
	if ((rc = sg_map_fd(&parts, &nparts, a, out_fd, e)) != SG_OK ||
	    (rc = sg_map_fd(&report, &nreport, a, report_fd, e)) != SG_OK ||
	    (rc = read_parts(r, a, parts, nparts, e)) != SG_OK ||
	    (rc = read_lines(r, a, (const char *)report, nreport, e)) != SG_OK)
		return rc;
	*out = r;
	return SG_OK;
}

const struct sg_part *
sg_parsed_part(const struct sg_parsed *p, int scan, enum sg_part_kind kind)
{
	for (int i = 0; i < p->nparts; i++)
		if (p->parts[i].scan == scan && p->parts[i].kind == kind)
			return &p->parts[i];
	return NULL;
}
