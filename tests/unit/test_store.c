/* common/store.c and store_local.c */
#include "config.h"

#include "common/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/id.h"
#include "tests/unit/check.h"

static char dir[] = "/tmp/sgstore.XXXXXX";
static struct sg_conf conf;
static struct sg_store *store;
static struct sg_err err;

/* Files in the store's tmp/. */
static int
leftovers(void)
{
	char path[64];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/tmp", dir);
	d = opendir(path);
	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
path_in_store(char path[200], const struct sg_sha256 *h)
{
	char below[SG_BLOB_PATH];

	sg_blob_path(h, below);
	snprintf(path, 200, "%s/%s", dir, below);
}

static void
blob_comes_back_by_its_hash(void)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	struct sg_blob_writer *w;
	struct sg_sha256 h, want;
	const uint8_t *p;
	char path[200];
	struct stat st;
	int64_t bytes;
	size_t n;
	int fd;

	sg_err_clear(&err);
	sg_sha256_of(&want, "hello world", 11);
	REQUIRE(sg_blob_begin(&w, store, "job-7", &err) == SG_OK);
	CHECK_INT(leftovers(), 1);
	CHECK_INT(sg_blob_add(w, "hello ", 6, &err), SG_OK);
	CHECK_INT(sg_blob_add(w, "", 0, &err), SG_OK);
	CHECK_INT(sg_blob_open(&fd, store, &want, 0, &err), SG_EABSENT); /* not before commit */
	CHECK_STR(err.id, "blob_absent");
	sg_err_clear(&err);
	CHECK_INT(sg_blob_add(w, "world", 5, &err), SG_OK);
	REQUIRE(sg_blob_commit(w, &h, &bytes, &err) == SG_OK);
	CHECK_INT(bytes, 11);
	CHECK(memcmp(&h, &want, sizeof h) == 0);
	CHECK_INT(leftovers(), 0);

	path_in_store(path, &h);
	CHECK(strstr(path, "/b9/4d/b94d27b9934d3e08") != NULL);
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0640);
	*strrchr(path, '/') = '\0';
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 02770);

	REQUIRE(sg_blob_read(&p, &n, a, store, &h, 1, &err) == SG_OK);
	CHECK_INT(n, 11);
	CHECK(memcmp(p, "hello world", 11) == 0);
	REQUIRE(sg_blob_open(&fd, store, &h, 1, &err) == SG_OK);
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
	sg_arena_free(a);
}

static void
same_bytes_twice_and_no_bytes(void)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	struct sg_sha256 one, two, none;
	const uint8_t *p;
	size_t n;

	sg_err_clear(&err);
	CHECK_INT(sg_blob_put(store, "x", "twice", 5, &one, &err), SG_OK);
	CHECK_INT(sg_blob_put(store, "x", "twice", 5, &two, &err), SG_OK);
	CHECK(memcmp(&one, &two, sizeof one) == 0);
	CHECK_INT(sg_blob_put(store, "x", "", 0, &none, &err), SG_OK);
	REQUIRE(sg_blob_read(&p, &n, a, store, &none, 1, &err) == SG_OK);
	CHECK_INT(n, 0);
	sg_arena_free(a);
}

static void
abandoned_writer_leaves_nothing(void)
{
	struct sg_blob_writer *w;
	struct sg_sha256 h;
	int fd;

	sg_err_clear(&err);
	REQUIRE(sg_blob_begin(&w, store, "x", &err) == SG_OK);
	CHECK_INT(sg_blob_add(w, "never", 5, &err), SG_OK);
	sg_blob_abandon(w);
	sg_blob_abandon(NULL);
	CHECK_INT(leftovers(), 0);
	sg_sha256_of(&h, "never", 5);
	CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_EABSENT);
}

static void
tags_cannot_leave_the_folder(void)
{
	static const char *const bad[] = {"", "..", "a/b", "A", "a.b", "a b",
	    "1234567890123456789012345678901234567890123456789012345678901"};
	struct sg_blob_writer *w;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		sg_err_clear(&err);
		CHECK_INT(sg_blob_begin(&w, store, bad[i], &err), SG_EINTERNAL);
		CHECK_STR(err.id, "store_tag");
	}
}

/* A writer killed at any moment leaves a temporary, never a name without all its bytes. */
static void
killed_writer_leaves_no_name(void)
{
	uint8_t bytes[1 << 16];
	struct sg_sha256 h;
	int round, fd, whole = 0, removed = 0;

	for (round = 0; round < 30; round++) {
		pid_t child;

		memset(bytes, round, sizeof bytes);
		sg_sha256_of(&h, bytes, sizeof bytes);
		child = fork();
		if (child == 0) {
			struct sg_err ignored = {0};

			sg_blob_put(store, "killed", bytes, sizeof bytes, NULL, &ignored);
			_exit(0);
		}
		REQUIRE(child > 0);
		usleep((useconds_t)round * 100);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		sg_err_clear(&err);
		if (sg_blob_open(&fd, store, &h, 1, &err) == SG_OK) {
			close(fd);
			whole++;
		} else {
			CHECK_STR(err.id, "blob_absent");
		}
	}
	sg_err_clear(&err);
	CHECK_INT(sg_store_tidy(store, 3600, &removed, &err), SG_OK);
	CHECK_INT(removed, 0); /* too young to be anybody's left-over */
	CHECK_INT(sg_store_tidy(store, 0, &removed, &err), SG_OK);
	CHECK_INT(leftovers(), 0);
	CHECK(whole < 30 || removed == 0);
}

static void
damage_is_found(void)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	struct sg_sha256 h;
	const uint8_t *p;
	char path[200];
	size_t n;
	int fd;

	sg_err_clear(&err);
	REQUIRE(sg_blob_put(store, "x", "precious bytes", 14, &h, &err) == SG_OK);
	path_in_store(path, &h);
	fd = open(path, O_WRONLY);
	REQUIRE(fd >= 0 && pwrite(fd, "P", 1, 0) == 1);
	close(fd);
	CHECK_INT(sg_blob_open(&fd, store, &h, 1, &err), SG_EINTERNAL);
	CHECK_STR(err.id, "blob_hash");
	sg_err_clear(&err);
	CHECK_INT(sg_blob_read(&p, &n, a, store, &h, 1, &err), SG_EINTERNAL);
	CHECK_STR(err.id, "blob_hash");
	sg_err_clear(&err);
	REQUIRE(truncate(path, 3) == 0);
	CHECK_INT(sg_blob_open(&fd, store, &h, 1, &err), SG_EINTERNAL);
	sg_err_clear(&err);
	CHECK_INT(sg_blob_put(store, "x", "precious bytes", 14, NULL, &err), SG_OK); /* mends it */
	CHECK_INT(sg_blob_read(&p, &n, a, store, &h, 1, &err), SG_OK);
	sg_arena_free(a);
}

static void
links_are_not_followed(void)
{
	struct sg_sha256 h;
	char path[200];
	int fd;

	sg_err_clear(&err);
	REQUIRE(sg_blob_put(store, "x", "linked", 6, &h, &err) == SG_OK);
	path_in_store(path, &h);
	REQUIRE(unlink(path) == 0 && symlink("/etc/passwd", path) == 0);
	CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_EBUSY);
	CHECK_STR(err.id, "store_io");
	unlink(path);
}

static void
file_is_adopted_by_rename(void)
{
	struct sg_arena *a = sg_arena_new(1 << 20);
	struct sg_sha256 h;
	const uint8_t *p;
	char path[100], blob[200];
	struct stat before, after;
	size_t n;
	int fd;

	snprintf(path, sizeof path, "%s/upload", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	REQUIRE(fd >= 0 && write(fd, "uploaded", 8) == 8 && fstat(fd, &before) == 0);
	close(fd);
	sg_sha256_of(&h, "uploaded", 8);
	sg_err_clear(&err);
	CHECK_INT(sg_blob_adopt(store, path, &h, &err), SG_OK);
	CHECK(access(path, F_OK) != 0);
	path_in_store(blob, &h);
	REQUIRE(stat(blob, &after) == 0);
	CHECK_INT(after.st_ino, before.st_ino);
	CHECK_INT(after.st_mode & 0777, 0640);
	REQUIRE(sg_blob_read(&p, &n, a, store, &h, 1, &err) == SG_OK);
	CHECK_INT(sg_blob_adopt(store, path, &h, &err), SG_EBUSY); /* is gone */
	REQUIRE(symlink("/etc/passwd", path) == 0);
	sg_err_clear(&err);
	CHECK_INT(sg_blob_adopt(store, path, &h, &err), SG_EBUSY);
	unlink(path);
	sg_err_clear(&err);
	CHECK_INT(sg_blob_remove(store, &h, &err), SG_OK);
	CHECK_INT(sg_blob_remove(store, &h, &err), SG_OK);
	CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_EABSENT);
	sg_arena_free(a);
}

static void *
put_many(void *arg)
{
	struct sg_err e = {0};
	char text[32];
	intptr_t bad = 0;
	int i;

	(void)arg;
	for (i = 0; i < 100; i++) { /* every thread the same blobs */
		snprintf(text, sizeof text, "shared %d", i);
		bad += sg_blob_put(store, "t", text, strlen(text), NULL, &e) != SG_OK;
	}
	return (void *)bad;
}

static void
threads_write_the_same_names(void)
{
	pthread_t t[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++)
		REQUIRE(pthread_create(&t[i], NULL, put_many, NULL) == 0);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		CHECK(bad == NULL);
	}
	CHECK_INT(leftovers(), 0);
}

/* In a process of its own: a file system of 64 KiB mounted over the store, seen by it alone. */
static int
fill_small_disk(void)
{
	static uint8_t bytes[200000];
	struct sg_store *small;
	struct sg_blob_writer *w;
	struct sg_sha256 h;
	int fd, flags = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;

	sg_err_clear(&err);
	if (unshare(flags) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", dir, "tmpfs", 0, "size=64k,mode=2770") != 0)
		return 77;
	if (sg_store_open(&small, &conf, &err) != SG_OK)
		return 1;
	sg_random(bytes, sizeof bytes);
	if (sg_blob_put(small, "big", bytes, sizeof bytes, &h, &err) != SG_EBUSY ||
	    strcmp(err.id, "store_full") != 0 || leftovers() != 0)
		return 2;
	/* a writer whose add failed cannot be committed by mistake */
	sg_err_clear(&err);
	if (sg_blob_begin(&w, small, "big", &err) != SG_OK ||
	    sg_blob_add(w, bytes, sizeof bytes, &err) != SG_EBUSY)
		return 3;
	sg_err_clear(&err);
	if (sg_blob_commit(w, &h, NULL, &err) != SG_EBUSY || leftovers() != 0)
		return 4;
	sg_err_clear(&err);
	if (sg_blob_put(small, "little", bytes, 1000, &h, &err) != SG_OK ||
	    sg_blob_open(&fd, small, &h, 1, &err) != SG_OK)
		return 5;
	return 0;
}

static void
full_disk_changes_nothing(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(fill_small_disk());
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		SKIP("no right to mount a small file system");
	CHECK_INT(WEXITSTATUS(status), 0);
}

static void
missing_folder_is_our_fault(void)
{
	struct sg_conf other = conf;
	struct sg_store *s;
	char nowhere[] = "/nonexistent/store";

	other.store_dir = nowhere;
	sg_err_clear(&err);
	CHECK_INT(sg_store_open(&s, &other, &err), SG_EINTERNAL);
	CHECK_STR(err.id, "store_open");
	CHECK(strstr(err.msg, "nonexistent") == NULL);
}

int
main(void)
{
	char command[80];

	if (mkdtemp(dir) == NULL || sg_conf_load(&conf, NULL, &err) != SG_OK)
		return 1;
	free(conf.store_dir);
	conf.store_dir = strdup(dir);
	if (sg_store_open(&store, &conf, &err) != SG_OK)
		return 1;
	RUN(blob_comes_back_by_its_hash);
	RUN(same_bytes_twice_and_no_bytes);
	RUN(abandoned_writer_leaves_nothing);
	RUN(tags_cannot_leave_the_folder);
	RUN(killed_writer_leaves_no_name);
	RUN(damage_is_found);
	RUN(links_are_not_followed);
	RUN(file_is_adopted_by_rename);
	RUN(threads_write_the_same_names);
	RUN(full_disk_changes_nothing);
	RUN(missing_folder_is_our_fault);
	sg_store_close(store);
	sg_store_close(NULL);
	sg_conf_free(&conf);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return check_end() | (system(command) != 0);
}
