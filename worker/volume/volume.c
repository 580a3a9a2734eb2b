/*
 * Volumes in memory and as sgvol files. The reader trusts nothing: a sgvol comes from the
 * sandboxed parser, which a hostile upload may have taken over.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "worker/volume/bytes.h"
#include "worker/volume/volume.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sgvol samples lie in host order");

static const char MAGIC[8] = "SGVOL\r\n\x1a";

/* Offsets of the header's fields; doc/formats.md has the same table. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_HEADER = 12,
	AT_SIZE = 16,	  /* 4 x u32: nx, ny, nz, nt */
	AT_CHANNELS = 32, /* u32 */
	AT_SAMPLE = 36,	  /* u32, enum sg_sample */
	AT_LOOK = 40,	  /* u32, enum sg_look */
	AT_BITS = 44,	  /* u32 */
	AT_KNOWN = 48,	  /* u32 */
	AT_ZERO = 52,	  /* u32 */
	AT_BYTES = 56,	  /* u64, samples */
	AT_SPACING = 64,  /* 3 x f64 */
	AT_AFFINE = 88,	  /* 12 x f64 */
	AT_REST = 184,	  /* zeros */
	AT_CRC = 252	  /* u32, CRC-32 of the 252 bytes before */
};

enum { FORMAT = 1 };

static const struct {
	const char *name;
	size_t bytes;
	int bits;
} SAMPLE[SG__SAMPLES] = {
    [SG_U8] = {"u8", 1, 8},
    [SG_U16] = {"u16", 2, 16},
    [SG_I16] = {"i16", 2, 16},
    [SG_F32] = {"f32", 4, 32},
};

size_t
sg_sample_bytes(enum sg_sample t)
{
	return SAMPLE[t].bytes;
}

const char *
sg_sample_name(enum sg_sample t)
{
	return SAMPLE[t].name;
}

int64_t
sg_volume_voxels(const struct sg_volume *v)
{
	return (int64_t)v->nx * v->ny * v->nz;
}

int64_t
sg_volume_bytes(const struct sg_volume *v)
{
	return sg_volume_voxels(v) * v->nt * v->channels * (int64_t)SAMPLE[v->type].bytes;
}

static int
channels_of(enum sg_look look)
{
	return look == SG_RGB ? 3 : 1;
}

/* Bytes of the samples, or -1 when a side or the whole is out of range. */
static int64_t
checked_bytes(const int64_t side[4], int channels, enum sg_sample type)
{
	int64_t all = channels * (int64_t)SAMPLE[type].bytes;

	for (int i = 0; i < 4; i++) {
		if (side[i] < 1 || side[i] > SG_VOLUME_MAX_SIDE)
			return -1;
		if (all > SG_VOLUME_MAX_BYTES / side[i])
			return -1;
		all *= side[i];
	}
	return all;
}

int
sg_volume_new(struct sg_volume **out, struct sg_arena *a, int nx, int ny, int nz, int nt,
    enum sg_sample type, enum sg_look look, struct sg_err *e)
{
	const int64_t side[4] = {nx, ny, nz, nt};
	int64_t bytes = checked_bytes(side, channels_of(look), type);
	struct sg_volume *v;

	if (bytes < 0)
		return sg_fail(e, SG_EINPUT, "image_too_large",
		    "An image of %d x %d x %d x %d is larger than can be handled.", nx, ny, nz, nt);
	v = sg_alloc(a, sizeof(*v));
	if (v == NULL || (v->vox = sg_alloc_aligned(a, (size_t)bytes)) == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
	v->nx = nx;
	v->ny = ny;
	v->nz = nz;
	v->nt = nt;
	v->type = type;
	v->look = look;
	v->channels = channels_of(look);
	v->bits = SAMPLE[type].bits;
	for (int i = 0; i < 3; i++) {
		v->spacing_mm[i] = 1;
		v->ijk_to_ras[i][i] = 1;
	}
	*out = v;
	return SG_OK;
}

void
sg_volume_header(uint8_t head[SG_VOLUME_HEADER], const struct sg_volume *v)
{
	const int side[4] = {v->nx, v->ny, v->nz, v->nt};

	memset(head, 0, SG_VOLUME_HEADER);
	memcpy(head + AT_MAGIC, MAGIC, sizeof(MAGIC));
	sg_put32(head + AT_VERSION, FORMAT);
	sg_put32(head + AT_HEADER, SG_VOLUME_HEADER);
	for (int i = 0; i < 4; i++)
		sg_put32(head + AT_SIZE + 4 * i, (uint32_t)side[i]);
	sg_put32(head + AT_CHANNELS, (uint32_t)v->channels);
	sg_put32(head + AT_SAMPLE, v->type);
	sg_put32(head + AT_LOOK, v->look);
	sg_put32(head + AT_BITS, (uint32_t)v->bits);
	sg_put32(head + AT_KNOWN, v->spacing_known != 0);
	sg_put64(head + AT_BYTES, (uint64_t)sg_volume_bytes(v));
	memcpy(head + AT_SPACING, v->spacing_mm, sizeof(v->spacing_mm));
	memcpy(head + AT_AFFINE, v->ijk_to_ras, sizeof(v->ijk_to_ras));
	sg_put32(head + AT_CRC, (uint32_t)crc32(0, head, AT_CRC));
}

static int
write_all(int fd, const uint8_t *p, size_t n, struct sg_err *e)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n < ((size_t)1 << 30) ? n : (size_t)1 << 30);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return sg_fail(e, SG_EBUSY, "io", "The volume could not be written: %s.",
			    strerror(errno));
		p += w;
		n -= (size_t)w;
	}
	return SG_OK;
}

int
sg_volume_write(int fd, const struct sg_volume *v, struct sg_err *e)
{
	uint8_t head[SG_VOLUME_HEADER];
	int rc;

	sg_volume_header(head, v);
	if ((rc = write_all(fd, head, sizeof(head), e)) != SG_OK)
		return rc;
	return write_all(fd, v->vox, (size_t)sg_volume_bytes(v), e);
}

static int
bad(struct sg_err *e, const char *what)
{
	return sg_fail(e, SG_EINPUT, "sgvol_bad", "Not a volume file: %s.", what);
}

static int
geometry_ok(const struct sg_volume *v)
{
	for (int i = 0; i < 3; i++) {
		if (!(v->spacing_mm[i] > 1e-6 && v->spacing_mm[i] < 1e6))
			return 0;
		for (int j = 0; j < 4; j++)
			if (!(fabs(v->ijk_to_ras[i][j]) < 1e9))
				return 0;
	}
	return 1;
}

static int
samples_finite(const struct sg_volume *v)
{
	const float *f = v->vox;
	int64_t n = sg_volume_bytes(v) / 4;

	if (v->type != SG_F32)
		return 1;
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(f[i]))
			return 0;
	return 1;
}

/* The header's numbers into *v, each within its own range. */
static int
read_header(struct sg_volume *v, const uint8_t *p, struct sg_err *e)
{
	if (memcmp(p + AT_MAGIC, MAGIC, sizeof(MAGIC)) != 0)
		return bad(e, "wrong magic");
	if (sg_get32(p + AT_CRC) != (uint32_t)crc32(0, p, AT_CRC))
		return bad(e, "header checksum");
	if (sg_get32(p + AT_VERSION) != FORMAT || sg_get32(p + AT_HEADER) != SG_VOLUME_HEADER)
		return bad(e, "unknown version");
	if (sg_get32(p + AT_SAMPLE) >= SG__SAMPLES)
		return bad(e, "sample type");
	if (sg_get32(p + AT_LOOK) >= SG__LOOKS)
		return bad(e, "interpretation");
	if (sg_get32(p + AT_KNOWN) > 1 || sg_get32(p + AT_ZERO) != 0)
		return bad(e, "flags");
	for (int i = AT_REST; i < AT_CRC; i++)
		if (p[i] != 0)
			return bad(e, "reserved bytes");
	v->type = (enum sg_sample)sg_get32(p + AT_SAMPLE);
	v->look = (enum sg_look)sg_get32(p + AT_LOOK);
	v->channels = channels_of(v->look);
	if (sg_get32(p + AT_CHANNELS) != (uint32_t)v->channels)
		return bad(e, "channels");
	if (sg_get32(p + AT_BITS) < 1 || sg_get32(p + AT_BITS) > (uint32_t)SAMPLE[v->type].bits)
		return bad(e, "bits");
	v->bits = (int)sg_get32(p + AT_BITS);
	v->spacing_known = (int)sg_get32(p + AT_KNOWN);
	memcpy(v->spacing_mm, p + AT_SPACING, sizeof(v->spacing_mm));
	memcpy(v->ijk_to_ras, p + AT_AFFINE, sizeof(v->ijk_to_ras));
	return geometry_ok(v) ? SG_OK : bad(e, "geometry");
}

int
sg_volume_view(struct sg_volume *out, const void *bytes, size_t n, struct sg_err *e)
{
	const uint8_t *p = bytes;
	struct sg_volume v = {0};
	int64_t side[4], need;
	int rc;

	if (n < SG_VOLUME_HEADER)
		return bad(e, "shorter than its header");
	if ((rc = read_header(&v, p, e)) != SG_OK)
		return rc;
	for (int i = 0; i < 4; i++)
		side[i] = sg_get32(p + AT_SIZE + 4 * i);
	need = checked_bytes(side, v.channels, v.type);
	if (need < 0)
		return bad(e, "sizes");
	if (sg_get64(p + AT_BYTES) != (uint64_t)need || n - SG_VOLUME_HEADER != (uint64_t)need)
		return bad(e, "length is not that of its sizes");
	v.nx = (int)side[0];
	v.ny = (int)side[1];
	v.nz = (int)side[2];
	v.nt = (int)side[3];
	/* Borrowed: readers of a view do not write, the field is shared with volumes that own. */
	v.vox = (void *)(uintptr_t)(p + SG_VOLUME_HEADER);
	if (!samples_finite(&v))
		return bad(e, "a sample is not a number");
	*out = v;
	return SG_OK;
}

struct mapping {
	void *p;
	size_t n;
};

static void
unmap(void *arg)
{
	struct mapping *m = arg;

	munmap(m->p, m->n);
}

int
sg_map_fd(const uint8_t **p, size_t *n, struct sg_arena *a, int fd, struct sg_err *e)
{
	struct mapping *m = sg_alloc(a, sizeof(*m));
	struct stat st;

	if (m == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return sg_fail(e, SG_EINTERNAL, "io", "The input is not a plain file.");
	*n = (size_t)st.st_size;
	*p = (const uint8_t *)"";
	if (*n == 0)
		return SG_OK;
	m->n = *n;
	m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (m->p == MAP_FAILED)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
	*p = m->p;
	if (sg_arena_defer(a, unmap, m) != SG_OK)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
	return SG_OK;
}

int
sg_volume_read_fd(struct sg_volume **out, struct sg_arena *a, int fd, struct sg_err *e)
{
	struct sg_volume *v = sg_alloc(a, sizeof(*v));
	const uint8_t *p;
	size_t n;
	int rc;

	if (v == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory for the image now.");
	if ((rc = sg_map_fd(&p, &n, a, fd, e)) != SG_OK)
		return rc;
	if ((rc = sg_volume_view(v, p, n, e)) != SG_OK)
		return rc;
	*out = v;
	return SG_OK;
}
