/* segward segment: one image through a model, without any service. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "worker/cli/cli.h"
#include "worker/job/infer.h"
#include "worker/net/meta.h"
#include "worker/net/net.h"
#include "worker/volume/png.h"

struct wish {
	const char *model, *meta, *prob, *in, *out;
	struct sg_infer_options opt;
	int json;
};

static const struct option OPTIONS[] = {
    {"model", required_argument, NULL, 'm'},
    {"meta", required_argument, NULL, 'a'},
    {"threshold", required_argument, NULL, 't'},
    {"prob", required_argument, NULL, 'p'},
    {"device", required_argument, NULL, 'd'},
    {"precision", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {0},
};

static int
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

static int
read_wish(struct wish *w, int argc, char **argv)
{
	long long n;
	int c;

	memset(w, 0, sizeof(*w));
	w->opt.threshold_milli = -1;
	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		switch (c) {
		case 'm':
			w->model = optarg;
			break;
		case 'a':
			w->meta = optarg;
			break;
		case 't':
			if (!sg_cli_milli(&w->opt.threshold_milli, optarg))
				return sg_cli_usage("segment",
				    "--threshold wants 0 to 1 with at most three decimals");
			break;
		case 'p':
			w->prob = optarg;
			break;
		case 'd':
			w->opt.device = optarg;
			break;
		case 'c':
			w->opt.precision = optarg;
			break;
		case 'n':
			if (!sg_cli_number(&n, optarg, 1, 1024))
				return sg_cli_usage("segment", "--threads wants 1 to 1024");
			w->opt.threads = (int)n;
			break;
		case 'j':
			w->json = 1;
			break;
		default:
			return SG_EXIT_USAGE;
		}
	}
	if (argc - optind != 2)
		return sg_cli_usage("segment", "an image and the mask to write are wanted");
	w->in = argv[optind];
	w->out = argv[optind + 1];
	if (!ends_in(w->out, ".png") && strcmp(w->out, "-") != 0)
		return sg_cli_usage("segment", "masks are written as .png");
	if (w->model == NULL)
		w->model = getenv("MODEL_PATH");
	if (w->model == NULL || *w->model == '\0')
		w->model = "data/models/model.onnx";
	return SG_EXIT_DONE;
}

/* The description: as told, else a bioimageio.yaml beside a model that holds none itself. */
static int
read_meta(struct sg_model_meta **meta, const struct wish *w, const struct sg_net *net,
    struct sg_arena *a, struct sg_err *e)
{
	const char *path = w->meta, *slash = strrchr(w->model, '/');
	const uint8_t *p = NULL;
	size_t n = 0;
	int rc;

	if (path == NULL && sg_net_metadata(net, "segward") == NULL) {
		int dir = slash != NULL ? (int)(slash - w->model) + 1 : 0;

		path = sg_asprintf(a, "%.*sbioimageio.yaml", dir, w->model);
		if (path != NULL && access(path, R_OK) != 0)
			path = NULL;
	}
	if (path != NULL && (rc = sg_cli_map(&p, &n, a, path, e)) != SG_OK)
		return rc;
	return sg_meta_read(meta, net, (const char *)p, n, a, e);
}

static void
show_progress(void *arg, double done)
{
	int *last = arg, percent = (int)(100 * done);

	if (percent == *last)
		return;
	*last = percent;
	fprintf(stderr, "\r%3d %%%s", percent, percent >= 100 ? "\r     \r" : "");
}

static int
write_mask(const struct wish *w, const struct sg_infer_result *r, struct sg_err *e)
{
	struct sg_buf b;
	int rc;

	if (r->nz != 1)
		return sg_fail(e, SG_ENOTSUP, "output_type",
		    "A PNG mask has one slice; the scan has %d.", r->nz);
	sg_buf_init(&b, (size_t)1 << 31);
	if (r->nlabels == 1) {
		rc = sg_png_write_mask(&b, r->mask, r->nx, r->ny, e);
	} else {
		uint8_t rgb[3 * 256] = {0};

		for (int i = 0; i < r->nlabels && i < 255; i++) {
			unsigned c = (unsigned)strtoul(r->labels[i].colour + 1, NULL, 16);

			rgb[3 * i + 3] = (uint8_t)(c >> 16);
			rgb[3 * i + 4] = (uint8_t)(c >> 8);
			rgb[3 * i + 5] = (uint8_t)c;
		}
		rc = sg_png_write_labels(&b, r->mask, r->nx, r->ny, r->nlabels, rgb, e);
	}
	if (rc == SG_OK)
		rc = sg_cli_write(w->out, b.data, b.len, e);
	sg_buf_free(&b);
	return rc;
}

static int
write_prob(const struct wish *w, const struct sg_infer_result *r, struct sg_err *e)
{
	size_t n = (size_t)r->nx * (size_t)r->ny * (size_t)r->nz * (size_t)r->planes;
	struct sg_buf b;
	int rc;

	if (r->planes == 0)
		return sg_fail(e, SG_ENOTSUP, "output_type",
		    "With more than %d labels no probabilities are kept.", SG_MAX_PLANES);
	if (!ends_in(w->prob, ".png"))
		return sg_cli_write(w->prob, r->prob, n, e);
	if (r->planes > 1 || r->nz > 1)
		return sg_fail(e, SG_ENOTSUP, "output_type",
		    "A PNG holds one plane of probabilities, here are %d.", r->planes * r->nz);
	sg_buf_init(&b, 2 * n + (1 << 16));
	rc = sg_png_write(&b, r->prob, r->nx, r->ny, 1, SG_U8, 6, e);
	if (rc == SG_OK)
		rc = sg_cli_write(w->prob, b.data, b.len, e);
	sg_buf_free(&b);
	return rc;
}

static json_t *
figure(double v)
{
	return v >= 0 ? json_real(v) : json_null();
}

static int
print_json(const struct wish *w, const struct sg_infer_result *r, const struct sg_model_meta *m)
{
	const char *file = strrchr(w->model, '/');
	json_t *labels = json_array();

	for (int i = 0; i < r->nlabels; i++)
		json_array_append_new(labels,
		    json_pack("{s:s, s:s, s:I, s:o}", "name", r->labels[i].name, "colour",
			r->labels[i].colour, "voxels", (json_int_t)r->labels[i].measure.voxels,
			r->nz > 1 ? "volume_ml" : "area_mm2",
			figure(r->nz > 1 ? r->labels[i].measure.volume_ml
					 : r->labels[i].measure.area_mm2)));
	return sg_cli_print(
	    "segment", json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:i, s:i, s:o, s:O}", "model",
			   m->name[0] != '\0' ? m->name : (file != NULL ? file + 1 : w->model),
			   "device", r->device, "precision", r->precision, "time_ms", r->time_ms,
			   "total_ms", r->total_ms, "threshold", r->threshold_milli / 1000.0,
			   "width", r->nx, "height", r->ny, "labels", labels, "flags", r->flags));
}

static void
print_text(const struct sg_infer_result *r)
{
	char *flags = json_object_size(r->flags) > 0 ? json_dumps(r->flags, JSON_COMPACT) : NULL;

	printf("%d x %d, network %.1f ms on %s %s, threshold %g\n", r->nx, r->ny, r->time_ms,
	    r->device, r->precision, r->threshold_milli / 1000.0);
	for (int i = 0; i < r->nlabels; i++) {
		const struct sg_infer_label *l = &r->labels[i];

		printf("%-20s %lld pixels", l->name, (long long)l->measure.voxels);
		if (l->measure.area_mm2 >= 0)
			printf(", %.2f mm2", l->measure.area_mm2);
		if (l->measure.volume_ml >= 0)
			printf(", %.3f ml", l->measure.volume_ml);
		putchar('\n');
	}
	if (flags != NULL)
		printf("note: %s\n", flags);
	free(flags);
}

/* The scan first: the parser starts before the process holds anything else. */
static int
segment(struct wish *w, struct sg_arena *a, struct sg_err *e)
{
	struct sg_infer_result *r;
	struct sg_net *net = NULL;
	struct sg_model_meta *meta;
	struct sg_parsed *scan;
	int last = -1, rc;

	if ((rc = sg_cli_parse(&scan, a, w->in, e)) != SG_OK)
		return rc;
	if (!w->json && isatty(STDERR_FILENO)) {
		w->opt.progress = show_progress;
		w->opt.progress_arg = &last;
	}
	if ((rc = sg_net_open(&net, w->model, NULL, e)) != SG_OK ||
	    (rc = read_meta(&meta, w, net, a, e)) != SG_OK ||
	    (rc = sg_infer(&r, a, &scan->volumes[0], net, meta, &w->opt, e)) != SG_OK ||
	    (rc = write_mask(w, r, e)) != SG_OK ||
	    (w->prob != NULL && (rc = write_prob(w, r, e)) != SG_OK))
		goto out;
	if (w->json)
		rc = print_json(w, r, meta) == SG_EXIT_DONE ? SG_OK : SG_EBUSY;
	else if (strcmp(w->out, "-") != 0)
		print_text(r);
out:
	sg_net_free(net);
	return rc;
}

int
sg_cmd_segment(int argc, char **argv)
{
	struct sg_err e = {0};
	struct sg_arena *a;
	struct wish w;
	int status;

	if ((status = read_wish(&w, argc, argv)) != SG_EXIT_DONE)
		return status;
	a = sg_arena_new((size_t)64 << 30);
	if (a == NULL || segment(&w, a, &e) != SG_OK)
		status = sg_cli_refuse("segment", w.json, &e);
	sg_arena_free(a);
	return status;
}
