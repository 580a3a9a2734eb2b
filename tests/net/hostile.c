/*
 * hostile DIR...: every .onnx below must be refused with a stable code, or run, within a second
 * and 100 MB more than before. Then a set of bytes made here that must be refused. Prints TAP.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/buf.h"
#include "common/clock.h"
#include "worker/net/net.h"

static int bad;

static long
peak_kb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* Load, and plan a size that fits the declared one; the error that stood, if any. */
static void
try_bytes(const void *p, size_t n, struct sg_err *e)
{
	const struct sg_net_port *in;
	struct sg_tensor t[8] = {{0}};
	struct sg_plan *plan = NULL;
	struct sg_net *net = NULL;
	int nin;

	if (sg_net_load(&net, p, n, NULL, e) != SG_OK)
		return;
	nin = sg_net_inputs(net, &in);
	for (int i = 0; i < nin && i < 8; i++) {
		t[i].rank = in[i].rank < 0 ? 4 : in[i].rank;
		for (int d = 0; d < t[i].rank; d++)
			t[i].dims[d] = in[i].rank < 0 || in[i].dims[d] < 0 ? 4 : in[i].dims[d];
	}
	if (nin <= 8 && sg_net_plan_all(net, t, nin, "cpu", "f32", 1, &plan, e) == SG_OK)
		sg_plan_free(plan);
	sg_net_free(net);
}

/* must: 1 it has to be refused; 0 anything but a crash, a delay or a waste. */
static void
judge(const char *name, const void *p, size_t n, int must)
{
	long before = peak_kb(), used;
	int64_t t = sg_now_ms();
	struct sg_err e = {0};
	int ok;

	try_bytes(p, n, &e);
	t = sg_now_ms() - t;
	used = peak_kb() - before;
	ok = t < 1000 && used < 100 * 1024 && (e.code != SG_OK || !must) &&
	     (e.code == SG_OK || e.id[0]);
	printf("%s - hostile_%s\n# %s: %s (%lld ms, %ld KB)\n", ok ? "ok" : "not ok", name,
	    e.code ? e.id : "runs", e.msg, (long long)t, used);
	bad |= !ok;
}

/* One file: which must be refused, and which may run, is told by the name of its folder. */
static void
file(const char *path)
{
	struct sg_buf b;
	const char *name = strrchr(path, '/') + 1;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return;
	sg_buf_init(&b, 64 << 20);
	sg_buf_read_fd(&b, fileno(f));
	fclose(f);
	judge(name, b.data, b.len,
	    strstr(path, "crafted") && strcmp(name, "classifier_not_segmentation.onnx") != 0);
	sg_buf_free(&b);
}

static void
walk(const char *dir, int depth)
{
	struct dirent **list;
	char path[600];
	int n = depth ? scandir(dir, &list, NULL, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		size_t len = strlen(name);

		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (len > 5 && strcmp(name + len - 5, ".onnx") == 0)
			file(path);
		else if (name[0] != '.')
			walk(path, depth - 1);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* --- attacks written here: length-prefixed fields by hand --- */

static void
put(struct sg_buf *b, int field, const void *p, size_t n)
{
	uint8_t head[12] = {(uint8_t)(field << 3 | 2)};
	int k = 1;

	for (size_t v = n; k < 12; v >>= 7) {
		head[k++] = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
		if (v <= 127)
			break;
	}
	sg_buf_append(b, head, (size_t)k);
	sg_buf_append(b, p, n);
}

static void
number(struct sg_buf *b, int field, uint64_t v)
{
	uint8_t out[14] = {(uint8_t)(field << 3)};
	int k = 1;

	if (field > 15) { /* the key takes two bytes */
		out[0] = (uint8_t)((field << 3 & 127) | 128);
		out[k++] = (uint8_t)(field << 3 >> 7);
	}
	do {
		out[k++] = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
		v >>= 7;
	} while (v && k < 14);
	sg_buf_append(b, out, (size_t)k);
}

/* A model around a graph's bytes. */
static void
judge_graph(const char *name, struct sg_buf *graph, int must, int opset)
{
	struct sg_buf m, set;

	sg_buf_init(&m, (size_t)256 << 20);
	sg_buf_init(&set, 64);
	number(&set, 2, (uint64_t)opset);
	number(&m, 1, 8);
	put(&m, 8, set.data, set.len);
	put(&m, 7, graph->data, graph->len);
	judge(name, m.data, m.len, must);
	sg_buf_free(&set);
	sg_buf_free(&m);
	sg_buf_free(graph);
}

/* An input (field 11) or output (12) of f32, four elements. */
static void
port(struct sg_buf *g, int field, const char *name)
{
	/* TypeProto { tensor_type { elem_type 1, shape { dim { dim_value 4 } } } } */
	static const char type[] = "\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x04";
	struct sg_buf v;

	sg_buf_init(&v, 200);
	put(&v, 1, name, strlen(name));
	put(&v, 2, type, sizeof(type) - 1);
	put(g, field, v.data, v.len);
	sg_buf_free(&v);
}

static void
nodes(struct sg_buf *g, int n, const char *op)
{
	struct sg_buf node;
	char last[24];

	for (int i = 0; i < n; i++) {
		sg_buf_init(&node, 200);
		char in[24], out[24];

		snprintf(in, sizeof(in), i ? "v%d" : "x", i);
		snprintf(out, sizeof(out), "v%d", i + 1);
		put(&node, 1, in, strlen(in));
		put(&node, 2, out, strlen(out));
		put(&node, 4, op, strlen(op));
		put(g, 1, node.data, node.len);
		sg_buf_free(&node);
	}
	snprintf(last, sizeof(last), "v%d", n);
	port(g, 11, "x");
	port(g, 12, last);
}

static void
attacks(void)
{
	struct sg_buf g, a, b, t;

	sg_buf_init(&g, (size_t)128 << 20);
	nodes(&g, 1000000, "Relu");
	judge_graph("a_million_nodes", &g, 1, 13);

	sg_buf_init(&g, (size_t)128 << 20);
	nodes(&g, 19000, "Identity");
	judge_graph("nineteen_thousand_identities", &g, 0, 13);

	sg_buf_init(&g, 4 << 20);
	nodes(&g, 1, "Relu");
	judge_graph("opset_99", &g, 1, 99);
	sg_buf_init(&g, 4 << 20);
	nodes(&g, 1, "Relu");
	judge_graph("opset_3", &g, 1, 3);

	/* five thousand graphs, each the attribute of a node of the one around it */
	sg_buf_init(&a, 64 << 20);
	nodes(&a, 1, "Relu");
	for (int i = 0; i < 5000; i++) {
		sg_buf_init(&b, 64 << 20); /* attribute */
		put(&b, 1, "g", 1);
		put(&b, 6, a.data, a.len);
		number(&b, 20, 5);
		sg_buf_clear(&a); /* node */
		put(&a, 2, "v1", 2);
		put(&a, 4, "If", 2);
		put(&a, 5, b.data, b.len);
		sg_buf_clear(&b); /* graph */
		put(&b, 1, a.data, a.len);
		port(&b, 12, "v1");
		sg_buf_clear(&a);
		sg_buf_append(&a, b.data, b.len);
		sg_buf_free(&b);
	}
	judge_graph("five_thousand_nested_graphs", &a, 1, 13);

	/* a weight that says 2^60 x 2^60 elements; one that says 2^40 and brings none */
	for (int i = 0; i < 2; i++) {
		sg_buf_init(&t, 4096);
		number(&t, 1, i ? UINT64_C(1) << 40 : UINT64_C(1) << 60);
		number(&t, 1, i ? 1 : UINT64_C(1) << 60);
		number(&t, 2, 1);
		put(&t, 8, "w", 1);
		sg_buf_init(&g, 1 << 20);
		put(&g, 5, t.data, t.len);
		nodes(&g, 1, "Relu");
		sg_buf_free(&t);
		judge_graph(i ? "weight_without_elements" : "weight_of_2_to_120", &g, 1, 13);
	}

	/* no bytes at all, one byte, a length beyond the end, an endless varint */
	judge("one_byte", "\x08", 1, 1);
	judge("length_beyond_the_end",
	    "\x3a\xff\xff\xff\xff\x7f"
	    "abc",
	    9, 1);
	judge("endless_varint", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, 1);
}

int
main(int argc, char **argv)
{
	attacks();
	for (int i = 1; i < argc; i++)
		walk(argv[i], 4);
	return bad;
}
