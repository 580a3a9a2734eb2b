/*
 * One image set as voxels: a 2-D image (nz = nt = 1), a stack or 3-D volume (nz > 1), a cine
 * (nt > 1), with the map from voxel index to the patient.
 *
 * Spaces: ijk is the voxel index, i along a row, j down the rows, k through the slices, from 0
 * at the centre of the first voxel. ras is millimetres in the patient, growing towards Right,
 * Anterior and Superior (NIfTI's sense; DICOM's LPS has the first two signs turned). Files without
 * geometry (PNG) have spacing_known = 0, spacing 1 and the identity, and no figure in mm may be
 * made from them.
 *
 * On disk and between processes a volume is a `sgvol` file (doc/formats.md): a 256-byte header
 * and the samples as they lie in memory, little-endian.
 */
#ifndef SG_VOLUME_H
#define SG_VOLUME_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

enum sg_sample { SG_U8, SG_U16, SG_I16, SG_F32, SG__SAMPLES };
enum sg_look { SG_GREY, SG_RGB, SG__LOOKS }; /* 1 or 3 channels */

#define SG_VOLUME_HEADER    256	  /* bytes before the samples of a sgvol */
#define SG_VOLUME_MAX_SIDE  65536 /* voxels along any axis */
#define SG_VOLUME_MAX_BYTES ((int64_t)1 << 36)

struct sg_volume {
	int nx, ny, nz, nt;  /* voxels; x runs fastest but for the channels */
	int channels;	     /* 1 grey, 3 red green blue, interleaved */
	int bits;	     /* bits per sample in the source, 1..32 */
	enum sg_sample type; /* sources below 8 bits are spread over 0..255 */
	enum sg_look look;
	int spacing_known;
	double spacing_mm[3];	 /* along i, j, k */
	double ijk_to_ras[3][4]; /* mm */
	void *vox;		 /* [nt][nz][ny][nx][channels] */
};

size_t sg_sample_bytes(enum sg_sample t);
const char *sg_sample_name(enum sg_sample t);	     /* "u8", "u16", "i16", "f32" */
int64_t sg_volume_voxels(const struct sg_volume *v); /* nx*ny*nz of one phase */
int64_t sg_volume_bytes(const struct sg_volume *v);  /* of all samples */

/*
 * Zeroed samples (64-byte aligned), unknown spacing, identity. In the arena, as is *out.
 * Errors: SG_EINPUT "image_too_large" (sides or bytes over the limits above), SG_EBUSY "no_memory".
 */
int sg_volume_new(struct sg_volume **out, struct sg_arena *a, int nx, int ny, int nz, int nt,
    enum sg_sample type, enum sg_look look, struct sg_err *e);

/* Write a sgvol to fd at its current offset. Errors: SG_EBUSY "io" (disk full and the like). */
int sg_volume_write(int fd, const struct sg_volume *v, struct sg_err *e);
/* Only the header, for a writer that places the samples itself. */
void sg_volume_header(uint8_t head[SG_VOLUME_HEADER], const struct sg_volume *v);

/*
 * Look at a whole sgvol in memory: every field is checked, n must be exactly header + samples,
 * f32 samples must be finite. *v borrows p (p must be 8-byte aligned) and lives as long.
 * Errors: SG_EINPUT "sgvol_bad", says which field.
 */
int sg_volume_view(struct sg_volume *v, const void *p, size_t n, struct sg_err *e);
/* The same from an open file, mapped; the mapping and *out go with the arena. */
int sg_volume_read_fd(struct sg_volume **out, struct sg_arena *a, int fd, struct sg_err *e);

#endif
