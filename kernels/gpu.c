/* Finds and opens the CUDA plugin: beside the program first (a build folder), then installed. */
#include "config.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernels/gpu.h"

#define PLUGIN "segward-cuda.so"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct kn_gpu_plugin *plugin; /* stays open for the life of the process */
static const char *missing = "No CUDA plugin here: computing runs on the processor.";

static void *
open_beside_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "/kernels/" PLUGIN);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return NULL;
	strcpy(slash, "/kernels/" PLUGIN);
	return access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

static void
find_plugin(void)
{
	void *so = open_beside_program();

	if (so == NULL)
		so = dlopen(SG_PLUGINDIR "/" PLUGIN, RTLD_NOW | RTLD_LOCAL);
	if (so == NULL)
		return;
	plugin = dlsym(so, "kn_gpu_plugin");
	if (plugin == NULL || plugin->abi != KN_GPU_ABI) {
		missing = "The CUDA plugin is of another version: install the one built with this "
			  "program.";
		plugin = NULL;
		dlclose(so);
	}
}

int
kn_gpu_list(struct kn_gpu *list, int max, struct kn_gpu_host *host)
{
	memset(host, 0, sizeof *host);
	pthread_once(&once, find_plugin);
	if (plugin == NULL) {
		host->why = missing;
		return 0;
	}
	host->plugin = 1;
	return plugin->list(list, max, host);
}
