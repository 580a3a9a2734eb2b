/*
 * segward-admin model: versions of models come in as drafts, are approved, are withdrawn.
 * The file is stored first, then the rows are written in one transaction; a file whose rows
 * never came is taken away by the janitor.
 */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/sniff.h"
#include "common/store.h"
#include "sql/queries.h"
#include "worker/admin/admin.h"
#include "worker/net/meta.h"
#include "worker/net/net.h"

#define ONNX_LIMIT	  ((size_t)2147483647) /* protobuf's own limit */
#define META_LIMIT	  ((size_t)1 << 20)
#define UNSUPPORTED_SHOWN 20

struct addition { /* what `model add` was told */
	const char *name, *onnx, *meta, *organ, *modality, *dimension, *description, *threshold;
};

static void
free_buf(void *b)
{
	sg_buf_free(b);
}

/* A whole file; the buffer dies with the arena. */
static int
read_file(struct sg_buf **out, struct admin *a, const char *path, size_t limit, struct sg_err *e)
{
	struct sg_buf *b = sg_alloc(a->arena, sizeof *b);
	int fd, rc;

	if (b == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	sg_buf_init(b, limit);
	if (sg_arena_defer(a->arena, free_buf, b) != SG_OK)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sg_fail(
		    e, SG_EABSENT, "file_absent", "The file %.100s cannot be read.", path);
	rc = sg_buf_read_fd(b, fd);
	close(fd);
	if (rc != 0)
		return sg_fail(e, SG_EINPUT, "file_bad",
		    "The file %.100s cannot be read, or is too large.", path);
	*out = b;
	return SG_OK;
}

static int
threshold_from(int *milli, const char *text, struct sg_err *e)
{
	char *end;
	double t = strtod(text, &end);

	if (end == text || *end != '\0' || !(t >= 0 && t <= 1))
		return admin_usage(e, "--threshold must be a number from 0 to 1.");
	*milli = (int)lround(t * 1000);
	return SG_OK;
}

/* What is not supported is named, each kind of node once or so: no version that cannot run. */
static int
refuse_unsupported(const struct sg_net *net, struct sg_err *e)
{
	const char *op, *node, *why;
	int i;

	for (i = 0; i < UNSUPPORTED_SHOWN && sg_net_unsupported(net, i, &op, &node, &why); i++)
		fprintf(stderr, "segward-admin: %s \"%s\": %s\n", op, node, why);
	if (i == 0)
		return SG_OK;
	return sg_fail(e, SG_ENOTSUP, "onnx_op",
	    "The model has operators that this program cannot run; they are named above.");
}

static void
free_net(void *net)
{
	sg_net_free(net);
}

/* The model's metadata, from --meta, from the file itself, or guessed; the guesses are told. */
static int
read_meta(struct sg_model_meta **meta, struct admin *a, const struct addition *add,
    const struct sg_buf *onnx, struct sg_err *e)
{
	struct sg_buf side = {0}, *b = &side;
	struct sg_net *net;
	int rc;

	if (add->meta != NULL && (rc = read_file(&b, a, add->meta, META_LIMIT, e)) != SG_OK)
		return rc;
	if ((rc = sg_net_load(&net, onnx->data, onnx->len, NULL, e)) != SG_OK)
		return rc;
	if (sg_arena_defer(a->arena, free_net, net) != SG_OK)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	if ((rc = refuse_unsupported(net, e)) != SG_OK ||
	    (rc = sg_meta_read(meta, net, (const char *)b->data, b->len, a->arena, e)) != SG_OK)
		return rc;
	if ((*meta)->guesses != 0)
		fprintf(stderr,
		    "segward-admin: some of the metadata was guessed; results will say so\n");
	return SG_OK;
}

static void
close_store(void *s)
{
	sg_store_close(s);
}

static int
put_blob(struct sg_sha256 *h, struct admin *a, const struct sg_buf *b, struct sg_err *e)
{
	struct sg_store *s;
	int rc;

	if ((rc = sg_store_open(&s, &a->conf, e)) != SG_OK ||
	    (rc = sg_arena_defer(a->arena, close_store, s)) != SG_OK)
		return rc;
	return sg_blob_put(s, "admin-model", b->data, b->len, h, e);
}

static int
write_rows(struct admin *a, const struct addition *add, const struct sg_sha256 *onnx, int64_t bytes,
    const struct sg_model_meta *meta, struct sg_err *e)
{
	const char *text = sg_json_text(a->arena, sg_meta_json(meta, a->arena));
	struct sg_rows *model, *version;
	struct sg_db *db = admin_db(a, "sg_migrate", e);
	int rc;

	if (db == NULL || text == NULL)
		return sg_fail(e, SG_EBUSY, "no_memory", "There is no memory now.");
	if ((rc = sg_db_run(db, a->arena, NULL, e, &sg_q_admin_blob_add, "hls", onnx, bytes,
		 "onnx")) != SG_OK ||
	    (rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &model, e, &sg_q_admin_model_put, "sssissss", add->name,
		 add->organ, add->modality, meta->dims, add->description, meta->organ,
		 meta->modality, meta->description)) != SG_OK)
		return rc;
	if (sg_rows_int(model, 0, 2) != meta->dims)
		return sg_fail(e, SG_ECONFLICT, "model_dimension",
		    "The model has %s dimensions, this version has %d.", sg_rows_str(model, 0, 2),
		    meta->dims);
	if ((rc = sg_db_run(db, a->arena, &version, e, &sg_q_admin_version_add, "lhsi",
		 sg_rows_int(model, 0, 0), onnx, text, meta->threshold_milli)) != SG_OK ||
	    (rc = admin_audit(a, db, "version.create", "version", sg_rows_str(version, 0, 1), e)) !=
		SG_OK ||
	    (rc = sg_db_commit(db, e)) != SG_OK)
		return rc;
	printf("%s %s %s\n", add->name, sg_rows_str(version, 0, 0), sg_rows_str(version, 0, 1));
	return SG_OK;
}

int
admin_model_add(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	struct addition add = {0};
	const struct admin_option options[] = {{"onnx", &add.onnx, NULL}, {"meta", &add.meta, NULL},
	    {"organ", &add.organ, NULL}, {"modality", &add.modality, NULL},
	    {"dimension", &add.dimension, NULL}, {"description", &add.description, NULL},
	    {"threshold", &add.threshold, NULL}, {NULL, NULL, NULL}};
	struct sg_model_meta *meta;
	int64_t dimension;
	struct sg_sha256 h;
	struct sg_buf *onnx;
	int rc;

	if ((rc = admin_options(argc, argv, options, &add.name, 1, 1, e)) != SG_OK)
		return rc;
	if (add.onnx == NULL)
		return admin_usage(e, "--onnx is needed.");
	if (add.name[0] == '\0' || strlen(add.name) > 120)
		return sg_fail(
		    e, SG_EINPUT, "model_name", "A model's name has 1 to 120 characters.");
	if ((rc = read_file(&onnx, a, add.onnx, ONNX_LIMIT, e)) != SG_OK)
		return rc;
	if (sg_sniff(onnx->data, onnx->len < SG_SNIFF_BYTES ? onnx->len : SG_SNIFF_BYTES) !=
	    SG_KIND_ONNX)
		return sg_fail(e, SG_EINPUT, "bad_type", "The file is not an ONNX model.");
	if ((rc = read_meta(&meta, a, &add, onnx, e)) != SG_OK)
		return rc;
	if (add.threshold != NULL &&
	    (rc = threshold_from(&meta->threshold_milli, add.threshold, e)) != SG_OK)
		return rc;
	if (add.dimension != NULL &&
	    (rc = admin_number(&dimension, add.dimension, "--dimension", 2, 3, e)) != SG_OK)
		return rc;
	if (add.dimension != NULL && dimension != meta->dims)
		return sg_fail(e, SG_EINPUT, "model_dimension", "The network takes %d dimensions.",
		    meta->dims);
	if ((rc = put_blob(&h, a, onnx, e)) != SG_OK)
		return rc;
	return write_rows(a, &add, &h, (int64_t)onnx->len, meta, e);
}

int
admin_model_list(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	struct sg_rows *r;
	struct sg_db *db;
	int rc;

	if ((rc = admin_options(argc, argv, NULL, NULL, 0, 0, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_model_list, "");
	return rc != SG_OK ? rc : admin_print(a, r, a->json ? ADMIN_JSON : ADMIN_TABLE, e);
}

/* approve and withdraw: argv[0] says which. */
int
admin_model_state(struct admin *a, int argc, char **argv, struct sg_err *e)
{
	int approve = strcmp(argv[0], "approve") == 0, rc;
	const char *operand[2], *state = approve ? "approved" : "withdrawn";
	struct sg_rows *r;
	struct sg_db *db;
	int64_t number;

	if ((rc = admin_options(argc, argv, NULL, operand, 2, 2, e)) != SG_OK ||
	    (rc = admin_number(&number, operand[1], "NUMBER", 1, 1000000, e)) != SG_OK)
		return rc;
	if ((db = admin_db(a, "sg_migrate", e)) == NULL)
		return e->code;
	if ((rc = sg_db_begin(db, NULL, e)) != SG_OK ||
	    (rc = sg_db_run(db, a->arena, &r, e, &sg_q_admin_version_state, "sls", operand[0],
		 number, state)) != SG_OK)
		return rc;
	if (sg_rows_count(r) == 0)
		return sg_fail(e, SG_ECONFLICT, "version_state",
		    "There is no such version, or it cannot be %s now.", state);
	if (approve && sg_rows_int(r, 0, 1) > 1)
		return sg_fail(e, SG_ENOTSUP, "classes_many",
		    "The portal shows one structure of a version; this one has %lld.",
		    (long long)sg_rows_int(r, 0, 1));
	if ((rc = admin_audit(a, db, approve ? "version.approve" : "version.withdraw", "version",
		 sg_rows_str(r, 0, 0), e)) != SG_OK)
		return rc;
	return sg_db_commit(db, e);
}
