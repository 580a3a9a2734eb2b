/*
 * Uploads by tus 1.0.0: core, creation, checksum, termination, expiration.
 * No byte of a file is parsed here: its magic number and its size are all that is looked at.
 */
#include "config.h"

#include <string.h>

#include "fcgi/answer.h"
#include "fcgi/body.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "fcgi/route.h"
#include "fcgi/tus.h"
#include "fcgi/upload_file.h"
#include "sql/queries.h"

#define TUS_VERSION "1.0.0"
#define EXPIRES_S   (24 * 3600) /* after the last chunk; the workers' janitor ends them */
#define OPEN_MAX    4		/* unfinished bytes of one account, in largest files */

/* Kinds that a worker can read today. */
static const enum sg_kind taken[] = {SG_KIND_PNG};

static int
check_version(struct req *r, struct sg_err *e)
{
	const char *version = req_env(r, "HTTP_TUS_RESUMABLE");

	reply_header(r, "Tus-Resumable", TUS_VERSION);
	reply_header(r, "Cache-Control", "no-store");
	if (version != NULL && strcmp(version, TUS_VERSION) == 0)
		return SG_OK;
	reply_header(r, "Tus-Version", TUS_VERSION);
	return sg_fail(e, SG_EINPUT, "tus_version", "This server speaks tus " TUS_VERSION ".");
}

static void
expires(struct req *r, int64_t changed_s)
{
	char text[40];

	tus_date(text, changed_s + EXPIRES_S);
	reply_headerf(r, "Upload-Expires", "%s", text);
}

int
h_upload_options(struct req *r, struct sg_err *e)
{
	(void)e;
	reply_empty(r, 204);
	reply_header(r, "Tus-Resumable", TUS_VERSION);
	reply_header(r, "Tus-Version", TUS_VERSION);
	reply_header(r, "Tus-Extension", "creation,checksum,termination,expiration");
	reply_header(r, "Tus-Checksum-Algorithm", "sha1,sha256");
	reply_headerf(r, "Tus-Max-Size", "%lld", (long long)r->lane->web->conf->upload_max_bytes);
	return SG_OK;
}

int
h_upload_new(struct req *r, struct sg_err *e)
{
	const struct sg_conf *conf = r->lane->web->conf;
	int64_t bytes = tus_number(req_env(r, "HTTP_UPLOAD_LENGTH"));
	char name[4 * TUS_NAME_MAX + 1];
	struct sg_rows *rows;
	int rc;

	if ((rc = check_version(r, e)) != SG_OK)
		return rc;
	if (bytes < 0)
		return sg_fail(e, SG_EINPUT, "length_missing",
		    "Upload-Length has to tell the file's size in bytes.");
	if (req_length(r) > 0)
		return sg_fail(e, SG_EINPUT, "body_unwanted",
		    "Send the file's bytes with PATCH to the address this request answers.");
	if (bytes == 0)
		return sg_fail(e, SG_EINPUT, "too_small", "The file is empty.");
	if (bytes > conf->upload_max_bytes)
		return sg_fail(e, SG_ELIMIT, "too_large", "The file is larger than %lld MB.",
		    (long long)(conf->upload_max_bytes / 1000000));
	if ((rc = tus_file_name(name, req_env(r, "HTTP_UPLOAD_METADATA"), e)) != SG_OK ||
	    (rc = upload_room(conf, bytes, e)) != SG_OK ||
	    (rc = answer_run(r, &rows, e, &sg_q_upload_create, "sll", name, bytes,
		 OPEN_MAX * conf->upload_max_bytes)) != SG_OK)
		return rc;
	if (sg_rows_count(rows) == 0)
		return sg_fail(e, SG_ELIMIT, "quota_bytes",
		    "You have too many unfinished uploads; finish or remove some first.");
	answer_made(r, "upload", rows);
	reply_empty(r, 201);
	reply_headerf(r, "Location", "/uploads/%s", sg_rows_str(rows, 0, 0));
	expires(r, sg_rows_int(rows, 0, 2));
	return SG_OK;
}

int
h_upload_head(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc;

	if ((rc = check_version(r, e)) != SG_OK ||
	    (rc = answer_run(r, &rows, e, &sg_q_upload_get, "l", r->object)) != SG_OK)
		return rc;
	reply_empty(r, 200);
	reply_headerf(r, "Upload-Offset", "%lld", (long long)sg_rows_int(rows, 0, 1));
	reply_headerf(r, "Upload-Length", "%lld", (long long)sg_rows_int(rows, 0, 0));
	if (strcmp(sg_rows_str(rows, 0, 2), "open") == 0)
		expires(r, sg_rows_int(rows, 0, 3));
	return SG_OK;
}

static int
gone_on(struct sg_err *e)
{
	return sg_fail(e, SG_ECONFLICT, "offset_wrong",
	    "The upload goes on at another offset; ask for it and send from there.");
}

/* Run one statement that moves the upload on, with its audit row; no row: somebody was faster. */
static int
move_on(struct req *r, const struct upload_file *f, int64_t before, const struct sg_sha256 *h,
    enum sg_kind kind, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc;

	if ((rc = sg_db_begin(r->lane->db, &r->session.who, e)) != SG_OK)
		return rc;
	if (h != NULL) {
		rc = answer_run(r, NULL, e, &sg_q_blob_add, "hls", h, f->bytes, sg_kind_name(kind));
		if (rc == SG_OK)
			rc = answer_run(
			    r, &rows, e, &sg_q_upload_done, "llh", r->object, before, h);
	} else {
		rc = answer_run(
		    r, &rows, e, &sg_q_upload_received, "lll", r->object, before, f->bytes);
	}
	if (rc == SG_OK && sg_rows_count(rows) == 0)
		rc = gone_on(e);
	if (rc == SG_OK)
		rc = answer_run(r, NULL, e, &sg_q_audit_write, "sssss", r->route->audit, "upload",
		    f->id, h != NULL ? "{\"complete\": true}" : "{}", r->id);
	if (rc == SG_OK)
		rc = sg_db_commit(r->lane->db, e);
	if (rc != SG_OK)
		sg_db_rollback(r->lane->db);
	return rc;
}

/* A file of a kind nobody can use: the upload ends here. */
static int
refuse_kind(struct req *r, const char *id, struct sg_err *e)
{
	int rc = sg_db_run_as(
	    r->lane->db, &r->session.who, r->a, NULL, e, &sg_q_upload_end, "l", r->object);

	if (rc != SG_OK)
		return rc;
	upload_file_remove(r->lane->web->conf, r->a, id);
	return sg_fail(
	    e, SG_EINPUT, "bad_type", "This kind of file cannot be used here; send a PNG image.");
}

static int
is_taken(enum sg_kind kind)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (taken[i] == kind)
			return 1;
	return 0;
}

/* The chunk is on disk: look at the kind, and move the row on. */
static int
settle(struct req *r, struct upload_file *f, int64_t before, int64_t total, struct sg_err *e)
{
	int complete = f->bytes == total;
	enum sg_kind kind = SG_KIND_UNKNOWN;
	struct sg_sha256 h;
	int rc;

	if (complete || (before < SG_SNIFF_BYTES && f->bytes >= SG_SNIFF_BYTES)) {
		kind = upload_file_kind(f);
		if (!is_taken(kind))
			return refuse_kind(r, f->id, e);
	}
	if (!complete)
		return move_on(r, f, before, NULL, kind, e);
	if ((rc = upload_file_hash(f, &h, e)) != SG_OK ||
	    (rc = upload_file_store(f, r, &h, e)) != SG_OK ||
	    (rc = move_on(r, f, before, &h, kind, e)) != SG_OK)
		return rc;
	upload_file_remove(r->lane->web->conf, r->a, f->id);
	return SG_OK;
}

static int
check_patch(struct req *r, int64_t *offset, struct tus_checksum *c, struct sg_err *e)
{
	const char *type = req_env(r, "CONTENT_TYPE");
	int rc;

	if ((rc = check_version(r, e)) != SG_OK)
		return rc;
	if (type == NULL || strcmp(type, "application/offset+octet-stream") != 0)
		return sg_fail(e, SG_EINPUT, "body_type",
		    "This request needs a body of type application/offset+octet-stream.");
	if ((*offset = tus_number(req_env(r, "HTTP_UPLOAD_OFFSET"))) < 0)
		return sg_fail(e, SG_EINPUT, "offset_missing",
		    "Upload-Offset has to tell where the bytes belong.");
	return tus_checksum(c, req_env(r, "HTTP_UPLOAD_CHECKSUM"), e);
}

/* Under the lock: what the row says now stays true until this request is done. */
static int
add_chunk(struct req *r, struct upload_file *f, int64_t offset, const struct tus_checksum *c,
    const struct body *body, struct sg_err *e)
{
	int64_t total, received;
	struct sg_rows *rows;
	int rc;

	rc = sg_db_run_as(
	    r->lane->db, &r->session.who, r->a, &rows, e, &sg_q_upload_get, "l", r->object);
	if (rc != SG_OK)
		return rc;
	total = sg_rows_int(rows, 0, 0);
	received = sg_rows_int(rows, 0, 1);
	f->bytes = received;
	reply_headerf(r, "Upload-Offset", "%lld", (long long)received);
	if (strcmp(sg_rows_str(rows, 0, 2), "open") != 0) {
		upload_file_remove(r->lane->web->conf, r->a, f->id);
		return sg_fail(e, SG_ECONFLICT, "upload_done", "The upload is complete already.");
	}
	if (offset != received)
		return gone_on(e);
	if (body->bytes > total - received)
		return sg_fail(
		    e, SG_ELIMIT, "past_end", "These bytes reach past the end of the file.");
	if ((rc = upload_file_add(f, r, body, c, e)) != SG_OK ||
	    (rc = settle(r, f, received, total, e)) != SG_OK)
		return rc;
	upload_file_keep(f);
	r->reply.headers--; /* Upload-Offset, the last one set, is another now */
	reply_empty(r, 204);
	reply_headerf(r, "Upload-Offset", "%lld", (long long)f->bytes);
	return SG_OK;
}

int
h_upload_patch(struct req *r, struct sg_err *e)
{
	struct upload_file *f = sg_alloc(r->a, sizeof(*f));
	struct tus_checksum c = {0};
	struct body body;
	int64_t offset = -1;
	int rc;

	if (f == NULL)
		return answer_no_memory(e);
	if ((rc = check_patch(r, &offset, &c, e)) != SG_OK ||
	    (rc = body_open(&body, r, e)) != SG_OK ||
	    (rc = upload_file_open(f, r, r->param[0], e)) != SG_OK)
		return rc;
	rc = add_chunk(r, f, offset, &c, &body, e);
	upload_file_close(f);
	return rc;
}

int
h_upload_delete(struct req *r, struct sg_err *e)
{
	struct sg_rows *rows;
	int rc;

	if ((rc = check_version(r, e)) != SG_OK ||
	    (rc = answer_run(r, &rows, e, &sg_q_upload_end, "l", r->object)) != SG_OK)
		return rc;
	if (sg_rows_count(rows) == 0)
		return sg_fail(e, SG_ECONFLICT, "upload_done", "The upload is complete already.");
	upload_file_remove(r->lane->web->conf, r->a, r->param[0]);
	reply_empty(r, 204);
	return SG_OK;
}
