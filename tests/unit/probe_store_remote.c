/* common/store_remote.c; started by store_remote.test, which brings the other side */
#include "config.h"

#include "common/store.h"

#include <signal.h>
#include <unistd.h>

#include "common/id.h"
#include "tests/unit/check.h"

#define BIG ((size_t)3 * 1000 * 1000)

static struct sg_conf conf;
static struct sg_store *store;
static struct sg_arena *arena;
static struct sg_err err;
static uint8_t *big;

static void
file_of(char path[300], const char *name)
{
	snprintf(path, 300, "%s/%s", getenv("SG_TEST_STORE"), name);
}

static struct sg_store *
store_of(const char *name)
{
	struct sg_store *s;
	char path[300];

	file_of(path, name);
	sg_conf_free(&conf);
	sg_err_clear(&err);
	if (sg_conf_load(&conf, path, &err) != SG_OK || sg_store_open(&s, &conf, &err) != SG_OK) {
		fprintf(stderr, "%s\n", err.msg);
		exit(2);
	}
	return s;
}

/* Spoil the next n requests. */
static void
spoil(const char *kind, int n)
{
	char path[300];
	FILE *f;

	file_of(path, "fault");
	f = fopen(path, "w");
	if (f == NULL || fprintf(f, "%s %d", kind, n) < 0 || fclose(f) != 0)
		exit(2);
}

static int
fault_left(void)
{
	char path[300];

	file_of(path, "fault");
	return unlink(path) == 0;
}

static void
blobs_go_and_come(void)
{
	struct sg_blob_writer *w;
	struct sg_sha256 h, want;
	const uint8_t *p;
	int64_t bytes;
	size_t n, i;

	sg_err_clear(&err);
	REQUIRE(sg_blob_begin(&w, store, "job-1-2", &err) == SG_OK);
	for (i = 0; i < BIG; i += 100000)
		CHECK_INT(sg_blob_add(w, big + i, 100000, &err), SG_OK);
	REQUIRE(sg_blob_commit(w, &h, &bytes, &err) == SG_OK);
	CHECK_INT(bytes, BIG);
	sg_sha256_of(&want, big, BIG);
	CHECK(memcmp(&h, &want, sizeof h) == 0);
	REQUIRE(sg_blob_read(&p, &n, arena, store, &h, 1, &err) == SG_OK);
	CHECK_INT(n, BIG);
	CHECK(memcmp(p, big, BIG) == 0);
	CHECK_INT(sg_blob_put(store, "x", "", 0, &h, &err), SG_OK);
	REQUIRE(sg_blob_read(&p, &n, arena, store, &h, 0, &err) == SG_OK);
	CHECK_INT(n, 0);
	REQUIRE(sg_blob_begin(&w, store, "x", &err) == SG_OK);
	sg_blob_abandon(w);
}

static void
absent_is_told_at_once(void)
{
	struct sg_sha256 h;
	int fd;

	sg_sha256_of(&h, "never put", 9);
	sg_err_clear(&err);
	CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_EABSENT);
	CHECK_STR(err.id, "blob_absent");
}

static void
passing_faults_are_retried(void)
{
	static const char *const faults[] = {"503", "429", "drop", "cut"};
	struct sg_sha256 h;
	size_t i;
	int fd;

	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		sg_err_clear(&err);
		if (strcmp(faults[i], "cut") != 0)
			spoil(faults[i], 2);
		CHECK_INT(sg_blob_put(store, "x", big, BIG - i, &h, &err), SG_OK);
		spoil(faults[i], 2);
		CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_OK);
		CHECK_INT(lseek(fd, 0, SEEK_END), (off_t)(BIG - i));
		close(fd);
		CHECK_INT(fault_left(), 0);
	}
}

static void
lasting_faults_are_told(void)
{
	struct sg_sha256 h;
	int fd;

	sg_err_clear(&err);
	CHECK_INT(sg_blob_put(store, "x", "lasting", 7, &h, &err), SG_OK);
	spoil("503", 4);
	CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_EBUSY);
	CHECK_STR(err.id, "store_io");
	sg_err_clear(&err);
	spoil("wrong", 1);
	CHECK_INT(sg_blob_open(&fd, store, &h, 0, &err), SG_EINTERNAL); /* unasked */
	CHECK_STR(err.id, "blob_hash");
	sg_err_clear(&err);
	spoil("507", 1);
	CHECK_INT(sg_blob_put(store, "x", "full", 4, &h, &err), SG_EBUSY);
	CHECK_STR(err.id, "store_full");
	sg_err_clear(&err);
	spoil("403", 1);
	CHECK_INT(sg_blob_put(store, "x", "refused", 7, &h, &err), SG_EINTERNAL);
	CHECK_STR(err.id, "store_refused");
	CHECK_INT(fault_left(), 0);
}

static void
only_the_owner_moves_files(void)
{
	struct sg_sha256 h = {{0}};
	int removed = 7;

	sg_err_clear(&err);
	CHECK_INT(sg_blob_adopt(store, "/etc/hostname", &h, &err), SG_ENOTSUP);
	CHECK_STR(err.id, "store_remote");
	sg_err_clear(&err);
	CHECK_INT(sg_blob_remove(store, &h, &err), SG_ENOTSUP);
	sg_err_clear(&err);
	CHECK_INT(sg_store_tidy(store, 0, &removed, &err), SG_OK);
	CHECK_INT(removed, 0);
}

static void
refused(const char *name)
{
	struct sg_store *s = store_of(name);
	struct sg_sha256 h;
	int fd;

	sg_sha256_of(&h, "", 0); /* is there */
	CHECK_INT(sg_blob_open(&fd, s, &h, 0, &err), SG_EBUSY);
	CHECK_STR(err.id, "store_io");
	sg_store_close(s);
}

static void
certificates_are_checked_on_both_sides(void)
{
	refused("wrong_ca.conf");
	refused("no_cert.conf");
	refused("nobody.conf");
}

int
main(void)
{
	if (getenv("SG_TEST_STORE") == NULL) {
		fputs("probe_store_remote: run tests/run unit/store_remote\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	arena = sg_arena_new((size_t)64 << 20);
	big = malloc(BIG);
	sg_random(big, BIG);
	store = store_of("good.conf");
	RUN(blobs_go_and_come);
	RUN(absent_is_told_at_once);
	RUN(passing_faults_are_retried);
	RUN(lasting_faults_are_told);
	RUN(only_the_owner_moves_files);
	RUN(certificates_are_checked_on_both_sides);
	sg_store_close(store);
	sg_conf_free(&conf);
	sg_arena_free(arena);
	free(big);
	return check_end();
}
