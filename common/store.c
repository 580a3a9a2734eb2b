/* The blob store: what both kinds share. */
#include "config.h"

#include "common/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/store_impl.h"

#define CHUNK ((size_t)1 << 18) /* bytes hashed at a time */

int
sg_store_open(struct sg_store **out, const struct sg_conf *conf, struct sg_err *e)
{
	if (conf->store_url[0] != '\0')
		return sg_store_remote_open(out, conf, e);
	return sg_store_local_open(out, conf->store_dir, e);
}

void
sg_store_close(struct sg_store *s)
{
	if (s != NULL)
		s->ops->close(s);
}

static int
tag_valid(const char *tag)
{
	size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n >= 1 && n <= 60 && tag[n] == '\0';
}

int
sg_blob_begin(struct sg_blob_writer **out, struct sg_store *s, const char *tag, struct sg_err *e)
{
	struct sg_hash *hash;
	int rc;

	if (!tag_valid(tag))
		return sg_fail(
		    e, SG_EINTERNAL, "store_tag", "A temporary name for a blob is malformed.");
	hash = sg_hash_new(SG_HASH_SHA256);
	if (hash == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	rc = s->ops->begin(out, s, tag, e);
	if (rc != SG_OK) {
		uint8_t unused[32];

		sg_hash_end(hash, unused);
		return rc;
	}
	(*out)->store = s;
	(*out)->hash = hash;
	return SG_OK;
}

int
sg_blob_add(struct sg_blob_writer *w, const void *p, size_t n, struct sg_err *e)
{
	int rc;

	if (w->failed)
		return sg_fail(
		    e, SG_EBUSY, "store_io", "The store cannot be written now; try again soon.");
	if (n == 0)
		return SG_OK;
	rc = w->store->ops->add(w, p, n, e);
	if (rc != SG_OK) {
		w->failed = 1;
		return rc;
	}
	sg_hash_add(w->hash, p, n);
	w->bytes += (int64_t)n;
	return SG_OK;
}

int
sg_blob_commit(struct sg_blob_writer *w, struct sg_sha256 *h, int64_t *bytes, struct sg_err *e)
{
	struct sg_sha256 name;
	int rc;

	sg_hash_end(w->hash, name.byte);
	if (w->failed)
		rc = sg_fail(
		    e, SG_EBUSY, "store_io", "The store cannot be written now; try again soon.");
	else
		rc = w->store->ops->commit(w, &name, e);
	if (rc == SG_OK) {
		if (h != NULL)
			*h = name;
		if (bytes != NULL)
			*bytes = w->bytes;
	}
	w->store->ops->free_writer(w);
	return rc;
}

void
sg_blob_abandon(struct sg_blob_writer *w)
{
	uint8_t unused[32];

	if (w == NULL)
		return;
	sg_hash_end(w->hash, unused);
	w->store->ops->free_writer(w);
}

int
sg_blob_put(struct sg_store *s, const char *tag, const void *p, size_t n, struct sg_sha256 *h,
    struct sg_err *e)
{
	struct sg_blob_writer *w;
	int rc;

	rc = sg_blob_begin(&w, s, tag, e);
	if (rc != SG_OK)
		return rc;
	rc = sg_blob_add(w, p, n, e);
	if (rc != SG_OK) {
		sg_blob_abandon(w);
		return rc;
	}
	return sg_blob_commit(w, h, NULL, e);
}

int
sg_blob_adopt(struct sg_store *s, const char *path, const struct sg_sha256 *h, struct sg_err *e)
{
	return s->ops->adopt(s, path, h, e);
}

int
sg_blob_open(int *fd, struct sg_store *s, const struct sg_sha256 *h, int check, struct sg_err *e)
{
	return s->ops->open(fd, s, h, check, e);
}

int
sg_blob_remove(struct sg_store *s, const struct sg_sha256 *h, struct sg_err *e)
{
	return s->ops->remove(s, h, e);
}

int
sg_store_tidy(struct sg_store *s, int64_t age_s, int *removed, struct sg_err *e)
{
	return s->ops->tidy(s, age_s, removed, e);
}

static int
read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : EIO; /* shorter than fstat said */
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

int
sg_blob_read(const uint8_t **p, size_t *n, struct sg_arena *a, struct sg_store *s,
    const struct sg_sha256 *h, int check, struct sg_err *e)
{
	struct sg_sha256 found;
	struct stat st;
	uint8_t *bytes;
	int fd, rc, why;

	rc = sg_blob_open(&fd, s, h, 0, e);
	if (rc != SG_OK)
		return rc;
	if (fstat(fd, &st) != 0) {
		rc = sg_store_io_error(e, errno);
		close(fd);
		return rc;
	}
	bytes = sg_alloc_aligned(a, (size_t)st.st_size);
	if (bytes == NULL) {
		close(fd);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for this file now.");
	}
	why = read_all(fd, bytes, (size_t)st.st_size);
	close(fd);
	if (why != 0)
		return sg_store_io_error(e, why);
	if (check) {
		sg_sha256_of(&found, bytes, (size_t)st.st_size);
		if (memcmp(&found, h, sizeof found) != 0)
			return sg_fail(e, SG_EINTERNAL, "blob_hash",
			    "A stored file is not what its name says; it has been damaged.");
	}
	*p = bytes;
	*n = (size_t)st.st_size;
	return SG_OK;
}

int
sg_store_check(int fd, const struct sg_sha256 *h, struct sg_err *e)
{
	struct sg_sha256 found;
	struct sg_hash *hash = sg_hash_new(SG_HASH_SHA256);
	uint8_t *chunk = malloc(CHUNK);
	ssize_t got = 0;
	int why = 0;

	if (hash != NULL && chunk != NULL) {
		while ((got = read(fd, chunk, CHUNK)) != 0) {
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				break;
			sg_hash_add(hash, chunk, (size_t)got);
		}
		why = got < 0 || lseek(fd, 0, SEEK_SET) != 0 ? errno : 0;
	}
	free(chunk);
	if (hash == NULL || chunk == NULL) {
		if (hash != NULL)
			sg_hash_end(hash, found.byte);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	}
	sg_hash_end(hash, found.byte);
	if (why != 0)
		return sg_store_io_error(e, why);
	if (memcmp(&found, h, sizeof found) != 0) {
		char hex[SG_SHA256_HEX];

		sg_sha256_hex(h, hex);
		sg_log(SG_LOG_ERROR, "store.damaged", "{s:s}", "blob", hex);
		return sg_fail(e, SG_EINTERNAL, "blob_hash",
		    "A stored file is not what its name says; it has been damaged.");
	}
	return SG_OK;
}

int
sg_store_io_error(struct sg_err *e, int why)
{
	if (why == ENOSPC || why == EDQUOT)
		return sg_fail(e, SG_EBUSY, "store_full",
		    "The store has no room left; nothing was changed. Tell an administrator.");
	if (e == NULL || e->code == SG_OK) /* else it is the consequence of one already told */
		sg_log(SG_LOG_ERROR, "store.io", "{s:i}", "errno", why);
	return sg_fail(e, SG_EBUSY, "store_io", "The store cannot be reached now; try again soon.");
}

int
sg_store_write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n < (size_t)SSIZE_MAX ? n : (size_t)SSIZE_MAX);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return errno;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

void
sg_blob_path(const struct sg_sha256 *h, char path[SG_BLOB_PATH])
{
	char hex[SG_SHA256_HEX];

	sg_sha256_hex(h, hex);
	snprintf(path, SG_BLOB_PATH, "%.2s/%.2s/%s", hex, hex + 2, hex);
}
