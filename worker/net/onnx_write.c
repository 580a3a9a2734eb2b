/*
 * A graph as an ONNX file. Field numbers are those of onnx.proto3; weights are written as
 * raw_data. Sub-messages are built in buffers of their own, since their length comes first.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "worker/net/onnx.h"
#include "worker/net/wire.h"

#define MESSAGE_LIMIT ((size_t)1 << 31) /* protobuf's own */

/* What the messages of onnx.proto3 call their fields. */
enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_PROP = 14 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum {
	NODE_INPUT = 1,
	NODE_OUTPUT = 2,
	NODE_NAME = 3,
	NODE_OP = 4,
	NODE_ATTR = 5,
	NODE_DOMAIN = 7
};
enum {
	ATTR_NAME = 1,
	ATTR_F = 2,
	ATTR_I = 3,
	ATTR_S = 4,
	ATTR_T = 5,
	ATTR_FLOATS = 7,
	ATTR_INTS = 8,
	ATTR_TYPE = 20
};
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };

static void
put_varint(struct sg_buf *b, uint64_t v)
{
	uint8_t out[10];
	int n = 0;

	do {
		out[n] = (uint8_t)(v & 127);
		v >>= 7;
		if (v)
			out[n] |= 128;
		n++;
	} while (v);
	sg_buf_append(b, out, (size_t)n);
}

static void
put_key(struct sg_buf *b, unsigned field, enum net_wire wire)
{
	put_varint(b, (uint64_t)field << 3 | wire);
}

static void
put_int(struct sg_buf *b, unsigned field, int64_t v)
{
	put_key(b, field, NET_W_VARINT);
	put_varint(b, (uint64_t)v);
}

static void
put_float(struct sg_buf *b, unsigned field, float f)
{
	uint32_t u;
	uint8_t le[4];

	memcpy(&u, &f, sizeof(u));
	for (int i = 0; i < 4; i++)
		le[i] = (uint8_t)(u >> (8 * i));
	put_key(b, field, NET_W_32);
	sg_buf_append(b, le, sizeof(le));
}

static void
put_bytes(struct sg_buf *b, unsigned field, const void *p, size_t n)
{
	put_key(b, field, NET_W_BYTES);
	put_varint(b, n);
	sg_buf_append(b, p, n);
}

static void
put_text(struct sg_buf *b, unsigned field, const char *s)
{
	put_bytes(b, field, s, strlen(s));
}

/* A finished sub-message; its buffer is empty afterwards. */
static void
put_message(struct sg_buf *b, unsigned field, struct sg_buf *sub)
{
	put_bytes(b, field, sub->data, sub->len);
	b->err |= sub->err;
	sg_buf_free(sub);
}

/* Values made by passes and by code have no name of their own. */
static const char *
value_name(const struct net_graph *g, int v, char room[24])
{
	if (v < 0)
		return "";
	if (g->value[v].name[0] != '\0')
		return g->value[v].name;
	snprintf(room, 24, "v%d", v);
	return room;
}

static void
put_tensor(
    struct sg_buf *b, unsigned field, const char *name, const struct sg_tensor *t, const void *data)
{
	struct sg_buf m;

	sg_buf_init(&m, MESSAGE_LIMIT);
	for (int i = 0; i < t->rank; i++)
		put_int(&m, TENSOR_DIMS, t->dims[i]);
	put_int(&m, TENSOR_TYPE, t->type);
	put_text(&m, TENSOR_NAME, name);
	put_bytes(&m, TENSOR_RAW, data, sg_tensor_bytes(t));
	put_message(b, field, &m);
}

static void
put_attr(struct sg_buf *b, const struct net_attr *a)
{
	struct sg_buf m;

	sg_buf_init(&m, MESSAGE_LIMIT);
	put_text(&m, ATTR_NAME, a->name);
	switch (a->kind) {
	case NET_A_FLOAT:
		put_float(&m, ATTR_F, a->f);
		break;
	case NET_A_INT:
		put_int(&m, ATTR_I, a->i);
		break;
	case NET_A_STRING:
		put_text(&m, ATTR_S, a->s);
		break;
	case NET_A_TENSOR:
		put_tensor(&m, ATTR_T, "", a->t, a->t->data);
		break;
	case NET_A_FLOATS:
		for (int i = 0; i < a->n; i++)
			put_float(&m, ATTR_FLOATS, a->floats[i]);
		break;
	case NET_A_INTS:
		for (int i = 0; i < a->n; i++)
			put_int(&m, ATTR_INTS, a->ints[i]);
		break;
	default: /* no reader of ours keeps another kind */
		m.err = 1;
		break;
	}
	put_int(&m, ATTR_TYPE, a->kind);
	put_message(b, NODE_ATTR, &m);
}

static void
put_node(struct sg_buf *b, const struct net_graph *g, const struct net_node *n)
{
	struct sg_buf m;
	char room[24];

	sg_buf_init(&m, MESSAGE_LIMIT);
	for (int i = 0; i < n->nin; i++)
		put_text(&m, NODE_INPUT, value_name(g, n->in[i], room));
	for (int i = 0; i < n->nout; i++)
		put_text(&m, NODE_OUTPUT, value_name(g, n->out[i], room));
	put_text(&m, NODE_NAME, n->name);
	put_text(&m, NODE_OP, n->op_type);
	for (int i = 0; i < n->nattr; i++)
		put_attr(&m, &n->attr[i]);
	if (n->domain[0] != '\0')
		put_text(&m, NODE_DOMAIN, n->domain);
	put_message(b, GRAPH_NODE, &m);
}

/* ValueInfoProto: name, then TypeProto.tensor_type of element type and shape. */
static void
put_port(struct sg_buf *b, unsigned field, const struct net_graph *g, int v)
{
	const struct sg_tensor *t = &g->value[v].t;
	struct sg_buf shape, tensor, type, info;
	char room[24];

	sg_buf_init(&shape, MESSAGE_LIMIT);
	sg_buf_init(&tensor, MESSAGE_LIMIT);
	sg_buf_init(&type, MESSAGE_LIMIT);
	sg_buf_init(&info, MESSAGE_LIMIT);
	put_int(&tensor, 1, t->type);
	if (t->rank >= 0) {
		for (int i = 0; i < t->rank; i++) {
			struct sg_buf dim;

			sg_buf_init(&dim, MESSAGE_LIMIT);
			if (t->dims[i] >= 0) {
				put_int(&dim, 1, t->dims[i]);
			} else {
				snprintf(room, sizeof(room), "d%d", i);
				put_text(&dim, 2, room);
			}
			put_message(&shape, 1, &dim);
		}
		put_message(&tensor, 2, &shape);
	}
	put_message(&type, 1, &tensor);
	put_text(&info, 1, value_name(g, v, room));
	put_message(&info, 2, &type);
	put_message(b, field, &info);
}

static void
put_graph(struct sg_buf *b, struct net_graph *g)
{
	struct sg_buf m;
	char room[24];

	sg_buf_init(&m, MESSAGE_LIMIT);
	for (int i = 0; i < g->nnode; i++)
		if (!g->node[i].dead)
			put_node(&m, g, &g->node[i]);
	put_text(&m, GRAPH_NAME, "segward");
	for (int i = 0; i < g->nvalue; i++) {
		const void *data = net_const(g, i);

		if (data != NULL)
			put_tensor(
			    &m, GRAPH_INITIALIZER, value_name(g, i, room), &g->value[i].t, data);
	}
	for (int i = 0; i < g->nin; i++)
		put_port(&m, GRAPH_INPUT, g, g->in[i]);
	for (int i = 0; i < g->nout; i++)
		put_port(&m, GRAPH_OUTPUT, g, g->out[i]);
	put_message(b, MODEL_GRAPH, &m);
}

int
net_onnx_write(struct sg_buf *to, struct net_graph *g, struct sg_err *e)
{
	struct sg_buf opset;

	sg_buf_init(&opset, MESSAGE_LIMIT);
	put_int(to, MODEL_IR, g->ir_version);
	put_text(to, MODEL_PRODUCER, g->producer);
	put_graph(to, g);
	put_text(&opset, 1, "");
	put_int(&opset, 2, g->opset);
	put_message(to, MODEL_OPSET, &opset);
	for (int i = 0; i < g->nprop; i++) {
		struct sg_buf prop;

		sg_buf_init(&prop, MESSAGE_LIMIT);
		put_text(&prop, 1, g->prop[i].key);
		put_text(&prop, 2, g->prop[i].value);
		put_message(to, MODEL_PROP, &prop);
	}
	if (to->err)
		return sg_fail(e, SG_EBUSY, "net_memory", "The model does not fit into memory.");
	return SG_OK;
}
