/* Names the processor: what results of this machine were computed on. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "kernels/cpu.h"

void
kn_cpu_name(char *text, size_t size)
{
	char line[256], model[96] = "cpu";
	const char *isa = "";
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(model, sizeof(model), "%.90s", colon + 2);
			break;
		}
	}
	if (f != NULL)
		fclose(f);
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bf16"))
		isa = ", avx512_bf16";
	else if (__builtin_cpu_supports("avx512f"))
		isa = ", avx512";
	else if (__builtin_cpu_supports("avx2"))
		isa = ", avx2";
#endif
	snprintf(text, size, "%s%s", model, isa);
}
