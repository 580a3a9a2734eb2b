/*
 * The metadata of a version as JSON: schema in doc/models.md. Strict: a member this reader does
 * not know is refused, for a misspelt one that is passed over could change a result in silence.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "worker/net/meta_int.h"

#define META_SCHEMA 1
#define META_BYTES  (256u << 10)

static int
bad(struct sg_err *e, const char *where, const char *what)
{
	return sg_fail(e, SG_EINPUT, "meta_bad", "Model metadata: %s %s.", where, what);
}

static int
known_only(const json_t *o, const char *where, const char *const *names, struct sg_err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(o))
		return bad(e, where, "must be an object");
	json_object_foreach((json_t *)o, key, value)
	{
		int i = 0;

		while (names[i] != NULL && strcmp(names[i], key) != 0)
			i++;
		if (names[i] == NULL)
			return sg_fail(e, SG_EINPUT, "meta_bad",
			    "Model metadata: %s has a member \"%.40s\" that is not known.", where,
			    key);
	}
	return SG_OK;
}

/* One of a list of words; *out is its index. A missing member leaves *out alone. */
static int
word(const json_t *o, const char *where, const char *key, const char *const *words, int *out,
    struct sg_err *e)
{
	const char *text = sg_json_str(o, key, NULL, e);

	if (e->code != SG_OK)
		return e->code;
	if (text == NULL)
		return SG_OK;
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return SG_OK;
		}
	}
	return sg_fail(e, SG_EINPUT, "meta_bad", "Model metadata: %s.%s \"%.40s\" is not known.",
	    where, key, text);
}

/* A list of numbers within lo..hi, at most max of them; *n is 0 when the member is missing. */
static int
numbers(const json_t *o, const char *key, double *to, int max, double lo, double hi, int *n,
    struct sg_err *e)
{
	const json_t *list = json_object_get(o, key);

	*n = 0;
	if (list == NULL || json_is_null(list))
		return SG_OK;
	if (!json_is_array(list) || json_array_size(list) > (size_t)max)
		return bad(e, key, "must be a short list of numbers");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		double d = json_number_value(v);

		if (!json_is_number(v) || !(d >= lo && d <= hi))
			return bad(e, key, "holds a value out of range");
		to[(*n)++] = d;
	}
	return SG_OK;
}

/* x, y[, z] as whole numbers. */
static int
sides(const json_t *o, const char *key, int to[3], int dims, int least, struct sg_err *e)
{
	double d[3];
	int n, rc = numbers(o, key, d, 3, least, 1 << 20, &n, e);

	if (rc || n == 0)
		return rc;
	if (n != dims)
		return bad(e, key, "must have a number for each dimension (x, y, z)");
	for (int i = 0; i < n; i++) {
		if (d[i] != floor(d[i]))
			return bad(e, key, "must hold whole numbers");
		to[i] = (int)d[i];
	}
	return SG_OK;
}

static int
read_input(struct sg_model_meta *m, const json_t *o, struct sg_err *e)
{
	static const char *const names[] = {"dims", "channels", "layout", "fit", "multiple",
	    "min_size", "size", "spacing_mm", NULL};
	static const char *const layouts[] = {"channels_first", "channels_last", NULL};
	static const char *const fits[] = {"pad", "resize", NULL};
	int rc, layout = SG_LAYOUT_CHANNELS_FIRST, fit = SG_FIT_PAD, n;
	double mm[3];

	if ((rc = known_only(o, "input", names, e)))
		return rc;
	m->dims = (int)sg_json_int(o, "dims", 2, e);
	m->channels = (int)sg_json_int(o, "channels", 1, e);
	if ((rc = word(o, "input", "layout", layouts, &layout, e)) ||
	    (rc = word(o, "input", "fit", fits, &fit, e)))
		return rc;
	if (m->dims != 2 && m->dims != 3)
		return bad(e, "input.dims", "must be 2 or 3");
	if (m->channels < 1 || m->channels > SG_META_CHANNELS)
		return bad(e, "input.channels", "is out of range");
	m->layout = m->out_layout = (enum sg_meta_layout)layout;
	m->fit = (enum sg_meta_fit)fit;
	if ((rc = sides(o, "multiple", m->multiple, m->dims, 1, e)) ||
	    (rc = sides(o, "min_size", m->min_size, m->dims, 0, e)) ||
	    (rc = sides(o, "size", m->size, m->dims, 0, e)) ||
	    (rc = numbers(o, "spacing_mm", mm, 3, 0, 1000, &n, e)))
		return rc;
	if (n != 0 && n != m->dims)
		return bad(e, "input.spacing_mm", "must have a number for each dimension");
	memcpy(m->spacing_mm, mm, (size_t)n * sizeof mm[0]);
	if (m->fit == SG_FIT_RESIZE && (m->size[0] == 0 || m->size[1] == 0))
		return bad(e, "input.size", "is needed where fit is resize");
	m->guesses &= ~(unsigned)(SG_GUESS_LAYOUT | SG_GUESS_SIZE);
	return SG_OK;
}

static int
read_intensity(struct sg_model_meta *m, const json_t *o, struct sg_err *e)
{
	static const char *const names[] = {"kind", "per_channel", "nonzero", "lo", "hi", "clip",
	    "eps", "mean", "std", "gamma", NULL};
	static const char *const kinds[] = {"none", "unit", "minmax", "percentile", "zscore",
	    "fixed", "window", NULL}; /* in the order of enum sg_meta_intensity */
	int rc, kind = -1, nmean, nstd;

	if ((rc = known_only(o, "intensity", names, e)) ||
	    (rc = word(o, "intensity", "kind", kinds, &kind, e)))
		return rc;
	if (kind < 0)
		return bad(e, "intensity.kind", "is missing");
	m->intensity = (enum sg_meta_intensity)kind;
	m->per_channel = sg_json_bool(o, "per_channel", 0, e);
	m->nonzero = sg_json_bool(o, "nonzero", 0, e);
	m->lo = sg_json_num(o, "lo", 0, e);
	m->hi = sg_json_num(o, "hi", 100, e);
	m->clip = sg_json_bool(o, "clip", 1, e);
	m->eps = sg_json_num(o, "eps", 1e-6, e);
	m->gamma = sg_json_num(o, "gamma", 1, e);
	if (e->code != SG_OK)
		return e->code;
	if ((rc = numbers(o, "mean", m->mean, SG_META_CHANNELS, -1e9, 1e9, &nmean, e)) ||
	    (rc = numbers(o, "std", m->std, SG_META_CHANNELS, 1e-9, 1e9, &nstd, e)))
		return rc;
	if (m->intensity == SG_INT_FIXED && (nmean != m->channels || nstd != m->channels))
		return bad(
		    e, "intensity", "needs a mean and a std for each channel where kind is fixed");
	if (!(m->lo < m->hi))
		return bad(e, "intensity.lo", "must be below hi");
	if (m->intensity == SG_INT_PERCENTILE && (m->lo < 0 || m->hi > 100))
		return bad(e, "intensity.lo, hi", "must be percentiles, 0 to 100");
	if (!(m->eps >= 0 && m->eps <= 1))
		return bad(e, "intensity.eps", "must be 0 to 1");
	if (!(m->gamma >= 0.1 && m->gamma <= 10))
		return bad(e, "intensity.gamma", "must be 0.1 to 10");
	m->guesses &= ~(unsigned)SG_GUESS_INTENSITY;
	return SG_OK;
}

static int
read_class(struct sg_model_meta *m, const json_t *o, struct sg_arena *a, struct sg_err *e)
{
	static const char *const names[] = {"name", "colour", NULL};
	const char *name, *colour;
	unsigned r, g, b;
	char end;
	int rc;

	if ((rc = known_only(o, "output.classes", names, e)))
		return rc;
	name = sg_json_str(o, "name", NULL, e);
	colour = sg_json_str(o, "colour", NULL, e);
	if (e->code != SG_OK)
		return e->code;
	if (name == NULL || name[0] == '\0' || strlen(name) > 60)
		return bad(e, "output.classes", "need names of 1 to 60 letters");
	if ((name = sg_strdup(a, name)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "No memory for the model's metadata.");
	if ((rc = meta_add_class(m, name, e)))
		return rc;
	if (colour == NULL)
		return SG_OK;
	if (strlen(colour) != 7 || sscanf(colour, "#%2x%2x%2x%c", &r, &g, &b, &end) != 3)
		return bad(e, "output.classes", "have colours like \"#e6194b\"");
	m->classes[m->nclasses - 1].rgb[0] = (uint8_t)r;
	m->classes[m->nclasses - 1].rgb[1] = (uint8_t)g;
	m->classes[m->nclasses - 1].rgb[2] = (uint8_t)b;
	return SG_OK;
}

static int
read_output(struct sg_model_meta *m, const json_t *o, struct sg_arena *a, struct sg_err *e)
{
	static const char *const names[] = {"kind", "layout", "classes", "threshold", NULL};
	static const char *const kinds[] = {"sigmoid", "softmax", "probability",
	    "probability_softmax", NULL}; /* in the order of enum sg_meta_output */
	static const char *const layouts[] = {"channels_first", "channels_last", NULL};
	const json_t *list;
	int rc, kind = -1, layout = (int)m->out_layout;
	double t;

	if ((rc = known_only(o, "output", names, e)) ||
	    (rc = word(o, "output", "kind", kinds, &kind, e)) ||
	    (rc = word(o, "output", "layout", layouts, &layout, e)))
		return rc;
	if (kind < 0)
		return bad(e, "output.kind", "is missing");
	m->output = (enum sg_meta_output)kind;
	m->out_layout = (enum sg_meta_layout)layout;
	list = json_object_get(o, "classes");
	if (!json_is_array(list) || json_array_size(list) == 0)
		return bad(e, "output.classes", "must be a list of at least one class");
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((rc = read_class(m, json_array_get(list, i), a, e)))
			return rc;
	t = sg_json_num(o, "threshold", 0.5, e);
	if (e->code != SG_OK)
		return e->code;
	if (!(t >= 0 && t <= 1))
		return bad(e, "output.threshold", "must be 0 to 1");
	m->threshold_milli = (int)floor(t * 1000 + 0.5);
	m->guesses &= ~(unsigned)(SG_GUESS_OUTPUT | SG_GUESS_CLASSES | SG_GUESS_THRESHOLD);
	return SG_OK;
}

static int
read_postprocess(struct sg_model_meta *m, const json_t *o, struct sg_err *e)
{
	static const char *const names[] = {"largest", "fill_holes", "min_voxels", NULL};
	int rc = known_only(o, "postprocess", names, e);

	if (rc)
		return rc;
	m->largest = sg_json_bool(o, "largest", 0, e);
	m->fill_holes = sg_json_bool(o, "fill_holes", 0, e);
	m->min_voxels = sg_json_int(o, "min_voxels", 0, e);
	if (e->code == SG_OK && m->min_voxels < 0)
		return bad(e, "postprocess.min_voxels", "must not be negative");
	return e->code;
}

const char *const meta_guess_names[] = {
    "layout", "size", "intensity", "output", "classes", "threshold", NULL};

/* What a kept version says was guessed when it came in (meta_write.c). */
static int
read_guessed(struct sg_model_meta *m, const json_t *list, struct sg_err *e)
{
	if (list != NULL && !json_is_array(list))
		return bad(e, "guessed", "must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int at = 0;

		while (name != NULL && meta_guess_names[at] != NULL &&
		       strcmp(meta_guess_names[at], name) != 0)
			at++;
		if (name == NULL || meta_guess_names[at] == NULL)
			return bad(e, "guessed", "holds a word that is not known");
		m->guessed |= 1u << at;
	}
	return SG_OK;
}

static const char *
text_of(const json_t *o, const char *key, struct sg_arena *a, struct sg_err *e)
{
	const char *s = sg_strdup(a, sg_json_str(o, key, "", e));

	if (s == NULL)
		sg_fail(e, SG_EBUSY, "no_memory", "No memory for the model's metadata.");
	return s != NULL ? s : "";
}

int
meta_from_json(
    struct sg_model_meta *m, const char *text, size_t n, struct sg_arena *a, struct sg_err *e)
{
	static const char *const names[] = {"schema", "name", "version", "organ", "modality",
	    "description", "input", "intensity", "output", "postprocess", "card", "source",
	    "guessed", NULL};
	json_t *root;
	const json_t *part, *card;
	int rc;

	if ((rc = sg_json_parse_limit(&root, a, text, n, META_BYTES, e)) ||
	    (rc = known_only(root, "the top", names, e)))
		return rc;
	if (sg_json_int(root, "schema", META_SCHEMA, e) != META_SCHEMA)
		return sg_fail(e, SG_ENOTSUP, "meta_unsupported",
		    "The model's metadata is of a schema this program does not know; use a newer "
		    "one.");
	m->name = text_of(root, "name", a, e);
	m->version = text_of(root, "version", a, e);
	m->organ = text_of(root, "organ", a, e);
	m->modality = text_of(root, "modality", a, e);
	m->description = text_of(root, "description", a, e);
	if (e->code != SG_OK)
		return e->code;
	if ((part = json_object_get(root, "input")) != NULL && (rc = read_input(m, part, e)))
		return rc;
	if ((part = json_object_get(root, "intensity")) != NULL &&
	    (rc = read_intensity(m, part, e)))
		return rc;
	if ((part = json_object_get(root, "output")) != NULL && (rc = read_output(m, part, a, e)))
		return rc;
	if ((part = json_object_get(root, "postprocess")) != NULL &&
	    (rc = read_postprocess(m, part, e)))
		return rc;
	card = json_object_get(root, "card");
	if (card != NULL) {
		if (!json_is_object(card))
			return bad(e, "card", "must be an object");
		if ((m->card = sg_json_text(a, card)) == NULL)
			return sg_fail(
			    e, SG_EBUSY, "no_memory", "No memory for the model's metadata.");
	}
	m->source = json_object_get(root, "source") != NULL ? text_of(root, "source", a, e)
							    : "segward";
	if (e->code != SG_OK)
		return e->code;
	return read_guessed(m, json_object_get(root, "guessed"), e);
}
