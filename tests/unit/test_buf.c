/* common/buf.c */
#include "config.h"

#include "common/buf.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/check.h"

static void
appends_grow_it(void)
{
	struct sg_buf b;
	int i;

	sg_buf_init(&b, 1 << 20);
	for (i = 0; i < 10000; i++)
		CHECK_INT(sg_buf_printf(&b, "%04d,", i), 0);
	CHECK_INT(b.len, 50000);
	CHECK(memcmp(b.data, "0000,0001,", 10) == 0);
	CHECK(memcmp(b.data + 49995, "9999,", 5) == 0);
	sg_buf_clear(&b);
	CHECK_INT(b.len, 0);
	CHECK_INT(sg_buf_printf(&b, "%500s|", "x"), 0); /* longer than the small buffer */
	CHECK_INT(b.len, 501);
	sg_buf_free(&b);
}

static void
limit_is_exact_and_failure_stays(void)
{
	struct sg_buf b;

	sg_buf_init(&b, 10);
	CHECK_INT(sg_buf_str(&b, "0123456789"), 0);
	CHECK(sg_buf_str(&b, "x") != 0);
	CHECK_INT(b.len, 10);
	CHECK(sg_buf_append(&b, "", 0) != 0);
	sg_buf_clear(&b);
	CHECK_INT(sg_buf_str(&b, "again"), 0);
	CHECK(sg_buf_grow(&b, SIZE_MAX) == NULL);
	sg_buf_free(&b);
}

static void
file_is_read_up_to_the_limit(void)
{
	char path[] = "/tmp/sgbuf.XXXXXX";
	char bytes[1000];
	struct sg_buf b;
	int fd = mkstemp(path);

	REQUIRE(fd >= 0);
	unlink(path);
	memset(bytes, 'z', sizeof bytes);
	CHECK_INT(write(fd, bytes, sizeof bytes), sizeof bytes);
	sg_buf_init(&b, 1000);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(sg_buf_read_fd(&b, fd), 0);
	CHECK_INT(b.len, 1000);
	sg_buf_free(&b);
	sg_buf_init(&b, 999);
	lseek(fd, 0, SEEK_SET);
	CHECK(sg_buf_read_fd(&b, fd) != 0);
	sg_buf_free(&b);
	close(fd);
}

int
main(void)
{
	RUN(appends_grow_it);
	RUN(limit_is_exact_and_failure_stays);
	RUN(file_is_read_up_to_the_limit);
	return check_end();
}
