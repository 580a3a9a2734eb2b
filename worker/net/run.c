/* Running a plan: inputs in, steps in order with a look at the watch between, outputs out. */
#include "config.h"

#include <string.h>

#include "worker/net/net_int.h"
#include "worker/net/tensor.h"

/* n elements from one type to another (floats and integers alike). */
static void
convert(void *to, int to_type, const void *from, int from_type, int64_t n)
{
	double v[256];
	int64_t iv[256];

	if (to_type == from_type) {
		memcpy(to, from, (size_t)n * sg_net_type_size(to_type));
		return;
	}
	for (int64_t i = 0; i < n; i += 256) {
		int m = n - i < 256 ? (int)(n - i) : 256;

		if (net_type_is_float(from_type)) {
			net_load_f64(v, from, from_type, i, m);
			net_store_f64(to, to_type, i, v, m);
		} else {
			net_load_i64(iv, from, from_type, i, m);
			net_store_i64(to, to_type, i, iv, m);
		}
	}
}

/* A reference row, its epilogue behind it. */
static int
run_row(struct sg_plan *p, struct net_step *s, struct sg_err *e)
{
	struct net_call *c = &s->call;
	const struct net_node *n = c->n;
	int rc;

	c->e = e;
	if ((n->op->flags & NET_OP_ALIAS) && c->in[0]->data == c->out[0]->data)
		return SG_OK;
	rc = n->op->run(c);
	if (rc == SG_OK && (n->epi.residual >= 0 || n->epi.act != NET_ACT_NONE))
		net_epilogue_run(c->out[0]->data,
		    n->epi.residual < 0 ? NULL : p->g->value[n->epi.residual].t.data,
		    sg_tensor_count(c->out[0]), &n->epi);
	return rc;
}

static int
run_steps(struct sg_plan *p, const struct sg_net_watch *w, struct sg_err *e)
{
	int64_t done = 0, all = 0;
	int rc;

	for (int i = 0; i < p->nstep; i++)
		all += p->step[i].work;
	for (int i = 0; i < p->nstep; i++) {
		if (w && w->cancel && atomic_load_explicit(w->cancel, memory_order_relaxed))
			return sg_fail(
			    e, SG_EBUSY, "net_cancelled", "The computation was stopped.");
		rc = p->step[i].native ? p->be->run(p->bplan, i, e) : run_row(p, &p->step[i], e);
		if (rc != SG_OK)
			return rc;
		done += p->step[i].work;
		if (w && w->progress)
			w->progress(w->arg, done, all);
	}
	return p->be->wait(p->dev, e);
}

int
sg_net_run(struct sg_plan *plan, const float *in, float *out, const struct sg_net_watch *watch,
    struct sg_err *e)
{
	int rc;

	if (plan->nin != 1 || plan->nout < 1)
		return sg_fail(e, SG_EINPUT, "onnx_shape", "The model has %d inputs.", plan->nin);
	convert(plan->in[0].data, plan->in[0].type, in, SG_T_F32, sg_tensor_count(&plan->in[0]));
	if ((rc = run_steps(plan, watch, e)) != SG_OK)
		return rc;
	convert(
	    out, SG_T_F32, plan->out[0].data, plan->out[0].type, sg_tensor_count(&plan->out[0]));
	return SG_OK;
}

static int
same_form(const struct sg_tensor *a, const struct sg_tensor *b)
{
	return a->type == b->type && a->rank == b->rank && a->data != NULL &&
	       memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims)) == 0;
}

int
sg_net_run_all(struct sg_plan *plan, const struct sg_tensor *in, int nin, struct sg_tensor *out,
    int nout, const struct sg_net_watch *watch, struct sg_err *e)
{
	int rc;

	if (nin != plan->nin || nout > plan->nout)
		return sg_fail(e, SG_EINPUT, "onnx_shape",
		    "The model has %d inputs and %d outputs.", plan->nin, plan->nout);
	for (int i = 0; i < nin; i++) {
		if (!same_form(&in[i], &plan->in[i]))
			return sg_fail(
			    e, SG_EINPUT, "onnx_shape", "Input %d is not what was planned.", i);
		memcpy(plan->in[i].data, in[i].data, sg_tensor_bytes(&in[i]));
	}
	for (int i = 0; i < nout; i++)
		if (!same_form(&out[i], &plan->out[i]))
			return sg_fail(
			    e, SG_EINPUT, "onnx_shape", "Output %d is not what was planned.", i);
	if ((rc = run_steps(plan, watch, e)) != SG_OK)
		return rc;
	for (int i = 0; i < nout; i++)
		memcpy(out[i].data, plan->out[i].data, sg_tensor_bytes(&out[i]));
	return SG_OK;
}
