/*
 * From a model and an input size to something that runs: shapes, passes, layouts, memory, the
 * backend's own making, and a small cache of plans that are idle.
 */
#include "config.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "worker/net/memory.h"
#include "worker/net/net_int.h"
#include "worker/net/pass.h"
#include "worker/net/tensor.h"

#define PLAN_ROOM ((size_t)96 << 20) /* graphs and folded constants, beside the weights */

static const struct net_backend *const backends[] = {&net_backend_cpu, &net_backend_ref};

static const struct net_backend *
backend_of(const char *device)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (strcmp(backends[i]->name, device) == 0)
			return backends[i];
	return NULL;
}

static int
all_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

static int
no_memory(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "net_memory", "There is no memory for the network now.");
}

/* Name up to three unsupported nodes. */
static int
refuse_unsupported(const struct sg_net *net, struct sg_err *e)
{
	struct sg_net_info info;
	const char *op, *node, *why;
	char text[150];
	int at = 0;

	sg_net_about(net, &info);
	if (info.unsupported == 0)
		return SG_OK;
	text[0] = '\0';
	for (int i = 0; i < 3 && at < 120 && sg_net_unsupported(net, i, &op, &node, &why); i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%.24s '%.24s' %.30s",
		    i ? ", " : "", op, node, why);
	return sg_fail(e, SG_ENOTSUP, "onnx_op", "%d of the model's nodes cannot run: %s.",
	    info.unsupported, text);
}

/* The asked shapes into the graph's inputs, held against what the file declares. */
static int
set_inputs(struct sg_plan *p, const struct sg_tensor *in, int nin, struct sg_err *e)
{
	struct net_graph *g = p->g;
	char want[170], have[170];

	if (nin != g->nin)
		return sg_fail(
		    e, SG_EINPUT, "onnx_shape", "The model has %d inputs, not %d.", g->nin, nin);
	for (int i = 0; i < nin; i++) {
		struct sg_tensor *t = &g->value[g->in[i]].t;
		int type = in[i].type ? in[i].type : t->type,
		    fits = t->rank < 0 || t->rank == in[i].rank;

		for (int d = 0; fits && d < t->rank; d++)
			fits = t->dims[d] < 0 || t->dims[d] == in[i].dims[d];
		if (!fits || in[i].rank < 0 || in[i].rank > SG_NET_RANK ||
		    net_dims_count(in[i].dims, in[i].rank) < 0)
			return sg_fail(e, SG_EINPUT, "onnx_shape",
			    "The input '%.40s' is %.50s, which the model's %.50s does not take.",
			    g->value[g->in[i]].name,
			    in[i].rank >= 0 && in[i].rank <= SG_NET_RANK
				? net_dims_text(have, in[i].dims, in[i].rank)
				: "of no usable rank",
			    t->rank < 0 ? "input" : net_dims_text(want, t->dims, t->rank));
		if (sg_net_type_size(type) == 0 || (t->type && type != t->type))
			return sg_fail(e, SG_ENOTSUP, "onnx_op",
			    "The input '%.60s' holds elements of type %s.", g->value[g->in[i]].name,
			    sg_net_type_name(t->type ? t->type : type));
		t->type = type;
		t->rank = in[i].rank;
		memcpy(t->dims, in[i].dims, sizeof(t->dims));
		if (in[i].data) { /* becomes part of the plan */
			void *copy = sg_alloc_aligned(p->a, sg_tensor_bytes(t) + 1);

			if (copy == NULL)
				return no_memory(e);
			memcpy(copy, in[i].data, sg_tensor_bytes(t));
			t->data = copy;
		}
	}
	return SG_OK;
}

static int64_t
flops_of(struct net_graph *g, int node)
{
	struct net_call c;

	net_call_of(&c, g, node, NULL);
	return g->node[node].op->flops || g->node[node].out[0] >= 0 ? net_call_flops(&c) : 0;
}

/* Shapes and passes: all that does not depend on how the device lays things out. */
static int
prepare(struct sg_plan *p, struct sg_err *e)
{
	struct net_graph *g = p->g;
	int rc;

	if ((rc = net_resolve(g, e)) != SG_OK || (rc = net_pass_identity(g, e)) != SG_OK ||
	    (rc = net_pass_dead(g, e)) != SG_OK)
		return rc;
	for (int i = 0; i < g->nnode; i++)
		p->info.flops += flops_of(g, i);
	if (p->be == &net_backend_ref)
		return SG_OK;
	if ((rc = net_pass_batchnorm(g, e)) != SG_OK || (rc = net_pass_fuse(g, e)) != SG_OK)
		return rc;
	return net_pass_dead(g, e);
}

/* Layouts and the backend's own plan; a node it cannot make after all goes to the reference. */
static int
lay_out(struct sg_plan *p, struct sg_err *e)
{
	struct net_graph *g = p->g;
	char *refused = sg_alloc_array(p->a, (size_t)g->nnode + 1, 1);
	int rc, bad;

	if (refused == NULL)
		return no_memory(e);
	for (int i = 0; i < g->nnode; i++)
		g->node[i].id = i;
	for (int tries = 0; tries < 64; tries++) {
		struct sg_err why = {0};

		bad = -1;
		if ((p->g = net_graph_copy(g, p->a)) == NULL)
			return no_memory(e);
		if ((rc = net_pass_layout(p->g, p->be, p->dev, refused, e)) != SG_OK)
			return rc;
		rc = p->be->plan(p->dev, p->g, &p->bplan, &bad, &why);
		if (rc != SG_ENOTSUP || bad < 0 || p->g->node[bad].id < 0)
			return rc == SG_OK ? rc : sg_fail(e, why.code, why.id, "%s", why.msg);
		refused[p->g->node[bad].id] = 1;
	}
	return sg_fail(e, SG_EINTERNAL, "net_backend", "The device refuses too many nodes.");
}

/* Data pointers of all values, then one step a node. */
static int
make_steps(struct sg_plan *p, const struct net_memory *m, struct sg_err *e)
{
	struct net_graph *g = p->g;
	void **data = sg_alloc_array(p->a, (size_t)g->nvalue + 1, sizeof(*data));
	struct net_bind bind = {data, (char *)p->arena + m->bytes};
	int rc;

	p->step = sg_alloc_array(p->a, (size_t)g->nnode + 1, sizeof(*p->step));
	if (p->step == NULL || data == NULL)
		return no_memory(e);
	for (int i = 0; i < g->nnode; i++) {
		const struct net_node *n = &g->node[i];

		for (int k = 0; k < n->nin && !n->native; k++)
			if (n->in[k] >= 0 && g->value[n->in[k]].t.data &&
			    net_const(g, n->in[k]) == NULL)
				return no_memory(e);
	}
	for (int v = 0; v < g->nvalue; v++)
		if (m->offset[v] != SIZE_MAX)
			g->value[v].t.data = (char *)p->arena + m->offset[v];
	for (int v = 0; v < g->nvalue; v++)
		data[v] = g->value[v].t.data;
	if ((rc = p->be->bind(p->bplan, &bind, e)) != SG_OK)
		return rc;
	for (int i = 0; i < g->nnode; i++) {
		struct net_step *s = &p->step[i];

		net_call_of(&s->call, g, i, NULL);
		s->native = g->node[i].native;
		s->work = flops_of(g, i) +
			  sg_tensor_count(s->call.out[0] ? s->call.out[0] : &p->out[0]);
		p->info.fallbacks += !s->native && !(g->node[i].op->flags & NET_OP_ALIAS);
		p->info.ops++;
	}
	p->nstep = g->nnode;
	return SG_OK;
}

static void
fill_ports(struct sg_plan *p)
{
	const struct net_graph *g = p->g;

	p->nin = g->nin;
	p->nout = g->nout;
	for (int i = 0; i < g->nin; i++) {
		p->in[i] = p->pub_in[i] = g->value[g->in[i]].t;
		p->pub_in[i].data = NULL;
	}
	for (int i = 0; i < g->nout; i++) {
		p->out[i] = p->pub_out[i] = g->value[g->out[i]].t;
		p->pub_out[i].data = NULL;
	}
}

static int
build(struct sg_plan *p, const struct sg_tensor *in, int nin, struct sg_err *e)
{
	size_t scratch, room;
	struct net_memory m;
	int rc;

	if ((p->g = net_graph_copy(p->net->g, p->a)) == NULL)
		return no_memory(e);
	if ((rc = set_inputs(p, in, nin, e)) != SG_OK || (rc = prepare(p, e)) != SG_OK ||
	    (rc = p->be->open(&p->dev, p->info.threads, p->precision, e)) != SG_OK ||
	    (rc = lay_out(p, e)) != SG_OK ||
	    (rc = net_memory_plan(&m, p->g, p->net->lim.arena_bytes, e)) != SG_OK)
		return rc;
	scratch = p->be->scratch_bytes(p->bplan);
	room = p->net->lim.arena_bytes;
	if (scratch > room || m.bytes > room - scratch)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large",
		    "The model needs more than %zu MiB of working memory for this size.",
		    room >> 20);
	p->arena_bytes = m.bytes + scratch + NET_ALIGN;
	if ((p->arena = p->be->alloc(p->dev, p->arena_bytes)) == NULL)
		return no_memory(e);
	if ((rc = make_steps(p, &m, e)) != SG_OK)
		return rc;
	fill_ports(p);
	p->info.arena_bytes = p->arena_bytes;
	p->info.weight_bytes = p->be->weight_bytes(p->bplan);
	for (int i = 0; i < p->g->nvalue; i++)
		if (m.offset[i] == SIZE_MAX && p->g->value[i].t.data && p->be == &net_backend_ref)
			p->info.weight_bytes += sg_tensor_bytes(&p->g->value[i].t);
	return SG_OK;
}

void
net_plan_destroy(struct sg_plan *p)
{
	if (p->bplan)
		p->be->drop(p->bplan);
	if (p->arena)
		p->be->free(p->dev, p->arena, p->arena_bytes);
	if (p->dev)
		p->be->close(p->dev);
	sg_arena_free(p->a);
}

/* Take an idle plan of the same shapes, device, precision and threads out of the cache. */
static struct sg_plan *
from_cache(struct sg_net *net, const struct sg_tensor *in, int nin, const struct net_backend *be,
    enum net_precision precision, int threads)
{
	struct sg_plan *found = NULL;

	pthread_mutex_lock(&net->lock);
	for (struct sg_plan **at = &net->idle; *at && !found; at = &(*at)->next) {
		struct sg_plan *p = *at;
		int same = p->be == be && p->precision == precision && p->info.threads == threads &&
			   p->nin == nin;

		for (int i = 0; same && i < nin; i++)
			same = in[i].data == NULL && in[i].rank == p->in[i].rank &&
			       (in[i].type == 0 || in[i].type == p->in[i].type) &&
			       memcmp(in[i].dims, p->in[i].dims,
				   (size_t)in[i].rank * sizeof(*in[i].dims)) == 0;
		if (same) {
			found = p;
			*at = p->next;
			break;
		}
	}
	pthread_mutex_unlock(&net->lock);
	return found;
}

int
sg_net_plan_all(struct sg_net *net, const struct sg_tensor *in, int nin, const char *device,
    const char *precision, int threads, struct sg_plan **out, struct sg_err *e)
{
	const struct net_backend *be = backend_of(device);
	enum net_precision prec = strcmp(precision, "bf16") == 0 ? NET_BF16 : NET_F32;
	struct sg_arena *a;
	struct sg_plan *p;
	int rc;

	if (be == NULL)
		return sg_fail(
		    e, SG_ENOTSUP, "net_device", "There is no device '%.30s' here.", device);
	if (prec == NET_F32 && strcmp(precision, "f32") != 0)
		return sg_fail(e, SG_ENOTSUP, "net_device", "There is no precision '%.30s' on %s.",
		    precision, device);
	if ((rc = refuse_unsupported(net, e)) != SG_OK)
		return rc;
	threads = threads > 0 ? threads : all_cores();
	if ((*out = from_cache(net, in, nin, be, prec, threads)) != NULL)
		return SG_OK;
	if ((a = sg_arena_new(PLAN_ROOM + 4 * net->weight_bytes)) == NULL)
		return no_memory(e);
	if ((p = sg_alloc(a, sizeof(*p))) == NULL) {
		sg_arena_free(a);
		return no_memory(e);
	}
	p->net = net;
	p->a = a;
	p->be = be;
	p->precision = prec;
	p->info.device = be->name;
	p->info.precision = prec == NET_BF16 ? "bf16" : "f32";
	p->info.threads = threads;
	p->cached = 1;
	for (int i = 0; i < nin; i++)
		p->cached &= in[i].data == NULL;
	if ((rc = build(p, in, nin, e)) != SG_OK) {
		net_plan_destroy(p);
		return rc;
	}
	*out = p;
	return SG_OK;
}

int
sg_net_plan(struct sg_net *net, const int64_t *dims, int rank, const char *device,
    const char *precision, int threads, struct sg_plan **out, struct sg_err *e)
{
	struct sg_tensor in = {.rank = rank};

	if (rank < 0 || rank > SG_NET_RANK)
		return sg_fail(e, SG_EINPUT, "onnx_shape", "An input of %d dimensions.", rank);
	memcpy(in.dims, dims, (size_t)rank * sizeof(*dims));
	return sg_net_plan_all(net, &in, 1, device, precision, threads, out, e);
}

void
sg_plan_free(struct sg_plan *plan)
{
	struct sg_net *net;
	struct sg_plan *drop = NULL, **at;
	size_t held = 0;
	int n = 0;

	if (plan == NULL)
		return;
	net = plan->net;
	if (!plan->cached) {
		net_plan_destroy(plan);
		return;
	}
	pthread_mutex_lock(&net->lock);
	plan->next = net->idle;
	net->idle = plan;
	for (at = &net->idle; *at; at = &(*at)->next) {
		held += (*at)->arena_bytes + (*at)->info.weight_bytes;
		if (n++ >= 4 || held > net->lim.cache_bytes) {
			drop = *at;
			*at = NULL;
			break;
		}
	}
	pthread_mutex_unlock(&net->lock);
	while (drop) {
		struct sg_plan *next = drop->next;

		net_plan_destroy(drop);
		drop = next;
	}
}

const struct sg_plan_info *
sg_plan_about(const struct sg_plan *plan)
{
	return &plan->info;
}

int
sg_plan_inputs(const struct sg_plan *plan, const struct sg_tensor **t)
{
	*t = plan->pub_in;
	return plan->nin;
}

int
sg_plan_outputs(const struct sg_plan *plan, const struct sg_tensor **t)
{
	*t = plan->pub_out;
	return plan->nout;
}
