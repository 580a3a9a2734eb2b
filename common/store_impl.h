/* Between store.c and the two kinds of store; nobody else includes it. */
#ifndef SG_STORE_IMPL_H
#define SG_STORE_IMPL_H

#include "common/store.h"

struct sg_store_ops {
	int (*begin)(
	    struct sg_blob_writer **out, struct sg_store *s, const char *tag, struct sg_err *e);
	/* n > 0 bytes to the temporary file; the hash is taken by store.c */
	int (*add)(struct sg_blob_writer *w, const uint8_t *p, size_t n, struct sg_err *e);
	int (*commit)(struct sg_blob_writer *w, const struct sg_sha256 *h, struct sg_err *e);
	void (*free_writer)(struct sg_blob_writer *w); /* removes what is left of the temporary */
	int (*open)(
	    int *fd, struct sg_store *s, const struct sg_sha256 *h, int check, struct sg_err *e);
	int (*adopt)(
	    struct sg_store *s, const char *path, const struct sg_sha256 *h, struct sg_err *e);
	int (*remove)(struct sg_store *s, const struct sg_sha256 *h, struct sg_err *e);
	int (*tidy)(struct sg_store *s, int64_t age_s, int *removed, struct sg_err *e);
	void (*close)(struct sg_store *s);
};

/* Each kind of store and of writer begins with these. */
struct sg_store {
	const struct sg_store_ops *ops;
};

struct sg_blob_writer {
	struct sg_store *store;
	struct sg_hash *hash; /* of what was added so far */
	int64_t bytes;
	int failed; /* an add went wrong: commit refuses */
};

int sg_store_local_open(struct sg_store **out, const char *dir, struct sg_err *e);
int sg_store_remote_open(struct sg_store **out, const struct sg_conf *conf, struct sg_err *e);

/* The error for errno `why` while writing or reading a store's files. */
int sg_store_io_error(struct sg_err *e, int why);
/* All n bytes; 0, or errno. */
int sg_store_write_all(int fd, const uint8_t *p, size_t n);
/* Hash an open file from its start and rewind it. SG_EINTERNAL "blob_hash" when it is not *h. */
int sg_store_check(int fd, const struct sg_sha256 *h, struct sg_err *e);

#endif
