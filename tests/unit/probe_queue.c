/* common/queue.c and tls_relay.c; started by queue.test, which brings Redis */
#include "config.h"

#include "common/queue.h"

#include <pthread.h>
#include <signal.h>

#include "common/clock.h"
#include "tests/unit/check.h"

static struct sg_arena *arena;
static struct sg_err err;
static struct sg_conf conf;
static const char *which; /* configuration of the group that runs */

/* A new connection by the configuration file `name` of queue.test. */
static struct sg_queue *
queue_of(const char *name)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%s.conf", getenv("SG_TEST_REDIS"), name);
	sg_conf_free(&conf);
	sg_err_clear(&err);
	if (sg_conf_load(&conf, path, &err) != SG_OK) {
		fprintf(stderr, "%s\n", err.msg);
		exit(2);
	}
	return sg_queue_new(&conf);
}

static void
rings_are_heard_in_order(void)
{
	struct sg_queue *q = queue_of(which);
	int64_t n, job, i;

	for (i = 1; i <= 5; i++)
		CHECK_INT(sg_queue_ring(q, "cpu", i * 1000000007, &err), SG_OK);
	CHECK_INT(sg_queue_length(q, "cpu", &n, &err), SG_OK);
	CHECK_INT(n, 5);
	for (i = 1; i <= 5; i++) {
		CHECK_INT(sg_queue_wait(q, "cpu", 1000, &job, &err), SG_OK);
		CHECK_INT(job, i * 1000000007);
	}
	CHECK_INT(sg_queue_ring(q, "any", 9, &err), SG_OK);
	CHECK_INT(sg_queue_wait(q, "cpu", 1000, &job, &err), SG_OK);
	CHECK_INT(job, 9);
	CHECK_INT(sg_queue_wait(q, "gpu", 1000, &job, &err), SG_OK);
	CHECK_INT(job, 9);
	sg_queue_free(q);
}

static void
waiting_ends_in_time(void)
{
	struct sg_queue *q = queue_of(which);
	int64_t began = sg_now_ms(), job = 5;

	CHECK_INT(sg_queue_wait(q, "cpu", 300, &job, &err), SG_OK);
	CHECK_INT(job, 0);
	CHECK(sg_now_ms() - began >= 250 && sg_now_ms() - began < 2000);
	began = sg_now_ms();
	CHECK_INT(sg_queue_wait(q, "cpu", 0, &job, &err), SG_OK);
	CHECK(sg_now_ms() - began < 1000);
	sg_queue_free(q);
}

static void *
ring_soon(void *arg)
{
	struct sg_err e = {0};

	sg_sleep_ms(200);
	sg_queue_ring(arg, "cpu", 77, &e);
	return NULL;
}

static void
ring_wakes_a_waiting_worker(void)
{
	struct sg_queue *q = queue_of(which), *other = sg_queue_new(&conf);
	int64_t began, job;
	pthread_t t;

	began = sg_now_ms();
	REQUIRE(pthread_create(&t, NULL, ring_soon, other) == 0);
	CHECK_INT(sg_queue_wait(q, "cpu", 5000, &job, &err), SG_OK);
	CHECK_INT(job, 77);
	CHECK(sg_now_ms() - began < 3000);
	pthread_join(t, NULL);
	sg_queue_free(q);
	sg_queue_free(other);
}

static void
strings_live_for_a_while(void)
{
	static char wide[300000];
	struct sg_queue *q = queue_of(which);
	const char *v;
	int64_t n;

	CHECK_INT(sg_queue_get(q, arena, "session:none", &v, &err), SG_OK);
	CHECK(v == NULL);
	CHECK_INT(sg_queue_set(q, "session:a b\r\n$5", "x \r\n%s %b", 1, &err), SG_OK);
	CHECK_INT(sg_queue_get(q, arena, "session:a b\r\n$5", &v, &err), SG_OK);
	CHECK_STR(v, "x \r\n%s %b");
	CHECK_INT(sg_queue_set(q, "progress:7", "", 60, &err), SG_OK);
	CHECK_INT(sg_queue_get(q, arena, "progress:7", &v, &err), SG_OK);
	CHECK_STR(v, "");
	CHECK_INT(sg_queue_del(q, "progress:7", &err), SG_OK);
	CHECK_INT(sg_queue_get(q, arena, "progress:7", &v, &err), SG_OK);
	CHECK(v == NULL);
	memset(wide, 'w', sizeof wide - 1); /* more than one buffer of the relay */
	CHECK_INT(sg_queue_set(q, "wide", wide, 60, &err), SG_OK);
	CHECK_INT(sg_queue_get(q, arena, "wide", &v, &err), SG_OK);
	CHECK_STR(v, wide);
	CHECK_INT(sg_queue_del(q, "wide", &err), SG_OK);

	CHECK_INT(sg_queue_count(q, "login:1", 1, &n, &err), SG_OK);
	CHECK_INT(n, 1);
	CHECK_INT(sg_queue_count(q, "login:1", 1, &n, &err), SG_OK);
	CHECK_INT(n, 2);
	sg_sleep_ms(1200);
	CHECK_INT(sg_queue_count(q, "login:1", 1, &n, &err), SG_OK);
	CHECK_INT(n, 1);
	CHECK_INT(sg_queue_get(q, arena, "session:a b\r\n$5", &v, &err), SG_OK);
	CHECK(v == NULL);
	sg_queue_free(q);
}

static void
refusals_keep_the_connection(void)
{
	struct sg_queue *q = queue_of(which);
	int64_t n;

	CHECK_INT(sg_queue_set(q, "jobs:gpu", "not a list", 60, &err), SG_OK);
	CHECK_INT(sg_queue_length(q, "gpu", &n, &err), SG_EBUSY); /* WRONGTYPE */
	CHECK_STR(err.id, "redis_refused");
	sg_err_clear(&err);
	CHECK_INT(sg_queue_del(q, "jobs:gpu", &err), SG_OK);
	CHECK_INT(sg_queue_length(q, "gpu", &n, &err), SG_OK);
	sg_queue_free(q);
}

static int
control(const char *verb)
{
	char command[300];

	snprintf(command, sizeof command, "'%s/ctl' %s", getenv("SG_TEST_REDIS"), verb);
	return system(command);
}

static void
server_killed_and_back(void)
{
	struct sg_queue *q = queue_of(which);
	int64_t began, job;
	int i;

	CHECK_INT(sg_queue_ring(q, "cpu", 1, &err), SG_OK);
	REQUIRE(control("kill") == 0);
	sg_sleep_ms(100);
	began = sg_now_ms();
	for (i = 0; i < 50; i++) {
		sg_err_clear(&err);
		CHECK_INT(sg_queue_ring(q, "cpu", 2, &err), SG_EBUSY);
		CHECK_STR(err.id, strncmp(which, "tls", 3) == 0 && strcmp(err.id, "tls_lost") == 0
				      ? "tls_lost"
				      : "redis_lost");
	}
	CHECK(sg_now_ms() - began < 3000);
	REQUIRE(control("start") == 0);
	sg_err_clear(&err);
	for (i = 0; i < 100 && sg_queue_ring(q, "cpu", 3, &err) != SG_OK; i++) {
		sg_sleep_ms(100);
		sg_err_clear(&err);
	}
	CHECK(i < 100);
	CHECK_INT(sg_queue_wait(q, "cpu", 1000, &job, &err), SG_OK);
	CHECK_INT(job, 3);
	sg_queue_free(q);
}

static void
refused(const char *name, const char *id)
{
	struct sg_queue *q = queue_of(name);
	int64_t n;

	CHECK_INT(sg_queue_length(q, "cpu", &n, &err), SG_EBUSY);
	CHECK_STR(err.id, id);
	sg_queue_free(q);
}

static void
tls_checks_the_servers_certificate(void)
{
	refused("wrong_ca", "tls_lost");
	refused("wrong_name", "tls_lost");
}

static void
tls_needs_our_certificate(void)
{
	struct sg_queue *q = queue_of("no_cert");
	int64_t n;

	/* TLS 1.3 refuses after the handshake: either moment will do */
	CHECK_INT(sg_queue_length(q, "cpu", &n, &err), SG_EBUSY);
	sg_queue_free(q);
}

static void
tls_by_name(void)
{
	struct sg_queue *q = queue_of("tls_name");
	int64_t n;

	CHECK_INT(sg_queue_length(q, "cpu", &n, &err), SG_OK);
	sg_queue_free(q);
}

static void
wrong_password_is_refused(void)
{
	struct sg_queue *q = queue_of("unix");
	int64_t n;

	free(conf.redis_user);
	conf.redis_user = strdup("nobody");
	CHECK_INT(sg_queue_length(q, "cpu", &n, &err), SG_EBUSY);
	CHECK_STR(err.id, "redis_refused");
	sg_queue_free(q);
}

int
main(void)
{
	static const char *const ways[] = {"unix", "tls"};
	size_t i;

	if (getenv("SG_TEST_REDIS") == NULL) {
		fputs("probe_queue: SG_TEST_REDIS is not set; run tests/run unit/queue\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	arena = sg_arena_new((size_t)16 << 20);
	for (i = 0; i < 2; i++) {
		which = ways[i];
		printf("# over %s\n", which);
		RUN(rings_are_heard_in_order);
		RUN(waiting_ends_in_time);
		RUN(ring_wakes_a_waiting_worker);
		RUN(strings_live_for_a_while);
		RUN(refusals_keep_the_connection);
		RUN(server_killed_and_back);
	}
	RUN(tls_checks_the_servers_certificate);
	RUN(tls_needs_our_certificate);
	RUN(tls_by_name);
	RUN(wrong_password_is_refused);
	sg_conf_free(&conf);
	sg_arena_free(arena);
	return check_end();
}
