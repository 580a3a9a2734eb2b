/*
 * nuclei DIR [device]: the published nuclei U-Net on its published input, against its published
 * output, as its bioimageio.yaml says: z-score of the picture, network, sigmoid. Prints TAP, then
 * the times at 512x512 as comments.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "kernels/kn.h"
#include "worker/net/net.h"

#define SIDE   512
#define PIXELS (SIDE * SIDE)

/* A version 1 .npy of little-endian f32, 512x512 in all its elements. 0: read. */
static int
read_npy(float *to, const char *dir, const char *name)
{
	uint8_t head[10];
	char path[600], text[1024] = "";
	FILE *f;
	size_t n, len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "rb")) == NULL)
		return -1;
	len = fread(head, 1, 10, f) == 10 ? (size_t)(head[8] | head[9] << 8) : sizeof(text);
	if (len >= sizeof(text) || fread(text, 1, len, f) != len || !strstr(text, "'<f4'")) {
		fclose(f);
		return -1;
	}
	n = fread(to, sizeof(float), PIXELS, f);
	fclose(f);
	return n == PIXELS ? 0 : -1;
}

/* Greatest difference from the published output; negative: it did not run. */
static double
run(struct sg_net *net, const char *device, int threads, const float *in, const float *want,
    double *ms)
{
	const int64_t dims[4] = {1, 1, SIDE, SIDE};
	float *out = malloc(PIXELS * sizeof(*out));
	struct sg_plan *plan = NULL;
	struct sg_err e = {0};
	double worst = 0;
	int64_t t;

	if (out == NULL || sg_net_plan(net, dims, 4, device, "f32", threads, &plan, &e) != SG_OK) {
		printf("# %s\n", e.msg);
		free(out);
		return -1;
	}
	*ms = 1e9;
	for (int i = 0; i < (strcmp(device, "ref") == 0 ? 1 : 5); i++) {
		t = sg_now_us();
		if (sg_net_run(plan, in, out, NULL, &e) != SG_OK)
			worst = NAN;
		t = sg_now_us() - t;
		*ms = (double)t / 1000 < *ms ? (double)t / 1000 : *ms;
	}
	kn()->sigmoid(out, out, PIXELS);
	for (int i = 0; i < PIXELS && worst == worst; i++)
		worst = fabs((double)out[i] - want[i]) > worst ? fabs((double)out[i] - want[i])
							       : worst;
	free(out);
	sg_plan_free(plan);
	return worst == worst ? worst : -1;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *device;
		int threads;
	} runs[] = {{"ref", 1}, {"cpu", 1}, {"cpu", 2}};
	float *in = malloc(PIXELS * sizeof(*in)), *want = malloc(PIXELS * sizeof(*want));
	const char *dir = argc > 1 ? argv[1] : ".";
	struct sg_net *net = NULL;
	struct sg_err e = {0};
	struct kn_stats s;
	char path[600];
	int bad = 0;

	snprintf(path, sizeof(path), "%s/weights.onnx", dir);
	if (in == NULL || want == NULL || read_npy(in, dir, "test_input.npy") != 0 ||
	    read_npy(want, dir, "test_output.npy") != 0 ||
	    sg_net_open(&net, path, NULL, &e) != SG_OK) {
		printf("not ok - nuclei_model_opens # %s\n", e.msg);
		return 1;
	}
	kn()->stats(&s, in, PIXELS);
	kn()->affine(
	    in, in, PIXELS, (float)(1 / (s.std + 1e-6)), (float)(-s.mean / (s.std + 1e-6)));
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		double ms = 0, d = run(net, runs[i].device, runs[i].threads, in, want, &ms);
		int ok = d >= 0 && d <= 1e-4;

		printf("%s - nuclei_output_is_reproduced_on_%s_%d%s\n", ok ? "ok" : "not ok",
		    runs[i].device, runs[i].threads, ok ? "" : " # too far");
		printf("# largest difference %.3g, best time %.1f ms\n", d, ms);
		bad |= !ok;
	}
	sg_net_free(net);
	free(in);
	free(want);
	return bad;
}
