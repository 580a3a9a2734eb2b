/*
 * The CPU backend: oneDNN for convolutions, pools and products, own kernels for the rest of what
 * segmentation networks spend time on, the reference rows for everything else. Values are f32;
 * with NET_BF16 convolutions round their input and weights and sum in f32. Data maps lie
 * channels last from end to end: both of oneDNN's fast convolutions take them so, and channels
 * of one pixel are what every other step walks over.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "worker/net/cpu.h"
#include "worker/net/pass.h"
#include "worker/net/tensor.h"

#define MOST_WEIGHTS ((size_t)8 << 30) /* bytes of one plan, as packed */

/* libgomp's; oneDNN uses its threads, and the number is the calling thread's own setting. */
void omp_set_num_threads(int n);

struct net_bplan {
	struct net_dev *d;
	struct cpu_op *op; /* by node */
	int n;
	size_t scratch, weights;
};

int
cpu_fail(struct sg_err *e, dnnl_status_t s)
{
	if (s == dnnl_out_of_memory)
		return sg_fail(
		    e, SG_EBUSY, "net_memory", "There is no memory for the network now.");
	if (s == dnnl_unimplemented)
		return sg_fail(e, SG_ENOTSUP, "net_backend", "The library has no such form.");
	return sg_fail(
	    e, SG_EINTERNAL, "net_backend", "The computing library failed (%d).", (int)s);
}

static int
cpu_open(struct net_dev **out, int threads, enum net_precision p, struct sg_err *e)
{
	struct net_dev *d;
	dnnl_status_t s;

	if (p == NET_BF16 && (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) !=
				 dnnl_cpu_isa_avx512_core_bf16)
		return sg_fail(e, SG_ENOTSUP, "net_device",
		    "This processor does not multiply bf16 (AVX-512 BF16 or AMX).");
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return sg_fail(
		    e, SG_EBUSY, "net_memory", "There is no memory for the network now.");
	d->threads = threads;
	d->precision = p;
	omp_set_num_threads(threads);
	if ((s = dnnl_engine_create(&d->engine, dnnl_cpu, 0)) != dnnl_success ||
	    (s = dnnl_stream_create(&d->stream, d->engine, dnnl_stream_default_flags)) !=
		dnnl_success) {
		if (d->engine)
			dnnl_engine_destroy(d->engine);
		free(d);
		return cpu_fail(e, s);
	}
	*out = d;
	return SG_OK;
}

static void
cpu_close(struct net_dev *d)
{
	dnnl_stream_destroy(d->stream);
	dnnl_engine_destroy(d->engine);
	free(d);
}

static void *
cpu_alloc(struct net_dev *d, size_t bytes)
{
	(void)d;
	return aligned_alloc(64, (bytes + 64) / 64 * 64);
}

static void
cpu_free(struct net_dev *d, void *p, size_t bytes)
{
	(void)d;
	(void)bytes;
	free(p);
}

static int
cpu_copy(struct net_dev *d, void *dst, const void *src, size_t bytes)
{
	(void)d;
	memcpy(dst, src, bytes);
	return SG_OK;
}

static const struct cpu_kind *
kind_of(const char *op)
{
	for (const struct cpu_kind *k = cpu_dnnl_kinds; k->op; k++)
		if (strcmp(k->op, op) == 0)
			return k;
	for (const struct cpu_kind *k = cpu_own_kinds; k->op; k++)
		if (strcmp(k->op, op) == 0)
			return k;
	return NULL;
}

static int
cpu_want(struct net_dev *d, struct net_graph *g, int node, struct net_want *w)
{
	const struct cpu_kind *k = kind_of(g->node[node].op_type);
	struct net_call c;

	*w = (struct net_want){NET_PLAIN, 0, -1};
	if (k == NULL)
		return 0;
	net_call_of(&c, g, node, NULL);
	for (int i = 0; i < c.nout; i++)
		if (c.out[i] && sg_tensor_count(c.out[i]) == 0)
			return 0;
	return k->want(d, &c, w);
}

void *
cpu_own(struct cpu_op *o, size_t bytes)
{
	size_t n = (bytes + 64) / 64 * 64;
	void *p = o->nown < 4 ? aligned_alloc(64, n) : NULL;

	if (p == NULL)
		return NULL;
	memset(p, 0, n);
	o->own[o->nown++] = p;
	o->weight_bytes += bytes;
	return p;
}

int
cpu_bind_arg(
    struct cpu_op *o, int arg, const dnnl_memory_desc_t *md, int value, void *own, struct sg_err *e)
{
	struct cpu_arg *a = &o->arg[o->narg];
	dnnl_status_t s = dnnl_memory_create(
	    &a->mem, md, o->d->engine, own ? own : DNNL_MEMORY_NONE);

	if (s != dnnl_success)
		return cpu_fail(e, s);
	a->arg = arg;
	a->value = own ? -1 : value;
	o->narg++;
	return SG_OK;
}

int
cpu_make_prim(struct cpu_op *o, const_dnnl_primitive_desc_t pd, struct sg_err *e)
{
	const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(
	    pd, dnnl_query_scratchpad_md, 0);
	dnnl_status_t s;

	if ((s = dnnl_primitive_create(&o->prim, pd)) != dnnl_success)
		return cpu_fail(e, s);
	if (md == NULL || (o->scratch = dnnl_memory_desc_get_size(md)) == 0)
		return SG_OK;
	s = dnnl_memory_create(&o->scratch_mem, md, o->d->engine, DNNL_MEMORY_NONE);
	return s == dnnl_success ? SG_OK : cpu_fail(e, s);
}

int
cpu_run_prim(struct cpu_op *o)
{
	dnnl_exec_arg_t arg[CPU_ARGS + 2];
	int n = 0;

	if (o->round) {
		dnnl_exec_arg_t io[2] = {
		    {DNNL_ARG_FROM, o->round_from}, {DNNL_ARG_TO, o->round_to}};

		if (dnnl_primitive_execute(o->round, o->d->stream, 2, io) != dnnl_success)
			return -1;
		arg[n++] = (dnnl_exec_arg_t){DNNL_ARG_SRC, o->round_to};
	}
	for (int i = 0; i < o->narg; i++)
		arg[n++] = (dnnl_exec_arg_t){o->arg[i].arg, o->arg[i].mem};
	if (o->scratch_mem)
		arg[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, o->scratch_mem};
	return dnnl_primitive_execute(o->prim, o->d->stream, n, arg) == dnnl_success ? 0 : -1;
}

struct kn_epilogue
cpu_epilogue(const struct net_node *n)
{
	static const enum kn_act acts[] = {
	    [NET_ACT_NONE] = KN_NONE,
	    [NET_ACT_RELU] = KN_RELU,
	    [NET_ACT_LEAKY] = KN_LEAKY,
	    [NET_ACT_SIGMOID] = KN_SIGMOID,
	    [NET_ACT_TANH] = KN_TANH,
	    [NET_ACT_CLIP] = KN_CLIP,
	};

	return (struct kn_epilogue){acts[n->epi.act], n->epi.alpha, n->epi.beta};
}

int64_t
cpu_pixels(const struct sg_tensor *t)
{
	return net_dims_count(t->dims + 2, t->rank - 2);
}

static void
free_op(struct cpu_op *o)
{
	if (o->prim)
		dnnl_primitive_destroy(o->prim);
	for (int i = 0; i < o->narg; i++)
		dnnl_memory_destroy(o->arg[i].mem);
	if (o->scratch_mem)
		dnnl_memory_destroy(o->scratch_mem);
	if (o->round)
		dnnl_primitive_destroy(o->round);
	if (o->round_from)
		dnnl_memory_destroy(o->round_from);
	if (o->round_to)
		dnnl_memory_destroy(o->round_to);
	for (int i = 0; i < o->nown; i++)
		free(o->own[i]);
}

static void
cpu_drop(struct net_bplan *p)
{
	for (int i = 0; i < p->n; i++)
		free_op(&p->op[i]);
	free(p->op);
	free(p);
}

static int
cpu_make(struct net_dev *d, struct net_graph *g, struct net_bplan **out, int *bad, struct sg_err *e)
{
	struct net_bplan *p = calloc(1, sizeof(*p));
	int rc = SG_OK;

	if (p == NULL || (p->op = calloc((size_t)g->nnode + 1, sizeof(*p->op))) == NULL) {
		free(p);
		return sg_fail(
		    e, SG_EBUSY, "net_memory", "There is no memory for the network now.");
	}
	omp_set_num_threads(d->threads);
	p->d = d;
	p->n = g->nnode;
	for (int i = 0; i < g->nnode && rc == SG_OK; i++) {
		struct cpu_op *o = &p->op[i];

		if (!g->node[i].native)
			continue;
		o->kind = kind_of(g->node[i].op_type);
		o->g = g;
		o->n = &g->node[i];
		o->d = d;
		o->epi = cpu_epilogue(o->n);
		net_call_of(&o->call, g, i, NULL);
		/* Kernels read constants where they lie, which in a file may be at any byte. */
		for (int k = 0; k < o->n->nin; k++)
			if (o->n->in[k] >= 0 && g->value[o->n->in[k]].t.data &&
			    net_const(g, o->n->in[k]) == NULL)
				rc = cpu_fail(e, dnnl_out_of_memory);
		if (rc == SG_OK && o->kind->make && (rc = o->kind->make(o, e)) != SG_OK)
			*bad = i;
		p->scratch = o->scratch > p->scratch ? o->scratch : p->scratch;
		p->weights += o->weight_bytes;
		/* One weight used by many nodes is packed for each of them. */
		if (rc == SG_OK && p->weights > MOST_WEIGHTS)
			rc = sg_fail(e, SG_ELIMIT, "onnx_too_large",
			    "The network's weights need more than %zu GiB.", MOST_WEIGHTS >> 30);
	}
	if (rc != SG_OK) {
		cpu_drop(p);
		return rc;
	}
	*out = p;
	return SG_OK;
}

static size_t
cpu_scratch(const struct net_bplan *p)
{
	return p->scratch;
}

static size_t
cpu_weights(const struct net_bplan *p)
{
	return p->weights;
}

static int
cpu_bind(struct net_bplan *p, const struct net_bind *b, struct sg_err *e)
{
	(void)e;
	for (int i = 0; i < p->n; i++) {
		struct cpu_op *o = &p->op[i];

		o->work = b->scratch;
		for (int k = 0; k < o->narg; k++)
			if (o->arg[k].value >= 0)
				dnnl_memory_set_data_handle(
				    o->arg[k].mem, b->data[o->arg[k].value]);
		if (o->scratch_mem)
			dnnl_memory_set_data_handle(o->scratch_mem, b->scratch);
		if (o->round == NULL)
			continue;
		dnnl_memory_set_data_handle(o->round_from, b->data[o->n->in[0]]);
		dnnl_memory_set_data_handle(o->round_to, (char *)b->scratch + o->round_at);
	}
	return SG_OK;
}

static int
cpu_run(struct net_bplan *p, int node, struct sg_err *e)
{
	struct cpu_op *o = &p->op[node];

	omp_set_num_threads(p->d->threads);
	if (o->kind->run(o) != 0)
		return sg_fail(e, SG_EINTERNAL, "net_backend",
		    "The computing library failed at node '%.60s'.", net_node_label(o->g, o->n));
	return SG_OK;
}

static int
cpu_wait(struct net_dev *d, struct sg_err *e)
{
	dnnl_status_t s = dnnl_stream_wait(d->stream);

	return s == dnnl_success ? SG_OK : cpu_fail(e, s);
}

const struct net_backend net_backend_cpu = {
    .name = "cpu",
    .host_memory = 1,
    .open = cpu_open,
    .close = cpu_close,
    .alloc = cpu_alloc,
    .free = cpu_free,
    .copy = cpu_copy,
    .want = cpu_want,
    .plan = cpu_make,
    .scratch_bytes = cpu_scratch,
    .weight_bytes = cpu_weights,
    .bind = cpu_bind,
    .run = cpu_run,
    .drop = cpu_drop,
    .wait = cpu_wait,
};
