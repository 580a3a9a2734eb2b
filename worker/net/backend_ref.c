/* The plain backend: takes no node, so every one runs its reference row. The judge of others. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "worker/net/backend.h"

struct net_dev {
	int unused;
};

struct net_bplan {
	int unused;
};

static struct net_dev ref_dev;
static struct net_bplan ref_plan;

static int
ref_open(struct net_dev **out, int threads, enum net_precision p, struct sg_err *e)
{
	(void)threads;
	if (p != NET_F32)
		return sg_fail(e, SG_ENOTSUP, "net_device", "The reference computes in f32 only.");
	*out = &ref_dev;
	return SG_OK;
}

static void
ref_close(struct net_dev *d)
{
	(void)d;
}

static void *
ref_alloc(struct net_dev *d, size_t bytes)
{
	(void)d;
	return aligned_alloc(64, (bytes + 64) / 64 * 64);
}

static void
ref_free(struct net_dev *d, void *p, size_t bytes)
{
	(void)d;
	(void)bytes;
	free(p);
}

static int
ref_copy(struct net_dev *d, void *dst, const void *src, size_t bytes)
{
	(void)d;
	memcpy(dst, src, bytes);
	return SG_OK;
}

static int
ref_want(struct net_dev *d, struct net_graph *g, int node, struct net_want *w)
{
	(void)d;
	(void)g;
	(void)node;
	(void)w;
	return 0;
}

static int
ref_make(struct net_dev *d, struct net_graph *g, struct net_bplan **out, int *bad, struct sg_err *e)
{
	(void)d;
	(void)g;
	(void)bad;
	(void)e;
	*out = &ref_plan;
	return SG_OK;
}

static size_t
ref_bytes(const struct net_bplan *p)
{
	(void)p;
	return 0;
}

static int
ref_bind(struct net_bplan *p, const struct net_bind *b, struct sg_err *e)
{
	(void)p;
	(void)b;
	(void)e;
	return SG_OK;
}

static int
ref_run(struct net_bplan *p, int node, struct sg_err *e)
{
	(void)p;
	(void)node;
	return sg_fail(e, SG_EINTERNAL, "net_backend", "The reference was given a native node.");
}

static void
ref_drop(struct net_bplan *p)
{
	(void)p;
}

static int
ref_wait(struct net_dev *d, struct sg_err *e)
{
	(void)d;
	(void)e;
	return SG_OK;
}

const struct net_backend net_backend_ref = {
    .name = "ref",
    .host_memory = 1,
    .open = ref_open,
    .close = ref_close,
    .alloc = ref_alloc,
    .free = ref_free,
    .copy = ref_copy,
    .want = ref_want,
    .plan = ref_make,
    .scratch_bytes = ref_bytes,
    .weight_bytes = ref_bytes,
    .bind = ref_bind,
    .run = ref_run,
    .drop = ref_drop,
    .wait = ref_wait,
};

static float
activate(float v, const struct net_epilogue *epi)
{
	switch (epi->act) {
	case NET_ACT_NONE:
		break;
	case NET_ACT_RELU:
		return v < 0 ? 0 : v;
	case NET_ACT_LEAKY:
		return v < 0 ? v * epi->alpha : v;
	case NET_ACT_SIGMOID:
		return (float)(1 / (1 + exp(-(double)v)));
	case NET_ACT_TANH:
		return tanhf(v);
	case NET_ACT_CLIP:
		v = v < epi->alpha ? epi->alpha : v;
		return v > epi->beta ? epi->beta : v;
	}
	return v;
}

void
net_epilogue_run(float *y, const float *residual, int64_t n, const struct net_epilogue *epi)
{
	if (residual == NULL && epi->act == NET_ACT_NONE)
		return;
	for (int64_t i = 0; i < n; i++)
		y[i] = activate(residual ? y[i] + residual[i] : y[i], epi);
}
