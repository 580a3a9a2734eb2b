/* Element types and their conversions. Data may lie unaligned (in a model file): memcpy only. */
#include "config.h"

#include <math.h>
#include <stdio.h>

#include "worker/net/tensor.h"

static const struct {
	const char *name;
	uint8_t size, is_float;
} types[] = {
    [SG_T_NONE] = {"undefined", 0, 0},
    [SG_T_F32] = {"f32", 4, 1},
    [SG_T_U8] = {"uint8", 1, 0},
    [SG_T_I8] = {"int8", 1, 0},
    [SG_T_U16] = {"uint16", 2, 0},
    [SG_T_I16] = {"int16", 2, 0},
    [SG_T_I32] = {"int32", 4, 0},
    [SG_T_I64] = {"int64", 8, 0},
    [SG_T_STRING] = {"string", 0, 0},
    [SG_T_BOOL] = {"bool", 1, 0},
    [SG_T_F16] = {"f16", 2, 1},
    [SG_T_F64] = {"f64", 8, 1},
    [SG_T_U32] = {"uint32", 4, 0},
    [SG_T_U64] = {"uint64", 8, 0},
    [14] = {"complex64", 0, 0},
    [15] = {"complex128", 0, 0},
    [SG_T_BF16] = {"bf16", 2, 1},
};

#define NTYPES ((int)(sizeof(types) / sizeof(types[0])))

size_t
sg_net_type_size(int type)
{
	return type >= 0 && type < NTYPES ? types[type].size : 0;
}

const char *
sg_net_type_name(int type)
{
	return type >= 0 && type < NTYPES ? types[type].name : "unknown";
}

int
net_type_is_float(int type)
{
	return type >= 0 && type < NTYPES && types[type].is_float;
}

int64_t
net_dims_count(const int64_t *dims, int rank)
{
	int64_t n = 1;

	for (int i = 0; i < rank; i++) {
		if (dims[i] < 0 || __builtin_mul_overflow(n, dims[i], &n) || n > (INT64_C(1) << 46))
			return -1;
	}
	return n;
}

int64_t
sg_tensor_count(const struct sg_tensor *t)
{
	int64_t n = net_dims_count(t->dims, t->rank);

	return n < 0 ? 0 : n;
}

size_t
sg_tensor_bytes(const struct sg_tensor *t)
{
	return (size_t)sg_tensor_count(t) * sg_net_type_size(t->type);
}

void
net_strides(int64_t *stride, const int64_t *dims, int rank)
{
	int64_t step = 1;

	for (int i = rank - 1; i >= 0; i--) {
		stride[i] = step;
		step *= dims[i];
	}
}

const char *
net_dims_text(char text[170], const int64_t *dims, int rank)
{
	int at = 0;

	text[0] = '\0';
	for (int i = 0; i < rank && at < 140; i++) {
		if (i)
			text[at++] = 'x';
		if (dims[i] < 0)
			at += snprintf(text + at, 170 - (size_t)at, "?");
		else
			at += snprintf(text + at, 170 - (size_t)at, "%lld", (long long)dims[i]);
	}
	if (rank == 0)
		snprintf(text, 170, "scalar");
	return text;
}

float
net_f16_to_f32(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exp = (h >> 10) & 31, man = h & 1023, u;
	float f;

	if (exp == 31) {
		u = sign | 0x7f800000 | man << 13;
	} else if (exp) {
		u = sign | (exp + 112) << 23 | man << 13;
	} else {
		f = ldexpf((float)man, -24);
		return sign ? -f : f;
	}
	memcpy(&f, &u, sizeof(f));
	return f;
}

uint16_t
net_f32_to_f16(float f)
{
	uint32_t u, a, lost, half;
	uint16_t sign, h;
	int shift;

	memcpy(&u, &f, sizeof(u));
	sign = (uint16_t)(u >> 16 & 0x8000);
	a = u & 0x7fffffff;
	if (a > 0x7f800000)
		return sign | 0x7e00;
	if (a >= 0x477ff000) /* 65520 and above round to infinity */
		return sign | 0x7c00;
	if (a < 0x33000000) /* below half of the least subnormal */
		return sign;
	if (a >= 0x38800000) {
		shift = 13;
		h = (uint16_t)((a - 0x38000000) >> 13);
	} else {
		shift = 126 - (int)(a >> 23);
		a = (a & 0x7fffff) | 0x800000;
		h = (uint16_t)(a >> shift);
	}
	lost = a & ((1u << shift) - 1);
	half = 1u << (shift - 1);
	if (lost > half || (lost == half && (h & 1)))
		h++;
	return sign | h;
}

uint16_t
net_f32_to_bf16(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	if ((u & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(u >> 16) | 0x40;
	return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

#define LOAD(T, expr) \
	for (int k = 0; k < n; k++) { \
		T v; \
		memcpy(&v, (const char *)data + (size_t)(i + k) * sizeof(T), sizeof(T)); \
		to[k] = (expr); \
	} \
	return

void
net_load_f64(double *to, const void *data, int type, int64_t i, int n)
{
	switch (type) {
	case SG_T_F32:
		LOAD(float, v);
	case SG_T_F64:
		LOAD(double, v);
	case SG_T_F16:
		LOAD(uint16_t, net_f16_to_f32(v));
	case SG_T_BF16:
		LOAD(uint16_t, net_bf16_to_f32(v));
	case SG_T_U8:
		LOAD(uint8_t, v);
	case SG_T_BOOL:
		LOAD(uint8_t, v != 0);
	case SG_T_I8:
		LOAD(int8_t, v);
	case SG_T_U16:
		LOAD(uint16_t, v);
	case SG_T_I16:
		LOAD(int16_t, v);
	case SG_T_U32:
		LOAD(uint32_t, v);
	case SG_T_I32:
		LOAD(int32_t, v);
	case SG_T_U64:
		LOAD(uint64_t, (double)v);
	case SG_T_I64:
		LOAD(int64_t, (double)v);
	default:
		memset(to, 0, (size_t)n * sizeof(*to));
	}
}

/* Truncated towards zero and held to what an int64 has; NaN gives 0. */
static int64_t
to_i64(double v)
{
	if (!(v == v))
		return 0;
	if (v >= 9223372036854775807.0)
		return INT64_MAX;
	if (v <= -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)v;
}

void
net_load_i64(int64_t *to, const void *data, int type, int64_t i, int n)
{
	switch (type) {
	case SG_T_F32:
		LOAD(float, to_i64(v));
	case SG_T_F64:
		LOAD(double, to_i64(v));
	case SG_T_F16:
		LOAD(uint16_t, to_i64(net_f16_to_f32(v)));
	case SG_T_BF16:
		LOAD(uint16_t, to_i64(net_bf16_to_f32(v)));
	case SG_T_U8:
		LOAD(uint8_t, v);
	case SG_T_BOOL:
		LOAD(uint8_t, v != 0);
	case SG_T_I8:
		LOAD(int8_t, v);
	case SG_T_U16:
		LOAD(uint16_t, v);
	case SG_T_I16:
		LOAD(int16_t, v);
	case SG_T_U32:
		LOAD(uint32_t, v);
	case SG_T_I32:
		LOAD(int32_t, v);
	case SG_T_U64:
		LOAD(uint64_t, (int64_t)v);
	case SG_T_I64:
		LOAD(int64_t, v);
	default:
		memset(to, 0, (size_t)n * sizeof(*to));
	}
}

#define STORE(T, expr) \
	for (int k = 0; k < n; k++) { \
		T w = (T)(expr); \
		memcpy((char *)data + (size_t)(i + k) * sizeof(T), &w, sizeof(T)); \
	} \
	return

void
net_store_f64(void *data, int type, int64_t i, const double *from, int n)
{
	switch (type) {
	case SG_T_F32:
		STORE(float, from[k]);
	case SG_T_F64:
		STORE(double, from[k]);
	case SG_T_F16:
		STORE(uint16_t, net_f32_to_f16((float)from[k]));
	case SG_T_BF16:
		STORE(uint16_t, net_f32_to_bf16((float)from[k]));
	case SG_T_BOOL:
		STORE(uint8_t, from[k] != 0);
	case SG_T_U8:
		STORE(uint8_t, to_i64(from[k]));
	case SG_T_I8:
		STORE(int8_t, to_i64(from[k]));
	case SG_T_U16:
		STORE(uint16_t, to_i64(from[k]));
	case SG_T_I16:
		STORE(int16_t, to_i64(from[k]));
	case SG_T_U32:
		STORE(uint32_t, to_i64(from[k]));
	case SG_T_I32:
		STORE(int32_t, to_i64(from[k]));
	case SG_T_U64:
		STORE(uint64_t, from[k] >= 18446744073709551615.0  ? UINT64_MAX
				: from[k] >= 9223372036854775808.0 ? (uint64_t)from[k]
								   : (uint64_t)to_i64(from[k]));
	case SG_T_I64:
		STORE(int64_t, to_i64(from[k]));
	default:
		return;
	}
}

void
net_store_i64(void *data, int type, int64_t i, const int64_t *from, int n)
{
	switch (type) {
	case SG_T_F32:
		STORE(float, from[k]);
	case SG_T_F64:
		STORE(double, from[k]);
	case SG_T_F16:
		STORE(uint16_t, net_f32_to_f16((float)from[k]));
	case SG_T_BF16:
		STORE(uint16_t, net_f32_to_bf16((float)from[k]));
	case SG_T_BOOL:
		STORE(uint8_t, from[k] != 0);
	case SG_T_U8:
	case SG_T_I8:
		STORE(uint8_t, from[k]);
	case SG_T_U16:
	case SG_T_I16:
		STORE(uint16_t, from[k]);
	case SG_T_U32:
	case SG_T_I32:
		STORE(uint32_t, from[k]);
	case SG_T_U64:
	case SG_T_I64:
		STORE(int64_t, from[k]);
	default:
		return;
	}
}
