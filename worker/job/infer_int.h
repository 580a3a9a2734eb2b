/* Inside of inference: shared by infer.c, infer_input.c and infer_window.c only. */
#ifndef SG_INFER_INT_H
#define SG_INFER_INT_H

#include "worker/job/infer.h"
#include "worker/net/meta.h"
#include "worker/net/net.h"

/* One call of sg_infer() at work. */
struct infer {
	const struct sg_volume *scan;
	struct sg_net *net;
	const struct sg_model_meta *meta;
	const struct sg_infer_options *opt;
	struct sg_arena *tmp; /* working memory, gone at the end */
	json_t *flags;

	int channels; /* of the network's input */
	int outputs;  /* channels of its output: classes, with the background for softmax */
	int tw, th;   /* its input's size */
	int ow, oh;   /* its output's size */
	int resized;  /* the picture is resized to tw x th, not padded */
	int nwx, nwy; /* windows along x and y */
	struct sg_plan *plan;
	float *in, *out; /* its tensors */
	float *work;	 /* tw x th: one plane on its way */
	double net_ms;
	double done_before, done_share; /* progress: of the window at hand */
};

/* One slice as f32 planes [channels][ny][nx], channels adapted and intensity normalised as the
 * model wants it. planes: from infer->tmp, of that size. scratch: ny*nx*channels floats. */
void infer_input(const struct infer *r, float *planes, float *scratch, int z);

/* Decide windows and sizes, plan the network, take its tensors. */
int infer_plan(struct infer *r, struct sg_err *e);
/* Probabilities [outputs][ny][nx] of one slice; weight: [ny][nx] scratch, used with windows. */
int infer_slice(
    struct infer *r, float *prob, float *weight, const float *planes, int z, struct sg_err *e);

int infer_no_memory(struct sg_err *e);

#endif
