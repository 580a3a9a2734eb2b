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

#define SG_MAX_PLANES 8 /* up to so many labels each keep a probability plane */

struct sg_infer_options {
	int threshold_milli;	   /* thousandths; below 0: the model's default */
	int threads;		   /* computing threads; 0: the cores there are */
	const char *device;	   /* "cpu", "ref", or NULL: cpu */
	const char *precision;	   /* "f32", "bf16", or NULL: f32 */
	const atomic_bool *cancel; /* set by another thread: stop; may be NULL */
	/* Called now and then from the calling thread, done in 0..1; may be NULL. */
	void (*progress)(void *arg, double done);
	void *progress_arg;
};

struct sg_infer_label {
	int value; /* in the mask, from 1 */
	char name[64];
	char colour[8]; /* "#rrggbb" */
	struct sg_measure measure;
};

/*
 * How probabilities become labels, by the model's kind:
 *   one sigmoid class, or softmax of two: binary; foreground where q reaches the threshold
 *   several sigmoid classes: the class of greatest q (ties to the lower) where that reaches the
 *     threshold
 *   softmax of several: argmax with the background, ties to the lower; the threshold is not used
 */
struct sg_infer_result {
	int nx, ny, nz;
	int planes;	  /* probability planes kept, one a label; 0 above SG_MAX_PLANES labels */
	uint8_t *prob;	  /* [planes][nz][ny][nx] q of label 1.. ; NULL without planes */
	uint8_t *mask;	  /* [nz][ny][nx]: 0..nlabels */
	int binary;	  /* one label, ruled by the threshold */
	int by_threshold; /* the threshold had a say (binary, or several sigmoid classes) */
	int threshold_milli; /* that was used */
	int nlabels;
	struct sg_infer_label *labels;
	int64_t histogram[256]; /* of q; of the greatest q over the labels when there are several */
	double time_ms;		/* of the network alone */
	double total_ms;	/* of the whole call */
	char device[16], precision[8];
	json_t *flags; /* object, {} mostly; owned by the arena. Keys: guess (list of what the
			* model did not say), channels ("luma" or "repeated"), tiles (number),
			* resized ([w,h]), spacing ("not_resampled") */
};

/*
 * A 2-D model runs on each slice of a scan of several. Results live in a.
 * Errors: SG_EINPUT "model_input" (the scan does not fit the model: phases, channels),
 * "model_output" (its output is not what its metadata says, or not finite), "threshold_range",
 * SG_ENOTSUP "model_dims" (3-D models), SG_ECONFLICT "cancelled", SG_EBUSY "no_memory", and those
 * of worker/net/net.h.
 */
int sg_infer(struct sg_infer_result **out, struct sg_arena *a, const struct sg_volume *scan,
    struct sg_net *net, const struct sg_model_meta *meta, const struct sg_infer_options *opt,
    struct sg_err *e);

/*
 * A mask from kept probabilities at another threshold, with its clean-up and measurements: what
 * an export job does. prob: [labels][voxels] as in the result, mask: [voxels], m: [labels], on:
 * the scan's geometry.
 * Errors: SG_EINPUT "threshold_range", "threshold_unused" (argmax rules), SG_EBUSY "no_memory".
 */
int sg_infer_remask(uint8_t *mask, struct sg_measure *m, const uint8_t *prob,
    const struct sg_volume *on, const struct sg_model_meta *meta, int threshold_milli,
    struct sg_err *e);

#endif
