/* SHA-256 and SHA-1 by libcrypto (FIPS 180-4), with the machine's hash instructions. */
#ifndef SG_HASH_H
#define SG_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SG_SHA256_HEX 65 /* characters of a hex digest with its NUL */

struct sg_sha256 {
	uint8_t byte[32];
};

struct sg_hash; /* a running hash; yours, end it with sg_hash_end */
enum sg_hash_kind { SG_HASH_SHA1, SG_HASH_SHA256 };

struct sg_hash *sg_hash_new(enum sg_hash_kind kind); /* NULL: no memory */
void sg_hash_add(struct sg_hash *h, const void *p, size_t n);
/* A second running hash of the same bytes so far. NULL: no memory. */
struct sg_hash *sg_hash_copy(const struct sg_hash *from);
/* Writes 20 or 32 bytes and frees h. */
void sg_hash_end(struct sg_hash *h, uint8_t *digest);

void sg_sha256_of(struct sg_sha256 *out, const void *p, size_t n);
void sg_sha256_hex(const struct sg_sha256 *h, char hex[SG_SHA256_HEX]);
/* Returns 1 when hex is exactly 64 lower-case hex digits, else 0 and *h is untouched. */
int sg_sha256_from_hex(struct sg_sha256 *h, const char *hex);

#endif
