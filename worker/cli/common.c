/* What the subcommands share: errors, numbers, files. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/cli/cli.h"
#include "worker/volume/bytes.h"
#include "worker/volume/png.h"
#include "worker/volume/sandbox.h"

int
sg_cli_usage(const char *name, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "segward %s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see segward %s --help\n", name);
	return SG_EXIT_USAGE;
}

int
sg_cli_refuse(const char *name, int json, const struct sg_err *e)
{
	static const struct sg_err NO_MEMORY = {
	    SG_EBUSY, "no_memory", "There is not enough memory for this now."};
	json_t *o;

	if (e->code == SG_OK) /* not even memory for an arena */
		e = &NO_MEMORY;
	if (!json) {
		fprintf(stderr, "segward %s: %s (%s)\n", name, e->msg, e->id);
		return SG_EXIT_REFUSED;
	}
	o = json_pack("{s:{s:s, s:s}}", "error", "code", e->id, "text", e->msg);
	if (o != NULL)
		json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
	return SG_EXIT_REFUSED;
}

int
sg_cli_print(const char *name, json_t *v)
{
	struct sg_err e = {0};
	int bad;

	if (v == NULL) {
		sg_fail(&e, SG_EBUSY, "no_memory", "There is no memory for the answer.");
		return sg_cli_refuse(name, 0, &e);
	}
	bad = json_dumpf(v, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0;
	putchar('\n');
	json_decref(v);
	if (fflush(stdout) != 0 || bad) {
		sg_fail(&e, SG_EBUSY, "io", "The answer could not be written.");
		return sg_cli_refuse(name, 0, &e);
	}
	return SG_EXIT_DONE;
}

int
sg_cli_number(long long *v, const char *s, long long least, long long most)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || n < least || n > most)
		return 0;
	*v = n;
	return 1;
}

int
sg_cli_milli(int *milli, const char *s)
{
	int whole = 0, digits = 0, part = 0;

	if (*s == '0' || *s == '1')
		whole = *s++ - '0';
	else if (*s != '.')
		return 0;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s) && digits < 3; s++, digits++)
			part = 10 * part + (*s - '0');
	if (*s != '\0')
		return 0;
	for (; digits < 3; digits++)
		part *= 10;
	if (whole * 1000 + part > 1000)
		return 0;
	*milli = whole * 1000 + part;
	return 1;
}

static int
absent(struct sg_err *e, const char *path, int error)
{
	return sg_fail(e, SG_EABSENT, "file_absent", "%.120s: %s", path, strerror(error));
}

/* A stream that cannot be mapped, copied to memory and opened anew for reading only. */
static int
spool(int *fd, int from, struct sg_err *e)
{
	int mem = memfd_create("segward-input", MFD_CLOEXEC);
	char path[64], block[65536];
	ssize_t n = 0;

	*fd = -1;
	if (mem >= 0) {
		while ((n = read(from, block, sizeof(block))) > 0)
			if (write(mem, block, (size_t)n) != n) {
				n = -1;
				break;
			}
		snprintf(path, sizeof(path), "/proc/self/fd/%d", mem);
		if (n == 0)
			*fd = open(path, O_RDONLY | O_CLOEXEC);
		close(mem);
	}
	return *fd >= 0 ? SG_OK
			: sg_fail(e, SG_EBUSY, "io", "The input could not be read: %s.",
			      strerror(errno));
}

int
sg_cli_open(int *fd, const char *path, struct sg_err *e)
{
	struct stat st;
	int from, rc;

	if (strcmp(path, "-") == 0)
		return spool(fd, STDIN_FILENO, e);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) != 0)
		return absent(e, path, errno);
	if (S_ISREG(st.st_mode)) {
		*fd = from;
		return SG_OK;
	}
	rc = S_ISDIR(st.st_mode) ? absent(e, path, EISDIR) : spool(fd, from, e);
	close(from);
	return rc;
}

int
sg_cli_map(const uint8_t **p, size_t *n, struct sg_arena *a, const char *path, struct sg_err *e)
{
	int fd, rc;

	if ((rc = sg_cli_open(&fd, path, e)) != SG_OK)
		return rc;
	rc = sg_map_fd(p, n, a, fd, e);
	close(fd);
	return rc;
}

int
sg_cli_parse(struct sg_parsed **out, struct sg_arena *a, const char *path, struct sg_err *e)
{
	struct sg_sandbox *s;
	int fd, rc;

	*out = NULL;
	if ((rc = sg_cli_open(&fd, path, e)) != SG_OK)
		return rc;
	if ((rc = sg_sandbox_start(&s, getenv("SEGWARD_PARSE"), e)) == SG_OK) {
		rc = sg_sandbox_parse(out, s, a, fd, &sg_sandbox_limits_image, NULL, NULL, e);
		sg_sandbox_stop(s);
	}
	close(fd);
	return rc;
}

int
sg_cli_labels(struct sg_volume **out, struct sg_arena *a, const char *path, struct sg_err *e)
{
	const uint8_t *p;
	size_t n;
	int rc;

	if ((rc = sg_cli_map(&p, &n, a, path, e)) != SG_OK)
		return rc;
	return sg_png_read_labels(out, a, p, n, sg_sandbox_limits_image.pixels, e);
}

static int
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* A device or pipe is written to; a rename would put a file in its place. */
static int
write_special(const char *path, const void *p, size_t n, struct sg_err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ok;

	if (fd < 0)
		return absent(e, path, errno);
	ok = write_all(fd, p, n) == 0;
	if (close(fd) != 0 || !ok)
		return sg_fail(e, SG_EBUSY, "io", "%.120s: %s", path, strerror(errno));
	return SG_OK;
}

int
sg_cli_write(const char *path, const void *p, size_t n, struct sg_err *e)
{
	char temporary[4096];
	struct stat st;
	int fd, ok;

	if (strcmp(path, "-") == 0)
		return write_all(STDOUT_FILENO, p, n) == 0
			   ? SG_OK
			   : sg_fail(e, SG_EBUSY, "io", "Standard output: %s", strerror(errno));
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_special(path, p, n, e);
	if (snprintf(temporary, sizeof(temporary), "%s.%d.part", path, (int)getpid()) >=
	    (int)sizeof(temporary))
		return absent(e, path, ENAMETOOLONG);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return absent(e, path, errno);
	ok = write_all(fd, p, n) == 0;
	if (close(fd) != 0 || !ok || rename(temporary, path) != 0) {
		int error = errno;

		unlink(temporary);
		return sg_fail(e, SG_EBUSY, "io", "%.120s: %s", path, strerror(error));
	}
	return SG_OK;
}
