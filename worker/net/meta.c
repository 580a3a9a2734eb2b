/*
 * Model metadata: where it is found, what is guessed where nothing is said, and whether it fits
 * the network it belongs to. The two spoken forms are read in meta_json.c and meta_bioimage.c.
 */
#include "config.h"

#include <string.h>

#include "worker/net/meta.h"
#include "worker/net/meta_int.h"

#define MAX_LEVELS 6 /* halvings a guess allows for; more would pad small pictures to absurdity */

/* Told apart on grey images and by colour-blind readers; the order is the order of classes. */
static const uint8_t palette[][3] = {
    {230, 25, 75},
    {0, 130, 200},
    {255, 225, 25},
    {60, 180, 75},
    {145, 30, 180},
    {70, 240, 240},
    {245, 130, 48},
    {240, 50, 230},
    {170, 255, 195},
    {128, 128, 0},
    {0, 128, 128},
    {250, 190, 212},
};

void
meta_start(struct sg_model_meta *m)
{
	memset(m, 0, sizeof *m);
	m->name = m->version = m->organ = m->modality = m->description = "";
	m->card = "{}";
	m->source = "inferred";
	for (int i = 0; i < 3; i++)
		m->multiple[i] = 1;
	m->eps = 1e-6;
	m->gamma = 1;
	m->hi = 100;
	for (int c = 0; c < SG_META_CHANNELS; c++)
		m->std[c] = 1;
	m->threshold_milli = 500;
	m->guesses = SG_GUESS_LAYOUT | SG_GUESS_SIZE | SG_GUESS_INTENSITY | SG_GUESS_OUTPUT |
		     SG_GUESS_CLASSES | SG_GUESS_THRESHOLD;
}

int
meta_add_class(struct sg_model_meta *m, const char *name, struct sg_err *e)
{
	struct sg_meta_class *c;

	if (m->nclasses == SG_META_CLASSES)
		return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
		    "The model has more than %d classes.", SG_META_CLASSES);
	c = &m->classes[m->nclasses];
	c->name = name;
	memcpy(c->rgb, palette[m->nclasses % (int)(sizeof palette / sizeof palette[0])], 3);
	m->nclasses++;
	return SG_OK;
}

static int
count_of(const struct sg_net *net, const char *op)
{
	const char *name;
	int nodes;

	for (int i = 0; (name = sg_net_operator(net, i, &nodes)) != NULL; i++)
		if (strcmp(name, op) == 0)
			return nodes;
	return 0;
}

/* 2^levels of down-sampling, read off the operators that halve or double. */
static int
guess_multiple(const struct sg_net *net)
{
	int down = count_of(net, "MaxPool") + count_of(net, "AveragePool");
	int up = count_of(net, "ConvTranspose") + count_of(net, "Resize") +
		 count_of(net, "Upsample");
	int levels = down > up ? down : up;

	return 1 << (levels < MAX_LEVELS ? levels : MAX_LEVELS);
}

/* Channels last when only the last side is a plausible number of channels. */
static enum sg_meta_layout
guess_layout(const struct sg_net_port *p)
{
	int64_t first = p->dims[1], last = p->dims[p->rank - 1];

	return (first == -1 || first > 4) && (last == 1 || last == 3) ? SG_LAYOUT_CHANNELS_LAST
								      : SG_LAYOUT_CHANNELS_FIRST;
}

static int64_t
channels_of(const struct sg_net_port *p, enum sg_meta_layout layout)
{
	if (p->rank < 3)
		return -1;
	return layout == SG_LAYOUT_CHANNELS_LAST ? p->dims[p->rank - 1] : p->dims[1];
}

/* Side of an axis (0 x, 1 y, 2 z) in a port; -1 when free. */
static int64_t
side_of(const struct sg_net_port *p, enum sg_meta_layout layout, int axis)
{
	int at = p->rank - 1 - axis - (layout == SG_LAYOUT_CHANNELS_LAST);

	return at >= 1 ? p->dims[at] : -1;
}

static void
infer_input(struct sg_model_meta *m, const struct sg_net *net, const struct sg_net_port *in)
{
	if (m->dims == 0)
		m->dims = in->rank == 5 ? 3 : 2;
	if ((m->guesses & SG_GUESS_LAYOUT) && in->rank >= 4)
		m->layout = guess_layout(in);
	if (m->channels == 0) {
		int64_t c = channels_of(in, m->layout);

		m->channels = c > 0 && c <= SG_META_CHANNELS ? (int)c : 1;
	}
	if (m->guesses & SG_GUESS_SIZE) {
		for (int i = 0; i < m->dims; i++) {
			int64_t side = in->rank > 0 ? side_of(in, m->layout, i) : -1;

			m->multiple[i] = guess_multiple(net);
			if (side > 0 && side <= 1 << 20) {
				m->size[i] = (int)side;
				m->fit = SG_FIT_RESIZE;
			}
		}
	}
	if (m->guesses & SG_GUESS_INTENSITY)
		m->intensity = m->channels == 1 ? SG_INT_ZSCORE : SG_INT_UNIT;
}

static int
infer_output(struct sg_model_meta *m, const struct sg_net *net, const struct sg_net_port *out,
    struct sg_err *e)
{
	int64_t c;

	if (m->guesses & SG_GUESS_LAYOUT)
		m->out_layout = m->layout;
	c = channels_of(out, m->out_layout);
	if (m->guesses & SG_GUESS_OUTPUT) {
		const char *last = sg_net_output_maker(net, 0);

		if (strcmp(last, "Sigmoid") == 0)
			m->output = SG_OUT_PROB;
		else if (strcmp(last, "Softmax") == 0)
			m->output = SG_OUT_PROB_SOFTMAX;
		else
			m->output = c > 1 ? SG_OUT_SOFTMAX : SG_OUT_SIGMOID;
	}
	if (m->guesses & SG_GUESS_CLASSES) {
		static const char *const names[] = {"class 1", "class 2", "class 3", "class 4",
		    "class 5", "class 6", "class 7", "class 8"};
		int background = m->output == SG_OUT_SOFTMAX || m->output == SG_OUT_PROB_SOFTMAX;
		int64_t n = c > 0 ? c - background : 1;

		if (n < 1 || n > SG_META_CLASSES)
			return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
			    "The model's output has %lld channels; 1 to %d can be used.",
			    (long long)c, SG_META_CLASSES);
		m->nclasses = 0;
		for (int i = 0; i < n; i++) {
			const char *name = n == 1 ? "foreground" : i < 8 ? names[i] : "class";

			if (meta_add_class(m, name, e))
				return e->code;
		}
	}
	return SG_OK;
}

/* The one input and one output of a segmentation network, as far as the file tells. */
static int
ports(const struct sg_net *net, const struct sg_net_port **in, const struct sg_net_port **out,
    struct sg_err *e)
{
	int nin = sg_net_inputs(net, in), nout = sg_net_outputs(net, out);

	if (nin != 1)
		return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
		    "The model takes %d inputs; a segmentation model takes one picture.", nin);
	if (nout < 1)
		return sg_fail(e, SG_EINPUT, "onnx_corrupt", "The model has no output.");
	if ((*in)->rank != -1 && (*in)->rank != 4 && (*in)->rank != 5)
		return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
		    "The model's input has %d dimensions; 4 (2-D) or 5 (3-D) with batch and "
		    "channels are needed.",
		    (*in)->rank);
	if ((*out)->rank != -1 && (*out)->rank != (*in)->rank)
		return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
		    "The model's output has %d dimensions and its input %d; this is not a "
		    "segmentation model.",
		    (*out)->rank, (*in)->rank);
	return SG_OK;
}

static int
check_against(const struct sg_model_meta *m, const struct sg_net_port *in,
    const struct sg_net_port *out, struct sg_err *e)
{
	int64_t c;
	int planes = m->nclasses +
		     (m->output == SG_OUT_SOFTMAX || m->output == SG_OUT_PROB_SOFTMAX);

	if (in->rank > 0 && in->rank != m->dims + 2)
		return sg_fail(e, SG_EINPUT, "meta_bad",
		    "The metadata says %d-D, but the network's input has %d dimensions.", m->dims,
		    in->rank);
	c = channels_of(in, m->layout);
	if (in->rank > 0 && c > 0 && c != m->channels)
		return sg_fail(e, SG_EINPUT, "meta_bad",
		    "The metadata says %d input channels, the network takes %lld.", m->channels,
		    (long long)c);
	c = channels_of(out, m->out_layout);
	if (out->rank > 0 && c > 0 && c != planes)
		return sg_fail(e, SG_EINPUT, "meta_bad",
		    "The metadata names %d output planes, the network gives %lld.", planes,
		    (long long)c);
	for (int i = 0; i < m->dims; i++) {
		int64_t side = in->rank > 0 ? side_of(in, m->layout, i) : -1;

		if (side > 0 && m->size[i] != side)
			return sg_fail(e, SG_EINPUT, "meta_bad",
			    "The network takes only %lld along axis %c; the metadata must give "
			    "that as its size.",
			    (long long)side, "xyz"[i]);
	}
	return SG_OK;
}

int
sg_meta_read(struct sg_model_meta **out, const struct sg_net *net, const char *sidecar, size_t n,
    struct sg_arena *a, struct sg_err *e)
{
	const struct sg_net_port *in, *result;
	struct sg_model_meta *m = sg_alloc(a, sizeof *m);
	const char *own = sg_net_metadata(net, "segward");
	int rc;

	if (m == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "No memory for the model's metadata.");
	if ((rc = ports(net, &in, &result, e)))
		return rc;
	meta_start(m);
	if (sidecar != NULL) {
		size_t at = 0;

		while (at < n && strchr(" \t\r\n", sidecar[at]) != NULL)
			at++;
		if (at < n && sidecar[at] == '{')
			rc = meta_from_json(m, sidecar, n, a, e);
		else
			rc = meta_from_bioimage(m, sidecar, n, a, e);
	} else if (own != NULL) {
		rc = meta_from_json(m, own, strlen(own), a, e);
	}
	if (rc)
		return rc;
	infer_input(m, net, in);
	if ((rc = infer_output(m, net, result, e)) || (rc = check_against(m, in, result, e)))
		return rc;
	m->guesses |= m->guessed;
	*out = m;
	return SG_OK;
}

int
sg_meta_fit_size(const struct sg_model_meta *m, int i, int have)
{
	int least = m->min_size[i], step = m->multiple[i] > 0 ? m->multiple[i] : 1;

	if (m->size[i] > 0)
		return m->size[i];
	if (least == 0)
		least = step;
	if (have <= least)
		return least;
	return least + (have - least + step - 1) / step * step;
}
