/* Answers: problems, headers, file names, CSV, and bodies handed over in files. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/body.h"
#include "fcgi/csv.h"
#include "fcgi/reply.h"
#include "tests/unit/check.h"

static struct sg_arena *arena;
static struct sg_buf out;

static void
field(const char *text, const char *want)
{
	sg_buf_clear(&out);
	csv_field(&out, text, 1);
	sg_buf_append(&out, "", 1);
	CHECK_STR((const char *)out.data, want);
}

static void
csv_is_safe_to_open(void)
{
	field("plain", "plain");
	field("", "");
	field("a,b", "\"a,b\"");
	field("say \"hi\"", "\"say \"\"hi\"\"\"");
	field("two\nlines", "\"two\nlines\"");
	field("=1+1", "\"'=1+1\"");
	field("+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\"");
	field("@SUM(A1)", "\"'@SUM(A1)\"");
	field("-2+3", "\"'-2+3\"");
	field("\t=1", "\"'\t=1\"");
	field("-2.5", "-2.5");
	field("1e-3", "1e-3");
	sg_buf_clear(&out);
	csv_field(&out, "a", 1);
	csv_field(&out, NULL, 0);
	csv_field(&out, "b", 0);
	csv_end(&out);
	sg_buf_append(&out, "", 1);
	CHECK_STR((const char *)out.data, "a,,b\r\n");
}

static void
file_names_cannot_break_out_of_the_header(void)
{
	CHECK_STR(reply_disposition(arena, "a.png"),
	    "attachment; filename=\"a.png\"; filename*=UTF-8''a.png");
	CHECK_STR(reply_disposition(arena, "a\"\r\nX: y"),
	    "attachment; filename=\"a___X__y\"; filename*=UTF-8''a%22%0D%0AX%3A%20y");
	CHECK_STR(reply_disposition(arena, "\xe8\x82\x9d.png"),
	    "attachment; filename=\"_.png\"; filename*=UTF-8''%E8%82%9D.png");
}

static void
problems_name_their_status(void)
{
	static const struct {
		enum sg_code code;
		const char *id;
		int status;
	} want[] = {
	    {SG_EINPUT, "param_bad", 400},
	    {SG_EDENIED, "session_none", 401},
	    {SG_EDENIED, "login_wrong", 401},
	    {SG_EDENIED, "role", 403},
	    {SG_EABSENT, "not_found", 404},
	    {SG_EINPUT, "method_not_allowed", 405},
	    {SG_ECONFLICT, "x", 409},
	    {SG_ELIMIT, "json_too_large", 413},
	    {SG_EINPUT, "bad_type", 415},
	    {SG_ENOTSUP, "x", 422},
	    {SG_ELIMIT, "quota_queued", 429},
	    {SG_EINPUT, "bad_checksum", 460},
	    {SG_EBUSY, "db_lost", 503},
	    {SG_ELIMIT, "disk_full", 507},
	};
	struct req r = {.a = arena, .id = "request", .method = "GET"};

	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		struct sg_err e = {0};

		sg_fail(&e, want[i].code, want[i].id, "Why.");
		memset(&r.reply, 0, sizeof r.reply);
		reply_header(&r, "Set-Cookie", "x");
		reply_problem(&r, &e);
		CHECK_INT(r.reply.status, want[i].status);
		CHECK_STR(r.reply.type, "application/problem+json");
		CHECK(strstr(r.reply.body, want[i].id) != NULL);
		CHECK_INT(r.reply.headers, want[i].status == 503); /* the cookie is dropped */
	}
}

static void
head_has_headers_and_no_body(void)
{
	struct req r = {.a = arena, .method = "HEAD"};

	reply_json(&r, 200, "{}");
	sg_buf_clear(&out);
	CHECK_INT(reply_write(&r, &out), 0);
	sg_buf_append(&out, "", 1);
	CHECK_STR((const char *)out.data,
	    "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
}

static char folder[] = "/tmp/segward-body-XXXXXX";

/* The error id of a body named so by nginx, "" when it is taken over. */
static const char *
hand_over(const char *path, const char *length)
{
	static struct sg_err e;
	static char file[400], bytes[40];
	char *env[] = {file, bytes, NULL};
	struct sg_conf conf = {.body_dir = folder};
	struct web web = {.conf = &conf};
	struct lane lane = {.web = &web, .arena = arena};
	struct req r = {.lane = &lane, .a = arena, .env = env};
	struct body b;

	snprintf(file, sizeof file, "REQUEST_BODY_FILE=%s", path);
	snprintf(bytes, sizeof bytes, "CONTENT_LENGTH=%s", length);
	sg_err_clear(&e);
	body_open(&b, &r, &e);
	return e.id;
}

static void
make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, "12345", 5) == 5);
	close(fd);
}

static void
bodies_are_taken_from_their_folder_only(void)
{
	char good[300], path[400], beside[300];

	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(good, sizeof good, "%s/0000000001", folder);
	snprintf(beside, sizeof beside, "%s-beside", folder);
	make(good);
	make(beside);
	CHECK_STR(hand_over(good, "5"), "");
	CHECK_STR(hand_over(good, "6"), "body_short");
	CHECK_STR(hand_over(good, "x"), "body_short");
	CHECK_STR(hand_over(beside, "5"), "body_handover");
	CHECK_STR(hand_over("/etc/passwd", "5"), "body_handover");
	CHECK_STR(hand_over(folder, "5"), "body_handover");
	CHECK_STR(hand_over("", "5"), "body_handover");
	snprintf(path, sizeof path, "%s/../%s", folder, strrchr(beside, '/') + 1);
	CHECK_STR(hand_over(path, "5"), "body_handover");
	snprintf(path, sizeof path, "%s/link", folder);
	CHECK(symlink(beside, path) == 0);
	CHECK_STR(hand_over(path, "5"), "body_handover");
	unlink(path);
	CHECK(link(beside, path) == 0); /* a second name of somebody's file */
	CHECK_STR(hand_over(path, "5"), "body_handover");
	unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK_STR(hand_over(path, "5"), "body_handover");
	unlink(path);
	unlink(good);
	unlink(beside);
	rmdir(folder);
}

int
main(void)
{
	arena = sg_arena_new(1 << 20);
	sg_buf_init(&out, 1 << 16);
	RUN(csv_is_safe_to_open);
	RUN(file_names_cannot_break_out_of_the_header);
	RUN(problems_name_their_status);
	RUN(head_has_headers_and_no_body);
	RUN(bodies_are_taken_from_their_folder_only);
	sg_buf_free(&out);
	sg_arena_free(arena);
	return check_end();
}
