/* Loading a model and asking about it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/net/net_int.h"
#include "worker/net/onnx.h"
#include "worker/net/tensor.h"

static const struct sg_net_limits defaults = {
    .file_bytes = INT32_MAX,
    .nodes = 20000,
    .arena_bytes = (size_t)16 << 30,
    .cache_bytes = (size_t)1 << 30,
};

/* What the reader may take beside the file's own bytes: descriptions and typed weights. */
#define READ_ROOM ((size_t)48 << 20)

static void
ports_of(struct sg_net_port *p, const struct net_graph *g, const int *list, int n)
{
	for (int i = 0; i < n; i++) {
		const struct net_value *v = &g->value[list[i]];

		p[i].name = v->name;
		p[i].type = v->t.type;
		p[i].rank = v->t.rank;
		memcpy(p[i].dims, v->t.dims, sizeof(p[i].dims));
	}
}

static int
count_kinds(struct sg_net *net)
{
	if ((net->kind = sg_alloc_array(net->a, NET_KINDS, sizeof(*net->kind))) == NULL)
		return -1;
	for (int i = 0; i < net->g->nnode; i++) {
		const char *op = net->g->node[i].op_type;
		int k = 0;

		while (k < net->nkind && strcmp(net->kind[k].op, op) != 0)
			k++;
		if (k == NET_KINDS)
			continue;
		if (k == net->nkind)
			net->kind[net->nkind++].op = op;
		net->kind[k].nodes++;
	}
	return 0;
}

static int
describe(struct sg_net *net, struct sg_err *e)
{
	const struct net_graph *g = net->g;

	if (g->nin > NET_PORTS || g->nout > NET_PORTS)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large",
		    "The model has more than %d inputs or outputs.", NET_PORTS);
	net->in = sg_alloc_array(net->a, (size_t)g->nin + 1, sizeof(*net->in));
	net->out = sg_alloc_array(net->a, (size_t)g->nout + 1, sizeof(*net->out));
	if (net->in == NULL || net->out == NULL || count_kinds(net) < 0)
		return sg_fail(e, SG_EBUSY, "net_memory", "There is no memory to load the model.");
	ports_of(net->in, g, g->in, g->nin);
	ports_of(net->out, g, g->out, g->nout);
	for (int i = 0; i < g->nvalue; i++)
		if (g->value[i].t.data) {
			net->params += sg_tensor_count(&g->value[i].t);
			net->weight_bytes += sg_tensor_bytes(&g->value[i].t);
		}
	return SG_OK;
}

int
sg_net_load(struct sg_net **out, const void *bytes, size_t n, const struct sg_net_limits *lim,
    struct sg_err *e)
{
	struct sg_net_limits l = lim ? *lim : defaults;
	struct sg_arena *a;
	struct sg_net *net;
	int rc;

	l.file_bytes = l.file_bytes ? l.file_bytes : defaults.file_bytes;
	l.nodes = l.nodes ? l.nodes : defaults.nodes;
	l.arena_bytes = l.arena_bytes ? l.arena_bytes : defaults.arena_bytes;
	l.cache_bytes = l.cache_bytes ? l.cache_bytes : defaults.cache_bytes;
	if (n > l.file_bytes)
		return sg_fail(e, SG_ELIMIT, "onnx_too_large",
		    "The model has %zu MiB; %zu MiB are allowed.", n >> 20, l.file_bytes >> 20);
	if ((a = sg_arena_new(READ_ROOM + 2 * n)) == NULL ||
	    (net = sg_alloc(a, sizeof(*net))) == NULL) {
		sg_arena_free(a);
		return sg_fail(e, SG_EBUSY, "net_memory", "There is no memory to load the model.");
	}
	net->a = a;
	net->lim = l;
	if ((rc = net_onnx_read(&net->g, bytes, n, l.nodes, a, e)) != SG_OK ||
	    (rc = describe(net, e)) != SG_OK) {
		sg_arena_free(a);
		return rc;
	}
	pthread_mutex_init(&net->lock, NULL);
	*out = net;
	return SG_OK;
}

int
sg_net_open(
    struct sg_net **out, const char *path, const struct sg_net_limits *lim, struct sg_err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct stat st;
	void *p = NULL;

	if (fd < 0)
		return sg_fail(e, SG_EABSENT, "file_absent", "The model file cannot be opened: %s.",
		    strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return sg_fail(e, SG_EINPUT, "onnx_corrupt", "The model is not a regular file.");
	}
	if (st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return sg_fail(e, SG_EBUSY, "net_memory", "The model file cannot be mapped.");
	rc = sg_net_load(out, p, (size_t)st.st_size, lim, e);
	if (rc != SG_OK) {
		if (p)
			munmap(p, (size_t)st.st_size);
		return rc;
	}
	(*out)->map = p;
	(*out)->map_bytes = (size_t)st.st_size;
	return SG_OK;
}

void
sg_net_free(struct sg_net *net)
{
	if (net == NULL)
		return;
	while (net->idle) {
		struct sg_plan *p = net->idle;

		net->idle = p->next;
		net_plan_destroy(p);
	}
	pthread_mutex_destroy(&net->lock);
	if (net->map)
		munmap(net->map, net->map_bytes);
	sg_arena_free(net->a);
}

int
sg_net_inputs(const struct sg_net *net, const struct sg_net_port **ports)
{
	*ports = net->in;
	return net->g->nin;
}

int
sg_net_outputs(const struct sg_net *net, const struct sg_net_port **ports)
{
	*ports = net->out;
	return net->g->nout;
}

const char *
sg_net_metadata(const struct sg_net *net, const char *key)
{
	for (int i = 0; i < net->g->nprop; i++)
		if (strcmp(net->g->prop[i].key, key) == 0)
			return net->g->prop[i].value;
	return NULL;
}

const char *
sg_net_output_maker(const struct sg_net *net, int i)
{
	static const char *const movers[] = {
	    "Identity", "Cast", "Reshape", "Transpose", "Squeeze", "Unsqueeze", NULL};
	const struct net_graph *g = net->g;
	int v = i >= 0 && i < g->nout ? g->out[i] : -1;

	while (v >= 0 && g->value[v].producer >= 0) {
		const struct net_node *n = &g->node[g->value[v].producer];
		int k = 0;

		while (movers[k] != NULL && strcmp(movers[k], n->op_type) != 0)
			k++;
		if (movers[k] == NULL)
			return n->op_type;
		v = n->nin > 0 ? n->in[0] : -1;
	}
	return "";
}

void
sg_net_about(const struct sg_net *net, struct sg_net_info *info)
{
	const struct net_graph *g = net->g;

	memset(info, 0, sizeof(*info));
	info->ir_version = g->ir_version;
	info->opset = g->opset;
	info->producer = g->producer;
	info->nodes = g->nnode;
	info->params = net->params;
	info->weight_bytes = net->weight_bytes;
	for (int i = 0; i < g->nnode; i++)
		info->unsupported += g->node[i].op == NULL;
}

const char *
sg_net_operator(const struct sg_net *net, int i, int *nodes)
{
	if (i < 0 || i >= net->nkind)
		return NULL;
	*nodes = net->kind[i].nodes;
	return net->kind[i].op;
}

int
sg_net_unsupported(
    const struct sg_net *net, int i, const char **op, const char **node, const char **why)
{
	for (int k = 0; k < net->g->nnode; k++) {
		const struct net_node *n = &net->g->node[k];

		if (n->op != NULL || i-- > 0)
			continue;
		*op = n->op_type;
		*node = net_node_label(net->g, n);
		*why = n->why;
		return 1;
	}
	return 0;
}
