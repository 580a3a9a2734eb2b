/* Elements of every type, read and written one by one or in runs. */
#ifndef SG_NET_TENSOR_H
#define SG_NET_TENSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "worker/net/net.h"

int net_type_is_float(int type); /* f16, bf16, f32, f64 */

float net_f16_to_f32(uint16_t h);
uint16_t net_f32_to_f16(float f); /* to nearest, ties to even */
static inline float
net_bf16_to_f32(uint16_t b)
{
	uint32_t u = (uint32_t)b << 16;
	float f;

	memcpy(&f, &u, sizeof(f));
	return f;
}
uint16_t net_f32_to_bf16(float f);

/* n elements from the i-th on, to or from doubles or int64 (bool is 0 or 1). Floats to integers
 * truncate towards zero and hold to int64, then wrap to the type; storing anything but 0 as bool
 * gives 1. */
void net_load_f64(double *to, const void *data, int type, int64_t i, int n);
void net_store_f64(void *data, int type, int64_t i, const double *from, int n);
void net_load_i64(int64_t *to, const void *data, int type, int64_t i, int n);
void net_store_i64(void *data, int type, int64_t i, const int64_t *from, int n);

static inline double
net_get_f64(const void *data, int type, int64_t i)
{
	double v;

	net_load_f64(&v, data, type, i, 1);
	return v;
}

static inline int64_t
net_get_i64(const void *data, int type, int64_t i)
{
	int64_t v;

	net_load_i64(&v, data, type, i, 1);
	return v;
}

/* Elements of dims, or -1 where the product does not fit 2^46 or a dim is negative. */
int64_t net_dims_count(const int64_t *dims, int rank);
/* Steps in elements of a plain tensor. */
void net_strides(int64_t *stride, const int64_t *dims, int rank);
/* "1x3x512x512" into text (at least 8 * 21 characters); unknown dims as "?". */
const char *net_dims_text(char text[170], const int64_t *dims, int rank);

#endif
