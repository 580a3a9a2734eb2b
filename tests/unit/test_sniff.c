/* common/sniff.c */
#include "config.h"

#include "common/sniff.h"

#include <stdint.h>

#include "common/id.h"
#include "tests/unit/check.h"

static uint8_t head[SG_SNIFF_BYTES];

static enum sg_kind
kind_of(const void *p, size_t n)
{
	memset(head, 0, sizeof head);
	memcpy(head, p, n);
	return sg_sniff(head, sizeof head);
}

static void
magic_bytes_tell(void)
{
	CHECK_INT(kind_of("\x89PNG\r\n\x1a\n", 8), SG_KIND_PNG);
	CHECK_INT(kind_of("\xff\xd8\xff\xe0", 4), SG_KIND_JPEG);
	CHECK_INT(kind_of("\x1f\x8b\x08\x00", 4), SG_KIND_GZIP);
	CHECK_INT(kind_of("PK\x03\x04", 4), SG_KIND_ZIP);
	CHECK_INT(kind_of("PK\x05\x06", 4), SG_KIND_ZIP);
	CHECK_INT(kind_of("PK\x07\x08", 4), SG_KIND_UNKNOWN);
	CHECK_INT(kind_of("\x89PNG\n\x1a\n", 7), SG_KIND_UNKNOWN); /* line ends were changed */
	CHECK_INT(kind_of("<html>", 6), SG_KIND_UNKNOWN);
	memset(head, 0, sizeof head);
	memcpy(head + 128, "DICM", 4);
	CHECK_INT(sg_sniff(head, sizeof head), SG_KIND_DICOM);
	CHECK_INT(sg_sniff(head, 131), SG_KIND_UNKNOWN);
}

static void
nifti_in_both_byte_orders(void)
{
	memset(head, 0, sizeof head);
	head[0] = 348 & 255;
	head[1] = 348 >> 8;
	memcpy(head + 344, "n+1", 4);
	CHECK_INT(sg_sniff(head, sizeof head), SG_KIND_NIFTI);
	CHECK_INT(sg_sniff(head, 347), SG_KIND_UNKNOWN);
	memcpy(head + 344, "ni1", 4);
	CHECK_INT(sg_sniff(head, sizeof head), SG_KIND_NIFTI);
	memcpy(head, "\x00\x00\x01\x5c", 4);
	CHECK_INT(sg_sniff(head, sizeof head), SG_KIND_NIFTI);
	memcpy(head + 344, "n+3", 4);
	CHECK_INT(sg_sniff(head, sizeof head), SG_KIND_UNKNOWN);
	CHECK_INT(kind_of("\x1c\x02\x00\x00n+2\0\r\n\x1a\n", 12), SG_KIND_NIFTI);
	CHECK_INT(kind_of("\x00\x00\x02\x1cni2\0\r\n\x1a\n", 12), SG_KIND_NIFTI);
	CHECK_INT(kind_of("\x5c\x01\x00\x00n+2\0\r\n\x1a\n", 12), SG_KIND_UNKNOWN);
}

static void
onnx_by_its_first_fields(void)
{
	/* ir_version 8, producer "pytorch" "2.1", then a graph longer than the head */
	static const uint8_t torch[] = "\x08\x08\x12\x07pytorch\x1a\x03"
				       "2.1\x3a\x80\x80\x40\x0a\x04main";
	/* ir_version 10, opset first, graph second */
	static const uint8_t other[] = "\x08\x0a\x42\x02\x10\x11\x3a\x02\x12\x00";

	CHECK_INT(sg_sniff(torch, sizeof torch - 1), SG_KIND_ONNX);
	CHECK_INT(sg_sniff(other, sizeof other - 1), SG_KIND_ONNX);
	CHECK_INT(sg_sniff(torch, 1), SG_KIND_UNKNOWN);
	CHECK_INT(sg_sniff("\x08\x08", 2), SG_KIND_UNKNOWN);	       /* one field only */
	CHECK_INT(sg_sniff("\x08\x00\x12\x01x", 5), SG_KIND_UNKNOWN);  /* version 0 */
	CHECK_INT(sg_sniff("\x08\x08\x13\x01x", 5), SG_KIND_UNKNOWN);  /* a group */
	CHECK_INT(sg_sniff("\x08\x08\x4a\x01x", 5), SG_KIND_UNKNOWN);  /* no field 9 */
	CHECK_INT(sg_sniff("\x12\x01x\x1a\x01y", 6), SG_KIND_UNKNOWN); /* no version */
	CHECK_INT(
	    sg_sniff("\x08\x08\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13), SG_KIND_UNKNOWN);
}

static void
short_and_random_heads_are_unknown(void)
{
	uint8_t bytes[SG_SNIFF_BYTES];
	int i, known = 0;
	size_t n;

	CHECK_INT(sg_sniff("", 0), SG_KIND_UNKNOWN);
	for (i = 0; i < 20000; i++) {
		sg_random(bytes, sizeof bytes);
		n = (size_t)i % (sizeof bytes + 1);
		known += sg_sniff(bytes, n) != SG_KIND_UNKNOWN;
	}
	CHECK(known <= 2);
}

static void
kinds_have_names(void)
{
	int k;

	for (k = 0; k < SG__KINDS; k++)
		CHECK(sg_kind_name((enum sg_kind)k) != NULL);
	CHECK_STR(sg_kind_name(SG_KIND_PNG), "png");
	CHECK_STR(sg_kind_name(SG_KIND_ONNX), "onnx");
	CHECK_STR(sg_kind_name(SG__KINDS), "unknown");
}

int
main(void)
{
	RUN(magic_bytes_tell);
	RUN(nifti_in_both_byte_orders);
	RUN(onnx_by_its_first_fields);
	RUN(short_and_random_heads_are_unknown);
	RUN(kinds_have_names);
	return check_end();
}
