/*
 * The blob store: immutable bytes named by their SHA-256.
 *
 * A blob is written under a temporary name (<dir>/tmp/<tag>.<random>), hashed on the way,
 * fsynced, renamed to <dir>/ab/cd/<64 hex digits>, and its folder fsynced; so a name that exists
 * has all its bytes. Writing the same bytes twice is harmless. Files are 0640, folders 2770. Two
 * implementations stand behind this header: a folder (store_local.c), and another host's internal
 * nginx location over mutual TLS (store_remote.c), for workers that share no file system. A store
 * may be used by several threads; a writer or reader belongs to one. A remote store retries a few
 * times before it answers SG_EBUSY "store_io".
 */
#ifndef SG_STORE_H
#define SG_STORE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/hash.h"

struct sg_store;
struct sg_blob_writer;

/* By conf->store_url when set, else conf->store_dir. Errors: SG_EINTERNAL "store_open". */
int sg_store_open(struct sg_store **out, const struct sg_conf *conf, struct sg_err *e);
void sg_store_close(struct sg_store *s);

/*
 * Write: begin, add as often as wanted, then commit or abandon. tag is put into the temporary
 * file's name (a job's id and lease token, say) so that a left-over can be told; [a-z0-9-]{1,60}.
 * Errors: SG_EBUSY "store_full" (no space: nothing was changed), SG_EBUSY "store_io".
 */
int sg_blob_begin(
    struct sg_blob_writer **out, struct sg_store *s, const char *tag, struct sg_err *e);
int sg_blob_add(struct sg_blob_writer *w, const void *p, size_t n, struct sg_err *e);
/* On success *h and *bytes tell the blob's name and size. Frees w, also on error.
 * h and bytes may be NULL. */
int sg_blob_commit(struct sg_blob_writer *w, struct sg_sha256 *h, int64_t *bytes, struct sg_err *e);
void sg_blob_abandon(struct sg_blob_writer *w);
/* All in one, for bytes at hand. */
int sg_blob_put(struct sg_store *s, const char *tag, const void *p, size_t n, struct sg_sha256 *h,
    struct sg_err *e);
/*
 * Take a finished file on the store's file system over by rename (local store only: SG_ENOTSUP
 * "store_remote" otherwise). h must be its SHA-256, which the caller has computed.
 */
int sg_blob_adopt(
    struct sg_store *s, const char *path, const struct sg_sha256 *h, struct sg_err *e);

/*
 * Read: an open file descriptor at offset 0, yours to close; for a remote store a verified
 * local copy whose name is already gone. check: hash the bytes first and answer SG_EINTERNAL
 * "blob_hash" when they are not what the name says.
 * Errors: SG_EABSENT "blob_absent", SG_EBUSY "store_io".
 */
int sg_blob_open(
    int *fd, struct sg_store *s, const struct sg_sha256 *h, int check, struct sg_err *e);
/* The whole blob in the arena. */
int sg_blob_read(const uint8_t **p, size_t *n, struct sg_arena *a, struct sg_store *s,
    const struct sg_sha256 *h, int check, struct sg_err *e);

/*
 * Take a blob away that no row names any more; one that is absent is fine. Local store only.
 * The caller answers for nobody needing it.
 */
int sg_blob_remove(struct sg_store *s, const struct sg_sha256 *h, struct sg_err *e);
/* Remove temporary files that nobody has touched for age_s seconds; *removed counts them. A
 * remote store has none. */
int sg_store_tidy(struct sg_store *s, int64_t age_s, int *removed, struct sg_err *e);

/* The path below the store's root, "ab/cd/<hex>", as nginx's internal location serves it. */
#define SG_BLOB_PATH 72
void sg_blob_path(const struct sg_sha256 *h, char path[SG_BLOB_PATH]);

#endif
