/* The bytes of an upload on disk. */
#include "config.h"

#include "fcgi/upload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/log.h"
#include "fcgi/answer.h"

#define BLOCK	   (256 << 10) /* bytes read, hashed and written at a time: stays in the cache */
#define KEPT	   64	       /* running hashes */
#define THREAD_MIN (1 << 20)
#define FILE_MODE  0640

/* ---- running hashes between the chunks of an upload ---- */

static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept {
	char id[SG_UUID_TEXT];
	int64_t bytes;
	struct sg_hash *hash; /* NULL: free */
	unsigned long used;   /* order of use */
} kept[KEPT];
static unsigned long kept_clock;

static void
hash_free(struct sg_hash *h)
{
	uint8_t digest[32];

	if (h != NULL)
		sg_hash_end(h, digest);
}

static struct sg_hash *
kept_take(const char *id, int64_t bytes)
{
	struct sg_hash *h = NULL, *stale = NULL;

	pthread_mutex_lock(&kept_lock);
	for (int i = 0; i < KEPT; i++)
		if (kept[i].hash != NULL && strcmp(kept[i].id, id) == 0) {
			if (kept[i].bytes == bytes)
				h = kept[i].hash;
			else
				stale = kept[i].hash;
			kept[i].hash = NULL;
			break;
		}
	pthread_mutex_unlock(&kept_lock);
	hash_free(stale);
	return h;
}

static void
kept_put(const char *id, int64_t bytes, struct sg_hash *h)
{
	struct kept *k = &kept[0];
	struct sg_hash *old;

	pthread_mutex_lock(&kept_lock);
	for (int i = 0; i < KEPT && k->hash != NULL; i++)
		if (kept[i].hash == NULL || kept[i].used < k->used)
			k = &kept[i];
	old = k->hash;
	snprintf(k->id, sizeof(k->id), "%s", id);
	k->bytes = bytes;
	k->hash = h;
	k->used = ++kept_clock;
	pthread_mutex_unlock(&kept_lock);
	hash_free(old);
}

/* ---- files ---- */

static int
io_error(struct sg_err *e, int why)
{
	if (why == ENOSPC || why == EDQUOT)
		return sg_fail(
		    e, SG_ELIMIT, "disk_full", "The server's disk is full; tell an admin.");
	sg_log(SG_LOG_ERROR, "upload.io", "{s:i}", "errno", why);
	return sg_fail(e, SG_EBUSY, "store_io", "The server's disk did not answer; try again.");
}

int
upload_room(const struct sg_conf *conf, int64_t bytes, struct sg_err *e)
{
	struct statvfs v;
	double free_bytes, spare;

	if (statvfs(conf->upload_dir, &v) != 0)
		return io_error(e, errno);
	free_bytes = (double)v.f_bavail * (double)v.f_frsize;
	spare = (double)v.f_blocks * (double)v.f_frsize * 0.05;
	if (spare > 1073741824.0)
		spare = 1073741824.0;
	if (free_bytes - (double)bytes < spare)
		return sg_fail(e, SG_ELIMIT, "disk_full",
		    "The server's disk is nearly full and takes no uploads now; tell an admin.");
	return SG_OK;
}

void
upload_file_close(struct upload_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	hash_free(f->hash);
	f->hash = NULL;
}

static void
close_file(void *arg)
{
	upload_file_close(arg);
}

static char *
data_path(const struct sg_conf *conf, struct sg_arena *a, const char *id)
{
	return sg_asprintf(a, "%s/%s", conf->upload_dir, id);
}

int
upload_file_open(struct upload_file *f, struct req *r, const char *id, struct sg_err *e)
{
	struct stat at, open_now;

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	f->id = id;
	if ((f->path = data_path(r->lane->web->conf, r->a, id)) == NULL)
		return answer_no_memory(e);
	f->fd = open(f->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (f->fd < 0)
		return io_error(e, errno);
	if (sg_arena_defer(r->a, close_file, f) != SG_OK)
		return answer_no_memory(e);
	/* The file may have been replaced (first chunk) between open and lock. */
	if (flock(f->fd, LOCK_EX | LOCK_NB) != 0 || fstat(f->fd, &open_now) != 0 ||
	    stat(f->path, &at) != 0 || at.st_ino != open_now.st_ino)
		return sg_fail(e, SG_ECONFLICT, "upload_busy",
		    "Another request adds to this upload right now; ask for its offset again.");
	return SG_OK;
}

/* ---- hashing beside other work ---- */

/* One pass over a file's first n bytes, in a thread of its own when there are many: meanwhile the
 * client waits for us, so the processor's other cores are idle. */
struct pass {
	int fd;
	int64_t n;
	struct sg_hash *hash; /* NULL: nothing to do */
	int why;	      /* errno */
	int threaded;
	pthread_t id;
};

static void *
pass_run(void *arg)
{
	struct pass *p = arg;
	uint8_t *block = malloc(BLOCK);
	int64_t at = 0;

	p->why = block == NULL ? ENOMEM : 0;
	while (at < p->n && p->why == 0) {
		size_t want = p->n - at < BLOCK ? (size_t)(p->n - at) : BLOCK;
		ssize_t got = pread(p->fd, block, want, at);

		if (got > 0) {
			sg_hash_add(p->hash, block, (size_t)got);
			at += got;
		} else if (got == 0 || errno != EINTR) {
			p->why = got == 0 ? EIO : errno;
		}
	}
	free(block);
	return NULL;
}

static void
pass_start(struct pass *p, int fd, int64_t n, struct sg_hash *hash)
{
	*p = (struct pass){.fd = fd, .n = n, .hash = hash};
	if (hash == NULL)
		return;
	p->threaded = n >= THREAD_MIN && pthread_create(&p->id, NULL, pass_run, p) == 0;
	if (!p->threaded)
		pass_run(p);
}

static int
pass_end(struct pass *p, struct sg_err *e)
{
	if (p->threaded)
		pthread_join(p->id, NULL);
	return p->hash == NULL || p->why == 0 ? SG_OK : io_error(e, p->why);
}

static int
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Copy the first n bytes of a file to another's position; 0 or errno. The kernel does it where it
 * can, without a way through our memory. */
static int
copy(int to, int from, int64_t n)
{
	loff_t at = 0;
	uint8_t *block;
	int why = 0;

	while (at < n) {
		ssize_t done = copy_file_range(from, &at, to, NULL, (size_t)(n - at), 0);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
	}
	if (at == n)
		return 0;
	if ((block = malloc(BLOCK)) == NULL)
		return ENOMEM;
	while (at < n && why == 0) {
		size_t want = n - at < BLOCK ? (size_t)(n - at) : BLOCK;
		ssize_t got = pread(from, block, want, at);

		if (got > 0) {
			why = write_all(to, block, (size_t)got);
			at += got;
		} else if (got == 0 || errno != EINTR) {
			why = got == 0 ? EIO : errno;
		}
	}
	free(block);
	return why;
}

/*
 * The file shares its bytes with a blob when a transaction failed after upload_file_store: then
 * work on a copy, so that the blob never changes.
 */
static int
own_copy(struct upload_file *f, struct req *r, struct sg_err *e)
{
	struct stat st;
	char *temporary;
	int fd, rc, why;

	if (fstat(f->fd, &st) != 0)
		return io_error(e, errno);
	if (st.st_nlink < 2)
		return SG_OK;
	if ((temporary = sg_asprintf(r->a, "%s.copy", f->path)) == NULL)
		return answer_no_memory(e);
	fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return io_error(e, errno);
	why = copy(fd, f->fd, f->bytes);
	rc = why == 0 ? SG_OK : io_error(e, why);
	if (rc == SG_OK && (flock(fd, LOCK_EX | LOCK_NB) != 0 || rename(temporary, f->path) != 0))
		rc = io_error(e, errno);
	if (rc != SG_OK) {
		unlink(temporary);
		close(fd);
		return rc;
	}
	close(f->fd);
	f->fd = fd;
	return SG_OK;
}

/* Compare the chunk's digest; uses chunk up. */
static int
check(const struct tus_checksum *c, struct sg_hash *chunk, struct sg_err *e)
{
	uint8_t digest[32];

	if (chunk == NULL)
		return SG_OK;
	sg_hash_end(chunk, digest);
	if (memcmp(digest, c->want, c->len) == 0)
		return SG_OK;
	return sg_fail(e, SG_EINPUT, "bad_checksum",
	    "The bytes do not fit their checksum: they were damaged on the way; send them again.");
}

/*
 * The digests a chunk needs: that of the whole file (f->hash, when it is known) and, where a
 * checksum came along, that of the chunk itself. For a first chunk checked by SHA-256 one pass
 * serves both.
 */
static int
both_hashes(
    struct upload_file *f, const struct tus_checksum *c, struct sg_hash **chunk, struct sg_err *e)
{
	*chunk = NULL;
	f->hash = f->bytes == 0 ? sg_hash_new(SG_HASH_SHA256) : kept_take(f->id, f->bytes);
	if (f->bytes == 0 && f->hash == NULL)
		return answer_no_memory(e);
	if (c->given && (f->bytes > 0 || c->kind != SG_HASH_SHA256) &&
	    (*chunk = sg_hash_new(c->kind)) == NULL)
		return answer_no_memory(e);
	return SG_OK;
}

/* The first chunk: its file becomes ours. */
static int
take_over(
    struct upload_file *f, const struct body *b, const struct tus_checksum *c, struct sg_err *e)
{
	struct sg_hash *chunk;
	struct pass whole, part;
	int rc, why;

	if ((rc = both_hashes(f, c, &chunk, e)) != SG_OK)
		return rc;
	pass_start(&whole, b->fd, b->bytes, f->hash);
	pass_start(&part, b->fd, b->bytes, chunk);
	why = fchmod(b->fd, FILE_MODE) != 0 || fdatasync(b->fd) != 0 ? errno : 0;
	rc = pass_end(&whole, e);
	if (pass_end(&part, e) != SG_OK || why != 0)
		rc = why != 0 ? io_error(e, why) : (int)e->code;
	if (rc == SG_OK && c->given && chunk == NULL && (chunk = sg_hash_copy(f->hash)) == NULL)
		rc = answer_no_memory(e);
	if (rc != SG_OK) {
		hash_free(chunk);
		return rc;
	}
	if ((rc = check(c, chunk, e)) == SG_OK && rename(b->path, f->path) != 0)
		rc = io_error(e, errno);
	return rc;
}

/* Make the file what the row says it is: no longer, and ours alone. */
static int
trim(struct upload_file *f, struct req *r, struct sg_err *e)
{
	struct stat st;
	int rc;

	if ((rc = own_copy(f, r, e)) != SG_OK)
		return rc;
	if (fstat(f->fd, &st) != 0)
		return io_error(e, errno);
	if (st.st_size < f->bytes) /* somebody cut the file: the row cannot be true any more */
		return sg_fail(e, SG_ECONFLICT, "upload_lost",
		    "The server has lost a part of this upload; begin it anew.");
	if (ftruncate(f->fd, f->bytes) != 0 || lseek(f->fd, f->bytes, SEEK_SET) < 0)
		return io_error(e, errno);
	return SG_OK;
}

static int
append(struct upload_file *f, struct req *r, const struct body *b, const struct tus_checksum *c,
    struct sg_err *e)
{
	struct sg_hash *chunk;
	struct pass whole, part;
	int rc, why;

	if ((rc = trim(f, r, e)) != SG_OK || (rc = both_hashes(f, c, &chunk, e)) != SG_OK)
		return rc;
	pass_start(&whole, b->fd, b->bytes, f->hash);
	pass_start(&part, b->fd, b->bytes, chunk);
	if ((why = copy(f->fd, b->fd, b->bytes)) == 0 && fdatasync(f->fd) != 0)
		why = errno;
	rc = pass_end(&whole, e);
	if (pass_end(&part, e) != SG_OK)
		rc = e->code;
	if (why != 0)
		rc = io_error(e, why);
	if (rc != SG_OK)
		hash_free(chunk);
	else
		rc = check(c, chunk, e);
	if (rc != SG_OK && ftruncate(f->fd, f->bytes) != 0)
		sg_log(SG_LOG_WARN, "upload.cut", "{s:i}", "errno", errno);
	return rc;
}

int
upload_file_add(struct upload_file *f, struct req *r, const struct body *b,
    const struct tus_checksum *c, struct sg_err *e)
{
	int rc;

	if (b->bytes == 0)
		return SG_OK;
	if ((rc = upload_room(r->lane->web->conf, f->bytes == 0 ? 0 : b->bytes, e)) != SG_OK)
		return rc;
	rc = f->bytes == 0 ? take_over(f, b, c, e) : append(f, r, b, c, e);
	if (rc != SG_OK)
		return rc;
	if (f->bytes == 0) { /* the path names the body's file now; the old one keeps the lock */
		int fd = open(f->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return io_error(e, errno);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			close(fd);
			return sg_fail(e, SG_ECONFLICT, "upload_busy",
			    "Another request adds to this upload right now; ask for its offset "
			    "again.");
		}
		close(f->fd);
		f->fd = fd;
	}
	f->bytes += b->bytes;
	return SG_OK;
}

enum sg_kind
upload_file_kind(const struct upload_file *f)
{
	uint8_t head[SG_SNIFF_BYTES];
	ssize_t n = pread(f->fd, head, sizeof(head), 0);

	return n > 0 ? sg_sniff(head, (size_t)n) : SG_KIND_UNKNOWN;
}

int
upload_file_hash(struct upload_file *f, struct sg_sha256 *h, struct sg_err *e)
{
	struct pass whole;
	int rc;

	if (f->hash == NULL) {
		if ((f->hash = sg_hash_new(SG_HASH_SHA256)) == NULL)
			return answer_no_memory(e);
		pass_start(&whole, f->fd, f->bytes, f->hash);
		if ((rc = pass_end(&whole, e)) != SG_OK)
			return rc;
	}
	sg_hash_end(f->hash, h->byte);
	f->hash = NULL;
	return SG_OK;
}

int
upload_file_store(struct upload_file *f, struct req *r, const struct sg_sha256 *h, struct sg_err *e)
{
	char *second = sg_asprintf(r->a, "%s.done", f->path);
	int rc;

	if (second == NULL)
		return answer_no_memory(e);
	unlink(second);
	if (link(f->path, second) != 0)
		return io_error(e, errno);
	rc = sg_blob_adopt(r->lane->web->store, second, h, e);
	unlink(second); /* still there when it failed, or when the blob is this very file */
	return rc;
}

void
upload_file_keep(struct upload_file *f)
{
	if (f->hash != NULL)
		kept_put(f->id, f->bytes, f->hash);
	f->hash = NULL;
}

void
upload_file_remove(const struct sg_conf *conf, struct sg_arena *a, const char *id)
{
	static const char *const ends[] = {"", ".copy", ".done"};

	hash_free(kept_take(id, -1));
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *path = sg_asprintf(a, "%s/%s%s", conf->upload_dir, id, ends[i]);

		if (path != NULL)
			unlink(path);
	}
}
