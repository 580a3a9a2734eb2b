/*
 * GPUs of this machine, seen through the CUDA plugin.
 *
 * CUDA lives in one plugin, segward-cuda.so, opened at run time: one binary serves machines with
 * and without a GPU, and links nothing of CUDA. The plugin is built by `configure --with-cuda`.
 */
#ifndef KN_GPU_H
#define KN_GPU_H

#include <stdint.h>

struct kn_gpu {
	char name[256];	      /* as the maker calls it */
	int64_t memory_bytes; /* in all */
	int capability;	      /* compute capability, 10 * major + minor: 90 is sm_90 */
	int processors;	      /* streaming multiprocessors */
};

struct kn_gpu_host {
	int plugin;	     /* 1: the plugin was found and speaks our version */
	int driver, runtime; /* CUDA versions, 1000 * major + 10 * minor; 0: unknown */
	long cudnn;	     /* 10000 * major + 100 * minor + patch; 0: unknown */
	const char *why;     /* a plain sentence when there is nothing to use, else NULL */
};

/*
 * At most max GPUs into list; returns how many there are, 0 when none can be used (host->why
 * then says so). Opens the plugin at the first call; safe from several threads.
 */
int kn_gpu_list(struct kn_gpu *list, int max, struct kn_gpu_host *host);

/* What the plugin exports, under the name "kn_gpu_plugin". */
#define KN_GPU_ABI 1 /* grows when this struct or one above changes */
struct kn_gpu_plugin {
	int abi; /* KN_GPU_ABI it was built with */
	int (*list)(struct kn_gpu *list, int max, struct kn_gpu_host *host);
};

#endif
