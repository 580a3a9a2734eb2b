/*
 * Blobs for workers on other hosts, on nginx's mutual-TLS listener only. Bytes are checked
 * against the hash they are named by before they count.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/answer.h"
#include "fcgi/body.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "fcgi/upload_file.h"

static int
find(struct req *r, struct sg_sha256 *h, int64_t *bytes, struct sg_err *e)
{
	struct stat st;
	int fd, rc;

	if (!sg_sha256_from_hex(h, r->param[0]))
		return sg_fail(e, SG_EABSENT, "not_found", "There is nothing here.");
	if ((rc = sg_blob_open(&fd, r->lane->web->store, h, 0, e)) != SG_OK)
		return rc;
	*bytes = fstat(fd, &st) == 0 ? st.st_size : 0;
	close(fd);
	return SG_OK;
}

int
h_blob_get(struct req *r, struct sg_err *e)
{
	struct sg_sha256 h;
	int64_t bytes;
	int rc = find(r, &h, &bytes, e);

	if (rc == SG_OK)
		reply_blob(r, &h, "application/octet-stream", NULL);
	return rc;
}

int
h_blob_head(struct req *r, struct sg_err *e)
{
	struct sg_sha256 h;
	int64_t bytes;
	int rc = find(r, &h, &bytes, e);

	if (rc != SG_OK)
		return rc;
	reply_empty(r, 200);
	reply_headerf(r, "Content-Length", "%lld", (long long)bytes);
	return SG_OK;
}

/* Hash the body's file, then take it over by rename. */
int
h_blob_put(struct req *r, struct sg_err *e)
{
	struct sg_sha256 want, got;
	struct sg_hash *hash = sg_hash_new(SG_HASH_SHA256);
	uint8_t block[64 << 10];
	struct body b;
	ssize_t n = 0;
	int rc;

	if (hash == NULL)
		return answer_no_memory(e);
	rc = body_open(&b, r, e);
	if (rc == SG_OK && b.fd >= 0) /* an empty body has no file */
		while ((n = read(b.fd, block, sizeof(block))) > 0)
			sg_hash_add(hash, block, (size_t)n);
	sg_hash_end(hash, got.byte);
	if (rc != SG_OK)
		return rc;
	if (n < 0)
		return sg_fail(
		    e, SG_EBUSY, "store_io", "The server's disk did not answer; try again.");
	if (!sg_sha256_from_hex(&want, r->param[0]) || memcmp(&want, &got, sizeof(got)) != 0)
		return sg_fail(e, SG_EINPUT, "blob_hash", "The bytes are not those of this name.");
	rc = b.fd >= 0 ? sg_blob_adopt(r->lane->web->store, b.path, &got, e)
		       : sg_blob_put(r->lane->web->store, "empty", "", 0, &got, e);
	if (rc == SG_OK)
		reply_empty(r, 204);
	return rc;
}
