/*
 * How long networks take on the CPU backend: bench_cpu [--runs N] [--threads N] [--out FILE]
 * NAME|MODEL.onnx [SIZE...]. NAME is unet2d or unet3d (32 channels and doubling; 3-D with instance
 * norm), made with random weights; sizes default to 512x512 or 96x96x96. Prints the median of the
 * runs and what the plan holds; --out writes the output's floats, so that two processors can be
 * compared.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/net/maker.h"

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
load(struct sg_net **net, struct maker *m, const char *name, int *rank, struct sg_err *e)
{
	int nd = strstr(name, "3d") ? 3 : 2, x;
	int64_t any[5] = {1, 1, -1, -1, -1};

	*rank = nd + 2;
	if (strstr(name, ".onnx")) {
		const struct sg_net_port *port;
		int rc = sg_net_open(net, name, NULL, e);

		if (rc == SG_OK && sg_net_inputs(*net, &port) > 0 && port[0].rank >= 0)
			*rank = port[0].rank;
		return rc;
	}
	if (maker_begin(m, 1) != 0)
		return sg_fail(e, SG_EBUSY, "net_memory", "No memory.");
	x = maker_input(m, nd + 2, any);
	maker_output(m, maker_unet(m, x, nd, 1, 32, nd == 3 ? 3 : 4, nd == 3));
	return maker_load(net, m, e);
}

struct times {
	double ms[101];
	int runs;
};

static int
measure(struct sg_plan *plan, struct times *t, const char *out_path, struct sg_err *e)
{
	const struct sg_tensor *in, *out;
	float *x, *y;
	struct maker random = {.state = 7};
	int rc;

	sg_plan_inputs(plan, &in);
	sg_plan_outputs(plan, &out);
	x = malloc(sg_tensor_bytes(in));
	y = malloc(sg_tensor_bytes(out));
	if (x == NULL || y == NULL)
		return sg_fail(e, SG_EBUSY, "net_memory", "No memory.");
	for (int64_t i = 0; i < sg_tensor_count(in); i++)
		x[i] = maker_random(&random);
	rc = sg_net_run(plan, x, y, NULL, e); /* the first run touches the memory */
	for (int i = 0; i < t->runs && rc == SG_OK; i++) {
		double t0 = now_ms();

		rc = sg_net_run(plan, x, y, NULL, e);
		t->ms[i] = now_ms() - t0;
	}
	if (out_path && rc == SG_OK) {
		FILE *f = fopen(out_path, "wb");

		if (f == NULL || fwrite(y, 1, sg_tensor_bytes(out), f) != sg_tensor_bytes(out) ||
		    fclose(f) != 0)
			rc = sg_fail(e, SG_EINTERNAL, "bench_out", "Cannot write the output.");
	}
	free(x);
	free(y);
	return rc;
}

int
main(int argc, char **argv)
{
	const char *name = NULL, *out = NULL, *device = "cpu", *precision = "f32";
	struct times t = {.runs = 5};
	struct maker m = {0};
	struct sg_net *net = NULL;
	struct sg_plan *plan = NULL;
	const struct sg_plan_info *info;
	struct sg_err e = {0};
	int64_t dims[SG_NET_RANK] = {1, 1};
	int threads = 1, rank = 4, n = 2;
	double planned;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
			t.runs = atoi(argv[++i]);
		else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
			threads = atoi(argv[++i]);
		else if (strcmp(argv[i], "--device") == 0 && i + 1 < argc)
			device = argv[++i];
		else if (strcmp(argv[i], "--precision") == 0 && i + 1 < argc)
			precision = argv[++i];
		else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
			out = argv[++i];
		else if (name == NULL)
			name = argv[i];
		else if (n < SG_NET_RANK)
			dims[n++] = atoll(argv[i]);
	}
	if (name == NULL || t.runs < 1 || t.runs > 101) {
		fputs("usage: bench_cpu [--runs N] [--threads N] [--device D] [--precision P] "
		      "[--out FILE] unet2d|unet3d|MODEL.onnx [SIZE...]\n",
		    stderr);
		return 2;
	}
	if (load(&net, &m, name, &rank, &e) != SG_OK)
		goto failed;
	for (; n < rank; n++)
		dims[n] = rank == 5 ? 96 : 512;
	planned = now_ms();
	if (sg_net_plan(net, dims, rank, device, precision, threads, &plan, &e) != SG_OK)
		goto failed;
	planned = now_ms() - planned;
	if (measure(plan, &t, out, &e) != SG_OK)
		goto failed;
	qsort(t.ms, (size_t)t.runs, sizeof(t.ms[0]), by_size);
	info = sg_plan_about(plan);
	printf("%s %s %s threads %d: median %.1f ms, least %.1f, plan %.0f ms, arena %.0f MiB, "
	       "weights %.0f MiB, %d of %d nodes fall back, %.1f Gflop/s\n",
	    name, device, precision, threads, t.ms[t.runs / 2], t.ms[0], planned,
	    (double)info->arena_bytes / 1048576, (double)info->weight_bytes / 1048576,
	    info->fallbacks, info->ops, (double)info->flops / t.ms[t.runs / 2] / 1e6);
failed:
	if (e.code != SG_OK)
		fprintf(stderr, "bench_cpu: %s\n", e.msg);
	sg_plan_free(plan);
	sg_net_free(net);
	maker_end(&m);
	return e.code != SG_OK;
}
