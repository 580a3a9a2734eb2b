/* segward: the engine's command line. It needs no service. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "worker/cli/cli.h"

static const struct sg_command COMMANDS[] = {
    {"segment", "find the structures of an image with a model",
	"usage: segward segment [--model M.onnx] [--meta FILE] [--threshold T] [--prob FILE]\n"
	"                       [--device D] [--precision P] [--threads N] [--json] IN.png "
	"OUT.png\n"
	"\n"
	"Writes the mask of IN as PNG: 0 and 255 for one structure, labels 0..C for several.\n"
	"  --model M.onnx  the network; else $MODEL_PATH, else data/models/model.onnx\n"
	"  --meta FILE     a bioimageio.yaml or segward JSON that describes the model; else the\n"
	"                  bioimageio.yaml beside it, else what stands inside the model\n"
	"  --threshold T   0 to 1, at most three decimals; else the model's own\n"
	"  --prob FILE     also write the probabilities, one byte a pixel, 0..255: as PNG when "
	"the\n"
	"                  name ends in .png (one plane), else raw planes, x fastest\n"
	"  --device D      cpu or ref; default cpu\n"
	"  --precision P   f32, bf16; default by device\n"
	"  --threads N     computing threads; default: all cores\n"
	"  --json          one object on standard output: model, device, precision, time_ms,\n"
	"                  threshold, labels [{name, voxels, area_mm2}], flags\n",
	sg_cmd_segment},
    {"info", "what a file holds",
	"usage: segward info [--json] IN\n"
	"\n"
	"Reads an image in the sandboxed parser and prints kind, shape, spacing and the report.\n",
	sg_cmd_info},
    {"compare", "how well two masks agree",
	"usage: segward compare [--label N] [--json] PRED.png TRUTH.png\n"
	"\n"
	"Dice, Jaccard, precision, recall of two masks of one size, with their definitions.\n"
	"Foreground is every value but 0, or label N alone.\n",
	sg_cmd_compare},
    {"phantom", "make synthetic images with labels",
	"usage: segward phantom cells|liver OUTDIR --n N [--seed S] [--size PIXELS] [--json]\n"
	"\n"
	"Writes NNN.png and NNN_mask.png (0 and 255), N of each, the same for the same seed.\n"
	"  cells  fluorescence-like: uneven light, blur, shot noise, touching cells, debris\n"
	"  liver  an abdominal CT slice: liver among organs of nearly its own brightness\n"
	"  --n N      1 to 999\n"
	"  --seed S   default 1\n"
	"  --size P   side in pixels, 128 to 2048, default 512\n",
	sg_cmd_phantom},
    {"inspect", "what a model needs, and whether it runs here",
	"usage: segward inspect [--meta FILE] [--size 512x512] [--threads N] [--json] M.onnx\n"
	"\n"
	"Prints inputs, outputs, operators, what is not supported by node, parameters, and for a\n"
	"picture of the given size the work, the memory and the measured time of one run.\n",
	sg_cmd_inspect},
    {"demo-model", "write a demonstration network",
	"usage: segward demo-model cells|liver OUT.onnx\n"
	"\n"
	"Small networks laid out by hand and fitted to phantoms of the same names; for no "
	"patient.\n",
	sg_cmd_demo_model},
    {"devices", "what this machine computes on",
	"usage: segward devices [--json]\n"
	"\n"
	"The processor with its instruction set, and the GPUs that the CUDA plugin finds.\n",
	sg_cmd_devices},
};

enum { COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static void
help(FILE *to)
{
	fputs("usage: segward COMMAND ...\n\nMedical image segmentation, without any service.\n\n",
	    to);
	for (int i = 0; i < COUNT; i++)
		fprintf(to, "  %-12s %s\n", COMMANDS[i].name, COMMANDS[i].does);
	fputs(
	    "\n`segward COMMAND --help` tells more. Exit status: 0 done, 1 input refused, 2 wrong "
	    "usage.\n",
	    to);
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return SG_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		help(stdout);
		return SG_EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return SG_EXIT_DONE;
	}
	for (int i = 0; i < COUNT; i++) {
		if (strcmp(argv[1], COMMANDS[i].name) != 0)
			continue;
		for (int k = 2; k < argc && strcmp(argv[k], "--") != 0; k++)
			if (strcmp(argv[k], "--help") == 0) {
				fputs(COMMANDS[i].usage, stdout);
				return SG_EXIT_DONE;
			}
		return COMMANDS[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "segward: no command \"%s\"; see segward --help\n", argv[1]);
	return SG_EXIT_USAGE;
}
