/* What a file is, by its first bytes. */
#include "config.h"

#include "common/sniff.h"

#include <stdint.h>
#include <string.h>

static const struct {
	enum sg_kind kind;
	size_t at, n;
	const char *bytes;
} magics[] = {
    {SG_KIND_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
    {SG_KIND_JPEG, 0, 3, "\xff\xd8\xff"},
    {SG_KIND_GZIP, 0, 3, "\x1f\x8b\x08"},
    {SG_KIND_ZIP, 0, 4, "PK\x03\x04"},
    {SG_KIND_ZIP, 0, 4, "PK\x05\x06"}, /* a zip without entries */
    {SG_KIND_DICOM, 128, 4, "DICM"},
};

/* NIfTI: the header's size first (348 or 540, either byte order), the magic at its place. */
static const struct {
	uint32_t size;
	size_t at;
	const char magic[4];
} niftis[] = {
    {348, 344, "n+1"},
    {348, 344, "ni1"},
    {540, 4, "n+2"},
    {540, 4, "ni2"},
};

static int
is_nifti(const uint8_t *p, size_t n)
{
	uint32_t little, big;
	size_t i;

	if (n < 8)
		return 0;
	little = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	big = p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
	for (i = 0; i < sizeof niftis / sizeof niftis[0]; i++)
		if ((little == niftis[i].size || big == niftis[i].size) && n >= niftis[i].at + 4 &&
		    memcmp(p + niftis[i].at, niftis[i].magic, 4) == 0)
			return 1;
	return 0;
}

/* A base-128 number at *at; 0 when it does not end within the head or is too long. */
static int
varint(const uint8_t *p, size_t n, size_t *at, uint64_t *v)
{
	int shift;

	*v = 0;
	for (shift = 0; shift < 63 && *at < n; shift += 7) {
		uint8_t b = p[(*at)++];

		*v |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return 1;
	}
	return 0;
}

/*
 * ONNX has no magic. Its ModelProto (onnx.proto) starts with small fields whose numbers and wire
 * types are few: walk them as far as the head reaches. ir_version (field 1) must be among them.
 */
static int
is_onnx(const uint8_t *p, size_t n)
{
	/* wire type of each field of ModelProto, -1 where there is none */
	static const signed char wire[] = {-1, 0, 2, 2, 2, 0, 2, 2, 2, -1, -1, -1, -1, -1, 2, -1,
	    -1, -1, -1, -1, 2, -1, -1, -1, -1, 2};
	size_t at = 0;
	int fields = 0, ir_version = 0;

	while (at < n) {
		uint64_t key, v;

		if (!varint(p, n, &at, &key))
			return 0;
		if (key >> 3 >= sizeof wire || wire[key >> 3] != (int)(key & 7))
			return 0;
		if (!varint(p, n, &at, &v))
			return 0;
		if (key == 8) {
			if (v < 1 || v > 64)
				return 0;
			ir_version = 1;
		}
		fields++;
		if ((key & 7) == 2) {
			if (v > INT32_MAX)
				return 0;
			if (v > n - at)
				break; /* goes on beyond the head */
			at += v;
		}
	}
	return ir_version && fields >= 2;
}

enum sg_kind
sg_sniff(const void *head, size_t n)
{
	const uint8_t *p = head;
	size_t i;

	for (i = 0; i < sizeof magics / sizeof magics[0]; i++)
		if (n >= magics[i].at + magics[i].n &&
		    memcmp(p + magics[i].at, magics[i].bytes, magics[i].n) == 0)
			return magics[i].kind;
	if (is_nifti(p, n))
		return SG_KIND_NIFTI;
	if (is_onnx(p, n))
		return SG_KIND_ONNX;
	return SG_KIND_UNKNOWN;
}

const char *
sg_kind_name(enum sg_kind k)
{
	static const char *const names[SG__KINDS] = {
	    "unknown", "png", "jpeg", "gzip", "nifti", "dicom", "zip", "onnx"};

	return k < SG__KINDS ? names[k] : names[SG_KIND_UNKNOWN];
}
