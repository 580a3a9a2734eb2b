/*
 * The store in a folder of this host.
 *
 * Order of a commit: bytes, fsync of the file, rename to its name, fsync of the folders. A name
 * that exists already is written over by the same bytes, which also mends one that a disk has
 * damaged. Everything is opened below the root's descriptor and no link is followed.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/id.h"
#include "common/store_impl.h"

#define FILE_MODE   0640
#define FOLDER_MODE 02770

struct local_store {
	struct sg_store base;
	int root; /* descriptors of the folder and its tmp/ */
	int tmp;
	gid_t group; /* of the root: files taken over get it */
};

struct local_writer {
	struct sg_blob_writer base;
	int fd;
	char name[96]; /* in tmp/; empty when it has become a blob */
};

/* A folder below `at`, made when it is missing; *fresh is set then. Descriptor, or -1 with errno.
 */
static int
open_folder(int at, const char *name, int *fresh)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	*fresh = 1;
	if (mkdirat(at, name, FOLDER_MODE) != 0)
		/* Another thread, or segward-web, may have been faster. */
		return errno == EEXIST ? openat(at, name, flags) : -1;
	fd = openat(at, name, flags);
	if (fd >= 0 && fchmod(fd, FOLDER_MODE) != 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* The folders of a blob, "ab" and "ab/cd", and whether they had to be made. */
struct place {
	int outer, inner;
	int fresh_outer, fresh_inner;
};

static void
close_place(struct place *p)
{
	if (p->outer >= 0)
		close(p->outer);
	if (p->inner >= 0)
		close(p->inner);
}

/* 0, or errno. */
static int
open_place(struct place *p, const struct local_store *s, const struct sg_sha256 *h)
{
	char hex[SG_SHA256_HEX], part[3] = {0};

	sg_sha256_hex(h, hex);
	*p = (struct place){.outer = -1, .inner = -1};
	memcpy(part, hex, 2);
	p->outer = open_folder(s->root, part, &p->fresh_outer);
	if (p->outer < 0)
		return errno;
	memcpy(part, hex + 2, 2);
	p->inner = open_folder(p->outer, part, &p->fresh_inner);
	return p->inner < 0 ? errno : 0;
}

static int
local_begin(struct sg_blob_writer **out, struct sg_store *store, const char *tag, struct sg_err *e)
{
	struct local_store *s = (struct local_store *)store;
	struct local_writer *w = calloc(1, sizeof *w);
	uint8_t salt[8];
	char hex[2 * sizeof salt + 1];

	if (w == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	sg_random(salt, sizeof salt);
	sg_hex(hex, salt, sizeof salt);
	snprintf(w->name, sizeof w->name, "%.60s.%s", tag, hex);
	w->fd = openat(s->tmp, w->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (w->fd < 0 || fchmod(w->fd, FILE_MODE) != 0) {
		int why = errno;

		if (w->fd >= 0) {
			close(w->fd);
			unlinkat(s->tmp, w->name, 0);
		}
		free(w);
		return sg_store_io_error(e, why);
	}
	*out = &w->base;
	return SG_OK;
}

static int
local_add(struct sg_blob_writer *base, const uint8_t *p, size_t n, struct sg_err *e)
{
	struct local_writer *w = (struct local_writer *)base;
	int why = sg_store_write_all(w->fd, p, n);

	return why == 0 ? SG_OK : sg_store_io_error(e, why);
}

/*
 * Make a file durable and give it its place in the store. 0, or errno. The folders are made first
 * and made durable last, so that the file system has one wait for the bytes with them and one for
 * the names, not one for each step.
 */
static int
settle(const struct local_store *s, int fd, int at, const char *name, const struct sg_sha256 *h)
{
	char hex[SG_SHA256_HEX];
	struct place p;
	int why = open_place(&p, s, h);

	sg_sha256_hex(h, hex);
	if (why == 0 &&
	    (fsync(fd) != 0 || renameat(at, name, p.inner, hex) != 0 || fsync(p.inner) != 0 ||
		(p.fresh_inner && fsync(p.outer) != 0) || (p.fresh_outer && fsync(s->root) != 0)))
		why = errno;
	close_place(&p);
	return why;
}

static int
local_commit(struct sg_blob_writer *base, const struct sg_sha256 *h, struct sg_err *e)
{
	struct local_writer *w = (struct local_writer *)base;
	struct local_store *s = (struct local_store *)base->store;
	int why = settle(s, w->fd, s->tmp, w->name, h);

	if (why != 0)
		return sg_store_io_error(e, why);
	w->name[0] = '\0';
	return SG_OK;
}

static void
local_free_writer(struct sg_blob_writer *base)
{
	struct local_writer *w = (struct local_writer *)base;
	struct local_store *s = (struct local_store *)base->store;

	close(w->fd);
	if (w->name[0] != '\0')
		unlinkat(s->tmp, w->name, 0);
	free(w);
}

static int
local_adopt(struct sg_store *store, const char *path, const struct sg_sha256 *h, struct sg_err *e)
{
	struct local_store *s = (struct local_store *)store;
	struct stat st;
	int fd, why = 0;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sg_store_io_error(e, errno);
	if (fstat(fd, &st) != 0)
		why = errno;
	else if (!S_ISREG(st.st_mode))
		why = EINVAL;
	else if (st.st_gid != s->group && fchown(fd, (uid_t)-1, s->group) != 0)
		why = errno;
	else if (fchmod(fd, FILE_MODE) != 0)
		why = errno;
	if (why == 0)
		why = settle(s, fd, AT_FDCWD, path, h);
	close(fd);
	if (why == EXDEV)
		return sg_fail(e, SG_EINTERNAL, "store_open",
		    "Uploads and the store are not on one file system.");
	return why == 0 ? SG_OK : sg_store_io_error(e, why);
}

static int
local_open(int *fd, struct sg_store *store, const struct sg_sha256 *h, int check, struct sg_err *e)
{
	struct local_store *s = (struct local_store *)store;
	char path[SG_BLOB_PATH];
	struct stat st;
	int file, rc;

	sg_blob_path(h, path);
	file = openat(s->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return sg_fail(e, SG_EABSENT, "blob_absent", "The store has no such file.");
	if (file < 0)
		return sg_store_io_error(e, errno);
	if (fstat(file, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(file);
		return sg_store_io_error(e, EINVAL);
	}
	rc = check ? sg_store_check(file, h, e) : SG_OK;
	if (rc != SG_OK) {
		close(file);
		return rc;
	}
	*fd = file;
	return SG_OK;
}

static int
local_remove(struct sg_store *store, const struct sg_sha256 *h, struct sg_err *e)
{
	struct local_store *s = (struct local_store *)store;
	char path[SG_BLOB_PATH];

	sg_blob_path(h, path);
	if (unlinkat(s->root, path, 0) != 0 && errno != ENOENT)
		return sg_store_io_error(e, errno);
	return SG_OK;
}

static int
local_tidy(struct sg_store *store, int64_t age_s, int *removed, struct sg_err *e)
{
	struct local_store *s = (struct local_store *)store;
	int fd = openat(s->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	*removed = 0;
	if (dir == NULL) {
		int why = errno;

		if (fd >= 0)
			close(fd);
		return sg_store_io_error(e, why);
	}
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    fstatat(s->tmp, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || time(NULL) - st.st_mtime < age_s)
			continue;
		if (unlinkat(s->tmp, entry->d_name, 0) == 0)
			++*removed;
	}
	closedir(dir);
	return SG_OK;
}

static void
local_close(struct sg_store *store)
{
	struct local_store *s = (struct local_store *)store;

	if (s->tmp >= 0)
		close(s->tmp);
	if (s->root >= 0)
		close(s->root);
	free(s);
}

static const struct sg_store_ops local_ops = {
    .begin = local_begin,
    .add = local_add,
    .commit = local_commit,
    .free_writer = local_free_writer,
    .open = local_open,
    .adopt = local_adopt,
    .remove = local_remove,
    .tidy = local_tidy,
    .close = local_close,
};

int
sg_store_local_open(struct sg_store **out, const char *dir, struct sg_err *e)
{
	struct local_store *s = calloc(1, sizeof *s);
	struct stat st;
	int fresh = 0; /* tmp/ need not outlive a crash */

	if (s == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	s->base.ops = &local_ops;
	s->tmp = -1;
	s->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root >= 0 && fstat(s->root, &st) == 0) {
		s->group = st.st_gid;
		s->tmp = open_folder(s->root, "tmp", &fresh);
	}
	if (s->tmp < 0) {
		int why = errno;

		local_close(&s->base);
		return sg_fail(e, SG_EINTERNAL, "store_open",
		    "The store's folder cannot be used: %s.", strerror(why));
	}
	*out = &s->base;
	return SG_OK;
}
