/*
 * The parser sandbox with real processes: every forbidden deed is killed, every limit holds, and
 * the same deeds work outside the confinement (else the test would prove nothing).
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/check.h"
#include "worker/volume/png.h"
#include "worker/volume/sandbox.h"

enum { DONE = 42 }; /* confine_probe's status for a deed that nothing stopped */

static struct sg_sandbox *probe, *parser;

static const struct sg_sandbox_limits LIMITS = {
    .memory_bytes = 256 << 20,
    .out_bytes = 8 << 20,
    .pixels = 1000000,
    .cpu_s = 1,
    .wall_ms = 10000,
};

/* A read-only descriptor of these bytes. */
static int
input(const void *p, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC), ro;
	char path[64];

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return ro;
}

static int
empty(void)
{
	return memfd_create("out", MFD_CLOEXEC);
}

static int
run_deed(const char *deed, const struct sg_sandbox_limits *limits, const atomic_bool *cancel,
    struct sg_child *child)
{
	int in = input(deed, strlen(deed)), out = empty(), report = empty();
	struct sg_err e = {0};
	int rc = sg_sandbox_run(probe, in, out, report, limits, cancel, child, &e);

	close(in);
	close(out);
	close(report);
	return rc;
}

static void
forbidden_calls_are_killed(void)
{
	static const char *const DEED[] = {"open", "create", "connect", "unix", "fork", "exec",
	    "kill", "ptrace", "exec_memory", "make_exec", "map_input", "write_input", "getdents"};

	for (size_t i = 0; i < sizeof(DEED) / sizeof(DEED[0]); i++) {
		struct sg_child child = {0};
		char wild[64];

		CHECK_INT(run_deed(DEED[i], &LIMITS, NULL, &child), SG_OK);
		if (child.end != SG_CHILD_CRASHED || child.signal != SIGSYS)
			check_note(__FILE__, __LINE__, "%s: %s, signal %d, status %d", DEED[i],
			    sg_child_end_name(child.end), child.signal, child.status);
		snprintf(wild, sizeof(wild), "wild:%s", DEED[i]);
		CHECK_INT(run_deed(wild, &LIMITS, NULL, &child), SG_OK);
		if (strcmp(DEED[i], "exec") == 0 ? child.status != 0 : child.status != DONE)
			check_note(__FILE__, __LINE__, "%s outside: signal %d, status %d", DEED[i],
			    child.signal, child.status);
	}
}

static void
nothing_is_inherited(void)
{
	struct sg_child child = {0};

	CHECK_INT(run_deed("wild:look_round", &LIMITS, NULL, &child), SG_OK);
	CHECK_INT(child.status, DONE);
}

static void
computing_alone_is_allowed(void)
{
	struct sg_child child = {0};

	CHECK_INT(run_deed("nothing", &LIMITS, NULL, &child), SG_OK);
	CHECK_INT(child.status, DONE);
	CHECK_INT(child.end, SG_CHILD_CRASHED); /* 42 is no status a parser may have */
}

static void
endless_loop_meets_the_cpu_limit(void)
{
	struct sg_child child = {0};

	CHECK_INT(run_deed("loop", &LIMITS, NULL, &child), SG_OK);
	CHECK_INT(child.end, SG_CHILD_LIMIT);
	CHECK_INT(child.signal, SIGXCPU);
}

static void
sleeper_meets_the_clock(void)
{
	struct sg_sandbox_limits limits = LIMITS;
	struct sg_child child = {0};

	limits.wall_ms = 300;
	CHECK_INT(run_deed("sleep", &limits, NULL, &child), SG_OK);
	CHECK_INT(child.end, SG_CHILD_LIMIT);
	CHECK_INT(child.signal, SIGKILL);
	CHECK(child.ms >= 300 && child.ms < 3000);
}

static void
memory_has_an_end(void)
{
#ifdef SG_SANITIZE
	SKIP("address checks need the address space");
#else
	struct sg_child child = {0};

	CHECK_INT(run_deed("allocate", &LIMITS, NULL, &child), SG_OK);
	CHECK_INT(child.end, SG_CHILD_LIMIT);
	CHECK_INT(child.status, SG_PARSE_NO_MEMORY);
#endif
}

static void
output_has_an_end(void)
{
	struct sg_child child = {0};

	CHECK_INT(run_deed("fill", &LIMITS, NULL, &child), SG_OK);
	CHECK_INT(child.end, SG_CHILD_LIMIT);
	CHECK_INT(child.signal, SIGXFSZ);
}

static void
crash_is_told_from_refusal(void)
{
	struct sg_child child = {0};

	CHECK_INT(run_deed("crash", &LIMITS, NULL, &child), SG_OK);
	CHECK_INT(child.end, SG_CHILD_CRASHED);
#ifndef SG_SANITIZE
	CHECK_INT(child.signal, SIGSEGV);
#endif
}

static void
false_answers_are_not_believed(void)
{
	static const char *const DEED[] = {"lie", "say_nothing"};

	for (int i = 0; i < 2; i++) {
		struct sg_arena *a = sg_arena_new(1 << 20);
		int in = input(DEED[i], strlen(DEED[i]));
		struct sg_parsed *p;
		struct sg_err e = {0};

		CHECK_INT(
		    sg_sandbox_parse(&p, probe, a, in, &LIMITS, NULL, NULL, &e), SG_EINTERNAL);
		CHECK_STR(e.id, "parse_answer");
		CHECK(p == NULL);
		close(in);
		sg_arena_free(a);
	}
}

static void *
cancel_soon(void *flag)
{
	sg_sleep_ms(200);
	atomic_store((atomic_bool *)flag, true);
	return NULL;
}

static void
cancel_ends_the_parser(void)
{
	atomic_bool cancel = false;
	struct sg_child child = {0};
	int64_t start = sg_now_ms();
	pthread_t t;

	REQUIRE(pthread_create(&t, NULL, cancel_soon, &cancel) == 0);
	CHECK_INT(run_deed("sleep", &LIMITS, &cancel, &child), SG_OK);
	CHECK_INT(child.end, SG_CHILD_CANCELLED);
	CHECK(sg_now_ms() - start < 1500);
	pthread_join(t, NULL);
}

static void
input_must_be_read_only(void)
{
	int in = empty(), out = empty(), report = empty();
	struct sg_child child;
	struct sg_err e = {0};

	CHECK_INT(sg_sandbox_run(parser, in, out, report, &LIMITS, NULL, &child, &e), SG_EINTERNAL);
	close(in);
	close(out);
	close(report);
}

static int
make_png(struct sg_buf *b, int side)
{
	uint8_t *px = calloc((size_t)side, (size_t)side);
	int rc;

	for (int i = 0; i < side * side; i++)
		px[i] = (uint8_t)(i * 7 + i / side);
	sg_buf_init(b, 1 << 24);
	rc = sg_png_write(b, px, side, side, 1, SG_U8, 6, NULL);
	free(px);
	return rc;
}

static void
png_gives_three_products(void)
{
	struct sg_arena *a = sg_arena_new((size_t)1 << 26);
	const struct sg_part *view, *thumb;
	struct sg_parsed *p = NULL;
	struct sg_volume *back;
	struct sg_err e = {0};
	struct sg_child child;
	struct sg_buf b;
	int in;

	REQUIRE(make_png(&b, 300) == SG_OK);
	in = input(b.data, b.len);
	CHECK_INT(sg_sandbox_parse(&p, parser, a, in, &LIMITS, NULL, &child, &e), SG_OK);
	close(in);
	if (p == NULL)
		check_note(__FILE__, __LINE__, "%s %s signal %d status %d", e.id, e.msg,
		    child.signal, child.status);
	REQUIRE(p != NULL);
	CHECK_INT(p->nscans, 1);
	CHECK_INT(p->nparts, 3);
	CHECK_INT(p->nlines, 1);
	CHECK_STR(p->lines[0].code, "png");
	CHECK_INT(p->volumes[0].nx, 300);
	view = sg_parsed_part(p, 0, SG_PART_VIEW);
	thumb = sg_parsed_part(p, 0, SG_PART_THUMB);
	REQUIRE(view != NULL && thumb != NULL);
	REQUIRE(sg_png_read(&back, a, view->data, view->bytes, 1000000, NULL, &e) == SG_OK);
	CHECK(memcmp(back->vox, p->volumes[0].vox, 300 * 300) == 0);
	REQUIRE(sg_png_read(&back, a, thumb->data, thumb->bytes, 1000000, NULL, &e) == SG_OK);
	CHECK_INT(back->nx, SG_THUMB_SIDE);
	printf("# parsed in %lld ms\n", (long long)child.ms);
	sg_buf_free(&b);
	sg_arena_free(a);
}

static void
pixel_limit_refuses_with_its_code(void)
{
	struct sg_arena *a = sg_arena_new((size_t)1 << 26);
	struct sg_parsed *p = NULL;
	struct sg_err e = {0};
	struct sg_buf b;
	int in;

	REQUIRE(make_png(&b, 1001) == SG_OK);
	in = input(b.data, b.len);
	CHECK_INT(sg_sandbox_parse(&p, parser, a, in, &LIMITS, NULL, NULL, &e), SG_EINPUT);
	CHECK_STR(e.id, "image_too_large");
	REQUIRE(p != NULL);
	CHECK_INT(p->lines[0].verdict, SG_VERDICT_REFUSED);
	close(in);
	sg_buf_free(&b);
	sg_arena_free(a);
}

struct many {
	const struct sg_buf *png;
	int good;
};

static void *
parse_many(void *arg)
{
	struct many *m = arg;

	for (int i = 0; i < 10; i++) {
		struct sg_arena *a = sg_arena_new((size_t)1 << 24);
		struct sg_parsed *p;
		int in = input(m->png->data, m->png->len);

		m->good += sg_sandbox_parse(&p, parser, a, in, &LIMITS, NULL, NULL, NULL) == SG_OK;
		close(in);
		sg_arena_free(a);
	}
	return NULL;
}

static int
descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
threads_share_one_zygote(void)
{
	enum { THREADS = 6 };
	struct many m[THREADS];
	pthread_t t[THREADS];
	int before = descriptors();
	struct sg_buf b;

	REQUIRE(make_png(&b, 64) == SG_OK);
	for (int i = 0; i < THREADS; i++) {
		m[i] = (struct many){&b, 0};
		REQUIRE(pthread_create(&t[i], NULL, parse_many, &m[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		CHECK_INT(m[i].good, 10);
	}
	CHECK_INT(descriptors(), before);
	sg_buf_free(&b);
}

static void
lost_zygote_is_told(void)
{
	struct sg_child child = {0};

	kill(sg_sandbox_pid(probe), SIGKILL);
	sg_sleep_ms(100);
	CHECK_INT(run_deed("nothing", &LIMITS, NULL, &child), SG_EBUSY);
}

static void
missing_helper_is_told(void)
{
	struct sg_sandbox *s;
	struct sg_err e = {0};

	CHECK_INT(sg_sandbox_start(&s, "/nonexistent/segward-parse", &e), SG_EINTERNAL);
	CHECK_STR(e.id, "sandbox_start");
}

int
main(void)
{
	const char *build = getenv("SG_BUILD");
	char path[2][4096];
	struct sg_err e = {0};

	snprintf(path[0], sizeof(path[0]), "%s/tests/volume/confine_probe", build ? build : ".");
	snprintf(path[1], sizeof(path[1]), "%s/segward-parse", build ? build : ".");
	/* Open while the zygotes start: the helpers must not see it. */
	if (open("/etc/passwd", O_RDONLY) < 0 || sg_sandbox_start(&probe, path[0], &e) != SG_OK ||
	    sg_sandbox_start(&parser, path[1], &e) != SG_OK) {
		printf("not ok - start # %s\n", e.msg);
		return 1;
	}
	RUN(forbidden_calls_are_killed);
	RUN(nothing_is_inherited);
	RUN(computing_alone_is_allowed);
	RUN(endless_loop_meets_the_cpu_limit);
	RUN(sleeper_meets_the_clock);
	RUN(memory_has_an_end);
	RUN(output_has_an_end);
	RUN(crash_is_told_from_refusal);
	RUN(false_answers_are_not_believed);
	RUN(cancel_ends_the_parser);
	RUN(input_must_be_read_only);
	RUN(png_gives_three_products);
	RUN(pixel_limit_refuses_with_its_code);
	RUN(threads_share_one_zygote);
	RUN(lost_zygote_is_told);
	RUN(missing_helper_is_told);
	sg_sandbox_stop(parser);
	sg_sandbox_stop(probe);
	return check_end();
}
