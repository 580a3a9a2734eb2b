/*
 * Runs folders of ONNX backend tests (model.onnx, test_data_set_N/input_K.pb, output_K.pb) on a
 * device: conform [--device cpu|ref] [-v] DIR...
 * A failure prints its largest error, an unsupported model its reason. The last line counts.
 * Exit status 1 when something failed.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/buf.h"
#include "worker/net/net.h"
#include "worker/net/onnx.h"
#include "worker/net/tensor.h"

#define PORTS 64

static int passed, failed, unsupported;
static const char *device = "cpu";
static int verbose;

/* The n-th tensor of a test set, in the arena; 0 when there is none. */
static int
read_pb(struct sg_tensor *t, const char *dir, const char *what, int n, struct sg_arena *a)
{
	struct sg_err e = {0};
	struct sg_buf b;
	char path[600];
	const char *name;
	void *bytes;
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s_%d.pb", dir, what, n);
	if ((fd = open(path, O_RDONLY)) < 0)
		return 0;
	sg_buf_init(&b, 256 << 20);
	rc = sg_buf_read_fd(&b, fd);
	close(fd);
	bytes = sg_alloc(a, b.len + 1);
	if (rc || bytes == NULL) {
		sg_buf_free(&b);
		return 0;
	}
	memcpy(bytes, b.data, b.len);
	rc = net_onnx_tensor(t, &name, bytes, b.len, a, &e);
	sg_buf_free(&b);
	if (rc == SG_OK && t->data) { /* aligned, for the engine */
		void *p = sg_alloc_aligned(a, sg_tensor_bytes(t) + 8);

		if (p == NULL)
			return 0;
		memcpy(p, t->data, sg_tensor_bytes(t));
		t->data = p;
	}
	return rc == SG_OK;
}

/* Largest error by numpy's allclose with 1e-3 relative, 1e-5 absolute: more than 1 is wrong. */
static double
difference(const struct sg_tensor *got, const struct sg_tensor *want)
{
	double worst = 0;
	struct sg_tensor bits;

	/* The ONNX project keeps bf16 results as uint16 with the same bits. */
	if (got->type == SG_T_BF16 && want->type == SG_T_U16) {
		bits = *want;
		bits.type = SG_T_BF16;
		want = &bits;
	}

	if (got->type != want->type || got->rank != want->rank ||
	    memcmp(got->dims, want->dims, (size_t)got->rank * sizeof(*got->dims)) != 0)
		return INFINITY;
	for (int64_t i = 0; i < sg_tensor_count(got); i++) {
		double x = net_get_f64(got->data, got->type, i),
		       y = net_get_f64(want->data, want->type, i);
		double d = fabs(x - y),
		       lim = (got->type == SG_T_F16 || got->type == SG_T_BF16 ? 1e-2 : 1e-3) *
				 fabs(y) +
			     (got->type == SG_T_F16 ? 1e-3 : 1e-5);

		if (isnan(x) && isnan(y))
			continue;
		if (isinf(x) && x == y)
			continue;
		d = isnan(d) ? INFINITY : d;
		worst = d / lim > worst ? d / lim : worst;
	}
	return worst;
}

static int
run_set(struct sg_net *net, const char *dir, char why[300])
{
	struct sg_arena *a = sg_arena_new((size_t)1 << 30);
	struct sg_tensor in[PORTS] = {{0}}, want[PORTS] = {{0}}, got[PORTS] = {{0}}, known[PORTS];
	const struct sg_tensor *shape;
	struct sg_plan *plan = NULL;
	struct sg_err e = {0};
	int nin = 0, nout = 0, rc = -1, n;
	const struct sg_net_port *ports;

	n = sg_net_inputs(net, &ports);
	while (nin < n && nin < PORTS && read_pb(&in[nin], dir, "input", nin, a))
		nin++;
	while (nout < PORTS && read_pb(&want[nout], dir, "output", nout, a))
		nout++;
	if (nout == 0 || nin != n) {
		snprintf(why, 300, "test data cannot be read");
		rc = 2;
		goto out;
	}
	/* Small inputs may decide shapes: they become part of the plan. */
	memcpy(known, in, sizeof(known));
	/* Integers may decide shapes: they become part of the plan; so do later small inputs. */
	for (int i = 0; i < nin; i++)
		if (net_type_is_float(in[i].type) && (i == 0 || sg_tensor_bytes(&in[i]) > 64))
			known[i].data = NULL;
	if (sg_net_plan_all(net, known, nin, device, "f32", 1, &plan, &e) != SG_OK) {
		snprintf(why, 300, "%s: %.250s", e.id, e.msg);
		rc = e.code == SG_ENOTSUP ? 2 : 1;
		goto out;
	}
	nout = nout > sg_plan_outputs(plan, &shape) ? -1 : nout;
	for (int i = 0; i < nout; i++) {
		got[i] = shape[i];
		got[i].data = sg_alloc_aligned(a, sg_tensor_bytes(&got[i]) + 8);
	}
	if (nout < 0 || sg_net_run_all(plan, in, nin, got, nout, NULL, &e) != SG_OK) {
		snprintf(why, 300, "run: %s %.250s", e.id, e.msg);
		rc = 1;
		goto out;
	}
	rc = 0;
	for (int i = 0; i < nout; i++)
		if (difference(&got[i], &want[i]) > 1) {
			snprintf(why, 300, "output %d differs by %.3g times the tolerance", i,
			    difference(&got[i], &want[i]));
			rc = 1;
		}
out:
	sg_plan_free(plan);
	sg_arena_free(a);
	return rc;
}

static void
run_test(const char *dir)
{
	struct sg_net *net = NULL;
	struct sg_err e = {0};
	char path[600], why[300] = "";
	int rc, n = 0;

	snprintf(path, sizeof(path), "%s/model.onnx", dir);
	if (sg_net_open(&net, path, NULL, &e) != SG_OK) {
		rc = e.code == SG_ENOTSUP ? 2 : 1;
		snprintf(why, sizeof(why), "%s: %.250s", e.id, e.msg);
	} else {
		rc = 0;
		for (n = 0; rc == 0; n++) {
			snprintf(path, sizeof(path), "%s/test_data_set_%d", dir, n);
			if (access(path, F_OK) != 0)
				break;
			rc = run_set(net, path, why);
		}
		if (rc == 0 && n == 0)
			rc = 2;
		sg_net_free(net);
	}
	*(rc == 0 ? &passed : rc == 1 ? &failed : &unsupported) += 1;
	if (rc == 1 || verbose)
		printf("%s %s: %s\n",
		    rc == 0   ? "passed"
		    : rc == 1 ? "FAILED"
			      : "unsupported",
		    strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir, why);
}

/* A folder with a model, or one of such folders. */
static void
walk(const char *dir, int depth)
{
	char path[600];
	struct dirent **list;
	int n;

	snprintf(path, sizeof(path), "%s/model.onnx", dir);
	if (access(path, F_OK) == 0) {
		run_test(dir);
		return;
	}
	if (depth == 0 || (n = scandir(dir, &list, NULL, alphasort)) < 0)
		return;
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
			walk(path, depth - 1);
		}
		free(list[i]);
	}
	free(list);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--device") == 0 && i + 1 < argc)
			device = argv[++i];
		else if (strcmp(argv[i], "-v") == 0)
			verbose = 1;
		else
			walk(argv[i], 4);
	}
	printf("%d passed, %d failed, %d unsupported\n", passed, failed, unsupported);
	return failed > 0;
}
