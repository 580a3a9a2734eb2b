/*
 * bioimage.io model descriptions (bioimageio.yaml), formats 0.4 and 0.5, read into our metadata.
 * Source: the bioimage.io model specification. Only what changes a result is read; a step that
 * Segward cannot do is refused by name rather than passed over.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "worker/net/meta_int.h"

#define YAML_BYTES (256u << 10)

struct doc {
	yaml_document_t yaml;
	struct sg_arena *a;
	int format; /* 4 or 5, of 0.4 and 0.5 */
};

/* One axis of an input, in the order of the tensor. */
struct axis {
	char kind; /* 'b' batch, 'c' channel, 'x' 'y' 'z' space, '?' another */
	int size;  /* fixed; 0: not */
	int least, step;
	int channels; /* named channels */
};

#define MAX_AXES 6

static int
bad(struct sg_err *e, const char *what)
{
	return sg_fail(e, SG_EINPUT, "meta_bad", "bioimageio.yaml: %s.", what);
}

static int
cannot(struct sg_err *e, const char *what, const char *name)
{
	return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
	    "bioimageio.yaml: %s \"%.60s\" is not supported.", what, name);
}

/* The member of a mapping; NULL when there is none. Aliases were resolved by the loader. */
static yaml_node_t *
member(struct doc *d, yaml_node_t *map, const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = yaml_document_get_node(&d->yaml, p->key);

		if (k != NULL && k->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)k->data.scalar.value, key) == 0)
			return yaml_document_get_node(&d->yaml, p->value);
	}
	return NULL;
}

static int
length(const yaml_node_t *list)
{
	if (list == NULL || list->type != YAML_SEQUENCE_NODE)
		return 0;
	return (int)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static yaml_node_t *
item(struct doc *d, yaml_node_t *list, int i)
{
	return i < length(list)
		   ? yaml_document_get_node(&d->yaml, list->data.sequence.items.start[i])
		   : NULL;
}

/* Text of a scalar; NULL for anything else. */
static const char *
scalar(const yaml_node_t *n)
{
	return n != NULL && n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

static const char *
text(struct doc *d, yaml_node_t *map, const char *key)
{
	return scalar(member(d, map, key));
}

/* A number, or a list of them (one per channel); how many were read, 0 when missing, -1 wrong. */
static int
numbers(struct doc *d, yaml_node_t *map, const char *key, double *to, int max)
{
	yaml_node_t *n = member(d, map, key);
	int count = length(n) > 0 ? length(n) : n != NULL;

	if (count > max)
		return -1;
	for (int i = 0; i < count; i++) {
		const char *s = scalar(length(n) > 0 ? item(d, n, i) : n);
		char *end;

		if (s == NULL || strcmp(s, "null") == 0 || *s == '\0')
			return 0;
		to[i] = strtod(s, &end);
		if (*end != '\0' || !isfinite(to[i]))
			return -1;
	}
	return count;
}

static int
number(struct doc *d, yaml_node_t *map, const char *key, double otherwise, double *to,
    struct sg_err *e)
{
	int n = numbers(d, map, key, to, 1);

	if (n < 0)
		return sg_fail(
		    e, SG_EINPUT, "meta_bad", "bioimageio.yaml: %s must be a number.", key);
	if (n == 0)
		*to = otherwise;
	return SG_OK;
}

/* A side within what a picture can have; -1: not a whole number in range. */
static int
side(const char *s)
{
	char *end;
	long v = s != NULL ? strtol(s, &end, 10) : -1;

	return s == NULL || *end != '\0' || v < 0 || v > 1 << 20 ? -1 : (int)v;
}

/* Format 0.5: a list of axes, each with its type, id and size. */
static int
read_axes_5(struct doc *d, yaml_node_t *list, struct axis *axes, int *n, struct sg_err *e)
{
	char next_space = 'x'; /* ids default to x; files leave the last one out */

	*n = length(list);
	if (*n < 3 || *n > MAX_AXES)
		return bad(e, "the axes of an input or output are missing or too many");
	for (int i = *n - 1; i >= 0; i--) {
		yaml_node_t *ax = item(d, list, i), *size = member(d, ax, "size");
		const char *type = text(d, ax, "type"), *id = text(d, ax, "id");
		struct axis *to = &axes[i];

		memset(to, 0, sizeof *to);
		to->kind = '?';
		if (type == NULL)
			return bad(e, "an axis has no type");
		if (strcmp(type, "batch") == 0) {
			to->kind = 'b';
			continue;
		}
		if (strcmp(type, "channel") == 0) {
			to->kind = 'c';
			to->channels = length(member(d, ax, "channel_names"));
			continue;
		}
		if (strcmp(type, "space") != 0)
			return cannot(e, "an axis of type", type);
		to->kind = id != NULL && id[0] != '\0' && id[1] == '\0' ? id[0] : next_space;
		next_space = (char)(to->kind + 1);
		if (scalar(size) != NULL) {
			to->size = side(scalar(size));
		} else if (member(d, size, "min") != NULL) {
			to->least = side(text(d, size, "min"));
			to->step = side(text(d, size, "step"));
		}
		if (to->size < 0 || to->least < 0 || to->step < 0)
			return bad(e, "a size of an axis is not a whole number in range");
	}
	return SG_OK;
}

/* Format 0.4: axes as letters, shape as a list or as min and step. */
static int
read_axes_4(struct doc *d, yaml_node_t *port, struct axis *axes, int *n, struct sg_err *e)
{
	const char *letters = text(d, port, "axes");
	yaml_node_t *shape = member(d, port, "shape");
	yaml_node_t *min = member(d, shape, "min"), *step = member(d, shape, "step");

	*n = letters != NULL ? (int)strlen(letters) : 0;
	if (*n < 3 || *n > MAX_AXES)
		return bad(e, "the axes of an input or output are missing or too many");
	for (int i = 0; i < *n; i++) {
		struct axis *to = &axes[i];

		memset(to, 0, sizeof *to);
		to->kind = letters[i];
		if (strchr("bcxyz", to->kind) == NULL)
			return cannot(e, "the axes", letters);
		if (min != NULL) {
			to->least = side(scalar(item(d, min, i)));
			to->step = side(scalar(item(d, step, i)));
			if (to->step == 0)
				to->size = to->least;
		} else if (length(shape) == *n) {
			to->size = side(scalar(item(d, shape, i)));
		}
		if (to->size < 0 || to->least < 0 || to->step < 0)
			return bad(e, "a shape is not made of whole numbers in range");
		if (to->kind == 'c')
			to->channels = to->size;
	}
	return SG_OK;
}

static int
read_axes(struct doc *d, yaml_node_t *port, struct axis *axes, int *n, struct sg_err *e)
{
	if (d->format == 4)
		return read_axes_4(d, port, axes, n, e);
	return read_axes_5(d, member(d, port, "axes"), axes, n, e);
}

static int
layout_of(const struct axis *axes, int n, enum sg_meta_layout *layout, struct sg_err *e)
{
	if (axes[0].kind == 'b' && axes[1].kind == 'c')
		*layout = SG_LAYOUT_CHANNELS_FIRST;
	else if (axes[0].kind == 'b' && axes[n - 1].kind == 'c')
		*layout = SG_LAYOUT_CHANNELS_LAST;
	else
		return bad(e, "axes must begin with batch, and channels stand second or last");
	return SG_OK;
}

static int
take_input(struct sg_model_meta *m, const struct axis *axes, int n, struct sg_err *e)
{
	int rc = layout_of(axes, n, &m->layout, e);

	if (rc)
		return rc;
	m->dims = n - 2;
	if (m->dims != 2 && m->dims != 3)
		return bad(e, "only 2-D and 3-D inputs are supported");
	for (int i = 0; i < n; i++) {
		int at = axes[i].kind - 'x';

		if (axes[i].kind == 'c') {
			m->channels = axes[i].channels;
			continue;
		}
		if (at < 0 || at >= m->dims)
			continue;
		m->size[at] = axes[i].size;
		m->min_size[at] = axes[i].least;
		m->multiple[at] = axes[i].step > 0 ? axes[i].step : 1;
	}
	if (m->channels < 0 || m->channels > SG_META_CHANNELS)
		return bad(e, "the number of input channels is out of range");
	m->fit = SG_FIT_PAD;
	m->guesses &= ~(unsigned)(SG_GUESS_LAYOUT | SG_GUESS_SIZE);
	return SG_OK;
}

/* Does the step's "axes" leave the channels out, so that each has statistics of its own? */
static int
channels_apart(struct doc *d, yaml_node_t *kwargs)
{
	yaml_node_t *axes = member(d, kwargs, "axes");

	if (axes == NULL)
		return 0;
	if (scalar(axes) != NULL)
		return strchr(scalar(axes), 'c') == NULL;
	for (int i = 0; i < length(axes); i++) {
		const char *id = scalar(item(d, axes, i));

		if (id != NULL && (strcmp(id, "c") == 0 || strcmp(id, "channel") == 0))
			return 0;
	}
	return length(axes) > 0;
}

/* mean and std for every channel: a list has one each, a single number serves all. */
static int
take_fixed(struct sg_model_meta *m, struct doc *d, yaml_node_t *kwargs, struct sg_err *e)
{
	int nmean = numbers(d, kwargs, "mean", m->mean, SG_META_CHANNELS);
	int nstd = numbers(d, kwargs, "std", m->std, SG_META_CHANNELS);

	if (nmean < 1 || nstd < 1)
		return bad(e, "a fixed normalisation needs mean and std");
	for (int c = 1; c < SG_META_CHANNELS; c++) {
		if (c >= nmean)
			m->mean[c] = m->mean[0];
		if (c >= nstd)
			m->std[c] = m->std[0];
	}
	m->intensity = SG_INT_FIXED;
	return SG_OK;
}

static int
take_zscore(struct sg_model_meta *m, struct doc *d, yaml_node_t *kwargs, struct sg_err *e)
{
	const char *mode = text(d, kwargs, "mode");

	if (number(d, kwargs, "eps", 1e-6, &m->eps, e))
		return e->code;
	if (mode != NULL && strcmp(mode, "fixed") == 0)
		return take_fixed(m, d, kwargs, e);
	if (mode != NULL && strcmp(mode, "per_sample") != 0)
		return cannot(e, "a normalisation over the", mode);
	m->intensity = SG_INT_ZSCORE;
	m->per_channel = channels_apart(d, kwargs);
	return SG_OK;
}

static int
take_fixed_zscore(struct sg_model_meta *m, struct doc *d, yaml_node_t *kwargs, struct sg_err *e)
{
	m->eps = 0;
	return take_fixed(m, d, kwargs, e);
}

static int
take_scale_range(struct sg_model_meta *m, struct doc *d, yaml_node_t *kwargs, struct sg_err *e)
{
	const char *mode = text(d, kwargs, "mode");

	if (mode != NULL && strcmp(mode, "per_sample") != 0)
		return cannot(e, "a scaling over the", mode);
	if (number(d, kwargs, "min_percentile", 0, &m->lo, e) ||
	    number(d, kwargs, "max_percentile", 100, &m->hi, e) ||
	    number(d, kwargs, "eps", 1e-6, &m->eps, e))
		return e->code;
	if (!(m->lo >= 0 && m->lo < m->hi && m->hi <= 100))
		return bad(e, "percentiles must lie in 0 to 100, the lower first");
	m->intensity = m->lo == 0 && m->hi == 100 ? SG_INT_MINMAX : SG_INT_PERCENTILE;
	m->per_channel = channels_apart(d, kwargs);
	m->clip = 0; /* the specification scales without clipping */
	return SG_OK;
}

/* y = gain x + offset, said as (x - mean) / std. */
static int
take_scale_linear(struct sg_model_meta *m, struct doc *d, yaml_node_t *kwargs, struct sg_err *e)
{
	double gain[SG_META_CHANNELS], offset[SG_META_CHANNELS];
	int ngain = numbers(d, kwargs, "gain", gain, SG_META_CHANNELS);
	int noffset = numbers(d, kwargs, "offset", offset, SG_META_CHANNELS);

	if (ngain < 0 || noffset < 0)
		return bad(e, "scale_linear needs numbers");
	for (int c = 0; c < SG_META_CHANNELS; c++) {
		double g = ngain == 0 ? 1 : gain[c < ngain ? c : 0];
		double o = noffset == 0 ? 0 : offset[c < noffset ? c : 0];

		if (!(g > 0))
			return bad(e, "scale_linear needs a gain above 0");
		m->mean[c] = -o / g;
		m->std[c] = 1 / g;
	}
	m->eps = 0;
	m->intensity = SG_INT_FIXED;
	return SG_OK;
}

struct step {
	const char *name;
	int (*take)(struct sg_model_meta *, struct doc *, yaml_node_t *kwargs, struct sg_err *);
};

/* NULL: nothing to do, everything is computed in f32 anyway. */
static const struct step steps[] = {
    {"ensure_dtype", NULL},
    {"zero_mean_unit_variance", take_zscore},
    {"fixed_zero_mean_unit_variance", take_fixed_zscore},
    {"scale_range", take_scale_range},
    {"scale_linear", take_scale_linear},
};

/* The name of a step stands under "id" in format 0.5, under "name" in 0.4. */
static const char *
step_name(struct doc *d, yaml_node_t *step)
{
	const char *name = text(d, step, d->format == 4 ? "name" : "id");

	return name != NULL ? name : "";
}

static int
read_preprocessing(struct sg_model_meta *m, struct doc *d, yaml_node_t *list, struct sg_err *e)
{
	int done = 0;

	m->intensity = SG_INT_NONE;
	for (int i = 0; i < length(list); i++) {
		yaml_node_t *step = item(d, list, i);
		const char *name = step_name(d, step);
		size_t k = 0;

		while (k < sizeof steps / sizeof steps[0] && strcmp(steps[k].name, name) != 0)
			k++;
		if (k == sizeof steps / sizeof steps[0])
			return cannot(e, "the preprocessing step", name);
		if (steps[k].take == NULL)
			continue;
		if (done++)
			return cannot(e, "more than one preprocessing step, here", name);
		if (steps[k].take(m, d, member(d, step, "kwargs"), e))
			return e->code;
	}
	m->guesses &= ~(unsigned)SG_GUESS_INTENSITY;
	return SG_OK;
}

/* Is the first channel of a port named as the background? */
static int
has_background(struct doc *d, yaml_node_t *port)
{
	yaml_node_t *axes = member(d, port, "axes");

	for (int i = 0; i < length(axes); i++) {
		const char *name = scalar(item(d, member(d, item(d, axes, i), "channel_names"), 0));

		if (name != NULL && strcasecmp(name, "background") == 0)
			return 1;
	}
	return 0;
}

static int
read_postprocessing(struct sg_model_meta *m, struct doc *d, yaml_node_t *port, struct sg_err *e)
{
	yaml_node_t *list = member(d, port, "postprocessing");

	/* Without a step the network's last layer has made probabilities: of classes that exclude
	 * each other where one is the background, else each by itself. */
	m->output = has_background(d, port) ? SG_OUT_PROB_SOFTMAX : SG_OUT_PROB;
	for (int i = 0; i < length(list); i++) {
		const char *name = step_name(d, item(d, list, i));

		if (strcmp(name, "ensure_dtype") == 0)
			continue;
		if (strcmp(name, "sigmoid") == 0)
			m->output = SG_OUT_SIGMOID;
		else if (strcmp(name, "softmax") == 0)
			m->output = SG_OUT_SOFTMAX;
		else
			return cannot(e, "the postprocessing step", name);
	}
	m->guesses &= ~(unsigned)SG_GUESS_OUTPUT;
	return SG_OK;
}

/* Classes named after the output's channels (0.5 only); the first of a softmax is background. */
static int
name_classes(struct sg_model_meta *m, struct doc *d, yaml_node_t *port, struct sg_err *e)
{
	yaml_node_t *axes = member(d, port, "axes");
	int first = m->output == SG_OUT_SOFTMAX || m->output == SG_OUT_PROB_SOFTMAX;

	for (int i = 0; i < length(axes); i++) {
		yaml_node_t *names = member(d, item(d, axes, i), "channel_names");

		for (int c = first; c < length(names); c++) {
			const char *name = sg_strdup(d->a, scalar(item(d, names, c)) != NULL
							       ? scalar(item(d, names, c))
							       : "class");

			if (name == NULL)
				return sg_fail(e, SG_EBUSY, "no_memory",
				    "No memory for the model's metadata.");
			if (meta_add_class(m, name, e))
				return e->code;
		}
	}
	if (m->nclasses > 0)
		m->guesses &= ~(unsigned)SG_GUESS_CLASSES;
	return SG_OK;
}

static int
read_model(struct sg_model_meta *m, struct doc *d, struct sg_err *e)
{
	yaml_node_t *root = yaml_document_get_root_node(&d->yaml), *in, *out;
	const char *format = text(d, root, "format_version"), *name = text(d, root, "name");
	struct axis axes[MAX_AXES];
	int n, rc;

	if (format == NULL || strncmp(format, "0.", 2) != 0 ||
	    (format[2] != '4' && format[2] != '5') || format[3] != '.')
		return bad(e, "format_version must be 0.4.x or 0.5.x");
	d->format = format[2] - '0';
	m->source = d->format == 4 ? "bioimageio 0.4" : "bioimageio 0.5";
	if (name != NULL && (m->name = sg_strdup(d->a, name)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "No memory for the model's metadata.");
	if (length(member(d, root, "inputs")) != 1)
		return bad(e, "exactly one input is supported");
	in = item(d, member(d, root, "inputs"), 0);
	out = item(d, member(d, root, "outputs"), 0);
	if (out == NULL)
		return bad(e, "there is no output");
	if ((rc = read_axes(d, in, axes, &n, e)) || (rc = take_input(m, axes, n, e)) ||
	    (rc = read_preprocessing(m, d, member(d, in, "preprocessing"), e)) ||
	    (rc = read_axes(d, out, axes, &n, e)) || (rc = layout_of(axes, n, &m->out_layout, e)))
		return rc;
	if ((rc = read_postprocessing(m, d, out, e)))
		return rc;
	return name_classes(m, d, out, e);
}

int
meta_from_bioimage(
    struct sg_model_meta *m, const char *bytes, size_t n, struct sg_arena *a, struct sg_err *e)
{
	struct doc d = {.a = a};
	yaml_parser_t parser;
	int rc;

	if (n > YAML_BYTES)
		return sg_fail(e, SG_ELIMIT, "meta_bad", "The metadata file has more than %u KiB.",
		    YAML_BYTES >> 10);
	if (!yaml_parser_initialize(&parser))
		return sg_fail(e, SG_EBUSY, "no_memory", "No memory for the model's metadata.");
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, n);
	if (!yaml_parser_load(&parser, &d.yaml)) {
		rc = sg_fail(e, SG_EINPUT, "meta_bad",
		    "The metadata file is neither JSON nor valid YAML (line %zu).",
		    parser.problem_mark.line + 1);
		yaml_parser_delete(&parser);
		return rc;
	}
	rc = read_model(m, &d, e);
	yaml_document_delete(&d.yaml);
	yaml_parser_delete(&parser);
	return rc;
}
