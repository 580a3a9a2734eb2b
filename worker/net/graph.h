/*
 * The graph everything in worker/net works on: values, nodes, attributes.
 *
 * A graph owns nothing but its arena. Values and nodes are named by index; growing the graph may
 * move the arrays, so keep indices, not pointers, across net_value_new() and net_node_new().
 * A value with data is a constant. Its bytes lie in the model file (perhaps unaligned), in the
 * arena, or in memory of its own; read them through net_const().
 */
#ifndef SG_NET_GRAPH_H
#define SG_NET_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/net/net.h"

#define NET_MAX_IN  256 /* inputs of one node; Concat has the most */
#define NET_MAX_OUT 32

enum net_attr_kind { /* numbered as ONNX's AttributeType */
	NET_A_NONE = 0,
	NET_A_FLOAT = 1,
	NET_A_INT = 2,
	NET_A_STRING = 3,
	NET_A_TENSOR = 4,
	NET_A_GRAPH = 5, /* never kept: the node is unsupported */
	NET_A_FLOATS = 6,
	NET_A_INTS = 7,
	NET_A_STRINGS = 8,
};

struct net_attr {
	const char *name;
	enum net_attr_kind kind;
	int n; /* of ints or floats */
	union {
		int64_t i;
		float f;
		const char *s; /* NUL-terminated copy */
		const int64_t *ints;
		const float *floats;
		const struct sg_tensor *t;
	};
};

struct net_value {
	const char *name;   /* "" for values made by passes */
	struct sg_tensor t; /* rank -1: unknown; a dim of -1: unknown; data: constant */
	int producer;	    /* node, or -1: input or initialiser */
	int port;	    /* 1: graph input, 2: graph output, else 0 */
	int last;	    /* channels last: batch, spatial, channel; else plain order */
};

/* What a device does to a node's result before storing it; set by the fusion passes. */
enum net_act {
	NET_ACT_NONE,
	NET_ACT_RELU,
	NET_ACT_LEAKY,
	NET_ACT_SIGMOID,
	NET_ACT_TANH,
	NET_ACT_CLIP
};

struct net_epilogue {
	int residual; /* value added before the activation, or -1 */
	enum net_act act;
	float alpha, beta; /* LEAKY: slope; CLIP: bounds */
};

struct net_op;

struct net_node {
	const char *name, *op_type, *domain; /* name "" when the file gives none */
	const struct net_op *op;	     /* NULL: unsupported */
	const char *why;		     /* unsupported: why, "" when simply unknown */
	int *in, *out;			     /* values; -1: omitted */
	int nin, nout;
	const struct net_attr *attr;
	int nattr;
	struct net_epilogue epi;
	int dead;    /* taken out by a pass */
	int id;	     /* its place before layouts were chosen */
	int native;  /* the device takes it, else the reference row runs */
	int inplace; /* input its output may overwrite; -2: the residual; -1: none */
};

struct net_prop {
	const char *key, *value;
};

struct net_graph {
	struct sg_arena *a;
	struct net_value *value;
	int nvalue, cap_value;
	struct net_node *node; /* in an order in which they can run once net_sort() is done */
	int nnode, cap_node;
	int *in, *out; /* ports, without initialisers */
	int nin, nout;
	int ir_version, opset;
	int64_t folded; /* work that folding constants has done so far */
	const char *producer;
	struct net_prop *prop;
	int nprop;
};

/* A new graph in the arena with no nodes; NULL: no memory. */
struct net_graph *net_graph_new(struct sg_arena *a);
/* A copy that may be rewritten: nodes and values are new, constants are shared. */
struct net_graph *net_graph_copy(const struct net_graph *g, struct sg_arena *a);

/* Index of a new value (rank -1, no data) or -1: no memory. name is kept, not copied. */
int net_value_new(struct net_graph *g, const char *name);
/* Index of a new node with room for its inputs and outputs (all -1), or -1. */
int net_node_new(struct net_graph *g, const char *op_type, const char *name, int nin, int nout);

/* A constant in the arena with room for its elements; its index, *data its bytes. -1: no memory. */
int net_const_new(struct net_graph *g, int type, int rank, const int64_t *dims, void **data);
/* The bytes of a constant, aligned for its type (copied to the arena when they are not). */
const void *net_const(struct net_graph *g, int value);

const struct net_attr *net_attr(const struct net_node *n, const char *name);
int64_t net_attr_int(const struct net_node *n, const char *name, int64_t otherwise);
float net_attr_float(const struct net_node *n, const char *name, float otherwise);
const char *net_attr_str(const struct net_node *n, const char *name, const char *otherwise);
/* A list of ints; NULL and *n = 0 when absent. */
const int64_t *net_attr_ints(const struct net_node *n, const char *name, int *count);

/* Attributes of a node made by code. 0, or -1: no memory. Strings and lists are copied. */
int net_set_int(struct net_graph *g, int node, const char *name, int64_t v);
int net_set_float(struct net_graph *g, int node, const char *name, float v);
int net_set_str(struct net_graph *g, int node, const char *name, const char *v);
int net_set_ints(struct net_graph *g, int node, const char *name, const int64_t *v, int n);

/* How a node is spoken of: its name, or its operator and place. */
const char *net_node_label(const struct net_graph *g, const struct net_node *n);

/*
 * Order the nodes so that each stands after those it needs, and set producers.
 * Errors: onnx_cycle; onnx_corrupt for a value nobody makes or two nodes make.
 */
int net_sort(struct net_graph *g, struct sg_err *e);

/* How many live nodes read each value (outputs of the graph count once); arena array. */
int *net_uses(const struct net_graph *g, struct sg_arena *a);

#endif
