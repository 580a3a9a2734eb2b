/*
 * Hashes by libcrypto's EVP. A digest that cannot be computed ends the process: a wrong name for
 * a blob would be worse, and the only causes are no memory or a broken library.
 */
#include "config.h"

#include "common/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/id.h"

struct sg_hash {
	EVP_MD_CTX *ctx;
};

struct sg_hash *
sg_hash_new(enum sg_hash_kind kind)
{
	struct sg_hash *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL || EVP_DigestInit_ex(h->ctx,
				  kind == SG_HASH_SHA1 ? EVP_sha1() : EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(h->ctx);
		free(h);
		return NULL;
	}
	return h;
}

void
sg_hash_add(struct sg_hash *h, const void *p, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, p, n) != 1)
		abort();
}

struct sg_hash *
sg_hash_copy(const struct sg_hash *from)
{
	struct sg_hash *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL || EVP_MD_CTX_copy_ex(h->ctx, from->ctx) != 1) {
		EVP_MD_CTX_free(h->ctx);
		free(h);
		return NULL;
	}
	return h;
}

void
sg_hash_end(struct sg_hash *h, uint8_t *digest)
{
	if (EVP_DigestFinal_ex(h->ctx, digest, NULL) != 1)
		abort();
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void
sg_sha256_of(struct sg_sha256 *out, const void *p, size_t n)
{
	if (EVP_Digest(p, n, out->byte, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void
sg_sha256_hex(const struct sg_sha256 *h, char hex[SG_SHA256_HEX])
{
	sg_hex(hex, h->byte, sizeof h->byte);
}

int
sg_sha256_from_hex(struct sg_sha256 *h, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	struct sg_sha256 parsed;
	int i;

	for (i = 0; i < 64; i++) {
		const char *d = hex[i] != '\0' ? strchr(digits, hex[i]) : NULL;
		int v;

		if (d == NULL)
			return 0;
		v = (int)(d - digits);
		if (i % 2 == 0)
			parsed.byte[i / 2] = (uint8_t)(v << 4);
		else
			parsed.byte[i / 2] = (uint8_t)(parsed.byte[i / 2] | v);
	}
	if (hex[64] != '\0')
		return 0;
	*h = parsed;
	return 1;
}
