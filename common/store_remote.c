/*
 * The store of another host, for workers that share no file system with it: PUT and GET of
 * <store_url>/<sha256> on an internal nginx location, with TLS and certificates on both sides.
 *
 * A blob is spooled into a file without a name, so its hash is known before the first byte
 * travels and a retry can start again; both ends check the hash. Calls block, a few seconds at
 * the most while the other side is silent (LOW_SPEED_S), and try again TRIES times.
 */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/id.h"
#include "common/log.h"
#include "common/store_impl.h"

#define TRIES		  4
#define FIRST_PAUSE_MS	  200
#define CONNECT_TIMEOUT_S 5L
#define LOW_SPEED_S	  20L /* give up after so long below 1 byte a second */

struct remote_store {
	struct sg_store base;
	char *url, *cert, *key, *ca;
};

struct remote_writer {
	struct sg_blob_writer base;
	int fd; /* the spool */
};

/* One transfer: the file bytes go to or come from, and what went wrong with it. */
struct transfer {
	int fd, why; /* errno of a failed read or write */
	struct sg_hash *hash;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void
curl_begin(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* A file without a name, in TMPDIR or /var/tmp (big volumes do not fit into a /tmp in memory). */
static int
spool_open(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (dir == NULL || dir[0] != '/')
		dir = "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(path, sizeof path, "%s/segward-XXXXXX", dir) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static size_t
send_some(char *to, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	ssize_t got;

	do
		got = read(t->fd, to, size * n);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		t->why = errno;
		return CURL_READFUNC_ABORT;
	}
	return (size_t)got;
}

static int
send_again(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	return lseek(t->fd, offset, origin) < 0 ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

static size_t
receive_some(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (t->hash == NULL) /* the body of an answer to PUT says nothing we need */
		return size * n;
	t->why = sg_store_write_all(t->fd, (const uint8_t *)p, size * n);
	if (t->why != 0)
		return 0;
	sg_hash_add(t->hash, p, size * n);
	return size * n;
}

static CURL *
request(const struct remote_store *s, const struct sg_sha256 *h, struct transfer *t)
{
	char hex[SG_SHA256_HEX], *url = NULL;
	CURL *c = curl_easy_init();

	sg_sha256_hex(h, hex);
	if (c == NULL || asprintf(&url, "%s/%s", s->url, hex) < 0) {
		curl_easy_cleanup(c);
		return NULL;
	}
	curl_easy_setopt(c, CURLOPT_URL, url); /* copied */
	free(url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
	if (s->cert[0] != '\0') {
		curl_easy_setopt(c, CURLOPT_SSLCERT, s->cert);
		curl_easy_setopt(c, CURLOPT_SSLKEY, s->key);
	}
	if (s->ca[0] != '\0') {
		curl_easy_setopt(c, CURLOPT_CAINFO, s->ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive_some);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	return c;
}

/* How one attempt ended. AGAIN may go better in a moment. */
enum verdict { DONE, AGAIN, FAILED };

static enum verdict
judge(CURLcode rc, long status, const struct transfer *t, struct sg_err *e)
{
	if (t->why != 0) {
		sg_store_io_error(e, t->why);
		return FAILED;
	}
	if (rc == CURLE_OUT_OF_MEMORY || rc != CURLE_OK) {
		sg_log(SG_LOG_WARN, "store.remote", "{s:i}", "curl", (int)rc);
		return AGAIN;
	}
	if (status == 200 || status == 201 || status == 204)
		return DONE;
	if (status == 404) {
		sg_fail(e, SG_EABSENT, "blob_absent", "The store has no such file.");
		return FAILED;
	}
	if (status == 507 || status == 413) {
		sg_store_io_error(e, ENOSPC);
		return FAILED;
	}
	sg_log(SG_LOG_WARN, "store.remote", "{s:i}", "status", (int)status);
	if (status >= 500 || status == 408 || status == 429)
		return AGAIN;
	sg_fail(e, SG_EINTERNAL, "store_refused",
	    "The remote store refused a request (status %ld).", status);
	return FAILED;
}

static void
pause_before(int try)
{
	uint32_t jitter;
	int ms = FIRST_PAUSE_MS << try;

	sg_random(&jitter, sizeof jitter);
	sg_sleep_ms(ms / 2 + (int)(jitter % (uint32_t)ms));
}

static enum verdict
put_once(const struct remote_store *s, int fd, int64_t bytes, const struct sg_sha256 *h,
    struct sg_err *e)
{
	struct transfer t = {.fd = fd};
	struct curl_slist *headers;
	enum verdict v;
	long status = 0;
	CURLcode rc;
	CURL *c;

	if (lseek(fd, 0, SEEK_SET) < 0) {
		sg_store_io_error(e, errno);
		return FAILED;
	}
	c = request(s, h, &t);
	headers = curl_slist_append(NULL, "Expect:"); /* no pause for "100 Continue" */
	if (c == NULL || headers == NULL) {
		curl_easy_cleanup(c);
		curl_slist_free_all(headers);
		sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
		return FAILED;
	}
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, send_some);
	curl_easy_setopt(c, CURLOPT_READDATA, &t);
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, send_again);
	curl_easy_setopt(c, CURLOPT_SEEKDATA, &t);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	v = judge(rc, status, &t, e);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return v;
}

static enum verdict
get_once(const struct remote_store *s, int fd, const struct sg_sha256 *h, struct sg_err *e)
{
	struct transfer t = {.fd = fd, .hash = sg_hash_new(SG_HASH_SHA256)};
	struct sg_sha256 found;
	enum verdict v;
	long status = 0;
	CURLcode rc;
	CURL *c = t.hash != NULL ? request(s, h, &t) : NULL;

	if (c == NULL) {
		if (t.hash != NULL)
			sg_hash_end(t.hash, found.byte);
		sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
		return FAILED;
	}
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 0L);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	sg_hash_end(t.hash, found.byte);
	v = judge(rc, status, &t, e);
	if (v == DONE && memcmp(&found, h, sizeof found) != 0) {
		sg_log(SG_LOG_ERROR, "store.damaged", NULL);
		sg_fail(e, SG_EINTERNAL, "blob_hash",
		    "A stored file is not what its name says; it has been damaged.");
		v = FAILED;
	}
	return v;
}

static int
remote_begin(struct sg_blob_writer **out, struct sg_store *store, const char *tag, struct sg_err *e)
{
	struct remote_writer *w = calloc(1, sizeof *w);

	(void)store;
	(void)tag; /* the spool has no name */
	if (w == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	w->fd = spool_open();
	if (w->fd < 0) {
		free(w);
		return sg_store_io_error(e, errno);
	}
	*out = &w->base;
	return SG_OK;
}

static int
remote_add(struct sg_blob_writer *base, const uint8_t *p, size_t n, struct sg_err *e)
{
	struct remote_writer *w = (struct remote_writer *)base;
	int why = sg_store_write_all(w->fd, p, n);

	return why == 0 ? SG_OK : sg_store_io_error(e, why);
}

static int
remote_commit(struct sg_blob_writer *base, const struct sg_sha256 *h, struct sg_err *e)
{
	struct remote_writer *w = (struct remote_writer *)base;
	const struct remote_store *s = (const struct remote_store *)base->store;
	int try;

	for (try = 0; try < TRIES; try++) {
		if (try > 0)
			pause_before(try - 1);
		switch (put_once(s, w->fd, base->bytes, h, e)) {
		case DONE:
			return SG_OK;
		case FAILED:
			return e != NULL ? (int)e->code : SG_EBUSY;
		case AGAIN:
			break;
		}
	}
	return sg_store_io_error(e, ETIMEDOUT);
}

static void
remote_free_writer(struct sg_blob_writer *base)
{
	struct remote_writer *w = (struct remote_writer *)base;

	close(w->fd);
	free(w);
}

/* The spool opened anew for reading alone, at offset 0: a reader can change nothing. The spool is
 * closed. -1 with errno. */
static int
read_only(int spool)
{
	char path[40];
	int fd, why;

	snprintf(path, sizeof path, "/proc/self/fd/%d", spool);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	why = errno;
	close(spool);
	errno = why;
	return fd;
}

static int
remote_open(int *fd, struct sg_store *store, const struct sg_sha256 *h, int check, struct sg_err *e)
{
	const struct remote_store *s = (const struct remote_store *)store;
	int spool, try, why;

	(void)check; /* what came over a network is always checked */
	spool = spool_open();
	if (spool < 0)
		return sg_store_io_error(e, errno);
	for (try = 0; try < TRIES; try++) {
		if (try > 0)
			pause_before(try - 1);
		if (ftruncate(spool, 0) != 0 || lseek(spool, 0, SEEK_SET) != 0) {
			why = errno;
			close(spool);
			return sg_store_io_error(e, why);
		}
		switch (get_once(s, spool, h, e)) {
		case DONE:
			*fd = read_only(spool);
			return *fd >= 0 ? SG_OK : sg_store_io_error(e, errno);
		case FAILED:
			close(spool);
			return e != NULL ? (int)e->code : SG_EBUSY;
		case AGAIN:
			break;
		}
	}
	close(spool);
	return sg_store_io_error(e, ETIMEDOUT);
}

static int
remote_adopt(struct sg_store *s, const char *path, const struct sg_sha256 *h, struct sg_err *e)
{
	(void)s;
	(void)path;
	(void)h;
	return sg_fail(
	    e, SG_ENOTSUP, "store_remote", "A remote store cannot take a local file over.");
}

static int
remote_remove(struct sg_store *s, const struct sg_sha256 *h, struct sg_err *e)
{
	(void)s;
	(void)h;
	return sg_fail(
	    e, SG_ENOTSUP, "store_remote", "Only the store's own host removes its files.");
}

static int
remote_tidy(struct sg_store *s, int64_t age_s, int *removed, struct sg_err *e)
{
	(void)s;
	(void)age_s;
	(void)e;
	*removed = 0; /* spools have no names and die with their descriptors */
	return SG_OK;
}

static void
remote_close(struct sg_store *store)
{
	struct remote_store *s = (struct remote_store *)store;

	free(s->url);
	free(s->cert);
	free(s->key);
	free(s->ca);
	free(s);
}

static const struct sg_store_ops remote_ops = {
    .begin = remote_begin,
    .add = remote_add,
    .commit = remote_commit,
    .free_writer = remote_free_writer,
    .open = remote_open,
    .adopt = remote_adopt,
    .remove = remote_remove,
    .tidy = remote_tidy,
    .close = remote_close,
};

int
sg_store_remote_open(struct sg_store **out, const struct sg_conf *conf, struct sg_err *e)
{
	struct remote_store *s;
	size_t n;

	pthread_once(&curl_once, curl_begin);
	s = calloc(1, sizeof *s);
	if (s == NULL || curl_ready != CURLE_OK) {
		free(s);
		return sg_fail(e, SG_EINTERNAL, "store_open", "The remote store cannot be set up.");
	}
	s->base.ops = &remote_ops;
	s->url = strdup(conf->store_url);
	s->cert = strdup(conf->tls_cert);
	s->key = strdup(conf->tls_key);
	s->ca = strdup(conf->tls_ca);
	if (s->url == NULL || s->cert == NULL || s->key == NULL || s->ca == NULL) {
		remote_close(&s->base);
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	}
	n = strlen(s->url);
	while (n > 0 && s->url[n - 1] == '/')
		s->url[--n] = '\0';
	*out = &s->base;
	return SG_OK;
}
