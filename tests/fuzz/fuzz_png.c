/*
 * Fuzz target: an upload from its first byte to its products, and what the worker then reads of
 * them. Chunk checksums are made right first, else hardly any mutation would reach past them.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/buf.h"
#include "worker/volume/parse.h"
#include "worker/volume/png.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
mend_checksums(uint8_t *p, size_t n)
{
	size_t at = 8;

	while (n >= 12 && at <= n - 12) {
		size_t len = (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 |
			     (size_t)p[at + 2] << 8 | p[at + 3];
		uint32_t crc;

		if (len > n - at - 12)
			return;
		crc = (uint32_t)crc32(0, p + at + 4, (unsigned)len + 4);
		for (int i = 0; i < 4; i++)
			p[at + 8 + len + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
		at += 12 + len;
	}
}

static int
to_buf(void *arg, const void *p, size_t n)
{
	return sg_buf_append(arg, p, n);
}

static void
parse(const uint8_t *p, size_t n)
{
	struct sg_arena *a = sg_arena_new((size_t)64 << 20);
	struct sg_buf out, report;
	const struct sg_sink to_out = {to_buf, &out}, to_report = {to_buf, &report};
	struct sg_volume *v;
	struct sg_err e = {0};
	int rc;

	if (a == NULL)
		return;
	sg_buf_init(&out, (size_t)64 << 20);
	sg_buf_init(&report, 1 << 20);
	rc = sg_parse_bytes(p, n, 1 << 20, a, &to_out, &to_report, &e);
	/* A refusal has a code, a sentence and a line; success has products. */
	if ((rc == SG_OK) != (out.len > 0) || (rc != SG_OK && e.id[0] == '\0') ||
	    (rc == SG_EINPUT && report.len == 0))
		abort();
	sg_png_read_labels(&v, a, p, n, 1 << 20, NULL);
	sg_buf_free(&out);
	sg_buf_free(&report);
	sg_arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	parse(p, n);
	if (copy == NULL)
		return 0;
	memcpy(copy, p, n);
	mend_checksums(copy, n);
	parse(copy, n);
	free(copy);
	return 0;
}
