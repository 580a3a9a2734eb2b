/*
 * The CUDA plugin's door: which GPUs there are. No context is made and no memory taken.
 */
#include <cstdio>
#include <cstring>

#include <cuda_runtime_api.h>
#include <cudnn.h>

extern "C" {
#include "kernels/gpu.h"
}

static int
list_gpus(struct kn_gpu *list, int max, struct kn_gpu_host *host)
{
	int n = 0;
	cudaError_t got = cudaGetDeviceCount(&n);

	/* A missing driver is an answer, not a fault; the version calls work without one. */
	(void)cudaDriverGetVersion(&host->driver);
	(void)cudaRuntimeGetVersion(&host->runtime);
	host->cudnn = (long)cudnnGetVersion();
	if (got != cudaSuccess || n == 0) {
		(void)cudaGetLastError();
		host->why = host->driver == 0 ? "No NVIDIA driver is loaded on this machine."
					      : "The NVIDIA driver shows no usable GPU.";
		return 0;
	}
	for (int i = 0; i < n && i < max; i++) {
		struct cudaDeviceProp p;

		if (cudaGetDeviceProperties(&p, i) != cudaSuccess) {
			(void)cudaGetLastError();
			host->why = "A GPU did not answer; ask an administrator to look at it.";
			return i;
		}
		memset(&list[i], 0, sizeof list[i]);
		snprintf(list[i].name, sizeof list[i].name, "%s", p.name);
		list[i].memory_bytes = (int64_t)p.totalGlobalMem;
		list[i].capability = 10 * p.major + p.minor;
		list[i].processors = p.multiProcessorCount;
	}
	return n;
}

extern "C" {
extern const struct kn_gpu_plugin kn_gpu_plugin;
const struct kn_gpu_plugin kn_gpu_plugin = {KN_GPU_ABI, list_gpus};
}
