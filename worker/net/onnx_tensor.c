/*
 * TensorProto -> tensor: raw bytes are pointed at, typed elements copied, and no memory is taken
 * for more elements than the message could hold.
 */
#include "config.h"

#include <string.h>

#include "worker/net/onnx_in.h"
#include "worker/net/tensor.h"

int
net_read_corrupt(struct net_reader *r, const char *what)
{
	return sg_fail(
	    r->e, SG_EINPUT, "onnx_corrupt", "The file is not a valid ONNX model: %s.", what);
}

int
net_read_too_large(struct net_reader *r, const char *what)
{
	return sg_fail(r->e, SG_ELIMIT, "onnx_too_large", "The model is too large: %s.", what);
}

int
net_read_no_memory(struct net_reader *r)
{
	return net_read_too_large(r, "its description exceeds the memory allowed");
}

/* A NUL-terminated copy; bytes that a message could not show become '?'. */
const char *
net_read_text(struct net_reader *r, const uint8_t *p, size_t n)
{
	char *s = sg_strndup(r->a, (const char *)p, n);

	if (s == NULL) {
		net_read_no_memory(r);
		return NULL;
	}
	for (char *c = s; *c; c++)
		if ((unsigned char)*c < 32 || *c == 127)
			*c = '?';
	return s;
}

struct raw_tensor {
	int64_t dims[SG_NET_RANK];
	int rank, type, external, segmented;
	const char *name;
	struct net_field raw; /* raw_data */
	int has_raw, has_typed;
	/* Typed elements come packed or one by one: a second walk over the message stores them. */
	const uint8_t *msg;
	size_t len;
};

static int
add_dim(struct net_reader *r, struct raw_tensor *t, uint64_t v)
{
	if (t->rank == SG_NET_RANK)
		return net_read_too_large(r, "a tensor has more than 8 dimensions");
	if (v > INT64_MAX)
		return sg_fail(r->e, SG_EINPUT, "onnx_shape", "A weight has a negative dimension.");
	t->dims[t->rank++] = (int64_t)v;
	return SG_OK;
}

static int
scan_tensor(struct net_reader *r, struct raw_tensor *t, const uint8_t *p, size_t n)
{
	struct net_pb b = net_pb(p, n);
	struct net_field f;
	int rc = SG_OK;

	memset(t, 0, sizeof(*t));
	t->name = "";
	t->msg = p;
	t->len = n;
	while (rc == SG_OK && net_pb_next(&b, &f)) {
		switch (f.number) {
		case 1:
			if (f.wire == NET_W_VARINT) {
				rc = add_dim(r, t, f.v);
			} else if (f.wire == NET_W_BYTES) {
				struct net_pb d = net_pb(f.bytes, f.len);

				while (rc == SG_OK && d.p < d.end && !d.bad)
					rc = add_dim(r, t, net_varint(&d));
				b.bad |= d.bad;
			}
			break;
		case 2:
			t->type = f.v < 64 ? (int)f.v : 63;
			break;
		case 3:
			t->segmented = 1;
			break;
		case 4:
		case 5:
		case 6:
		case 7:
		case 10:
		case 11:
			t->has_typed = 1;
			break;
		case 8:
			if (f.wire == NET_W_BYTES &&
			    (t->name = net_read_text(r, f.bytes, f.len)) == NULL)
				return r->e->code;
			break;
		case 9:
			t->raw = f;
			t->has_raw = f.wire == NET_W_BYTES;
			break;
		case 13:
			t->external = 1;
			break;
		case 14:
			t->external |= f.v == 1;
			break;
		default:
			break;
		}
	}
	if (rc == SG_OK && b.bad)
		rc = net_read_corrupt(r, "a weight is cut off or garbled");
	return rc;
}

/* Which field carries the typed elements of a type (onnx.proto3, TensorProto). */
static uint32_t
typed_field(int type)
{
	switch (type) {
	case SG_T_F32:
		return 4;
	case SG_T_F64:
		return 10;
	case SG_T_I64:
		return 7;
	case SG_T_U32:
	case SG_T_U64:
		return 11;
	default:
		return 5;
	}
}

/* One element as the wire has it -> its bytes at to. */
static void
put_element(void *to, int type, uint64_t v)
{
	size_t size = sg_net_type_size(type);

	if (type == SG_T_BOOL)
		v = v != 0;
	memcpy(to, &v, size); /* little-endian: the low bytes come first */
}

/* Store the typed elements; `want` of them must be there. */
static int
typed_elements(struct net_reader *r, const struct raw_tensor *t, char *to, int64_t want)
{
	struct net_pb b = net_pb(t->msg, t->len);
	uint32_t field = typed_field(t->type);
	size_t size = sg_net_type_size(t->type);
	struct net_field f;
	int64_t n = 0;

	while (net_pb_next(&b, &f)) {
		if (f.number != field)
			continue;
		if (f.wire != NET_W_BYTES) {
			if (n == want)
				return net_read_corrupt(
				    r, "a weight has more elements than its shape");
			put_element(to + (size_t)n++ * size, t->type, f.v);
			continue;
		}
		struct net_pb d = net_pb(f.bytes, f.len);

		while (d.p < d.end && !d.bad) {
			uint64_t v = 0;
			size_t wide = field == 4 ? 4 : field == 10 ? 8 : 0;

			if (wide == 0) {
				v = net_varint(&d);
			} else if ((size_t)(d.end - d.p) < wide) {
				d.bad = 1;
			} else {
				memcpy(&v, d.p, wide);
				d.p += wide;
			}
			if (d.bad || n == want)
				return net_read_corrupt(
				    r, "a weight's elements do not match its shape");
			put_element(to + (size_t)n++ * size, t->type, v);
		}
	}
	if (n != want)
		return net_read_corrupt(r, "a weight has fewer elements than its shape");
	return SG_OK;
}

/* Before memory is taken: could that many elements be in the message at all? */
static int
could_hold(const struct raw_tensor *t, int64_t count)
{
	size_t least = t->type == SG_T_F32 ? 4 : t->type == SG_T_F64 ? 8 : 1;

	return (uint64_t)count <= t->len / least;
}

static int
make_tensor(struct net_reader *r, struct sg_tensor *t, const struct raw_tensor *raw)
{
	size_t size = sg_net_type_size(raw->type);
	int64_t count = net_dims_count(raw->dims, raw->rank);

	if (raw->external)
		return sg_fail(r->e, SG_ENOTSUP, "onnx_external",
		    "The weight '%.60s' is kept in another file; save the model as one file.",
		    raw->name);
	if (raw->type == SG_T_NONE)
		return net_read_corrupt(r, "a weight has no element type");
	if (size == 0)
		return sg_fail(r->e, SG_ENOTSUP, "onnx_op",
		    "The tensor '%.60s' holds elements of type %s, which is not supported.",
		    raw->name, sg_net_type_name(raw->type));
	if (raw->segmented)
		return net_read_corrupt(r, "a weight is split into segments");
	if (count < 0)
		return sg_fail(r->e, SG_EINPUT, "onnx_shape",
		    "The dimensions of the weight '%.60s' are too large.", raw->name);
	t->type = raw->type;
	t->rank = raw->rank;
	memcpy(t->dims, raw->dims, sizeof(t->dims));
	if (raw->has_raw) {
		if (raw->raw.len != (size_t)count * size)
			return net_read_corrupt(r, "a weight's bytes do not match its shape");
		t->data = (void *)(uintptr_t)raw->raw.bytes;
		if (count > 0)
			return SG_OK;
	} else if (count > 0 && !could_hold(raw, count)) {
		return net_read_corrupt(r, "a weight has fewer elements than its shape");
	}
	if ((t->data = sg_alloc_aligned(r->a, (size_t)count * size + 1)) == NULL)
		return net_read_no_memory(r);
	return raw->has_raw ? SG_OK : typed_elements(r, raw, t->data, count);
}

int
net_read_tensor(
    struct net_reader *r, struct sg_tensor *t, const char **name, const uint8_t *p, size_t n)
{
	struct raw_tensor raw;
	int rc;

	if ((rc = scan_tensor(r, &raw, p, n)) != SG_OK)
		return rc;
	*name = raw.name;
	return make_tensor(r, t, &raw);
}

/* Not finite f16 in w, as bits: exponent all ones. */
int
net_finite(const struct sg_tensor *t)
{
	int64_t n = sg_tensor_count(t);
	const char *p = t->data;
	uint32_t u, bad32 = 0;
	uint64_t w;
	uint16_t h;

	switch (t->type) {
	case SG_T_F32:
		for (int64_t i = 0; i < n; i++) {
			memcpy(&u, p + i * 4, 4);
			bad32 |= (u & 0x7f800000) == 0x7f800000;
		}
		return !bad32;
	case SG_T_F64:
		for (int64_t i = 0; i < n; i++) {
			memcpy(&w, p + i * 8, 8);
			bad32 |= (w & 0x7ff0000000000000) == 0x7ff0000000000000;
		}
		return !bad32;
	case SG_T_F16:
	case SG_T_BF16:
		for (int64_t i = 0; i < n; i++) {
			uint16_t mask = t->type == SG_T_F16 ? 0x7c00 : 0x7f80;

			memcpy(&h, p + i * 2, 2);
			bad32 |= (h & mask) == mask;
		}
		return !bad32;
	default:
		return 1;
	}
}

int
net_onnx_tensor(struct sg_tensor *t, const char **name, const void *bytes, size_t n,
    struct sg_arena *a, struct sg_err *e)
{
	struct sg_err mine;
	struct net_reader r = {.a = a, .e = e ? e : &mine};

	sg_err_clear(&mine);
	memset(t, 0, sizeof(*t));
	return net_read_tensor(&r, t, name, bytes, n);
}
