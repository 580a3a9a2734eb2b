/*
 * The metadata of a version as JSON, the way meta_json.c reads it: what `segward-admin model add`
 * keeps of a model, whatever form it came in. What was guessed is written down as such, so that
 * results made with it go on saying so.
 */
#include "config.h"

#include "common/json.h"
#include "worker/net/meta_int.h"

static json_t *
sides_json(const int *v, int dims)
{
	json_t *list = json_array();

	for (int i = 0; i < dims; i++)
		json_array_append_new(list, json_integer(v[i]));
	return list;
}

static json_t *
numbers_json(const double *v, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_real(v[i]));
	return list;
}

static const char *
layout_name(enum sg_meta_layout layout)
{
	return layout == SG_LAYOUT_CHANNELS_LAST ? "channels_last" : "channels_first";
}

static json_t *
input_json(const struct sg_model_meta *m)
{
	json_t *o = json_pack("{s:i, s:i, s:s, s:s, s:o, s:o}", "dims", m->dims, "channels",
	    m->channels, "layout", layout_name(m->layout), "fit",
	    m->fit == SG_FIT_RESIZE ? "resize" : "pad", "multiple",
	    sides_json(m->multiple, m->dims), "min_size", sides_json(m->min_size, m->dims));

	json_object_set_new(o, "size", sides_json(m->size, m->dims));
	json_object_set_new(o, "spacing_mm", numbers_json(m->spacing_mm, m->dims));
	return o;
}

static json_t *
intensity_json(const struct sg_model_meta *m)
{
	static const char *const kinds[] = {
	    "none", "unit", "minmax", "percentile", "zscore", "fixed", "window"};
	json_t *o = json_pack("{s:s, s:b, s:b, s:f, s:f, s:b, s:f, s:f}", "kind",
	    kinds[m->intensity], "per_channel", m->per_channel, "nonzero", m->nonzero, "lo", m->lo,
	    "hi", m->hi, "clip", m->clip, "eps", m->eps, "gamma", m->gamma);

	if (m->intensity == SG_INT_FIXED) {
		json_object_set_new(o, "mean", numbers_json(m->mean, m->channels));
		json_object_set_new(o, "std", numbers_json(m->std, m->channels));
	}
	return o;
}

static json_t *
output_json(const struct sg_model_meta *m)
{
	static const char *const kinds[] = {
	    "sigmoid", "softmax", "probability", "probability_softmax"};
	json_t *classes = json_array();

	for (int i = 0; i < m->nclasses; i++) {
		const struct sg_meta_class *c = &m->classes[i];

		json_array_append_new(
		    classes, json_pack("{s:s, s:o}", "name", c->name, "colour",
				 json_sprintf("#%02x%02x%02x", c->rgb[0], c->rgb[1], c->rgb[2])));
	}
	return json_pack("{s:s, s:s, s:o, s:f}", "kind", kinds[m->output], "layout",
	    layout_name(m->out_layout), "classes", classes, "threshold",
	    m->threshold_milli / 1000.0);
}

static json_t *
guessed_json(unsigned guesses)
{
	json_t *list = json_array();

	for (int i = 0; meta_guess_names[i] != NULL; i++)
		if ((guesses & (1u << i)) != 0)
			json_array_append_new(list, json_string(meta_guess_names[i]));
	return list;
}

json_t *
sg_meta_json(const struct sg_model_meta *m, struct sg_arena *a)
{
	json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "schema", 1, "name",
	    m->name, "version", m->version, "organ", m->organ, "modality", m->modality,
	    "description", m->description, "input", input_json(m), "intensity", intensity_json(m),
	    "output", output_json(m));
	json_error_t ignored;

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "postprocess",
	    json_pack("{s:b, s:b, s:I}", "largest", m->largest, "fill_holes", m->fill_holes,
		"min_voxels", (json_int_t)m->min_voxels));
	json_object_set_new(o, "card", json_loads(m->card, 0, &ignored));
	json_object_set_new(o, "source", json_string(m->source));
	json_object_set_new(o, "guessed", guessed_json(m->guesses));
	return sg_json_keep(a, o);
}
