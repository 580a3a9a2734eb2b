/* segward devices: what this machine can compute on. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cpu.h"
#include "kernels/gpu.h"
#include "worker/cli/cli.h"

enum { MOST = 16 };

/* "10.3" of 103 */
static void
version_text(char text[16], int major, int minor)
{
	snprintf(text, 16, "%d.%d", major, minor);
}

static int
print_json(const char *cpu, const struct kn_gpu *gpu, int n, const struct kn_gpu_host *host)
{
	json_t *list = json_array(), *o;

	for (int i = 0; i < n; i++) {
		char capability[16];

		version_text(capability, gpu[i].capability / 10, gpu[i].capability % 10);
		json_array_append_new(
		    list, json_pack("{s:s, s:I, s:s, s:i}", "name", gpu[i].name, "memory_bytes",
			      (json_int_t)gpu[i].memory_bytes, "compute_capability", capability,
			      "processors", gpu[i].processors));
	}
	o = json_pack("{s:s, s:o, s:b, s:s?}", "cpu", cpu, "gpus", list, "plugin", host->plugin,
	    "note", host->why);
	return sg_cli_print("devices", o);
}

static void
print_text(const char *cpu, const struct kn_gpu *gpu, int n, const struct kn_gpu_host *host)
{
	printf("cpu    %s\n", cpu);
	for (int i = 0; i < n; i++)
		printf("gpu %d  %s, %.0f GiB, compute capability %d.%d, %d processors\n", i,
		    gpu[i].name, (double)gpu[i].memory_bytes / (1 << 30), gpu[i].capability / 10,
		    gpu[i].capability % 10, gpu[i].processors);
	if (host->why != NULL)
		printf("gpu    none: %s\n", host->why);
}

int
sg_cmd_devices(int argc, char **argv)
{
	static const struct option OPTIONS[] = {{"json", no_argument, NULL, 'j'}, {0}};
	struct kn_gpu gpu[MOST];
	struct kn_gpu_host host;
	char cpu[160];
	int json = 0, c, n;

	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (c != 'j')
			return SG_EXIT_USAGE;
		json = 1;
	}
	if (argc != optind)
		return sg_cli_usage("devices", "it takes no file");
	kn_cpu_name(cpu, sizeof(cpu));
	n = kn_gpu_list(gpu, MOST, &host);
	if (n > MOST)
		n = MOST;
	if (json)
		return print_json(cpu, gpu, n, &host);
	print_text(cpu, gpu, n, &host);
	return SG_EXIT_DONE;
}
