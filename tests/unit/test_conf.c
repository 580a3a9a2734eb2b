/* common/conf.c */
#include "config.h"

#include "common/conf.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char path[] = "/tmp/sgconf.XXXXXX";
static struct sg_conf conf;
static struct sg_err err;

static void
put(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(text, 1, n, f) != n || fclose(f) != 0)
		abort();
}

/* Load this text; 1 when it is refused with conf_bad and a sentence that holds `part`. */
static int
refused(const char *text, const char *part)
{
	put(text, strlen(text));
	sg_err_clear(&err);
	if (sg_conf_load(&conf, path, &err) == SG_OK) {
		sg_conf_free(&conf);
		return 0;
	}
	return err.code == SG_EINPUT && strcmp(err.id, "conf_bad") == 0 &&
	       strstr(err.msg, part) != NULL && conf.store_dir == NULL;
}

static void
defaults_stand_without_a_file(void)
{
	sg_err_clear(&err);
	REQUIRE(sg_conf_load(&conf, NULL, &err) == SG_OK);
	CHECK_STR(conf.worker_class, "cpu");
	CHECK_INT(conf.worker_slots, 1);
	CHECK_INT(conf.session_idle_s, 1200);
	CHECK_INT(conf.log_level, SG_LOG_INFO);
	CHECK_STR(conf.store_url, "");
	sg_conf_free(&conf);
}

static void
file_changes_them(void)
{
	static const char text[] = "# comment\n\n  store_dir =  /srv/blobs \r\nworker_slots=4\n"
				   "db = host=/run/pg dbname=x # not a comment\nlog_level = debug";

	put(text, strlen(text));
	sg_err_clear(&err);
	REQUIRE(sg_conf_load(&conf, path, &err) == SG_OK);
	CHECK_STR(conf.store_dir, "/srv/blobs");
	CHECK_INT(conf.worker_slots, 4);
	CHECK_STR(conf.db, "host=/run/pg dbname=x # not a comment");
	CHECK_INT(conf.log_level, SG_LOG_DEBUG);
	sg_conf_free(&conf);
}

static void
mistakes_are_refused_with_their_line(void)
{
	static char wide[70000];

	CHECK(refused("\nnonsense\n", "line 2"));
	CHECK(refused("stor_dir = x\n", "line 1, stor_dir: there is no such key"));
	CHECK(refused(
	    "worker_slots = 1\nworker_slots = 2\n", "line 2, worker_slots: this key stands"));
	CHECK(refused("worker_slots = many\n", "whole number"));
	CHECK(refused("worker_slots = 1.5\n", "whole number"));
	CHECK(refused("worker_slots =\n", "whole number"));
	CHECK(refused("worker_slots = 0\n", "between 1 and 64"));
	CHECK(refused("worker_slots = 99999999999999999999\n", "whole number"));
	CHECK(refused("log_level = loud\n", "debug, info"));
	CHECK(refused("worker_class = tpu\n", "worker_class"));
	CHECK(refused("redis = localhost:6379\n", "redis must be"));
	CHECK(refused("store_url = http://x/\n", "https://"));
	CHECK(refused("origin = https://x/path\n", "origin"));
	memset(wide, 'x', sizeof wide - 1);
	CHECK(refused(wide, "64 KiB"));
	put("a\0b", 3);
	sg_err_clear(&err);
	CHECK_INT(sg_conf_load(&conf, path, &err), SG_EINPUT);
	sg_err_clear(&err);
	CHECK_INT(sg_conf_load(&conf, "/nonexistent/segward.conf", &err), SG_EINPUT);
	CHECK_STR(err.id, "conf_bad");
}

static void
every_key_is_in_the_manual(void)
{
	char text[16384];
	FILE *f = tmpfile();
	size_t n;

	REQUIRE(f != NULL);
	sg_conf_doc(f);
	rewind(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	CHECK(strstr(text, "| `store_dir` | `/var/lib/segward/store` |") != NULL);
	CHECK(strstr(text, "| `log_level` | `info` |") != NULL);
}

static void
secrets_need_a_narrow_mode(void)
{
	char out[16];
	unsigned modes[] = {0600, 0444, 0644, 0460, 0500};
	size_t i;

	put("hunter2\nsecond line\n", 20);
	for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		chmod(path, modes[i]);
		sg_err_clear(&err);
		CHECK_INT(sg_conf_secret(out, sizeof out, path, &err), SG_EINPUT);
		CHECK_STR(err.id, "conf_secret");
	}
	chmod(path, 0440);
	sg_err_clear(&err);
	CHECK_INT(sg_conf_secret(out, sizeof out, path, &err), SG_OK);
	CHECK_STR(out, "hunter2");
	chmod(path, 0400);
	CHECK_INT(sg_conf_secret(out, sizeof out, path, &err), SG_OK);
	CHECK_INT(sg_conf_secret(out, 8, path, &err), SG_OK);
	CHECK_INT(sg_conf_secret(out, 7, path, &err), SG_EINPUT);
	chmod(path, 0600);
	put("\n", 1);
	chmod(path, 0400);
	sg_err_clear(&err);
	CHECK_INT(sg_conf_secret(out, sizeof out, path, &err), SG_EINPUT);
	chmod(path, 0600);
	sg_err_clear(&err);
	CHECK_INT(sg_conf_secret(out, sizeof out, "/tmp", &err), SG_EINPUT);
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	RUN(defaults_stand_without_a_file);
	RUN(file_changes_them);
	RUN(mistakes_are_refused_with_their_line);
	RUN(every_key_is_in_the_manual);
	RUN(secrets_need_a_narrow_mode);
	unlink(path);
	return check_end();
}
