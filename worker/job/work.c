/* What every kind of job needs while it works: progress, its input, blobs; and the table of kinds.
 */
#include "config.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/job/job.h"

static const struct sg_job_kind *const kinds[] = {&sg_job_ingest, &sg_job_segment, &sg_job_export};

const struct sg_job_kind *
sg_job_kind_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

void
sg_work_progress(void *arg, double done)
{
	struct sg_work *w = arg;

	sg_beat_note(w->worker->beats, w->slot, NULL, w->from + done * (w->until - w->from));
}

const atomic_bool *
sg_work_flag(const struct sg_work *w)
{
	return sg_beat_flag(w->worker->beats, w->slot);
}

static void
close_fd(void *arg)
{
	close((int)(intptr_t)arg);
}

int
sg_work_open(int *fd, struct sg_work *w, const struct sg_sha256 *h, struct sg_err *e)
{
	struct sg_err why = {0};

	if (sg_blob_open(fd, w->worker->store, h, 1, &why) == SG_OK)
		return sg_arena_defer(w->arena, close_fd, (void *)(intptr_t)*fd) == SG_OK
			   ? SG_OK
			   : sg_fail(
				 e, SG_EBUSY, "no_memory", "There is no memory for the job now.");
	if (strcmp(why.id, "blob_hash") == 0)
		return sg_fail(e, SG_EINTERNAL, "input_hash",
		    "The stored file is damaged. An administrator must restore it.");
	return sg_fail(e, why.code, why.id, "%s", why.msg);
}

void
sg_work_blob(struct sg_work *w, const char *role, const char *kind, const void *data, size_t bytes)
{
	struct sg_work_blob *b;
	int i;

	/* A stage that runs again notes the same roles again. */
	for (i = 0; i < w->nblobs && strcmp(w->blob[i].role, role) != 0; i++)
		;
	assert(i < SG_WORK_BLOBS);
	b = &w->blob[i];
	if (i == w->nblobs)
		w->nblobs++;
	*b = (struct sg_work_blob){.role = role, .kind = kind, .data = data, .bytes = bytes};
}

struct putting {
	struct sg_store *store;
	struct sg_work_blob *blob;
	char tag[61];
	struct sg_err err;
	int rc;
};

static void *
put(void *arg)
{
	struct putting *p = arg;

	p->rc = sg_blob_put(
	    p->store, p->tag, p->blob->data, p->blob->bytes, &p->blob->sha, &p->err);
	p->blob->stored = p->rc == SG_OK;
	return NULL;
}

int
sg_work_store(struct sg_work *w, struct sg_err *e)
{
	struct putting p[SG_WORK_BLOBS];
	pthread_t thread[SG_WORK_BLOBS];
	int started[SG_WORK_BLOBS] = {0};
	int i, rc = SG_OK;

	/* Each blob costs a few waits for the disk: they wait side by side. */
	for (i = 0; i < w->nblobs; i++) {
		p[i] = (struct putting){.store = w->worker->store, .blob = &w->blob[i]};
		snprintf(p[i].tag, sizeof p[i].tag, "j%lld-t%lld", (long long)w->job->id,
		    (long long)w->job->token);
		if (i + 1 < w->nblobs)
			started[i] = pthread_create(&thread[i], NULL, put, &p[i]) == 0;
		if (!started[i])
			put(&p[i]);
	}
	for (i = 0; i < w->nblobs; i++) {
		if (started[i])
			pthread_join(thread[i], NULL);
		if (p[i].rc != SG_OK && rc == SG_OK)
			rc = sg_fail(e, p[i].err.code, p[i].err.id, "%s", p[i].err.msg);
	}
	return rc;
}

const struct sg_sha256 *
sg_work_sha(const struct sg_work *w, const char *role)
{
	int i;

	for (i = 0; i < w->nblobs; i++)
		if (strcmp(w->blob[i].role, role) == 0)
			return &w->blob[i].sha;
	return NULL;
}

static void
free_buf(void *arg)
{
	sg_buf_free(arg);
}

struct sg_buf *
sg_work_buf(struct sg_work *w, size_t limit)
{
	struct sg_buf *b = sg_alloc(w->arena, sizeof *b);

	if (b == NULL)
		return NULL;
	sg_buf_init(b, limit);
	return sg_arena_defer(w->arena, free_buf, b) == SG_OK ? b : NULL;
}
