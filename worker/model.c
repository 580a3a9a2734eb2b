/* Loading a version's ONNX file and metadata for the cache; see model.h. */
#include "config.h"

#include "worker/model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"

#define MODELS_MOST  16
#define MODELS_BYTES ((size_t)8 << 30) /* the files' sizes together; plans have their own limit */
#define MODEL_LIMIT  ((size_t)4 << 30) /* of one model: file, metadata */

struct source {
	struct sg_store *store;
	int local; /* the store is a folder here, so a changed file can be noticed */
};

struct wanted { /* what a get asks for */
	const struct sg_sha256 *onnx;
	const char *meta;
};

static void
file_id_of(int fd, int64_t id[4])
{
	struct stat st;

	memset(id, 0, 4 * sizeof id[0]);
	if (fstat(fd, &st) != 0)
		return;
	id[0] = (int64_t)st.st_ino;
	id[1] = (int64_t)st.st_size;
	id[2] = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	id[3] = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
}

static int
same(void *arg, const struct sg_sha256 *key, void *value)
{
	const struct source *src = arg;
	const struct sg_model *m = value;
	int64_t id[4];
	int fd;

	(void)key;
	if (!src->local)
		return 1;
	if (sg_blob_open(&fd, src->store, &m->onnx, 0, NULL) != SG_OK)
		return 0;
	file_id_of(fd, id);
	close(fd);
	return memcmp(id, m->file_id, sizeof id) == 0;
}

static void
unload(void *arg, void *value)
{
	struct sg_model *m = value;

	(void)arg;
	sg_net_free(m->net);
	sg_arena_free(m->arena);
	free(m);
}

static int
read_bytes(
    struct sg_model *m, struct sg_store *store, const uint8_t **bytes, size_t *n, struct sg_err *e)
{
	struct sg_err why = {0};
	int fd;

	if (sg_blob_open(&fd, store, &m->onnx, 0, &why) == SG_OK) {
		file_id_of(fd, m->file_id);
		close(fd);
		if (sg_blob_read(bytes, n, m->arena, store, &m->onnx, 1, &why) == SG_OK)
			return SG_OK;
	}
	if (strcmp(why.id, "blob_hash") == 0)
		return sg_fail(e, SG_EINTERNAL, "model_hash",
		    "The stored model file is damaged. An administrator must restore it.");
	return sg_fail(e, why.code, why.id, "%s", why.msg);
}

static int
load(void *arg, const struct sg_sha256 *key, const void *extra, void **value, size_t *nbytes,
    struct sg_err *e)
{
	const struct source *src = arg;
	const struct wanted *want = extra;
	struct sg_model *m = calloc(1, sizeof *m);
	const char *meta = want->meta;
	const uint8_t *bytes;
	size_t n;
	int rc;

	(void)key;
	if (m == NULL || (m->arena = sg_arena_new(MODEL_LIMIT)) == NULL) {
		free(m);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the model now.");
	}
	m->onnx = *want->onnx;
	if (meta != NULL && (meta[0] == '\0' || strcmp(meta, "{}") == 0))
		meta = NULL;
	if ((rc = read_bytes(m, src->store, &bytes, &n, e)) != SG_OK ||
	    (rc = sg_net_load(&m->net, bytes, n, NULL, e)) != SG_OK ||
	    (rc = sg_meta_read(
		 &m->meta, m->net, meta, meta != NULL ? strlen(meta) : 0, m->arena, e)) != SG_OK) {
		unload(NULL, m);
		return rc;
	}
	*nbytes = n;
	*value = m;
	return SG_OK;
}

struct sg_cache *
sg_models_new(struct sg_store *store, const struct sg_conf *conf)
{
	/* One per process, and there as long as it. */
	static struct source src;
	struct sg_cache_ops ops = {load, unload, same, &src};

	src.store = store;
	src.local = conf->store_url[0] == '\0';
	return sg_cache_new(&ops, MODELS_MOST, MODELS_BYTES);
}

int
sg_model_get(struct sg_model **out, struct sg_cache *c, const struct sg_sha256 *onnx,
    const char *meta, struct sg_err *e)
{
	struct wanted want = {onnx, meta};
	struct sg_sha256 key;
	struct sg_hash *h = sg_hash_new(SG_HASH_SHA256);
	void *value;
	int rc;

	if (h == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the model now.");
	sg_hash_add(h, onnx->byte, sizeof onnx->byte);
	if (meta != NULL)
		sg_hash_add(h, meta, strlen(meta));
	sg_hash_end(h, key.byte);
	rc = sg_cache_get(&value, c, &key, &want, e);
	if (rc == SG_OK)
		*out = value;
	return rc;
}
