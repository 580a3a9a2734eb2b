/* segward inspect: what a model is, what it needs, and whether it runs here. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "worker/cli/cli.h"
#include "worker/net/meta.h"
#include "worker/net/net.h"

enum { RUNS = 3 }; /* timed, after one that warms up; the median is told */

struct finding {
	struct sg_net_info info;
	const struct sg_net_port *in, *out;
	int nin, nout;
	struct sg_model_meta *meta; /* NULL: why in meta_error */
	struct sg_err meta_error;
	int64_t dims[SG_NET_RANK]; /* of the input it was planned for */
	int planned;
	struct sg_err plan_error; /* when it was not */
	struct sg_plan_info plan;
	double time_ms; /* below 0: not run */
};

static const struct option OPTIONS[] = {
    {"meta", required_argument, NULL, 'a'},
    {"size", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {0},
};

/* "512", "512x384" or "96x96x64" as x, y, z; one number serves all sides. */
static int
read_size(int side[3], const char *s)
{
	int n = 0, used;

	while (n < 3 && sscanf(s, "%d%n", &side[n], &used) == 1) {
		if (side[n] < 1 || side[n] > 16384)
			return 0;
		n++;
		s += used;
		if (*s != 'x')
			break;
		s++;
	}
	if (*s != '\0' || n == 0)
		return 0;
	for (; n < 3; n++)
		side[n] = side[0];
	return 1;
}

/* The input's shape for a picture of the wished sides, as the metadata fits it. */
static int
input_dims(struct finding *f, const int side[3])
{
	const struct sg_model_meta *m = f->meta;
	int rank = m->dims + 2, at = 0;

	f->dims[at++] = 1;
	if (m->layout == SG_LAYOUT_CHANNELS_FIRST)
		f->dims[at++] = m->channels;
	for (int i = m->dims - 1; i >= 0; i--)
		f->dims[at++] = sg_meta_fit_size(m, i, side[i]);
	if (m->layout == SG_LAYOUT_CHANNELS_LAST)
		f->dims[at++] = m->channels;
	return rank;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Time on a picture of noise: zeros would flatter some processors. */
static int
time_runs(struct finding *f, struct sg_plan *plan, struct sg_err *e)
{
	const struct sg_tensor *in, *out;
	double ms[RUNS];
	float *x, *y;
	int rc = SG_OK;

	sg_plan_inputs(plan, &in);
	sg_plan_outputs(plan, &out);
	x = malloc((size_t)sg_tensor_count(in) * sizeof(*x));
	y = malloc((size_t)sg_tensor_count(out) * sizeof(*y));
	if (x == NULL || y == NULL)
		rc = sg_fail(e, SG_EBUSY, "no_memory", "No memory for a trial run.");
	for (int64_t i = 0; rc == SG_OK && i < sg_tensor_count(in); i++)
		x[i] = (float)((uint32_t)i * 2654435761u >> 8) / (float)(1 << 23) - 1;
	for (int i = -1; rc == SG_OK && i < RUNS; i++) {
		int64_t start = sg_now_us();

		rc = sg_net_run(plan, x, y, NULL, e);
		if (i >= 0)
			ms[i] = (double)(sg_now_us() - start) / 1000;
	}
	free(x);
	free(y);
	if (rc == SG_OK) {
		qsort(ms, RUNS, sizeof(ms[0]), by_value);
		f->time_ms = ms[RUNS / 2];
	}
	return rc;
}

static void
look(struct finding *f, struct sg_net *net, const char *sidecar, size_t n, const int side[3],
    int threads, struct sg_arena *a)
{
	struct sg_plan *plan = NULL;
	int rank;

	f->time_ms = -1;
	sg_net_about(net, &f->info);
	f->nin = sg_net_inputs(net, &f->in);
	f->nout = sg_net_outputs(net, &f->out);
	if (sg_meta_read(&f->meta, net, sidecar, n, a, &f->meta_error) != SG_OK) {
		f->meta = NULL;
		return;
	}
	rank = input_dims(f, side);
	if (sg_net_plan(net, f->dims, rank, "cpu", "f32", threads, &plan, &f->plan_error) != SG_OK)
		return;
	f->planned = 1;
	f->plan = *sg_plan_about(plan);
	time_runs(f, plan, &f->plan_error);
	sg_plan_free(plan);
}

static json_t *
ports_json(const struct sg_net_port *p, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		json_t *dims = json_array();

		for (int k = 0; k < p[i].rank; k++)
			json_array_append_new(
			    dims, p[i].dims[k] >= 0 ? json_integer(p[i].dims[k]) : json_null());
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o}", "name", p[i].name, "type",
			sg_net_type_name(p[i].type), "dims", p[i].rank >= 0 ? dims : json_null()));
	}
	return list;
}

static json_t *
operators_json(const struct sg_net *net)
{
	json_t *o = json_object();
	const char *op;
	int nodes;

	for (int i = 0; (op = sg_net_operator(net, i, &nodes)) != NULL; i++)
		json_object_set_new(o, op, json_integer(nodes));
	return o;
}

static json_t *
unsupported_json(const struct sg_net *net)
{
	json_t *list = json_array();
	const char *op, *node, *why;

	for (int i = 0; sg_net_unsupported(net, i, &op, &node, &why); i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s}", "operator", op, "node", node, "why", why));
	return list;
}

static json_t *
problem_json(const struct sg_err *e)
{
	return e->code == SG_OK ? json_null()
				: json_pack("{s:s, s:s}", "code", e->id, "text", e->msg);
}

static int
print_json(const struct finding *f, const struct sg_net *net)
{
	const struct sg_err *e = f->meta == NULL ? &f->meta_error : &f->plan_error;
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:I, s:i, s:s, s:o}", "inputs",
	    ports_json(f->in, f->nin), "outputs", ports_json(f->out, f->nout), "operators",
	    operators_json(net), "unsupported", unsupported_json(net), "params",
	    (json_int_t)f->info.params, "opset", f->info.opset, "producer", f->info.producer,
	    "problem", problem_json(e));

	if (o == NULL)
		return sg_cli_print("inspect", NULL);
	json_object_set_new(o, "metadata", f->meta ? json_string(f->meta->source) : json_null());
	json_object_set_new(o, "flops", f->planned ? json_integer(f->plan.flops) : json_null());
	json_object_set_new(o, "memory_bytes",
	    f->planned ? json_integer((json_int_t)(f->plan.arena_bytes + f->plan.weight_bytes))
		       : json_null());
	json_object_set_new(o, "time_ms", f->time_ms >= 0 ? json_real(f->time_ms) : json_null());
	return sg_cli_print("inspect", o);
}

static void
print_ports(const char *what, const struct sg_net_port *p, int n)
{
	for (int i = 0; i < n; i++) {
		printf("%-12s %s %s", what, p[i].name, sg_net_type_name(p[i].type));
		for (int k = 0; k < p[i].rank; k++) {
			if (p[i].dims[k] >= 0)
				printf("%s%lld", k ? " x " : " ", (long long)p[i].dims[k]);
			else
				printf("%s?", k ? " x " : " ");
		}
		putchar('\n');
	}
}

static void
print_text(const struct finding *f, const struct sg_net *net)
{
	const struct sg_err *e = f->meta == NULL ? &f->meta_error : &f->plan_error;
	const char *op, *node, *why;
	int nodes;

	print_ports("input", f->in, f->nin);
	print_ports("output", f->out, f->nout);
	printf("%-12s", "operators");
	for (int i = 0; (op = sg_net_operator(net, i, &nodes)) != NULL; i++)
		printf("%s %s %d", i > 0 ? "," : "", op, nodes);
	putchar('\n');
	for (int i = 0; sg_net_unsupported(net, i, &op, &node, &why); i++)
		printf("%-12s %s, node %s%s%s\n", "unsupported", op, node, *why ? ": " : "", why);
	printf("%-12s %lld, opset %d\n", "parameters", (long long)f->info.params, f->info.opset);
	if (f->meta != NULL)
		printf("%-12s %s%s\n", "metadata", f->meta->source,
		    f->meta->guesses ? " (some of it guessed)" : "");
	if (f->planned)
		printf("%-12s %.1f GFLOP, %.1f MB, %d threads\n", "one run",
		    (double)f->plan.flops / 1e9,
		    (double)(f->plan.arena_bytes + f->plan.weight_bytes) / 1e6, f->plan.threads);
	if (f->time_ms >= 0)
		printf("%-12s %.1f ms (median of %d)\n", "time", f->time_ms, RUNS);
	if (e->code != SG_OK)
		printf("%-12s %s: %s\n", "problem", e->id, e->msg);
}

int
sg_cmd_inspect(int argc, char **argv)
{
	const char *meta = NULL;
	const uint8_t *sidecar = NULL;
	struct sg_net *net = NULL;
	struct finding f = {0};
	struct sg_arena *a;
	struct sg_err e = {0};
	size_t n = 0;
	long long threads = 0;
	int side[3] = {0}, json = 0, c, status;

	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (c == 'a')
			meta = optarg;
		else if (c == 'j')
			json = 1;
		else if (c == 's' && !read_size(side, optarg))
			return sg_cli_usage("inspect", "--size wants sides such as 512x512");
		else if (c == 'n' && !sg_cli_number(&threads, optarg, 1, 1024))
			return sg_cli_usage("inspect", "--threads wants 1 to 1024");
		else if (c == '?')
			return SG_EXIT_USAGE;
	}
	if (argc - optind != 1)
		return sg_cli_usage("inspect", "one model is wanted");
	a = sg_arena_new((size_t)64 << 20);
	if (a == NULL)
		sg_fail(&e, SG_EBUSY, "no_memory", "No memory.");
	if (e.code == SG_OK && meta != NULL)
		sg_cli_map(&sidecar, &n, a, meta, &e);
	if (e.code == SG_OK)
		sg_net_open(&net, argv[optind], NULL, &e);
	if (e.code == SG_OK) {
		const struct sg_net_port *in;

		if (side[0] == 0) { /* usual sizes: a slice, or a window of a volume */
			int usual = sg_net_inputs(net, &in) == 1 && in->rank == 5 ? 96 : 512;

			side[0] = side[1] = side[2] = usual;
		}
		look(&f, net, (const char *)sidecar, n, side, (int)threads, a);
		if (json)
			status = print_json(&f, net);
		else
			print_text(&f, net), status = SG_EXIT_DONE;
	} else {
		status = sg_cli_refuse("inspect", json, &e);
	}
	sg_net_free(net);
	sg_arena_free(a);
	return status;
}
