/*
 * What a file is, by its first bytes alone (never its name). This is all that the web processes
 * ever look at in an upload; parsing happens in workers, in a sandbox.
 */
#ifndef SG_SNIFF_H
#define SG_SNIFF_H

#include <stddef.h>

enum sg_kind {
	SG_KIND_UNKNOWN = 0,
	SG_KIND_PNG,
	SG_KIND_JPEG,
	SG_KIND_GZIP,  /* a .nii.gz, as far as the magic can tell */
	SG_KIND_NIFTI, /* "n+1", "ni1", "n+2", "ni2" at their places, either byte order */
	SG_KIND_DICOM, /* "DICM" at 128 */
	SG_KIND_ZIP,
	SG_KIND_ONNX, /* a protobuf whose first fields are those of a ModelProto */
	SG__KINDS
};

#define SG_SNIFF_BYTES 540 /* enough for every rule */

enum sg_kind sg_sniff(const void *head, size_t n);
const char *sg_kind_name(enum sg_kind k); /* "png", "jpeg", ...; also the name in SQL and JSON */

#endif
