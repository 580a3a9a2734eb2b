/*
 * The janitor's round; see janitor.h.
 *
 * Taking a blob's file away races with a job that writes the same bytes again. Every write
 * renames a young file to the blob's name and adds its row before anything names it, so:
 *   1. the old file is moved aside, to tmp/gone.<hex>;
 *   2. if what was moved is young after all, or the database knows the blob, it is moved back.
 * A writer before 1 makes the file young; one after 1 makes a new file; either way the blob stays.
 */
#include "config.h"

#include "worker/janitor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/db.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/log.h"
#include "sql/queries.h"

#define AGE_H	 24
#define AGE_S	 (AGE_H * 3600)
#define UPLOAD_S (AGE_S + 3600) /* files: an hour after their rows were ended */
#define BATCH	 500		/* names asked about at a time */
#define FIRST_S	 300
#define EACH_S	 3600
#define GONE	 "gone."
#define NAME_HEX (SG_SHA256_HEX - 1)

struct round {
	struct sg_tidied *t;
	struct sg_db *db;
	struct sg_arena *arena;
	int root; /* descriptor of the store's folder */
	int n;	  /* names waiting to be asked about */
	char name[BATCH][SG_SHA256_HEX];
};

static int
is_old(int at, const char *name, int64_t age_s)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       time(NULL) - st.st_mtime > age_s;
}

/* The blobs of names[n] that have a row, as a JSON object used as a set; in the arena. */
static int
known(json_t **set, struct round *r, char (*names)[SG_SHA256_HEX], int n, struct sg_err *e)
{
	json_t *list = sg_json_keep(r->arena, json_array());
	struct sg_rows *rows;
	const char *text;
	int i, rc;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	*set = sg_json_keep(r->arena, json_object());
	if (*set == NULL || (text = sg_json_text(r->arena, list)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	rc = sg_db_run(r->db, r->arena, &rows, e, &sg_q_blob_known, "s", text);
	for (i = 0; rc == SG_OK && i < sg_rows_count(rows); i++)
		json_object_set_new(*set, sg_rows_str(rows, i, 0), json_true());
	return rc;
}

static void
path_of(char path[SG_BLOB_PATH], const char *hex)
{
	struct sg_sha256 h;

	if (sg_sha256_from_hex(&h, hex))
		sg_blob_path(&h, path);
}

/* Step 2 of the top comment, for a file that lies aside. */
static int
settle(struct round *r, const char *gone, const char *hex, struct sg_err *e)
{
	char path[SG_BLOB_PATH], name[1][SG_SHA256_HEX];
	json_t *set;
	int rc;

	memcpy(name[0], hex, SG_SHA256_HEX);
	if ((rc = known(&set, r, name, 1, e)) != SG_OK)
		return rc; /* it lies aside until the next round */
	if (is_old(r->root, gone, AGE_S) && json_object_get(set, hex) == NULL) {
		r->t->blobs += unlinkat(r->root, gone, 0) == 0;
		return SG_OK;
	}
	path_of(path, hex);
	if (renameat(r->root, gone, r->root, path) != 0)
		return sg_fail(e, SG_EBUSY, "store_io", "A blob could not be moved back.");
	return SG_OK;
}

static int
remove_blob(struct round *r, const char *hex, struct sg_err *e)
{
	char path[SG_BLOB_PATH], gone[SG_SHA256_HEX + 16];

	path_of(path, hex);
	snprintf(gone, sizeof gone, "tmp/" GONE "%s", hex);
	if (renameat(r->root, path, r->root, gone) != 0)
		return SG_OK; /* another janitor was faster */
	return settle(r, gone, hex, e);
}

/* Ask about the waiting names and take away those that no row knows. */
static int
flush(struct round *r, struct sg_err *e)
{
	json_t *set;
	int i, rc = SG_OK;

	if (r->n == 0 || (rc = known(&set, r, r->name, r->n, e)) != SG_OK)
		return rc;
	for (i = 0; i < r->n && rc == SG_OK; i++)
		if (json_object_get(set, r->name[i]) == NULL)
			rc = remove_blob(r, r->name[i], e);
	r->n = 0;
	sg_arena_reset(r->arena);
	return rc;
}

static DIR *
open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL && fd >= 0)
		close(fd);
	return d;
}

/* What an earlier round that was cut off has left aside. */
static int
settle_all(struct round *r, struct sg_err *e)
{
	DIR *d = open_dir(r->root, "tmp");
	const struct dirent *x;
	int rc = SG_OK;

	while (d != NULL && rc == SG_OK && (x = readdir(d)) != NULL) {
		char gone[SG_SHA256_HEX + 16];
		struct sg_sha256 h;

		if (strncmp(x->d_name, GONE, sizeof GONE - 1) != 0 ||
		    !sg_sha256_from_hex(&h, x->d_name + sizeof GONE - 1))
			continue;
		snprintf(
		    gone, sizeof gone, "tmp/%.*s", (int)(sizeof GONE - 1 + NAME_HEX), x->d_name);
		rc = settle(r, gone, x->d_name + sizeof GONE - 1, e);
	}
	if (d != NULL)
		closedir(d);
	return rc;
}

/* One folder of blobs, "ab/cd". */
static int
walk_inner(struct round *r, const char *outer, const char *inner, struct sg_err *e)
{
	char path[8];
	DIR *d;
	const struct dirent *x;
	int rc = SG_OK;

	snprintf(path, sizeof path, "%.2s/%.2s", outer, inner);
	if ((d = open_dir(r->root, path)) == NULL)
		return SG_OK;
	while (rc == SG_OK && (x = readdir(d)) != NULL) {
		struct sg_sha256 h;

		if (!sg_sha256_from_hex(&h, x->d_name) || !is_old(dirfd(d), x->d_name, AGE_S))
			continue;
		memcpy(r->name[r->n++], x->d_name, SG_SHA256_HEX);
		if (r->n == BATCH)
			rc = flush(r, e);
	}
	closedir(d);
	return rc;
}

static int
walk(struct round *r, struct sg_err *e)
{
	static const char hex[] = "0123456789abcdef";
	int i, rc = SG_OK;

	for (i = 0; i < 256 && rc == SG_OK; i++) {
		const char outer[3] = {hex[i >> 4], hex[i & 15], '\0'};
		DIR *d = open_dir(r->root, outer);
		const struct dirent *x;

		while (d != NULL && rc == SG_OK && (x = readdir(d)) != NULL)
			if (strlen(x->d_name) == 2 && x->d_name[0] != '.')
				rc = walk_inner(r, outer, x->d_name, e);
		if (d != NULL)
			closedir(d);
	}
	return rc == SG_OK ? flush(r, e) : rc;
}

/* Plain files of a folder that nobody has touched for so long. */
static int
remove_old(const char *folder, int64_t age_s)
{
	DIR *d = open_dir(AT_FDCWD, folder);
	const struct dirent *x;
	int n = 0;

	while (d != NULL && (x = readdir(d)) != NULL)
		if (x->d_name[0] != '.' && is_old(dirfd(d), x->d_name, age_s))
			n += unlinkat(dirfd(d), x->d_name, 0) == 0;
	if (d != NULL)
		closedir(d);
	return n;
}

static int
rows_and_files(
    struct round *r, const struct sg_conf *conf, struct sg_store *store, struct sg_err *e)
{
	int rc;

	if ((rc = sg_db_run(r->db, NULL, NULL, e, &sg_q_upload_expire, "i", AGE_H)) != SG_OK ||
	    (rc = sg_db_run(r->db, NULL, NULL, e, &sg_q_blob_janitor, "i", AGE_H)) != SG_OK ||
	    (rc = settle_all(r, e)) != SG_OK ||
	    (rc = sg_store_tidy(store, AGE_S, &r->t->temporaries, e)) != SG_OK ||
	    (rc = walk(r, e)) != SG_OK)
		return rc;
	r->t->uploads = remove_old(conf->upload_dir, UPLOAD_S);
	r->t->temporaries += remove_old(conf->body_dir, UPLOAD_S);
	return SG_OK;
}

int
sg_janitor_round(
    struct sg_tidied *t, const struct sg_conf *conf, struct sg_store *store, struct sg_err *e)
{
	struct round *r;
	int rc;

	*t = (struct sg_tidied){0};
	if (conf->store_url[0] != '\0')
		return SG_OK;
	if ((r = calloc(1, sizeof *r)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	r->t = t;
	r->db = sg_db_new(conf->db);
	r->arena = sg_arena_new((size_t)16 << 20);
	r->root = open(conf->store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->db == NULL || r->arena == NULL)
		rc = sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	else if (r->root < 0)
		rc = sg_fail(e, SG_EBUSY, "store_io", "The store's folder cannot be opened.");
	else
		rc = rows_and_files(r, conf, store, e);
	if (r->root >= 0)
		close(r->root);
	sg_db_free(r->db);
	sg_arena_free(r->arena);
	free(r);
	return rc;
}

/* --- the thread --------------------------------------------------------------------------- */

struct sg_janitor {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	int ending;
	const struct sg_conf *conf;
	struct sg_store *store;
};

static void *
run(void *arg)
{
	struct sg_janitor *j = arg;
	int wait_s = FIRST_S;

	pthread_mutex_lock(&j->lock);
	for (;; wait_s = EACH_S) {
		struct sg_tidied t;
		struct sg_err e = {0};
		struct timespec at;

		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += wait_s;
		while (!j->ending && pthread_cond_timedwait(&j->wake, &j->lock, &at) != ETIMEDOUT)
			;
		if (j->ending)
			break;
		pthread_mutex_unlock(&j->lock);
		if (sg_janitor_round(&t, j->conf, j->store, &e) != SG_OK)
			sg_log_err(SG_LOG_WARN, "janitor.error", &e);
		else
			sg_log(SG_LOG_INFO, "janitor", "{s:i,s:i,s:i}", "temporaries",
			    t.temporaries, "blobs", t.blobs, "uploads", t.uploads);
		pthread_mutex_lock(&j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

int
sg_janitor_start(
    struct sg_janitor **out, const struct sg_conf *conf, struct sg_store *store, struct sg_err *e)
{
	struct sg_janitor *j = calloc(1, sizeof *j);
	pthread_condattr_t attr;

	if (j == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the janitor.");
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &attr);
	pthread_condattr_destroy(&attr);
	j->conf = conf;
	j->store = store;
	if (pthread_create(&j->thread, NULL, run, j) != 0) {
		free(j);
		return sg_fail(e, SG_EINTERNAL, "thread", "The janitor's thread cannot start.");
	}
	*out = j;
	return SG_OK;
}

void
sg_janitor_stop(struct sg_janitor *j)
{
	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->ending = 1;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->lock);
	free(j);
}
