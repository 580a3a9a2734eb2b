/*
 * The bytes of an upload on disk: upload_dir/<public id>, on the store's file system.
 *
 * What the row calls received is on disk for good; the file may be longer after a crash, and is
 * cut back before more is added. One request at a time works on an upload (flock), also across
 * two serving processes. The SHA-256 of what is there so far is kept in memory between chunks;
 * where it is missing the whole file is read once more at the end.
 */
#ifndef FCGI_UPLOAD_FILE_H
#define FCGI_UPLOAD_FILE_H

#include "common/hash.h"
#include "common/sniff.h"
#include "fcgi/body.h"
#include "fcgi/tus.h"

struct upload_file {
	const char *id, *path; /* public id; path of the data */
	int fd; /* open for reading and writing, locked; at the latest closed with the arena */
	int64_t bytes;	      /* safe on disk */
	struct sg_hash *hash; /* of all bytes; NULL: not known; freed or kept by upload_file_keep */
};

/* Lock it. Errors: SG_ECONFLICT "upload_busy" (another request adds to it now). */
int upload_file_open(struct upload_file *f, struct req *r, const char *id, struct sg_err *e);
/*
 * Add a body at offset f->bytes = received, checked against c, and make it durable. A first
 * chunk is taken over by rename.
 * Errors: SG_EINPUT "bad_checksum" (nothing was added), SG_ELIMIT "disk_full", SG_EBUSY "store_io".
 */
int upload_file_add(struct upload_file *f, struct req *r, const struct body *b,
    const struct tus_checksum *c, struct sg_err *e);
/* What the first bytes say it is. */
enum sg_kind upload_file_kind(const struct upload_file *f);
/* SHA-256 of the whole file. Uses f->hash up. */
int upload_file_hash(struct upload_file *f, struct sg_sha256 *h, struct sg_err *e);
/*
 * Make the complete file a blob: a second name of it moves into the store, so that the upload
 * is still whole if the transaction that follows fails. Then upload_file_remove.
 */
int upload_file_store(
    struct upload_file *f, struct req *r, const struct sg_sha256 *h, struct sg_err *e);
/* After the commit: keep the running hash for the next chunk. */
void upload_file_keep(struct upload_file *f);
/* Unlock it. Before the answer goes out, or the client's next chunk finds it locked. */
void upload_file_close(struct upload_file *f);
void upload_file_remove(const struct sg_conf *conf, struct sg_arena *a, const char *id);

/* Is there room for so many bytes, with 5 % of the disk or 1 GiB left over? SG_ELIMIT "disk_full".
 */
int upload_room(const struct sg_conf *conf, int64_t bytes, struct sg_err *e);

#endif
