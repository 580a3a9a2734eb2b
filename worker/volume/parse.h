/*
 * What the sandboxed parser (segward-parse) is told and what it answers.
 *
 * It reads one uploaded file from descriptor SG_PARSE_IN and writes, to two plain files,
 *   SG_PARSE_OUT     the products, one after the other, each with a 32-byte head:
 *                    "SGPT", u32 part kind, u32 scan, u32 zero, u64 bytes, u64 zero; then the
 *                    bytes, padded with zeros to a multiple of 32. All little-endian.
 *   SG_PARSE_REPORT  JSON lines {"file":0,"verdict":"ok","code":"png","text":"..."}
 * The parent reads both only after the child is dead, and trusts nothing in them.
 */
#ifndef SG_PARSE_H
#define SG_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/volume/volume.h"

enum { SG_PARSE_IN = 3, SG_PARSE_OUT = 4, SG_PARSE_REPORT = 5 }; /* descriptors of the child */

enum { SG_PARSE_DONE = 0, SG_PARSE_REFUSED = 1, SG_PARSE_FAULT = 3, SG_PARSE_NO_MEMORY = 4 };

#define SG_PART_HEAD  32
#define SG_PART_ALIGN 32

#define SG_THUMB_SIDE 256 /* pixels, the longer side of a thumbnail at most */

enum sg_part_kind {
	SG_PART_VOLUME = 1, /* a sgvol */
	SG_PART_VIEW,	    /* 8-bit PNG of the scan's own size, for browsers */
	SG_PART_THUMB,	    /* 8-bit PNG, at most SG_THUMB_SIDE on its longer side */
	SG__PART_KINDS
};

enum sg_verdict { SG_VERDICT_OK, SG_VERDICT_REFUSED, SG_VERDICT_NOTE, SG__VERDICTS };
const char *sg_verdict_name(enum sg_verdict v); /* "ok", "refused", "note" */

struct sg_part {
	enum sg_part_kind kind;
	int scan; /* which image set of the file, from 0 */
	const uint8_t *data;
	size_t bytes;
};

struct sg_report_line {
	int file; /* which file of the upload, from 0 */
	enum sg_verdict verdict;
	char code[32];	/* stable: doc/errors.md; for "ok" the kind of the file */
	char text[200]; /* one sentence */
};

struct sg_parsed {
	int nparts, nlines, nscans;
	struct sg_part *parts;	      /* sorted by scan, then kind; a scan has one of each */
	struct sg_report_line *lines; /* at least one */
	struct sg_volume *volumes;    /* [nscans], checked, borrowing the parts' bytes */
};

/*
 * Read back what a dead child wrote. out_fd is mapped; everything lives in the arena.
 * Errors: SG_EINTERNAL "parse_answer" (not as promised: treat as a crashed parser).
 */
int sg_parsed_read(
    struct sg_parsed **out, struct sg_arena *a, int out_fd, int report_fd, struct sg_err *e);
/* The part of a scan, NULL when it has none. */
const struct sg_part *sg_parsed_part(const struct sg_parsed *p, int scan, enum sg_part_kind kind);

/* Where the products go; a writer that fails (0: fine) ends the parsing. */
struct sg_sink {
	int (*write)(void *arg, const void *p, size_t n);
	void *arg;
};

/*
 * The parsing itself, as the child runs it after confining itself (fuzzers call it directly).
 * bytes: the whole upload. Memory comes from the arena.
 * Returns SG_OK (parts were made), SG_EINPUT or SG_ENOTSUP (refused, with a report line),
 * SG_EBUSY "no_memory", SG_EINTERNAL "io" (a sink failed).
 */
int sg_parse_bytes(const uint8_t *bytes, size_t n, int64_t max_pixels, struct sg_arena *a,
    const struct sg_sink *out, const struct sg_sink *report, struct sg_err *e);

#endif
