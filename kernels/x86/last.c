/* Channels-last kernels: activations, affine maps, statistics, two-tensor arithmetic. */
#include "config.h"

#include <math.h>

#include "kernels/last.h"
#include "kernels/x86/fast.h"

#define BLOCK 16384 /* elements of one piece of work */

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* --- layouts: tiles that stay in the first cache --- */

#define TILE 32

KN_FAST static void
turn(float *dst, const float *src, int64_t rows, int64_t cols, int64_t r0, int64_t r1)
{
	for (int64_t c0 = 0; c0 < cols; c0 += TILE) {
		int64_t c1 = least(c0 + TILE, cols);

		for (int64_t r = r0; r < r1; r++)
			for (int64_t c = c0; c < c1; c++)
				dst[r * cols + c] = src[c * rows + r];
	}
}

/* dst [rows][cols] = transpose of src [cols][rows], for each of batch. */
static void
transpose(float *dst, const float *src, int64_t batch, int64_t rows, int64_t cols)
{
	int64_t per = (rows + TILE - 1) / TILE;

	KN_PARALLEL
	for (int64_t i = 0; i < batch * per; i++) {
		int64_t b = i / per, r = i % per * TILE;

		turn(dst + b * rows * cols, src + b * rows * cols, rows, cols, r,
		    least(r + TILE, rows));
	}
}

void
kn_to_last(float *dst, const float *src, int64_t batch, int64_t c, int64_t n)
{
	transpose(dst, src, batch, n, c);
}

void
kn_to_plain(float *dst, const float *src, int64_t batch, int64_t c, int64_t n)
{
	transpose(dst, src, batch, c, n);
}

/* --- activations --- */

static inline __attribute__((always_inline)) float
sigmoid1(float x)
{
	return 1 / (1 + kn_exp(-x));
}

/* Near 0 by the odd series, so that nothing cancels; elsewhere by the exponential. */
static inline __attribute__((always_inline)) float
tanh1(float x)
{
	float s = x * x, far = 1 - 2 / (1 + kn_exp(2 * x));
	float near = x * (1 + s * (-0.33333334f +
				      s * (0.13333334f + s * (-0.053968254f + s * 0.021869488f))));

	return s < 0.04f ? near : far;
}

#define ACT_LOOP(expr) \
	for (int64_t i = 0; i < n; i++) { \
		float v = src[i]; \
		dst[i] = (expr); \
	} \
	return

KN_FAST static void
act_run(float *dst, const float *src, int64_t n, struct kn_epilogue e)
{
	float a = e.a, b = e.b;

	switch (e.act) {
	case KN_NONE:
		if (dst != src)
			memcpy(dst, src, (size_t)n * sizeof(*dst));
		return;
	case KN_RELU:
		ACT_LOOP(v < 0 ? 0 : v);
	case KN_LEAKY:
		ACT_LOOP(v < 0 ? v * a : v);
	case KN_SIGMOID:
		ACT_LOOP(sigmoid1(v));
	case KN_TANH:
		ACT_LOOP(tanh1(v));
	case KN_CLIP:
		ACT_LOOP((v < a ? a : v) > b ? b : (v < a ? a : v));
	}
}

void
kn_act(float *dst, const float *src, int64_t n, struct kn_epilogue e)
{
	KN_PARALLEL
	for (int64_t i = 0; i < n; i += BLOCK)
		act_run(dst + i, src + i, least(BLOCK, n - i), e);
}

/* --- affine maps and statistics --- */

KN_FAST static void
affine_run(
    float *dst, const float *src, int64_t rows, int64_t c, const float *scale, const float *shift)
{
	for (int64_t r = 0; r < rows; r++)
		for (int64_t k = 0; k < c; k++)
			dst[r * c + k] = src[r * c + k] * scale[k] + shift[k];
}

static int64_t
rows_of_block(int64_t c)
{
	return c < BLOCK ? BLOCK / c : 1;
}

void
kn_last_affine(float *dst, const float *src, int64_t rows, int64_t c, const float *scale,
    const float *shift, struct kn_epilogue e)
{
	int64_t per = rows_of_block(c);

	KN_PARALLEL
	for (int64_t r = 0; r < rows; r += per) {
		int64_t n = least(per, rows - r);

		affine_run(dst + r * c, src + r * c, n, c, scale, shift);
		act_run(dst + r * c, dst + r * c, n * c, e);
	}
}

KN_FAST static void
sum_run(double *sum, const float *src, int64_t rows, int64_t c)
{
	for (int64_t k = 0; k < c; k++)
		sum[k] = 0;
	for (int64_t r = 0; r < rows; r++)
		for (int64_t k = 0; k < c; k++)
			sum[k] += src[r * c + k];
}

KN_FAST static void
square_run(double *sum, const float *src, const double *mean, int64_t rows, int64_t c)
{
	for (int64_t k = 0; k < c; k++)
		sum[k] = 0;
	for (int64_t r = 0; r < rows; r++)
		for (int64_t k = 0; k < c; k++) {
			double d = src[r * c + k] - mean[k];

			sum[k] += d * d;
		}
}

/* Per channel over n rows: sums of blocks side by side, then added in order. mean NULL: the mean;
 * else the variance about it. */
static void
moment(double *out, const float *src, const double *mean, int64_t n, int64_t c, double *part)
{
	int64_t per = (n + KN_NORM_BLOCKS - 1) / KN_NORM_BLOCKS;

	KN_PARALLEL
	for (int64_t i = 0; i < KN_NORM_BLOCKS; i++) {
		int64_t rows = least(per, n - i * per);

		rows = rows < 0 ? 0 : rows;
		if (mean)
			square_run(part + i * c, src + (rows ? i * per * c : 0), mean, rows, c);
		else
			sum_run(part + i * c, src + (rows ? i * per * c : 0), rows, c);
	}
	for (int64_t k = 0; k < c; k++) {
		double s = 0;

		for (int64_t i = 0; i < KN_NORM_BLOCKS; i++)
			s += part[i * c + k];
		out[k] = n ? s / (double)n : 0;
	}
}

void
kn_last_instancenorm(float *dst, const float *src, int64_t batch, int64_t n, int64_t c,
    const float *scale, const float *shift, float eps, struct kn_epilogue e, void *scratch)
{
	double *part = scratch, *mean = part + (int64_t)KN_NORM_BLOCKS * c, *var = mean + c;
	float *s = (float *)part, *t = s + c; /* the parts are done with by then */

	for (int64_t b = 0; b < batch; b++, src += n * c, dst += n * c) {
		moment(mean, src, NULL, n, c, part);
		moment(var, src, mean, n, c, part);
		for (int64_t k = 0; k < c; k++) {
			double a = scale[k] / sqrt(var[k] + eps);

			s[k] = (float)a;
			t[k] = (float)(shift[k] - mean[k] * a);
		}
		kn_last_affine(dst, src, n, c, s, t, e);
	}
}

KN_FAST static double
sum_plane(const float *x, int64_t n)
{
	double part[16] = {0}, sum = 0;
	int64_t i = 0;

	for (; i + 16 <= n; i += 16)
		for (int k = 0; k < 16; k++)
			part[k] += x[i + k];
	for (; i < n; i++)
		sum += x[i];
	for (int k = 0; k < 16; k++)
		sum += part[k];
	return sum;
}

KN_FAST static double
square_plane(const float *x, int64_t n, double mean)
{
	double part[16] = {0}, sum = 0, d;
	int64_t i = 0;

	for (; i + 16 <= n; i += 16)
		for (int k = 0; k < 16; k++) {
			d = x[i + k] - mean;
			part[k] += d * d;
		}
	for (; i < n; i++) {
		d = x[i] - mean;
		sum += d * d;
	}
	for (int k = 0; k < 16; k++)
		sum += part[k];
	return sum;
}

void
kn_plain_instancenorm(float *dst, const float *src, int64_t planes, int64_t n, int64_t c,
    const float *scale, const float *shift, float eps, struct kn_epilogue e)
{
	KN_PARALLEL
	for (int64_t p = 0; p < planes; p++) {
		const float *x = src + p * n;
		double mean = n ? sum_plane(x, n) / (double)n : 0;
		double var = n ? square_plane(x, n, mean) / (double)n : 0;
		double a = scale[p % c] / sqrt(var + eps);
		float s = (float)a, t = (float)(shift[p % c] - mean * a);

		affine_run(dst + p * n, x, n, 1, &s, &t);
		act_run(dst + p * n, dst + p * n, n, e);
	}
}

void
kn_last_mean(float *dst, const float *src, int64_t batch, int64_t n, int64_t c, void *scratch)
{
	double *part = scratch, *mean = part + (int64_t)KN_NORM_BLOCKS * c;

	for (int64_t b = 0; b < batch; b++) {
		moment(mean, src + b * n * c, NULL, n, c, part);
		for (int64_t k = 0; k < c; k++)
			dst[b * c + k] = (float)mean[k];
	}
}

/* --- two tensors --- */

#define BIN_LOOP(expr) \
	for (int64_t i = 0; i < n; i++) { \
		float x = a[i * as], y = b[i * bs]; \
		dst[i] = (expr); \
	} \
	return

static inline __attribute__((always_inline)) void
bin_body(enum kn_binary op, float *dst, const float *a, int64_t as, const float *b, int64_t bs,
    int64_t n)
{
	switch (op) {
	case KN_ADD:
		BIN_LOOP(x + y);
	case KN_SUB:
		BIN_LOOP(x - y);
	case KN_MUL:
		BIN_LOOP(x * y);
	case KN_DIV:
		BIN_LOOP(x / y);
	case KN_MAX:
		BIN_LOOP(x != x ? x : y != y ? y : x > y ? x : y);
	case KN_MIN:
		BIN_LOOP(x != x ? x : y != y ? y : x < y ? x : y);
	case KN_PRELU:
		BIN_LOOP(x < 0 ? x * y : x);
	}
}

/* The common steps as constants, so that each loop is compiled without them. */
KN_FAST static void
bin_run(enum kn_binary op, float *dst, const float *a, int64_t as, const float *b, int64_t bs,
    int64_t n)
{
	if (as == 1 && bs == 1)
		bin_body(op, dst, a, 1, b, 1, n);
	else if (as == 1 && bs == 0)
		bin_body(op, dst, a, 1, b, 0, n);
	else
		bin_body(op, dst, a, as, b, bs, n);
}

void
kn_binary3(enum kn_binary op, float *dst, const float *a, const int64_t as[3], const float *b,
    const int64_t bs[3], const int64_t dims[3], struct kn_epilogue e)
{
	int64_t rows = dims[0] * dims[1], n = dims[2], per;
	int flat = as[2] == 1 && bs[2] == 1 && as[1] == n && bs[1] == n &&
		   (dims[0] == 1 || (as[0] == n * dims[1] && bs[0] == n * dims[1]));

	if (flat) { /* one long row, cut in blocks */
		n = BLOCK;
		per = 1;
		rows = (dims[0] * dims[1] * dims[2] + BLOCK - 1) / BLOCK;
	} else {
		per = rows_of_block(n > 0 ? n : 1);
	}
	KN_PARALLEL
	for (int64_t r0 = 0; r0 < rows; r0 += per)
		for (int64_t r = r0; r < least(r0 + per, rows); r++) {
			int64_t i = r / dims[1], j = r % dims[1], m = n;

			if (flat) {
				m = least(BLOCK, dims[0] * dims[1] * dims[2] - r * BLOCK);
				bin_run(op, dst + r * n, a + r * n, 1, b + r * n, 1, m);
			} else {
				bin_run(op, dst + r * n, a + i * as[0] + j * as[1], as[2],
				    b + i * bs[0] + j * bs[1], bs[2], n);
			}
			if (e.act != KN_NONE)
				act_run(dst + r * n, dst + r * n, m, e);
		}
}
