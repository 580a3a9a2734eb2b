/*
 * The header texts of tus 1.0.0 (https://tus.io/protocols/resumable-upload): parsing only.
 */
#ifndef FCGI_TUS_H
#define FCGI_TUS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/hash.h"

#define TUS_NAME_MAX 255 /* characters of a file name */

/* A length or offset: digits only. -1: absent or not a number. */
int64_t tus_number(const char *text);

struct tus_checksum {
	int given; /* 0: no header, nothing to check */
	enum sg_hash_kind kind;
	uint8_t want[32];
	size_t len; /* of want: 20 or 32 bytes */
};
/* Upload-Checksum: "sha1 BASE64" or "sha256 BASE64". Errors: SG_EINPUT "checksum_bad". */
int tus_checksum(struct tus_checksum *c, const char *header, struct sg_err *e);

/*
 * The file's name out of Upload-Metadata ("filename BASE64,other BASE64").
 * Refused: none, more than 255 characters, control characters, / and \, "." and "..", marks that
 * turn the direction of writing (they hide an ending). Errors: SG_EINPUT "bad_name",
 * "metadata_bad".
 */
int tus_file_name(char name[4 * TUS_NAME_MAX + 1], const char *metadata, struct sg_err *e);

/* "Sat, 01 Jan 2026 00:00:00 GMT" of a time in seconds since 1970. */
void tus_date(char text[40], int64_t unix_s);

#endif
