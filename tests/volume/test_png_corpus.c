/*
 * Every PNG of the shared data, good and bad, through the sandboxed parser: expected verdict and
 * pixels by png_truth.tsv; a file that the table does not name fails the test.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "tests/unit/check.h"
#include "worker/volume/sandbox.h"

enum { MOST = 400 };

struct truth {
	char path[120], code[32];
	int nx, ny, channels, bits;
	unsigned crc;
	int met;
};

static struct truth table[MOST];
static int rows;
static const char *data;
static struct sg_sandbox *sandbox;

static int
read_table(const char *src)
{
	char path[4096], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/volume/png_truth.tsv", src);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL && rows < MOST) {
		struct truth *t = &table[rows];
		int n = sscanf(line, "%119s %31s %d %d %d %d %x", t->path, t->code, &t->nx, &t->ny,
		    &t->channels, &t->bits, &t->crc);

		if (line[0] != '#' && (n == 2 || n == 7))
			rows++;
	}
	fclose(f);
	return rows;
}

static struct truth *
find(const char *path)
{
	for (int i = 0; i < rows; i++)
		if (strcmp(table[i].path, path) == 0)
			return &table[i];
	return NULL;
}

static void
check_pixels(const struct truth *t, const struct sg_volume *v)
{
	unsigned crc = (unsigned)crc32(0, v->vox, (unsigned)sg_volume_bytes(v));

	if (v->nx != t->nx || v->ny != t->ny || v->channels != t->channels || v->bits != t->bits)
		check_note(__FILE__, __LINE__, "%s: %d x %d, %d channels, %d bits", t->path, v->nx,
		    v->ny, v->channels, v->bits);
	else if (crc != t->crc)
		check_note(__FILE__, __LINE__, "%s: other pixels", t->path);
}

static void
check_file(const char *path)
{
	struct sg_arena *a = sg_arena_new((size_t)1 << 30);
	struct truth *t = find(path);
	struct sg_child child = {0};
	struct sg_err e = {0};
	struct sg_parsed *p;
	char full[4096];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", data, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (t == NULL || fd < 0) {
		check_note(__FILE__, __LINE__, "%s stands not in the table", path);
	} else {
		int rc = sg_sandbox_parse(
		    &p, sandbox, a, fd, &sg_sandbox_limits_image, NULL, &child, &e);

		t->met = 1;
		if (strcmp(rc == SG_OK ? "ok" : e.id, t->code) != 0)
			check_note(__FILE__, __LINE__, "%s: %s, not %s", path,
			    rc == SG_OK ? "ok" : e.id, t->code);
		else if (rc == SG_OK)
			check_pixels(t, &p->volumes[0]);
		else if (child.end != SG_CHILD_REFUSED || e.msg[0] == '\0')
			check_note(__FILE__, __LINE__, "%s: refused as %s", path,
			    sg_child_end_name(child.end));
	}
	if (fd >= 0)
		close(fd);
	sg_arena_free(a);
}

static void
check_folder(const char *folder)
{
	char full[4096];
	struct dirent *d;
	DIR *dir;

	snprintf(full, sizeof(full), "%s/%s", data, folder);
	REQUIRE((dir = opendir(full)) != NULL);
	while ((d = readdir(dir)) != NULL) {
		char path[512];

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		check_file(path);
	}
	closedir(dir);
}

static int
absent(void)
{
	struct stat st;

	return stat(data, &st) != 0;
}

#define NEEDS_DATA \
	if (absent()) \
	SKIP("no ../shared/data")

static void
good_pictures_load_pixel_for_pixel(void)
{
	NEEDS_DATA;
	check_folder("png/pngsuite");
	check_folder("png/libpng");
}

static void
bad_pictures_are_refused_by_code(void)
{
	NEEDS_DATA;
	check_folder("bad/pngsuite");
	check_folder("bad/png_crafted");
	check_folder("bad/libpng/badpal");
	check_folder("bad/libpng/crashers");
}

static void
every_row_of_the_table_was_met(void)
{
	NEEDS_DATA;
	for (int i = 0; i < rows; i++)
		if (!table[i].met)
			check_note(__FILE__, __LINE__, "%s is missing", table[i].path);
	CHECK(rows > 140);
}

int
main(void)
{
	const char *src = getenv("SG_SRC"), *build = getenv("SG_BUILD");
	char helper[4096];
	struct sg_err e = {0};

	data = getenv("SG_SHARED_DATA");
	if (data == NULL)
		data = "../shared/data";
	snprintf(helper, sizeof(helper), "%s/segward-parse", build != NULL ? build : ".");
	if (read_table(src != NULL ? src : ".") == 0 ||
	    sg_sandbox_start(&sandbox, helper, &e) != SG_OK) {
		printf("not ok - start # %s\n", e.msg);
		return 1;
	}
	RUN(good_pictures_load_pixel_for_pixel);
	RUN(bad_pictures_are_refused_by_code);
	RUN(every_row_of_the_table_was_met);
	sg_sandbox_stop(sandbox);
	return check_end();
}
