/* How inner loops are compiled: once for each instruction set, chosen when the program starts. */
#ifndef KN_FAST_H
#define KN_FAST_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(SG_SANITIZE)
#define KN_FAST __attribute__((optimize("O3"), target_clones("avx512f", "avx2", "default")))
#else
#define KN_FAST
#endif

#ifdef _OPENMP
#define KN_PARALLEL _Pragma("omp parallel for schedule(static)")
#else
#define KN_PARALLEL
#endif

/* exp(x) with a relative error below 2e-7; 0 and the largest float beyond the range. */
static inline __attribute__((always_inline)) float
kn_exp(float x)
{
	const float magic = 12582912; /* 1.5 * 2^23: adding it rounds to an integer */
	float m, n, r, p, s;
	int32_t i;

	x = x < -87.3f ? -87.3f : x;
	x = x > 88.3f ? 88.3f : x;
	m = x * 1.44269504089f + magic;
	memcpy(&i, &m, sizeof(i));
	i -= 0x4b400000;
	n = m - magic;
	r = x - n * 0.693359375f;
	r = r + n * 2.12194440e-4f;
	p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1;
	i = (int32_t)((uint32_t)(i + 127) << 23);
	memcpy(&s, &i, sizeof(s));
	return p * s;
}

#endif
