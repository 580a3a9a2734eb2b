/* segward compare: how well two masks agree, with the definitions named. */
#include "config.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>

#include "worker/cli/cli.h"
#include "worker/mask/metric.h"

static const struct {
	const char *name, *definition;
	size_t at; /* of the double in struct sg_overlap */
} METRICS[] = {
    {"dice", "2|P and T| / (|P| + |T|); 1 when both are empty", offsetof(struct sg_overlap, dice)},
    {"jaccard", "|P and T| / |P or T|; 1 when both are empty",
	offsetof(struct sg_overlap, jaccard)},
    {"precision", "|P and T| / |P|", offsetof(struct sg_overlap, precision)},
    {"recall", "|P and T| / |T|", offsetof(struct sg_overlap, recall)},
};

enum { COUNT = sizeof(METRICS) / sizeof(METRICS[0]) };

static double
value(const struct sg_overlap *o, int i)
{
	return *(const double *)((const char *)o + METRICS[i].at);
}

static int
print_json(const struct sg_overlap *o)
{
	json_t *metrics = json_object(), *definitions = json_object();

	for (int i = 0; i < COUNT; i++) {
		json_t *v = isnan(value(o, i)) ? json_null() : json_real(value(o, i));

		json_object_set_new(metrics, METRICS[i].name, v);
		json_object_set_new(
		    definitions, METRICS[i].name, json_string(METRICS[i].definition));
	}
	return sg_cli_print(
	    "compare", json_pack("{s:o, s:o, s:{s:I, s:I, s:I, s:I}}", "metrics", metrics,
			   "definitions", definitions, "voxels", "tp", (json_int_t)o->tp, "fp",
			   (json_int_t)o->fp, "fn", (json_int_t)o->fn, "tn", (json_int_t)o->tn));
}

static void
print_text(const struct sg_overlap *o)
{
	for (int i = 0; i < COUNT; i++) {
		if (isnan(value(o, i)))
			printf("%-10s undefined  (%s)\n", METRICS[i].name, METRICS[i].definition);
		else
			printf("%-10s %.6f   (%s)\n", METRICS[i].name, value(o, i),
			    METRICS[i].definition);
	}
}

static int
compare(struct sg_overlap *o, struct sg_arena *a, char **path, int label, struct sg_err *e)
{
	struct sg_volume *v[2];
	int rc;

	for (int i = 0; i < 2; i++)
		if ((rc = sg_cli_labels(&v[i], a, path[i], e)) != SG_OK)
			return rc;
	if (v[0]->nx != v[1]->nx || v[0]->ny != v[1]->ny)
		return sg_fail(e, SG_EINPUT, "size_differs",
		    "The masks differ in size: %d x %d and %d x %d.", v[0]->nx, v[0]->ny, v[1]->nx,
		    v[1]->ny);
	sg_overlap(o, v[0]->vox, v[1]->vox, (size_t)sg_volume_voxels(v[0]), label);
	return SG_OK;
}

int
sg_cmd_compare(int argc, char **argv)
{
	static const struct option OPTIONS[] = {
	    {"json", no_argument, NULL, 'j'}, {"label", required_argument, NULL, 'l'}, {0}};
	int json = 0, c, status = SG_EXIT_DONE;
	struct sg_overlap o;
	struct sg_err e = {0};
	struct sg_arena *a;
	long long label = -1;

	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (c == 'j')
			json = 1;
		else if (c != 'l')
			return SG_EXIT_USAGE;
		else if (!sg_cli_number(&label, optarg, 1, 255))
			return sg_cli_usage("compare", "--label wants 1 to 255");
	}
	if (argc - optind != 2)
		return sg_cli_usage("compare", "two masks are wanted");
	a = sg_arena_new((size_t)4 << 30);
	if (a == NULL || compare(&o, a, argv + optind, (int)label, &e) != SG_OK)
		status = sg_cli_refuse("compare", json, &e);
	else if (json)
		status = print_json(&o);
	else
		print_text(&o);
	sg_arena_free(a);
	return status;
}
