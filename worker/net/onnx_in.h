/* What the two halves of the ONNX reader share. */
#ifndef SG_NET_ONNX_IN_H
#define SG_NET_ONNX_IN_H

#include "worker/net/onnx.h"
#include "worker/net/wire.h"

struct net_reader {
	struct net_graph *g;
	struct sg_arena *a;
	struct sg_err *e;
	int max_nodes;
	int has_graph;
	/* names -> values: open addressing, index + 1, 0 empty */
	int *slot;
	uint32_t nslot;
};

/* Failures with their sentences; they return the code. */
int net_read_corrupt(struct net_reader *r, const char *what);
int net_read_too_large(struct net_reader *r, const char *what);
int net_read_no_memory(struct net_reader *r);
/* A NUL-terminated copy for messages and names; NULL after a failure. */
const char *net_read_text(struct net_reader *r, const uint8_t *p, size_t n);

/* One TensorProto; data in the arena or in the file's bytes. */
int net_read_tensor(
    struct net_reader *r, struct sg_tensor *t, const char **name, const uint8_t *p, size_t n);
/* 1 when no element is NaN or infinite. */
int net_finite(const struct sg_tensor *t);

#endif
