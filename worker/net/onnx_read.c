/*
 * ONNX file -> graph, by a reader of our own: every length is checked against the bytes that are
 * there, every count against a limit before memory is taken, nothing recurses deeper than the
 * messages ONNX itself nests, and the inside of subgraphs is never looked at.
 */
#include "config.h"

#include <string.h>

#include "worker/net/onnx_in.h"
#include "worker/net/op.h"
#include "worker/net/tensor.h"

static uint32_t
hash_name(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static int
grow_slots(struct net_reader *r)
{
	uint32_t n = r->nslot ? r->nslot * 2 : 1024;
	int *slot = sg_alloc_array(r->a, n, sizeof(int));

	if (slot == NULL)
		return net_read_no_memory(r);
	for (int v = 0; v < r->g->nvalue; v++) {
		uint32_t h = hash_name(r->g->value[v].name) & (n - 1);

		while (slot[h])
			h = (h + 1) & (n - 1);
		slot[h] = v + 1;
	}
	r->slot = slot;
	r->nslot = n;
	return SG_OK;
}

/* The value of a name, made when it is new; -1 after a failure. */
static int
value_of(struct net_reader *r, const uint8_t *p, size_t n)
{
	const char *name = net_read_text(r, p, n);
	uint32_t h;
	int v;

	if (name == NULL)
		return -1;
	if ((uint32_t)r->g->nvalue * 2 >= r->nslot && grow_slots(r) != SG_OK)
		return -1;
	for (h = hash_name(name) & (r->nslot - 1); r->slot[h]; h = (h + 1) & (r->nslot - 1))
		if (strcmp(r->g->value[r->slot[h] - 1].name, name) == 0)
			return r->slot[h] - 1;
	if (r->g->nvalue > r->max_nodes * 8)
		return net_read_too_large(r, "too many values"), -1;
	if ((v = net_value_new(r->g, name)) < 0)
		return net_read_no_memory(r), -1;
	r->slot[h] = v + 1;
	return v;
}

static int
read_initialiser(struct net_reader *r, const uint8_t *p, size_t n)
{
	struct sg_tensor t = {0};
	const char *name;
	int rc, v;

	if ((rc = net_read_tensor(r, &t, &name, p, n)) != SG_OK)
		return rc;
	/* One element may be infinite on purpose: masks and clip bounds are. */
	if (sg_tensor_count(&t) > 1 && !net_finite(&t))
		return sg_fail(r->e, SG_EINPUT, "onnx_weights",
		    "The weight '%.60s' has values that are not finite numbers.", name);
	if ((v = value_of(r, (const uint8_t *)name, strlen(name))) < 0)
		return r->e->code;
	if (r->g->value[v].t.data != NULL)
		return net_read_corrupt(r, "two weights have the same name");
	r->g->value[v].t = t;
	return SG_OK;
}

/* --- attributes and nodes --- */

/* Numbers of a list attribute, packed or one by one: count, then fill. */
static int
list_attr(struct net_reader *r, struct net_attr *at, const uint8_t *p, size_t n, uint32_t field)
{
	size_t wide = field == 7 ? sizeof(float) : sizeof(int64_t);
	char *list = NULL;

	for (int pass = 0; pass < 2; pass++) {
		struct net_pb b = net_pb(p, n);
		struct net_field f;
		int k = 0;

		while (net_pb_next(&b, &f)) {
			struct net_pb d = net_pb(f.bytes, f.len);

			if (f.number != field)
				continue;
			while (f.wire != NET_W_BYTES || d.p < d.end) {
				uint64_t v = f.v;

				if (f.wire == NET_W_BYTES && field == 8) {
					v = net_varint(&d);
				} else if (f.wire == NET_W_BYTES) {
					if (d.end - d.p < 4)
						d.bad = 1;
					else
						memcpy(&v, d.p, 4), d.p += 4;
				}
				if (d.bad)
					return net_read_corrupt(r, "an attribute is cut off");
				if (list)
					memcpy(list + (size_t)k * wide, &v, wide);
				k++;
				if (f.wire != NET_W_BYTES)
					break;
			}
		}
		if (pass == 0 && (list = sg_alloc_array(r->a, (size_t)k + 1, wide)) == NULL)
			return net_read_no_memory(r);
		at->n = k;
	}
	if (field == 7)
		at->floats = (const float *)(const void *)list;
	else
		at->ints = (const int64_t *)(const void *)list;
	return SG_OK;
}

/* What an attribute holds, when the file is too old to say it. */
static enum net_attr_kind
kind_of_field(uint32_t number)
{
	static const enum net_attr_kind kinds[] = {[2] = NET_A_FLOAT,
	    [3] = NET_A_INT,
	    [4] = NET_A_STRING,
	    [5] = NET_A_TENSOR,
	    [6] = NET_A_GRAPH,
	    [7] = NET_A_FLOATS,
	    [8] = NET_A_INTS,
	    [9] = NET_A_STRINGS,
	    [11] = NET_A_GRAPH};

	return number < sizeof(kinds) / sizeof(kinds[0]) ? kinds[number] : NET_A_NONE;
}

static int
read_attr(
    struct net_reader *r, struct net_node *node, struct net_attr *at, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f, val = {0};
	enum net_attr_kind seen = NET_A_NONE;
	struct sg_tensor *t;
	const char *name;
	uint64_t type = 0;

	at->name = "";
	while (net_pb_next(&b, &f)) {
		if (f.number == 1 && f.wire == NET_W_BYTES) {
			if ((at->name = net_read_text(r, f.bytes, f.len)) == NULL)
				return r->e->code;
		} else if (f.number == 20) {
			type = f.v;
		} else if (f.number == 22 || f.number == 23) {
			node->why = "has a sparse tensor";
		} else if (kind_of_field(f.number) != NET_A_NONE) {
			seen = kind_of_field(f.number);
			val = f;
		}
	}
	if (b.bad)
		return net_read_corrupt(r, "an attribute is cut off or garbled");
	at->kind = type >= 1 && type <= 8 ? (enum net_attr_kind)type : seen;
	switch (at->kind) {
	case NET_A_FLOAT:
		at->f = seen == NET_A_FLOAT ? net_field_f32(&val) : 0;
		return SG_OK;
	case NET_A_INT:
		at->i = seen == NET_A_INT ? (int64_t)val.v : 0;
		return SG_OK;
	case NET_A_STRING:
		at->s = seen == NET_A_STRING && val.wire == NET_W_BYTES
			    ? net_read_text(r, val.bytes, val.len)
			    : "";
		return at->s ? SG_OK : r->e->code;
	case NET_A_FLOATS:
		return list_attr(r, at, p, n, 7);
	case NET_A_INTS:
		return list_attr(r, at, p, n, 8);
	case NET_A_TENSOR:
		if (seen != NET_A_TENSOR || val.wire != NET_W_BYTES)
			return net_read_corrupt(r, "a tensor attribute has no tensor");
		if ((t = sg_alloc(r->a, sizeof(*t))) == NULL)
			return net_read_no_memory(r);
		at->t = t;
		return net_read_tensor(r, t, &name, val.bytes, val.len);
	case NET_A_GRAPH:
		node->why = "has a subgraph";
		return SG_OK;
	default:
		if (type > 8)
			node->why = "has an attribute of an unsupported kind";
		return SG_OK;
	}
}

/* Count the repeated fields of a node, so that its arrays are taken once. */
static int
count_node(struct net_reader *r, const uint8_t *p, size_t n, int *nin, int *nout, int *nattr)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f;

	*nin = *nout = *nattr = 0;
	while (net_pb_next(&b, &f)) {
		*nin += f.number == 1;
		*nout += f.number == 2;
		*nattr += f.number == 5;
		if (f.number <= 7 && f.number != 6 && f.wire != NET_W_BYTES)
			b.bad = 1;
	}
	if (b.bad)
		return net_read_corrupt(r, "a node is cut off or garbled");
	if (*nin > NET_MAX_IN || *nout > NET_MAX_OUT || *nattr > 64)
		return net_read_too_large(r, "a node has too many inputs, outputs or attributes");
	return SG_OK;
}

static int
read_node(struct net_reader *r, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n);
	struct net_attr *attr;
	struct net_field f;
	int nin, nout, nattr, at, in = 0, out = 0, k = 0, rc = SG_OK;

	if (r->g->nnode >= r->max_nodes)
		return net_read_too_large(r, "it has too many nodes");
	if ((rc = count_node(r, p, n, &nin, &nout, &nattr)) != SG_OK)
		return rc;
	if ((at = net_node_new(r->g, "", "", nin, nout)) < 0 ||
	    (attr = sg_alloc_array(r->a, (size_t)nattr + 1, sizeof(*attr))) == NULL)
		return net_read_no_memory(r);
	r->g->node[at].attr = attr;
	while (rc == SG_OK && net_pb_next(&b, &f)) {
		struct net_node *node = &r->g->node[at];
		const char **s = f.number == 3	 ? &node->name
				 : f.number == 4 ? &node->op_type
				 : f.number == 7 ? &node->domain
						 : NULL;

		if (f.number == 1 || f.number == 2) {
			int v = f.len ? value_of(r, f.bytes, f.len) : -1;

			if (v < 0 && f.len)
				return r->e->code;
			*(f.number == 1 ? &node->in[in++] : &node->out[out++]) = v;
		} else if (f.number == 5) {
			rc = read_attr(r, node, &attr[k], f.bytes, f.len);
			node->nattr = ++k;
		} else if (s && (*s = net_read_text(r, f.bytes, f.len)) == NULL) {
			return r->e->code;
		}
	}
	return rc;
}

/* --- ports, graph, model --- */

/* TypeProto -> type, rank and dims; rank -1 when the file does not say. */
static int
read_type(struct net_reader *r, struct sg_tensor *t, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n), s;
	struct net_field f, g, d, v;

	while (net_pb_next(&b, &f)) {
		if (f.number != 1 || f.wire != NET_W_BYTES)
			continue; /* sequences, maps: the type stays 0 */
		struct net_pb tt = net_pb(f.bytes, f.len);

		while (net_pb_next(&tt, &g)) {
			if (g.number == 1)
				t->type = g.v < 64 ? (int)g.v : 63;
			if (g.number != 2 || g.wire != NET_W_BYTES)
				continue;
			t->rank = 0;
			for (s = net_pb(g.bytes, g.len); net_pb_next(&s, &d);) {
				struct net_pb one = net_pb(d.bytes, d.len);

				if (d.number != 1 || d.wire != NET_W_BYTES)
					continue;
				if (t->rank == SG_NET_RANK)
					return net_read_too_large(
					    r, "a tensor has more than 8 dimensions");
				t->dims[t->rank] = -1;
				while (net_pb_next(&one, &v))
					if (v.number == 1 && v.wire == NET_W_VARINT)
						t->dims[t->rank] = v.v > INT64_MAX ? -1
										   : (int64_t)v.v;
				t->rank++;
				s.bad |= one.bad;
			}
			tt.bad |= s.bad;
		}
		b.bad |= tt.bad;
	}
	return b.bad ? net_read_corrupt(r, "a type is garbled") : SG_OK;
}

/* An input, output or inner value; returns its index, -1 after a failure. */
static int
read_value_info(struct net_reader *r, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f, name = {0}, type = {0};
	int v;

	while (net_pb_next(&b, &f)) {
		if (f.number == 1 && f.wire == NET_W_BYTES)
			name = f;
		else if (f.number == 2 && f.wire == NET_W_BYTES)
			type = f;
	}
	if (b.bad || name.len == 0)
		return net_read_corrupt(r, "an input or output has no name"), -1;
	if ((v = value_of(r, name.bytes, name.len)) < 0)
		return -1;
	if (type.bytes && r->g->value[v].t.data == NULL &&
	    read_type(r, &r->g->value[v].t, type.bytes, type.len) != SG_OK)
		return -1;
	return v;
}

/* Ports listed in fields 11 (inputs) and 12 (outputs). Initialisers must be read already. */
static int
read_ports(struct net_reader *r, const uint8_t *p, size_t n, uint32_t field, int **list, int *count)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f;
	int total = 0;

	while (net_pb_next(&b, &f))
		total += f.number == field;
	if (total > 1024)
		return net_read_too_large(r, "it has too many inputs or outputs");
	if ((*list = sg_alloc_array(r->a, (size_t)total + 1, sizeof(int))) == NULL)
		return net_read_no_memory(r);
	b = net_pb(p, n);
	while (net_pb_next(&b, &f)) {
		struct net_value *value;
		int v;

		if (f.number != field || f.wire != NET_W_BYTES)
			continue;
		if ((v = read_value_info(r, f.bytes, f.len)) < 0)
			return r->e->code;
		value = &r->g->value[v];
		if (field == 11 && value->t.data != NULL)
			continue;
		if (value->port & (field == 11 ? 1 : 2))
			return net_read_corrupt(r, "two inputs or outputs have the same name");
		value->port |= field == 11 ? 1 : 2;
		(*list)[(*count)++] = v;
	}
	return SG_OK;
}

static int
read_graph(struct net_reader *r, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f;
	int rc = SG_OK;

	r->has_graph = 1;
	while (rc == SG_OK && net_pb_next(&b, &f)) {
		if (f.wire != NET_W_BYTES)
			continue;
		if (f.number == 5)
			rc = read_initialiser(r, f.bytes, f.len);
		else if (f.number == 15)
			rc = sg_fail(r->e, SG_ENOTSUP, "onnx_op",
			    "The model has sparse weights, which are not supported.");
	}
	if (rc == SG_OK && b.bad)
		return net_read_corrupt(r, "the graph is cut off or garbled");
	if (rc != SG_OK || (rc = read_ports(r, p, n, 11, &r->g->in, &r->g->nin)) != SG_OK ||
	    (rc = read_ports(r, p, n, 12, &r->g->out, &r->g->nout)) != SG_OK)
		return rc;
	b = net_pb(p, n);
	while (rc == SG_OK && net_pb_next(&b, &f))
		if (f.number == 1 && f.wire == NET_W_BYTES)
			rc = read_node(r, f.bytes, f.len);
	if (rc == SG_OK && r->g->nout == 0)
		rc = net_read_corrupt(r, "it has no output");
	return rc;
}

static int
read_opset(struct net_reader *r, const uint8_t *p, size_t n, int *opset)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f;
	int standard = 1;
	uint64_t version = 0;

	while (net_pb_next(&b, &f)) {
		if (f.number == 1 && f.wire == NET_W_BYTES)
			standard = f.len == 0 || (f.len == 7 && memcmp(f.bytes, "ai.onnx", 7) == 0);
		else if (f.number == 2)
			version = f.v;
	}
	if (b.bad)
		return net_read_corrupt(r, "the opset is garbled");
	if (standard)
		*opset = version < 100000 ? (int)version : 100000;
	return SG_OK;
}

static int
read_prop(struct net_reader *r, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n);
	struct net_prop *list, prop = {"", ""};
	struct net_field f;

	while (net_pb_next(&b, &f)) {
		if (f.wire != NET_W_BYTES)
			continue;
		if (f.number == 1 && (prop.key = net_read_text(r, f.bytes, f.len)) == NULL)
			return r->e->code;
		/* Values are texts of several lines: kept as they are, up to a NUL. */
		if (f.number == 2 &&
		    (prop.value = sg_strndup(r->a, (const char *)f.bytes, f.len)) == NULL)
			return net_read_no_memory(r);
	}
	if (b.bad)
		return net_read_corrupt(r, "the metadata are garbled");
	if (r->g->nprop >= 256)
		return net_read_too_large(r, "it has too many metadata entries");
	if ((list = sg_alloc_array(r->a, (size_t)r->g->nprop + 1, sizeof(*list))) == NULL)
		return net_read_no_memory(r);
	if (r->g->nprop)
		memcpy(list, r->g->prop, (size_t)r->g->nprop * sizeof(*list));
	list[r->g->nprop++] = prop;
	r->g->prop = list;
	return SG_OK;
}

static int
read_model(struct net_reader *r, const uint8_t *p, size_t n, int *opset)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f;
	int rc = SG_OK;

	while (rc == SG_OK && net_pb_next(&b, &f)) {
		if (f.number == 1 && f.wire == NET_W_VARINT) {
			r->g->ir_version = f.v < 1000 ? (int)f.v : 1000;
			continue;
		}
		if (f.wire != NET_W_BYTES)
			continue;
		if (f.number == 2)
			rc = (r->g->producer = net_read_text(r, f.bytes, f.len)) ? SG_OK
										 : r->e->code;
		else if (f.number == 8)
			rc = read_opset(r, f.bytes, f.len, opset);
		else if (f.number == 14)
			rc = read_prop(r, f.bytes, f.len);
		else if (f.number == 7)
			rc = r->has_graph ? net_read_corrupt(r, "it has two graphs")
					  : read_graph(r, f.bytes, f.len);
	}
	if (rc == SG_OK && b.bad)
		rc = net_read_corrupt(r, "it is cut off or not protobuf");
	if (rc == SG_OK && !r->has_graph)
		rc = net_read_corrupt(r, "it has no graph");
	return rc;
}

/* Give each node its operator's row, or the reason why there is none. */
static void
find_ops(struct net_graph *g)
{
	for (int i = 0; i < g->nnode; i++) {
		struct net_node *n = &g->node[i];
		int standard = n->domain[0] == '\0' || strcmp(n->domain, "ai.onnx") == 0;

		if (!standard)
			n->why = "is not of the standard domain";
		if (n->why[0] == '\0' && (n->op = net_op_find(n->op_type)) == NULL)
			n->why = "is not supported";
	}
}

static int
check_arity(struct net_reader *r)
{
	for (int i = 0; i < r->g->nnode; i++) {
		const struct net_node *n = &r->g->node[i];
		int given = n->nin, max;

		if (n->op == NULL)
			continue;
		max = n->op->max_in < 0 ? NET_MAX_IN : n->op->max_in;
		if (given < n->op->min_in || given > max || n->nout < 1 || n->nout > n->op->max_out)
			return sg_fail(r->e, SG_EINPUT, "onnx_corrupt",
			    "Node '%.60s' (%.30s) has %d inputs and %d outputs, which it cannot "
			    "have.",
			    net_node_label(r->g, n), n->op_type, n->nin, n->nout);
		/* Only a part that Split cuts off may be unwanted when it is the first result. */
		if (n->out[0] < 0 && strcmp(n->op_type, "Split") != 0)
			return sg_fail(r->e, SG_EINPUT, "onnx_corrupt",
			    "Node '%.60s' (%.30s) lacks its output.", net_node_label(r->g, n),
			    n->op_type);
		for (int k = 0; k < n->op->min_in; k++)
			if (n->in[k] < 0)
				return sg_fail(r->e, SG_EINPUT, "onnx_corrupt",
				    "Node '%.60s' (%.30s) lacks its input %d.",
				    net_node_label(r->g, n), n->op_type, k);
	}
	return SG_OK;
}

int
net_onnx_read(struct net_graph **out, const void *bytes, size_t n, int max_nodes,
    struct sg_arena *a, struct sg_err *e)
{
	struct sg_err mine;
	struct net_reader r = {.a = a, .e = e ? e : &mine, .max_nodes = max_nodes};
	int opset = 0, rc;

	sg_err_clear(&mine);
	if (n == 0)
		return net_read_corrupt(&r, "it is empty");
	if ((r.g = net_graph_new(a)) == NULL)
		return net_read_no_memory(&r);
	r.g->ir_version = 0;
	if ((rc = read_model(&r, bytes, n, &opset)) != SG_OK)
		return rc;
	if (opset < NET_OPSET_MIN || opset > NET_OPSET_MAX)
		return sg_fail(r.e, SG_ENOTSUP, "onnx_opset",
		    "The model uses opset %d; opsets %d to %d are supported.", opset, NET_OPSET_MIN,
		    NET_OPSET_MAX);
	r.g->opset = opset;
	find_ops(r.g);
	if ((rc = check_arity(&r)) != SG_OK || (rc = net_sort(r.g, r.e)) != SG_OK)
		return rc;
	for (int i = 0; i < r.g->nout; i++) {
		const struct net_value *v = &r.g->value[r.g->out[i]];

		if (v->producer < 0 && v->t.data == NULL && !(v->port & 1))
			return net_read_corrupt(&r, "an output is made by no node");
	}
	*out = r.g;
	return SG_OK;
}
