/*
 * Protobuf's wire format, read without taking memory: a cursor over borrowed bytes that never
 * leaves them. Nested messages are cursors of their own, so depth is the reader's call depth.
 */
#ifndef SG_NET_WIRE_H
#define SG_NET_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum net_wire { NET_W_VARINT = 0, NET_W_64 = 1, NET_W_BYTES = 2, NET_W_32 = 5 };

struct net_pb {
	const uint8_t *p, *end;
	int bad; /* the bytes were not protobuf; stays */
};

struct net_field {
	uint32_t number;
	enum net_wire wire;
	uint64_t v;	      /* VARINT, 64, 32 */
	const uint8_t *bytes; /* BYTES */
	size_t len;
};

static inline struct net_pb
net_pb(const void *p, size_t n)
{
	struct net_pb b = {p, p, 0};

	b.end += n;
	return b;
}

static inline uint64_t
net_varint(struct net_pb *b)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64 && b->p < b->end; shift += 7) {
		uint8_t c = *b->p++;

		v |= (uint64_t)(c & 127) << shift;
		if (!(c & 128))
			return v;
	}
	b->bad = 1;
	return 0;
}

/* The next field; 0 at the end or when the bytes are bad. */
static inline int
net_pb_next(struct net_pb *b, struct net_field *f)
{
	uint64_t key, n;

	if (b->bad || b->p >= b->end)
		return 0;
	key = net_varint(b);
	f->number = (uint32_t)(key >> 3);
	f->wire = (enum net_wire)(key & 7);
	f->bytes = NULL;
	f->len = 0;
	f->v = 0;
	if (b->bad || key > UINT32_MAX || f->number == 0)
		return b->bad = 1, 0;
	switch (f->wire) {
	case NET_W_VARINT:
		f->v = net_varint(b);
		break;
	case NET_W_64:
		if (b->end - b->p < 8)
			return b->bad = 1, 0;
		memcpy(&f->v, b->p, 8);
		b->p += 8;
		break;
	case NET_W_32:
		if (b->end - b->p < 4)
			return b->bad = 1, 0;
		f->v = 0;
		memcpy(&f->v, b->p, 4);
		b->p += 4;
		break;
	case NET_W_BYTES:
		n = net_varint(b);
		if (b->bad || n > (uint64_t)(b->end - b->p))
			return b->bad = 1, 0;
		f->bytes = b->p;
		f->len = (size_t)n;
		b->p += n;
		break;
	default: /* groups are not used by ONNX */
		return b->bad = 1, 0;
	}
	return !b->bad;
}

static inline float
net_field_f32(const struct net_field *f)
{
	uint32_t u = (uint32_t)f->v;
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

#endif
