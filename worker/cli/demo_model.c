/* segward demo-model: writes a demonstration network as an ONNX file. */
#include "config.h"

#include "common/buf.h"
#include "worker/cli/cli.h"
#include "worker/net/demo_model.h"

int
sg_cmd_demo_model(int argc, char **argv)
{
	struct sg_buf onnx;
	struct sg_err e = {0};
	int status = SG_EXIT_DONE;

	if (argc != 3)
		return sg_cli_usage("demo-model", "a name and the file to write are wanted");
	sg_buf_init(&onnx, (size_t)64 << 20);
	if (sg_demo_model(&onnx, argv[1], &e) != SG_OK ||
	    sg_cli_write(argv[2], onnx.data, onnx.len, &e) != SG_OK)
		status = sg_cli_refuse("demo-model", 0, &e);
	sg_buf_free(&onnx);
	return status;
}
