/*
 * A version ready to run: its ONNX file, hashed and loaded, and what must be known to run it.
 * Kept in an sg_cache under the hash of both.
 */
#ifndef SG_MODEL_H
#define SG_MODEL_H

#include "common/conf.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/store.h"
#include "worker/cache.h"
#include "worker/net/meta.h"
#include "worker/net/net.h"

struct sg_model {
	struct sg_net *net;
	struct sg_model_meta *meta;
	/* inside: */
	struct sg_arena *arena;
	struct sg_sha256 onnx;
	int64_t file_id[4]; /* device, inode, size, time of change of the file it came from */
};

/* A cache of models from a store. conf and store must outlive it. */
struct sg_cache *sg_models_new(struct sg_store *store, const struct sg_conf *conf);

/*
 * The model of an ONNX blob with its row's metadata (JSON text; NULL, "" or "{}": what the file
 * itself says). Put it back with sg_cache_put(). When the stored file changed on disk since it
 * was loaded, it is read and hashed again.
 * Errors: SG_EINTERNAL "model_hash" (the bytes are not what the name says), SG_EABSENT
 * "blob_absent", and those of sg_net_load() and sg_meta_read().
 */
int sg_model_get(struct sg_model **out, struct sg_cache *c, const struct sg_sha256 *onnx,
    const char *meta, struct sg_err *e);

#endif
