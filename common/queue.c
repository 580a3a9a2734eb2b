/*
 * The doorbell: one connection to Redis by hiredis, over a unix socket or over TLS (tls_relay).
 * Commands are constant formats with %b for every value. A connection that answers strangely or
 * late is dropped; the next call makes a new one unless the last attempt failed a moment ago.
 */
#include "config.h"

#include "common/queue.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/id.h"
#include "common/log.h"
#include "common/tls_relay.h"

#define TIMEOUT_MS	   2000 /* for an answer, and for connecting */
#define FIRST_BACKOFF_MS   100
#define LONGEST_BACKOFF_MS 3000
#define KEY_MAX		   200

struct sg_queue {
	const struct sg_conf *conf;
	redisContext *redis; /* NULL: not connected */
	struct sg_tls_relay *relay;
	int64_t retry_at_ms;
	int backoff_ms;
};

/* a value for %b: bytes and their number */
#define B(s) (s), strlen(s)

struct sg_queue *
sg_queue_new(const struct sg_conf *c)
{
	struct sg_queue *q = calloc(1, sizeof *q);

	if (q != NULL)
		q->conf = c;
	return q;
}

static void
drop(struct sg_queue *q)
{
	if (q->redis != NULL)
		redisFree(q->redis);
	q->redis = NULL;
	sg_tls_relay_free(q->relay);
	q->relay = NULL;
}

void
sg_queue_free(struct sg_queue *q)
{
	if (q == NULL)
		return;
	drop(q);
	free(q);
}

static int
lost(struct sg_queue *q, struct sg_err *e)
{
	drop(q);
	return sg_fail(e, SG_EBUSY, "redis_lost", "The job service cannot be reached now.");
}

static struct timeval
to_timeval(int ms)
{
	struct timeval t = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000L};

	return t;
}

/* tls://HOST:PORT, HOST possibly [v6]. */
static int
open_tls(struct sg_queue *q, const char *address, struct sg_err *e)
{
	const struct sg_tls_files files = {q->conf->tls_cert, q->conf->tls_key, q->conf->tls_ca};
	char host[256];
	const char *port = strrchr(address, ':');
	size_t n = port != NULL ? (size_t)(port - address) : 0;
	int fd, rc;

	if (n > 1 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof host)
		return sg_fail(e, SG_EINTERNAL, "redis_conf", "The address of Redis is malformed.");
	memcpy(host, address, n);
	host[n] = '\0';
	rc = sg_tls_relay_open(&q->relay, &fd, host, port + 1, &files, TIMEOUT_MS, e);
	if (rc != SG_OK)
		return rc;
	q->redis = redisConnectFd(fd); /* takes the descriptor */
	if (q->redis == NULL)
		close(fd);
	return SG_OK;
}

static int
open_any(struct sg_queue *q, struct sg_err *e)
{
	const char *address = q->conf->redis;

	if (strncmp(address, "tls://", 6) == 0)
		return open_tls(q, address + 6, e);
	if (strncmp(address, "unix:", 5) == 0) {
		q->redis = redisConnectUnixWithTimeout(address + 5, to_timeval(TIMEOUT_MS));
		return SG_OK;
	}
	return sg_fail(e, SG_EINTERNAL, "redis_conf", "The address of Redis is malformed.");
}

/* The account and its secret, read at each connection so that it may be changed meanwhile. */
static int
log_in(struct sg_queue *q, struct sg_err *e)
{
	char secret[256];
	redisReply *r;
	int ok;

	if (q->conf->redis_password_file[0] == '\0')
		return SG_OK;
	if (sg_conf_secret(secret, sizeof secret, q->conf->redis_password_file, e) != SG_OK)
		return e != NULL ? (int)e->code : SG_EINPUT;
	if (q->conf->redis_user[0] != '\0')
		r = redisCommand(q->redis, "AUTH %b %b", B(q->conf->redis_user), B(secret));
	else
		r = redisCommand(q->redis, "AUTH %b", B(secret));
	explicit_bzero(secret, sizeof secret);
	ok = r != NULL && r->type == REDIS_REPLY_STATUS;
	freeReplyObject(r);
	if (!ok)
		return sg_fail(
		    e, SG_EBUSY, "redis_refused", "The job service refused this program.");
	return SG_OK;
}

static int
connect_now(struct sg_queue *q, struct sg_err *e)
{
	struct sg_err why = {0};
	uint32_t jitter;
	int rc;

	if (sg_now_ms() < q->retry_at_ms)
		return lost(q, e);
	rc = open_any(q, &why);
	if (rc == SG_OK && (q->redis == NULL || q->redis->err != 0))
		rc = sg_fail(
		    &why, SG_EBUSY, "redis_lost", "The job service cannot be reached now.");
	if (rc == SG_OK) {
		redisSetTimeout(q->redis, to_timeval(TIMEOUT_MS));
		rc = log_in(q, &why);
	}
	if (rc == SG_OK) {
		q->backoff_ms = 0;
		return SG_OK;
	}
	q->backoff_ms = q->backoff_ms == 0 ? FIRST_BACKOFF_MS : q->backoff_ms * 2;
	if (q->backoff_ms > LONGEST_BACKOFF_MS)
		q->backoff_ms = LONGEST_BACKOFF_MS;
	sg_random(&jitter, sizeof jitter);
	q->retry_at_ms = sg_now_ms() + q->backoff_ms / 2 + (int)(jitter % (uint32_t)q->backoff_ms);
	sg_log(SG_LOG_WARN, "redis.unreachable", "{s:s, s:i}", "id", why.id, "backoff_ms",
	    q->backoff_ms);
	drop(q);
	return sg_fail(e, why.code, why.id, "%s", why.msg);
}

/* Be connected. An idle connection that has something to say is one that has ended. */
static int
ensure(struct sg_queue *q, struct sg_err *e)
{
	if (q->redis != NULL) {
		struct pollfd p = {.fd = q->redis->fd, .events = POLLIN};

		if (q->redis->err != 0 || poll(&p, 1, 0) != 0)
			drop(q);
	}
	return q->redis != NULL ? SG_OK : connect_now(q, e);
}

/* Judge an answer; frees it and gives NULL in *r when it is not of use. */
static int
judge(struct sg_queue *q, redisReply **r, struct sg_err *e)
{
	int n;

	if (*r == NULL)
		return lost(q, e);
	if ((*r)->type != REDIS_REPLY_ERROR)
		return SG_OK;
	n = (int)strcspn((*r)->str, " "); /* NOPERM, OOM, LOADING: the rest may quote a key */
	sg_log(SG_LOG_ERROR, "redis.refused", "{s:s%}", "error", (*r)->str, (size_t)n);
	freeReplyObject(*r);
	*r = NULL;
	return sg_fail(e, SG_EBUSY, "redis_refused", "The job service refused a request.");
}

/* The answer to a command whose value is of no interest. */
static int
done(struct sg_queue *q, redisReply *r, struct sg_err *e)
{
	int rc = judge(q, &r, e);

	freeReplyObject(r);
	return rc;
}

static int
number(struct sg_queue *q, redisReply *r, int64_t *n, struct sg_err *e)
{
	int rc = judge(q, &r, e);

	if (rc != SG_OK)
		return rc;
	if (r->type == REDIS_REPLY_INTEGER)
		*n = r->integer;
	else
		rc = lost(q, e); /* an answer to something else */
	freeReplyObject(r);
	return rc;
}

static void
list_name(char key[KEY_MAX], const char *class)
{
	snprintf(key, KEY_MAX, "sg:jobs:%s", class);
}

static int
ring_one(struct sg_queue *q, const char *class, const char *id, struct sg_err *e)
{
	char key[KEY_MAX];

	list_name(key, class);
	return done(q, redisCommand(q->redis, "RPUSH %b %b", B(key), B(id)), e);
}

int
sg_queue_ring(struct sg_queue *q, const char *class, int64_t job, struct sg_err *e)
{
	int any = strcmp(class, "any") == 0, rc;
	char id[24];

	rc = ensure(q, e);
	if (rc != SG_OK)
		return rc;
	snprintf(id, sizeof id, "%lld", (long long)job);
	rc = ring_one(q, any ? "cpu" : class, id, e);
	if (rc == SG_OK && any)
		rc = ring_one(q, "gpu", id, e);
	return rc;
}

int
sg_queue_wait(struct sg_queue *q, const char *class, int timeout_ms, int64_t *job, struct sg_err *e)
{
	char key[KEY_MAX], seconds[24];
	redisReply *r;
	int rc;

	*job = 0;
	rc = ensure(q, e);
	if (rc != SG_OK)
		return rc;
	if (timeout_ms < 1) /* 0 would mean for ever */
		timeout_ms = 1;
	list_name(key, class);
	snprintf(seconds, sizeof seconds, "%d.%03d", timeout_ms / 1000, timeout_ms % 1000);
	redisSetTimeout(q->redis, to_timeval(timeout_ms + TIMEOUT_MS));
	r = redisCommand(q->redis, "BLPOP %b %b", B(key), B(seconds));
	rc = judge(q, &r, e);
	if (q->redis != NULL)
		redisSetTimeout(q->redis, to_timeval(TIMEOUT_MS));
	if (rc != SG_OK)
		return rc;
	if (r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
	    r->element[1]->type == REDIS_REPLY_STRING)
		*job = strtoll(r->element[1]->str, NULL, 10);
	freeReplyObject(r);
	return SG_OK;
}

int
sg_queue_length(struct sg_queue *q, const char *class, int64_t *n, struct sg_err *e)
{
	char key[KEY_MAX];
	int rc = ensure(q, e);

	if (rc != SG_OK)
		return rc;
	list_name(key, class);
	return number(q, redisCommand(q->redis, "LLEN %b", B(key)), n, e);
}

static void
full_key(char key[KEY_MAX], const char *name)
{
	int n = snprintf(key, KEY_MAX, "sg:%s", name);

	assert(n < KEY_MAX);
	(void)n;
}

int
sg_queue_set(struct sg_queue *q, const char *key, const char *value, int life_s, struct sg_err *e)
{
	char name[KEY_MAX];
	int rc = ensure(q, e);

	if (rc != SG_OK)
		return rc;
	full_key(name, key);
	return done(q, redisCommand(q->redis, "SET %b %b EX %d", B(name), B(value), life_s), e);
}

int
sg_queue_get(
    struct sg_queue *q, struct sg_arena *a, const char *key, const char **value, struct sg_err *e)
{
	char name[KEY_MAX];
	redisReply *r;
	int rc;

	*value = NULL;
	rc = ensure(q, e);
	if (rc != SG_OK)
		return rc;
	full_key(name, key);
	r = redisCommand(q->redis, "GET %b", B(name));
	rc = judge(q, &r, e);
	if (rc != SG_OK)
		return rc;
	if (r->type == REDIS_REPLY_STRING) {
		*value = sg_strndup(a, r->str, (size_t)r->len);
		if (*value == NULL)
			rc = sg_fail(
			    e, SG_EBUSY, "no_memory", "There is no memory for this request now.");
	}
	freeReplyObject(r);
	return rc;
}

int
sg_queue_del(struct sg_queue *q, const char *key, struct sg_err *e)
{
	char name[KEY_MAX];
	int rc = ensure(q, e);

	if (rc != SG_OK)
		return rc;
	full_key(name, key);
	return done(q, redisCommand(q->redis, "DEL %b", B(name)), e);
}

int
sg_queue_count(struct sg_queue *q, const char *name, int life_s, int64_t *n, struct sg_err *e)
{
	char key[KEY_MAX];
	void *count = NULL, *life = NULL;
	int rc = ensure(q, e);

	if (rc != SG_OK)
		return rc;
	snprintf(key, sizeof key, "sg:rate:%.180s", name);
	/* EXPIRE NX each time: a counter that lost its life to a crash in between gets it back. */
	if (redisAppendCommand(q->redis, "INCR %b", B(key)) != REDIS_OK ||
	    redisAppendCommand(q->redis, "EXPIRE %b %d NX", B(key), life_s) != REDIS_OK ||
	    redisGetReply(q->redis, &count) != REDIS_OK ||
	    redisGetReply(q->redis, &life) != REDIS_OK) {
		freeReplyObject(count);
		return lost(q, e);
	}
	rc = number(q, count, n, e);
	if (rc != SG_OK) {
		freeReplyObject(life);
		return rc;
	}
	return done(q, life, e);
}
