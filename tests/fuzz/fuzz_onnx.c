/*
 * Fuzz target: a model through the reader, then shapes, passes and the plan of what it lets
 * through, with small limits. Nothing is run but what folding computes.
 */
#include "config.h"

#include "worker/net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct sg_net_limits lim = {.nodes = 2000, .arena_bytes = 8 << 20};
	const struct sg_net_port *in;
	struct sg_tensor t[4] = {{0}};
	struct sg_plan *plan = NULL;
	struct sg_net *net = NULL;
	struct sg_err e = {0};
	int nin;

	if (sg_net_load(&net, p, n, &lim, &e) != SG_OK)
		return 0;
	nin = sg_net_inputs(net, &in);
	for (int i = 0; i < nin && i < 4; i++) {
		t[i].rank = in[i].rank < 0 ? 4 : in[i].rank;
		for (int d = 0; d < t[i].rank; d++)
			t[i].dims[d] = in[i].rank >= 0 && in[i].dims[d] >= 0 && in[i].dims[d] < 64
					   ? in[i].dims[d]
					   : 4;
	}
	if (nin <= 4 && sg_net_plan_all(net, t, nin, "ref", "f32", 1, &plan, &e) == SG_OK)
		sg_plan_free(plan);
	sg_net_free(net);
	return 0;
}
