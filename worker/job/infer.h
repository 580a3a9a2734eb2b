/*
 * The one way from a volume to a result, used by the command line and by the worker alike:
 * channels, intensity, padding or resizing or tiles, network, probabilities on the scan's own
 * grid, mask, clean-up, measurements.
 *
 * What is done is the model's own meta data (worker/net/meta.h); options only choose the
 * threshold, the device and the like.
 */
#ifndef SG_INFER_H
#define SG_INFER_H

#include <stdatomic.h>
#include <stdint.h>

#include <jansson.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/mask/mask.h"
#include "worker/volume/volume.h"

struct sg_net;
struct sg_model_meta;

#define SG_MAX_LABELS 255
#define SG_MAX_PLANES 8 /* up to so many classes each keep a probability plane */

struct sg_infer_options {
	int threshold_milli;	  /* thousandths; below 0: the model's default */
	int threads;		  /* computing threads; 0: the cores there are */
	const char *device;	  /* "cpu", "gpu", or NULL: the best there is */
	const char *precision;	  /* "f32", ..., or NULL: contracts.md's default */
	const atomic_bool *cancel; /* set by another thread: stop; may be NULL */
	/* Called now and then from the calling thread, done in 0..1; may be NULL. */
	void (*progress)(void *arg, double done);
	void *progress_arg;
};

struct sg_infer_label {
	int value; /* in the mask */
	char name[64];
	char colour[8]; /* "#rrggbb" */
	struct sg_measure measure;
};

struct sg_infer_result {
	int nx, ny, nz;
	int classes;	     /* of the network, the background included; 1: one sigmoid plane */
	int planes;	     /* probability planes kept: 1 for two classes or a sigmoid (the
			      * foreground's), else classes, or 0 above SG_MAX_PLANES */
	uint8_t *prob;	     /* [planes][nz][ny][nx] q */
	uint8_t *mask;	     /* [nz][ny][nx]: 0..nlabels */
	int binary;	     /* the threshold rules the mask; else argmax does */
	int threshold_milli; /* that was used */
	int nlabels;
	struct sg_infer_label *labels;
	int64_t histogram[256]; /* of q, the foreground's; of the largest foreground class */
	double time_ms;		/* of the network alone */
	double total_ms;	/* of the whole call */
	char device[16], precision[8];
	json_t *flags; /* object, e.g. {"guess":["intensity"]}; owned by the arena */
};

/* A result of many models needs much memory: the arena's limit should allow 40 bytes a voxel
 * and the network's own memory stands apart.
 * Errors: SG_EINPUT "model_input" (the scan does not fit the model: dimension, size),
 * SG_EINPUT "threshold_range", SG_ENOTSUP "device", "precision", SG_ECONFLICT "cancelled",
 * SG_EBUSY "no_memory", and those of the network. */
int sg_infer(struct sg_infer_result **out, struct sg_arena *a, const struct sg_volume *scan,
    struct sg_net *net, const struct sg_model_meta *meta, const struct sg_infer_options *opt,
    struct sg_err *e);

/* A mask from kept probabilities at another threshold, with its measurements: what an export
 * job does. prob [n], mask [n]; on: geometry. Cleans up as the meta says. */
int sg_infer_remask(uint8_t *mask, struct sg_measure *m, const uint8_t *prob,
    const struct sg_volume *on, const struct sg_model_meta *meta, int threshold_milli,
    struct sg_err *e);

#endif
