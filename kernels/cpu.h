/* The processor of this machine, in words. */
#ifndef KN_CPU_H
#define KN_CPU_H

#include <stddef.h>

/* "AMD EPYC 9R14, avx512_bf16": its maker's name and the widest instruction set in use. */
void kn_cpu_name(char *text, size_t size);

#endif
