/*
 * What must be known to run a model, beside its graph: which picture goes in and what comes out.
 * It travels inside the ONNX file as metadata_props "segward" (JSON, schema in doc/models.md),
 * or stands beside it as a bioimageio.yaml (model description 0.4 or 0.5), or is inferred from
 * the graph, each guess marked.
 */
#ifndef SG_NET_META_H
#define SG_NET_META_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/net/net.h"

#define SG_META_CLASSES	 64
#define SG_META_CHANNELS 16

enum sg_meta_layout { SG_LAYOUT_CHANNELS_FIRST, SG_LAYOUT_CHANNELS_LAST };

/* How a picture of any size becomes an input of the network, and back. */
enum sg_meta_fit {
	SG_FIT_PAD,    /* reflect-pad right and bottom to the next size allowed, crop back */
	SG_FIT_RESIZE, /* bilinear to size[], probability resized back */
};

enum sg_meta_intensity {
	SG_INT_NONE,	   /* values as stored (8-bit 0..255, 16-bit 0..65535) */
	SG_INT_UNIT,	   /* divided by the greatest value of the pixel type: 0..1 */
	SG_INT_MINMAX,	   /* (x - min) / (max - min + eps) */
	SG_INT_PERCENTILE, /* clipped to percentiles lo, hi where clip, then as minmax between them
			    */
	SG_INT_ZSCORE,	   /* (x - mean) / (std + eps) of this picture */
	SG_INT_FIXED,	   /* (x - mean[c]) / (std[c] + eps), given numbers */
	SG_INT_WINDOW,	   /* clipped to lo..hi (stored units), mapped to 0..1 */
};

enum sg_meta_output {
	SG_OUT_SIGMOID,	     /* logits, one channel per class */
	SG_OUT_SOFTMAX,	     /* logits, channel 0 is background */
	SG_OUT_PROB,	     /* already probabilities, one channel per class */
	SG_OUT_PROB_SOFTMAX, /* already probabilities, channel 0 is background */
};

enum sg_meta_guess { /* bits of sg_model_meta.guesses: not said, inferred */
	SG_GUESS_LAYOUT = 1 << 0,
	SG_GUESS_SIZE = 1 << 1,
	SG_GUESS_INTENSITY = 1 << 2,
	SG_GUESS_OUTPUT = 1 << 3,
	SG_GUESS_CLASSES = 1 << 4,
	SG_GUESS_THRESHOLD = 1 << 5,
};

struct sg_meta_class {
	const char *name;
	uint8_t rgb[3];
};

struct sg_model_meta {
	const char *name, *version, *organ, *modality, *description; /* "" when not said */
	int dims;						     /* 2 or 3 */
	int channels;			/* of the input: 1 grey, 3 RGB, else as stored */
	enum sg_meta_layout layout;	/* of the input tensor */
	enum sg_meta_layout out_layout; /* of the output tensor */

	enum sg_meta_fit fit;
	int multiple[3];      /* x, y, z: sides must be min + k * multiple; 1: any */
	int min_size[3];      /* x, y, z; 0: no least size */
	int size[3];	      /* x, y, z with SG_FIT_RESIZE, or a fixed size to pad to; 0: free */
	double spacing_mm[3]; /* x, y, z the network was made for; 0: any */

	enum sg_meta_intensity intensity;
	int per_channel; /* statistics of each channel apart */
	int nonzero;	 /* statistics over pixels that are not 0 */
	double lo, hi;	 /* percentiles or window */
	int clip;
	double eps;
	double mean[SG_META_CHANNELS], std[SG_META_CHANNELS]; /* SG_INT_FIXED */
	double gamma; /* after the above, on 0..1; 1: none */

	enum sg_meta_output output;
	int nclasses; /* foreground classes: labels 1..nclasses */
	struct sg_meta_class classes[SG_META_CLASSES];
	int threshold_milli; /* default threshold in thousandths */

	/* clean-up of the mask */
	int largest;	    /* keep the largest piece of each label only */
	int fill_holes;	    /* background enclosed by a label joins it */
	int64_t min_voxels; /* smaller pieces go; 0: none */

	const char *card;   /* JSON text of the model card: intended use, warnings, ...; "{}" */
	const char *source; /* "segward", "bioimageio 0.4", "bioimageio 0.5", "inferred" */
	unsigned guesses;   /* bits of enum sg_meta_guess */
	unsigned guessed;   /* the same, of a kept version: guesses when the model came in */
};

/*
 * The metadata of a loaded net: from `sidecar` (the bytes of a bioimageio.yaml or of a segward
 * JSON; NULL when there is none), else from its metadata_props, else inferred. Checked against
 * the net's ports. Strings live in the arena.
 * Errors: SG_EINPUT "meta_bad" (says where), SG_ENOTSUP "meta_unsupported" (valid, but not
 * something Segward can do: named).
 */
int sg_meta_read(struct sg_model_meta **out, const struct sg_net *net, const char *sidecar,
    size_t n, struct sg_arena *a, struct sg_err *e);

/*
 * The same as the JSON that is kept with a version and read back as a sidecar, guesses and all;
 * owned by the arena. NULL: no memory.
 */
json_t *sg_meta_json(const struct sg_model_meta *m, struct sg_arena *a);

/* The next size allowed along axis i (0 x, 1 y, 2 z) for a picture of `have` pixels. */
int sg_meta_fit_size(const struct sg_model_meta *m, int i, int have);

#endif
