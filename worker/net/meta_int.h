/* Shared by the readers of model metadata: meta.c (checks, guesses), meta_json.c, meta_bioimage.c.
 */
#ifndef SG_NET_META_INT_H
#define SG_NET_META_INT_H

#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/net/meta.h"

/* Nothing said yet: every field that must be inferred has its bit in guesses. */
void meta_start(struct sg_model_meta *m);

/* A class with the next colour of the palette; name is kept, not copied. */
int meta_add_class(struct sg_model_meta *m, const char *name, struct sg_err *e);

/* The JSON form that travels as metadata_props "segward". Errors: meta_bad, meta_unsupported. */
int meta_from_json(
    struct sg_model_meta *m, const char *text, size_t n, struct sg_arena *a, struct sg_err *e);

/* A bioimage.io model description, format 0.4 or 0.5. Errors as above. */
int meta_from_bioimage(
    struct sg_model_meta *m, const char *text, size_t n, struct sg_arena *a, struct sg_err *e);

/* Words for the bits of enum sg_meta_guess, in their order; NULL at the end. */
extern const char *const meta_guess_names[];

#endif
