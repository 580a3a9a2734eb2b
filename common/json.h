/*
 * JSON in, by jansson, held to limits: at most 64 KiB unless told, depth 16, no duplicate keys,
 * no NUL in strings, numbers that fit. JSON out is built with jansson directly.
 */
#ifndef SG_JSON_H
#define SG_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"

/*
 * Parse one value; *out is released with the arena.
 * Errors: SG_EINPUT "json_bad" (not JSON, says line and column), SG_ELIMIT "json_too_large",
 * SG_EINPUT "json_too_deep".
 */
int sg_json_parse(json_t **out, struct sg_arena *a, const char *text, size_t len, struct sg_err *e);
int sg_json_parse_limit(
    json_t **out, struct sg_arena *a, const char *text, size_t len, size_t limit, struct sg_err *e);

/* Members of an object. A missing or null member gives `otherwise`; a wrong type is SG_EINPUT
 * "json_type" in *e (and `otherwise` returned), so many may be read and *e looked at once. */
const char *sg_json_str(const json_t *o, const char *key, const char *otherwise, struct sg_err *e);
long long sg_json_int(const json_t *o, const char *key, long long otherwise, struct sg_err *e);
double sg_json_num(const json_t *o, const char *key, double otherwise, struct sg_err *e);
int sg_json_bool(const json_t *o, const char *key, int otherwise, struct sg_err *e);

/* Let the arena own v (json_decref when it goes). NULL v passes through. */
json_t *sg_json_keep(struct sg_arena *a, json_t *v);
/* Compact text of v, owned by the arena; NULL: no memory. */
char *sg_json_text(struct sg_arena *a, const json_t *v);

#endif
