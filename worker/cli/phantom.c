/* segward phantom: synthetic images with labels. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "worker/cli/cli.h"
#include "worker/volume/phantom.h"
#include "worker/volume/png.h"

struct wish {
	enum sg_phantom_kind kind;
	const char *dir;
	long long n, seed, size;
	int json;
};

static const struct option OPTIONS[] = {
    {"n", required_argument, NULL, 'n'},
    {"seed", required_argument, NULL, 's'},
    {"size", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, 'j'},
    {0},
};

static int
read_wish(struct wish *w, int argc, char **argv)
{
	int c, kind;

	*w = (struct wish){.seed = 1, .size = 512};
	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (c == 'j')
			w->json = 1;
		else if (c == 'n' && !sg_cli_number(&w->n, optarg, 1, 999))
			return sg_cli_usage("phantom", "--n wants 1 to 999");
		else if (c == 's' && !sg_cli_number(&w->seed, optarg, 0, 1000000000000))
			return sg_cli_usage("phantom", "--seed wants a whole number from 0");
		else if (c == 'p' &&
			 !sg_cli_number(&w->size, optarg, SG_PHANTOM_LEAST, SG_PHANTOM_MOST))
			return sg_cli_usage(
			    "phantom", "--size wants %d to %d", SG_PHANTOM_LEAST, SG_PHANTOM_MOST);
		else if (c == '?')
			return SG_EXIT_USAGE;
	}
	if (argc - optind != 2 || w->n == 0)
		return sg_cli_usage("phantom", "a kind, a folder and --n are wanted");
	for (kind = 0; kind < SG__PHANTOM_KINDS; kind++)
		if (strcmp(argv[optind], sg_phantom_name((enum sg_phantom_kind)kind)) == 0)
			break;
	if (kind == SG__PHANTOM_KINDS)
		return sg_cli_usage("phantom", "there is no kind \"%s\"", argv[optind]);
	w->kind = (enum sg_phantom_kind)kind;
	w->dir = argv[optind + 1];
	return SG_EXIT_DONE;
}

static int
write_pair(const struct wish *w, int i, uint8_t *image, uint8_t *mask, struct sg_err *e)
{
	int size = (int)w->size, rc;
	char path[4096];
	struct sg_buf b;

	sg_buf_init(&b, (size_t)1 << 28);
	if ((rc = sg_phantom(image, mask, w->kind, (uint64_t)w->seed, i, size, e)) != SG_OK ||
	    (rc = sg_png_write(&b, image, size, size, 1, SG_U8, 6, e)) != SG_OK)
		goto out;
	snprintf(path, sizeof(path), "%s/%03d.png", w->dir, i);
	if ((rc = sg_cli_write(path, b.data, b.len, e)) != SG_OK)
		goto out;
	sg_buf_clear(&b);
	if ((rc = sg_png_write_mask(&b, mask, size, size, e)) != SG_OK)
		goto out;
	snprintf(path, sizeof(path), "%s/%03d_mask.png", w->dir, i);
	rc = sg_cli_write(path, b.data, b.len, e);
out:
	sg_buf_free(&b);
	return rc;
}

static int
make_all(const struct wish *w, struct sg_err *e)
{
	size_t n = (size_t)w->size * (size_t)w->size;
	uint8_t *memory = malloc(2 * n);
	int rc = SG_OK;

	if (memory == NULL)
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "There is no memory for the pictures now.");
	if (mkdir(w->dir, 0777) != 0 && errno != EEXIST)
		rc = sg_fail(e, SG_EABSENT, "file_absent", "%.120s: %s", w->dir, strerror(errno));
	for (int i = 0; rc == SG_OK && i < w->n; i++)
		rc = write_pair(w, i, memory, memory + n, e);
	free(memory);
	return rc;
}

int
sg_cmd_phantom(int argc, char **argv)
{
	struct sg_err e = {0};
	struct wish w;
	int status;

	if ((status = read_wish(&w, argc, argv)) != SG_EXIT_DONE)
		return status;
	if (make_all(&w, &e) != SG_OK)
		return sg_cli_refuse("phantom", w.json, &e);
	if (w.json)
		return sg_cli_print("phantom",
		    json_pack("{s:s, s:I, s:I, s:I}", "kind", sg_phantom_name(w.kind), "n",
			(json_int_t)w.n, "seed", (json_int_t)w.seed, "size", (json_int_t)w.size));
	printf("%lld image%s and masks of %lld x %lld in %s\n", w.n, w.n == 1 ? "" : "s", w.size,
	    w.size, w.dir);
	return SG_EXIT_DONE;
}
