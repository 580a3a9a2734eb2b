/* A result as files and rows show it; see figures.h. */
#include "config.h"

#include "worker/job/figures.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "worker/volume/png.h"

int
sg_figures_mask(struct sg_buf *png, const uint8_t *mask, int nx, int ny,
    const struct sg_infer_label *labels, int nlabels, struct sg_err *e)
{
	uint8_t rgb[3 * 256] = {0}; /* background stays black */
	int i;

	if (nlabels == 1)
		return sg_png_write_mask(png, mask, nx, ny, e);
	for (i = 0; i < nlabels && i < 255; i++) {
		unsigned long c = strtoul(labels[i].colour + 1, NULL, 16);
		uint8_t *to = &rgb[3 * (i + 1)];

		to[0] = (uint8_t)(c >> 16);
		to[1] = (uint8_t)(c >> 8);
		to[2] = (uint8_t)c;
	}
	return sg_png_write_labels(png, mask, nx, ny, nlabels, rgb, e);
}

const char *
sg_figures_labels(struct sg_arena *a, const struct sg_infer_label *labels, int n)
{
	json_t *list = sg_json_keep(a, json_array());
	int i;

	if (list == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		const struct sg_infer_label *l = &labels[i];
		json_t *area = l->measure.area_mm2 < 0 ? json_null()
						       : json_real(l->measure.area_mm2);

		if (json_array_append_new(
			list, json_pack("{s:i,s:s,s:s,s:I,s:o}", "value", l->value, "name", l->name,
				  "colour", l->colour, "voxels", (json_int_t)l->measure.voxels,
				  "area_mm2", area)) != 0)
			return NULL;
	}
	return sg_json_text(a, list);
}

const char *
sg_figures_histogram(struct sg_arena *a, const int64_t histogram[256])
{
	json_t *list = sg_json_keep(a, json_array());
	int i;

	if (list == NULL)
		return NULL;
	for (i = 0; i < 256; i++)
		if (json_array_append_new(list, json_integer((json_int_t)histogram[i])) != 0)
			return NULL;
	return sg_json_text(a, list);
}
