/* segward info: what a file holds, by the sandboxed parser. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "worker/cli/cli.h"

static json_t *
scan_json(const struct sg_volume *v)
{
	json_t *spacing = v->spacing_known ? json_pack("[f,f,f]", v->spacing_mm[0],
						 v->spacing_mm[1], v->spacing_mm[2])
					   : json_null();

	return json_pack("{s:[i,i,i,i], s:s, s:i, s:s, s:o}", "shape", v->nx, v->ny, v->nz, v->nt,
	    "look", v->look == SG_RGB ? "rgb" : "grey", "bits", v->bits, "samples",
	    sg_sample_name(v->type), "spacing_mm", spacing);
}

static json_t *
report_json(const struct sg_parsed *p)
{
	json_t *lines = json_array();

	for (int i = 0; i < p->nlines; i++)
		json_array_append_new(
		    lines, json_pack("{s:i, s:s, s:s, s:s}", "file", p->lines[i].file, "verdict",
			       sg_verdict_name(p->lines[i].verdict), "code", p->lines[i].code,
			       "text", p->lines[i].text));
	return lines;
}

static int
print_json(const struct sg_parsed *p)
{
	json_t *o = scan_json(&p->volumes[0]);

	if (o != NULL) {
		json_object_set_new(o, "kind", json_string(p->lines[0].code));
		json_object_set_new(o, "scans", json_integer(p->nscans));
		json_object_set_new(o, "report", report_json(p));
	}
	return sg_cli_print("info", o);
}

static void
print_text(const struct sg_parsed *p)
{
	for (int i = 0; i < p->nscans; i++) {
		const struct sg_volume *v = &p->volumes[i];

		printf("%d x %d x %d, %d phase%s, %s, %d bits", v->nx, v->ny, v->nz, v->nt,
		    v->nt == 1 ? "" : "s", v->look == SG_RGB ? "rgb" : "grey", v->bits);
		if (v->spacing_known)
			printf(", %g x %g x %g mm\n", v->spacing_mm[0], v->spacing_mm[1],
			    v->spacing_mm[2]);
		else
			printf(", spacing unknown\n");
	}
	for (int i = 0; i < p->nlines; i++)
		printf("%s %s: %s\n", sg_verdict_name(p->lines[i].verdict), p->lines[i].code,
		    p->lines[i].text);
}

int
sg_cmd_info(int argc, char **argv)
{
	static const struct option OPTIONS[] = {{"json", no_argument, NULL, 'j'}, {0}};
	struct sg_arena *a;
	struct sg_err e = {0};
	struct sg_parsed *p;
	int json = 0, c, status;

	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (c != 'j')
			return SG_EXIT_USAGE;
		json = 1;
	}
	if (argc - optind != 1)
		return sg_cli_usage("info", "one file is wanted");
	a = sg_arena_new((size_t)8 << 30);
	if (a == NULL || sg_cli_parse(&p, a, argv[optind], &e) != SG_OK) {
		status = sg_cli_refuse("info", json, &e);
	} else if (json) {
		status = print_json(p);
	} else {
		print_text(p);
		status = SG_EXIT_DONE;
	}
	sg_arena_free(a);
	return status;
}
