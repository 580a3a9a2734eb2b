/*
 * segward-parse MEMORY_BYTES OUT_BYTES CPU_S PIXELS: the sandboxed parser. Started by the
 * zygote of worker/volume/sandbox.c with descriptors 3 (the upload, read-only), 4 and 5 (empty
 * files for products and report). It maps the input, confines itself, and only then looks at
 * the first byte.
 *
 * Exit status: SG_PARSE_DONE, SG_PARSE_REFUSED (see the report), SG_PARSE_NO_MEMORY,
 * SG_PARSE_FAULT (our fault).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "worker/volume/bytes.h"
#include "worker/volume/confine.h"
#include "worker/volume/parse.h"

#ifdef SG_SANITIZE
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0"; /* it would have to start a process */
}
#endif

static int
write_fd(void *arg, const void *p, size_t n)
{
	const int *fd = arg;
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t w = write(*fd, at, n < ((size_t)1 << 30) ? n : (size_t)1 << 30);

		if (w <= 0)
			return -1;
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

/* A whole positive number; 0: it is none. */
static int64_t
number(const char *s)
{
	char *end;
	long long v = strtoll(s, &end, 10);

	return *s != '\0' && *end == '\0' && v > 0 ? v : 0;
}

static int
parse(int64_t memory, int64_t out_bytes, int64_t cpu_s, int64_t pixels)
{
	const struct sg_confine_limits limits = {memory, out_bytes, (int)cpu_s};
	int out_fd = SG_PARSE_OUT, report_fd = SG_PARSE_REPORT, rc;
	const struct sg_sink out = {write_fd, &out_fd}, report = {write_fd, &report_fd};
	struct sg_arena *a = sg_arena_new((size_t)memory);
	struct sg_err e = {0};
	const uint8_t *bytes;
	size_t n;

	json_object_seed(0); /* takes its random seed now, while files can be opened */
	if (a == NULL || sg_map_fd(&bytes, &n, a, SG_PARSE_IN, &e) != SG_OK ||
	    sg_confine(&limits, &e) != SG_OK)
		return SG_PARSE_FAULT;
	rc = sg_parse_bytes(bytes, n, pixels, a, &out, &report, &e);
	if (rc == SG_OK)
		return SG_PARSE_DONE;
	if (rc == SG_EBUSY)
		return SG_PARSE_NO_MEMORY;
	return rc == SG_EINPUT || rc == SG_ENOTSUP ? SG_PARSE_REFUSED : SG_PARSE_FAULT;
}

int
main(int argc, char **argv)
{
	int64_t v[4] = {0};

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts("usage: segward-parse MEMORY_BYTES OUT_BYTES CPU_S PIXELS\n"
		     "The sandboxed parser of uploaded files; started by segward-worker and "
		     "segward,\n"
		     "with descriptors 3 (input), 4 (products) and 5 (report).");
		return 0;
	}
	if (argc == 5)
		for (int i = 0; i < 4; i++)
			v[i] = number(argv[1 + i]);
	if (v[0] == 0 || v[1] == 0 || v[2] == 0 || v[2] > 86400 || v[3] == 0) {
		fputs("usage: segward-parse MEMORY_BYTES OUT_BYTES CPU_S PIXELS\n", stderr);
		return 2;
	}
	/* No exit handlers: they would ask for calls that are forbidden by now. */
	_exit(parse(v[0], v[1], v[2], v[3]));
}
