/* The CPU backend against the reference rows: see against.h. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/net/against.h"
#include "worker/net/tensor.h"

static uint64_t seed;

uint64_t
against_seed(void)
{
	const char *given = getenv("SG_TEST_SEED");

	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("# seed %llu\n", (unsigned long long)seed);
	return seed;
}

/* One plan's run over the given inputs into out; the plan's fallbacks, or -1 and *e. */
static int
run_on(struct sg_net *net, const char *device, const char *precision, int threads,
    struct sg_tensor *in, int nin, struct sg_tensor *out, struct sg_arena *a, struct sg_err *e)
{
	struct sg_plan *plan;
	const struct sg_tensor *form;
	struct sg_tensor bare[8];
	int rc, fallbacks;

	for (int i = 0; i < nin; i++) {
		bare[i] = in[i];
		bare[i].data = NULL;
	}
	if (sg_net_plan_all(net, bare, nin, device, precision, threads, &plan, e) != SG_OK)
		return -1;
	sg_plan_outputs(plan, &form);
	*out = form[0];
	out->data = sg_alloc_aligned(a, sg_tensor_bytes(out) + 1);
	rc = out->data ? sg_net_run_all(plan, in, nin, out, 1, NULL, e) : -1;
	fallbacks = sg_plan_about(plan)->fallbacks;
	sg_plan_free(plan);
	return rc == SG_OK ? fallbacks : -1;
}

/* The largest difference over the largest number; a NaN counts as 1. */
static double
difference(const struct sg_tensor *a, const struct sg_tensor *b)
{
	const float *x = a->data, *y = b->data;
	double most = 1, diff = 0;

	for (int64_t i = 0, n = sg_tensor_count(a); i < n; i++) {
		double d = fabs((double)x[i] - y[i]);

		if (!(d <= diff))
			diff = d == d ? d : INFINITY;
		if (fabs((double)y[i]) > most)
			most = fabs((double)y[i]);
	}
	return diff / most;
}

/* The inputs, random in low..high. */
static int
fill(struct maker *m, struct sg_tensor *in, float low, float high)
{
	for (int i = 0; i < m->g->nin; i++) {
		float *f;

		in[i] = m->g->value[m->g->in[i]].t;
		if ((f = in[i].data = sg_alloc_aligned(m->a, sg_tensor_bytes(&in[i]) + 1)) == NULL)
			return -1;
		for (int64_t k = 0, n = sg_tensor_count(&in[i]); k < n; k++)
			f[k] = low + (high - low) * (maker_random(m) + 1) / 2;
		for (int64_t k = 0, n = sg_tensor_count(&in[i]); m->bf16 && k < n; k++)
			f[k] = net_bf16_to_f32(net_f32_to_bf16(f[k]));
	}
	return 0;
}

const char *
against_reference(struct maker *m, const char *name, int how, float low, float high, double most)
{
	static char why[400];
	struct sg_tensor in[8], want, got, again;
	struct sg_err e = {0};
	struct sg_net *net = NULL;
	int n = m->g->nin, left;
	double off;

	why[0] = '\0';
	if (n > 8 || maker_load(&net, m, &e) != SG_OK || fill(m, in, low, high) != 0 ||
	    run_on(net, "ref", "f32", 1, in, n, &want, m->a, &e) < 0)
		snprintf(why, sizeof(why), "%s: reference: %s", name, e.msg);
	for (int threads = 1; threads <= 3 && why[0] == '\0'; threads += 2) {
		left = run_on(net, "cpu", m->bf16 ? "bf16" : "f32", threads, in, n, &got, m->a, &e);
		if (left < 0 || run_on(net, "cpu", m->bf16 ? "bf16" : "f32", threads, in, n, &again,
				    m->a, &e) < 0)
			snprintf(why, sizeof(why), "%s: %s", name, e.msg);
		else if (left > 0 && how == NATIVE)
			snprintf(why, sizeof(why), "%s: %d nodes fell back", name, left);
		else if (sg_tensor_count(&got) != sg_tensor_count(&want))
			snprintf(why, sizeof(why), "%s: another shape", name);
		else if (!((off = difference(&got, &want)) <= most))
			snprintf(why, sizeof(why), "%s: off by %.3g on %d threads, seed %llu", name,
			    off, threads, (unsigned long long)seed);
		else if (memcmp(got.data, again.data, sg_tensor_bytes(&got)) != 0)
			snprintf(why, sizeof(why), "%s: two runs differ", name);
	}
	sg_net_free(net);
	return why[0] ? why : NULL;
}
