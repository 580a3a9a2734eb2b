/* Networks made in a test: see maker.h. */
#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "tests/net/maker.h"
#include "worker/net/onnx.h"
#include "worker/net/tensor.h"

#define ROOM ((size_t)1 << 30)

int
maker_begin(struct maker *m, uint64_t seed)
{
	*m = (struct maker){.a = sg_arena_new(ROOM), .state = seed};
	if (m->a == NULL || (m->g = net_graph_new(m->a)) == NULL)
		return -1;
	m->g->opset = 17;
	m->g->ir_version = 8;
	m->g->producer = "segward";
	return 0;
}

void
maker_end(struct maker *m)
{
	sg_arena_free(m->a);
}

float
maker_random(struct maker *m)
{
	uint64_t z = m->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (float)(z >> 40) * 0x1p-23f - 1;
}

static void
add_port(struct maker *m, int **list, int *n, int v)
{
	int *longer = sg_alloc_array(m->a, (size_t)*n + 1, sizeof(int));

	if (longer == NULL || v < 0) {
		m->failed = 1;
		return;
	}
	if (*n)
		memcpy(longer, *list, (size_t)*n * sizeof(int));
	longer[(*n)++] = v;
	*list = longer;
}

int
maker_input(struct maker *m, int rank, const int64_t *dims)
{
	int v = net_value_new(m->g, "");

	if (v >= 0) {
		m->g->value[v].t.type = SG_T_F32;
		m->g->value[v].t.rank = rank;
		memcpy(m->g->value[v].t.dims, dims, (size_t)rank * sizeof(*dims));
	}
	add_port(m, &m->g->in, &m->g->nin, v);
	return v;
}

void
maker_output(struct maker *m, int v)
{
	if (v >= 0)
		m->g->value[v].t.type = SG_T_F32;
	add_port(m, &m->g->out, &m->g->nout, v);
}

int
maker_weights(struct maker *m, int rank, const int64_t *dims, float mid, float range)
{
	void *data;
	int v = net_const_new(m->g, SG_T_F32, rank, dims, &data);
	float *f = data;

	if (v < 0) {
		m->failed = 1;
		return -1;
	}
	for (int64_t i = 0, n = sg_tensor_count(&m->g->value[v].t); i < n; i++)
		f[i] = mid + range * maker_random(m);
	for (int64_t i = 0, n = sg_tensor_count(&m->g->value[v].t); m->bf16 && i < n; i++)
		f[i] = net_bf16_to_f32(net_f32_to_bf16(f[i]));
	return v;
}

int
maker_floats(struct maker *m, int n, const float *from)
{
	void *data;
	int v = net_const_new(m->g, SG_T_F32, 1, (int64_t[]){n}, &data);

	if (v < 0)
		m->failed = 1;
	else
		memcpy(data, from, (size_t)n * sizeof(*from));
	return v;
}

int
maker_node(struct maker *m, const char *op, int n, ...)
{
	int at = net_node_new(m->g, op, "", n, 1), out = net_value_new(m->g, "");
	va_list in;

	if (at < 0 || out < 0) {
		m->failed = 1;
		return -1;
	}
	va_start(in, n);
	for (int i = 0; i < n; i++)
		m->g->node[at].in[i] = va_arg(in, int);
	va_end(in);
	m->g->node[at].out[0] = out;
	return out;
}

void
maker_int(struct maker *m, const char *name, int64_t v)
{
	m->failed |= net_set_int(m->g, m->g->nnode - 1, name, v) != 0;
}

void
maker_float(struct maker *m, const char *name, float v)
{
	m->failed |= net_set_float(m->g, m->g->nnode - 1, name, v) != 0;
}

void
maker_text(struct maker *m, const char *name, const char *v)
{
	m->failed |= net_set_str(m->g, m->g->nnode - 1, name, v) != 0;
}

void
maker_ints(struct maker *m, const char *name, int n, const int64_t *v)
{
	m->failed |= net_set_ints(m->g, m->g->nnode - 1, name, v, n) != 0;
}

/* Weight [a][b][side...] and a bias of `out`; weights are such that outputs stay near 1. */
static int
window(struct maker *m, const char *op, int x, int nd, const int64_t ab[2], int out, int side,
    int sums)
{
	int64_t dims[5] = {ab[0], ab[1], side, side, side};
	float range = sqrtf(3.0f / (float)sums);
	int w = maker_weights(m, nd + 2, dims, 0, range);

	return maker_node(m, op, 3, x, w, maker_weights(m, 1, (int64_t[]){out}, 0, 0.1f));
}

static int
power(int side, int nd)
{
	return nd == 1 ? side : side * power(side, nd - 1);
}

int
maker_conv(struct maker *m, int x, int nd, int in, int out, int side, int stride)
{
	int64_t pad = side / 2;
	int y = window(m, "Conv", x, nd, (int64_t[]){out, in}, out, side, in * power(side, nd));

	maker_ints(m, "strides", nd, (int64_t[]){stride, stride, stride});
	maker_ints(m, "pads", 2 * nd, (int64_t[]){pad, pad, pad, pad, pad, pad});
	return y;
}

int
maker_double(struct maker *m, int x, int nd, int in, int out)
{
	int y = window(m, "ConvTranspose", x, nd, (int64_t[]){in, out}, out, 2, in);

	maker_ints(m, "strides", nd, (int64_t[]){2, 2, 2});
	return y;
}

int
maker_norm(struct maker *m, int x, int c)
{
	int64_t dims[1] = {c};
	int scale = maker_weights(m, 1, dims, 1, 0.5f), shift = maker_weights(m, 1, dims, 0, 0.5f);

	return maker_node(m, "InstanceNormalization", 3, x, scale, shift);
}

static int
level(struct maker *m, int x, int nd, int in, int out, int norm)
{
	for (int i = 0; i < 2; i++, in = out) {
		x = maker_conv(m, x, nd, in, out, 3, 1);
		if (norm)
			x = maker_norm(m, x, out);
		x = maker_node(m, norm ? "LeakyRelu" : "Relu", 1, x);
		if (norm)
			maker_float(m, "alpha", 0.1f);
	}
	return x;
}

int
maker_unet(struct maker *m, int x, int nd, int cin, int c, int levels, int norm)
{
	int skip[8], n = levels < 8 ? levels : 8;

	for (int i = 0; i < n; i++, cin = c, c *= 2) {
		skip[i] = level(m, x, nd, cin, c, norm);
		x = maker_node(m, "MaxPool", 1, skip[i]);
		maker_ints(m, "kernel_shape", nd, (int64_t[]){2, 2, 2});
		maker_ints(m, "strides", nd, (int64_t[]){2, 2, 2});
	}
	x = level(m, x, nd, cin, c, norm);
	for (int i = n - 1; i >= 0; i--, c /= 2) {
		x = maker_node(m, "Concat", 2, skip[i], maker_double(m, x, nd, c, c / 2));
		maker_int(m, "axis", 1);
		x = level(m, x, nd, c, c / 2, norm);
	}
	return maker_conv(m, x, nd, c, 1, 1, 1);
}

int
maker_load(struct sg_net **net, struct maker *m, struct sg_err *e)
{
	struct sg_buf b;
	int rc;

	if (m->failed)
		return sg_fail(e, SG_EBUSY, "net_memory", "The test's network could not be made.");
	sg_buf_init(&b, ROOM);
	rc = net_onnx_write(&b, m->g, e);
	if (rc == SG_OK && (m->bytes = sg_alloc_aligned(m->a, b.len + 1)) == NULL)
		rc = sg_fail(e, SG_EBUSY, "net_memory", "The test's network is too large.");
	if (rc == SG_OK) {
		memcpy(m->bytes, b.data, b.len);
		rc = sg_net_load(net, m->bytes, b.len, NULL, e);
	}
	sg_buf_free(&b);
	return rc;
}
