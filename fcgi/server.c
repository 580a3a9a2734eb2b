/*
 * Threads that each own a PostgreSQL and a Redis connection and take requests from one listening
 * socket. libfcgi needs some care (Debian's 2.4.2):
 * - it installs its own SIGTERM and SIGUSR1 handlers unless there are some: ours come first;
 * - a thread sleeping in accept sees the end only by a signal that interrupts it, and one sent
 *   just before accept is lost: SIGUSR1 is repeated until every thread has gone;
 * - it has no time-out for a peer that connects and stays silent: two variables bound that.
 */
#include "config.h"

#include "fcgi/server.h"

#include <fcgiapp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "fcgi/dispatch.h"
#include "fcgi/reply.h"
#include "fcgi/req.h"
#include "fcgi/session.h"

#define ARENA_MAX  (8 << 20)  /* bytes of one request */
#define ANSWER_MAX (16 << 20) /* bytes of one answer written by us (files go by nginx) */

struct server_thread {
	struct lane lane;
	pthread_t id;
	int listen_fd;
	atomic_int done;
};

static atomic_int stopping;

static void
answer(FCGX_Request *fr, const struct req *r, struct sg_buf *out)
{
	static const char full[] = "Status: 503 Service Unavailable\r\nRetry-After: 2\r\n\r\n";

	sg_buf_clear(out);
	if (reply_write(r, out) != 0)
		FCGX_PutStr(full, sizeof(full) - 1, fr->out);
	else
		FCGX_PutStr((const char *)out->data, (int)out->len, fr->out);
}

static void *
thread_main(void *arg)
{
	struct server_thread *t = arg;
	FCGX_Request fr;
	struct sg_buf out;
	struct req r;

	sg_buf_init(&out, ANSWER_MAX);
	FCGX_InitRequest(&fr, t->listen_fd, FCGI_FAIL_ACCEPT_ON_INTR);
	while (!atomic_load(&stopping)) {
		if (FCGX_Accept_r(&fr) < 0) {
			if (!atomic_load(&stopping))
				sg_sleep_ms(10);
			continue;
		}
		req_start(&r, &t->lane, fr.envp, fr.in);
		dispatch(&r);
		answer(&fr, &r, &out);
		FCGX_Finish_r(&fr);
		sg_arena_reset(t->lane.arena);
	}
	FCGX_Free(&fr, 1);
	sg_buf_free(&out);
	atomic_store(&t->done, 1);
	return NULL;
}

static void
wake(int sig)
{
	(void)sig; /* its arrival interrupts accept */
}

static void
signals(sigset_t *term)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = wake; /* no SA_RESTART: accept has to return */
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigemptyset(term);
	sigaddset(term, SIGTERM);
	sigaddset(term, SIGINT);
	pthread_sigmask(SIG_BLOCK, term, NULL); /* for all threads; server_run waits for them */
}

static void
lane_close(struct lane *l)
{
	sg_db_free(l->db);
	sg_queue_free(l->queue);
	sg_arena_free(l->arena);
}

static int
thread_start(struct server_thread *t, const struct web *web, int fd, struct sg_err *e)
{
	t->lane.web = web;
	t->lane.db = sg_db_new(web->conf->db);
	t->lane.queue = sg_queue_new(web->conf);
	t->lane.arena = sg_arena_new(ARENA_MAX);
	t->listen_fd = fd;
	if (t->lane.db == NULL || t->lane.queue == NULL || t->lane.arena == NULL ||
	    pthread_create(&t->id, NULL, thread_main, t) != 0) {
		lane_close(&t->lane);
		return sg_fail(e, SG_EBUSY, "no_memory", "A thread could not be started.");
	}
	return SG_OK;
}

/* Let every thread finish what it works on. */
static void
drain(struct server_thread *threads, int n)
{
	int left = n;

	atomic_store(&stopping, 1);
	while (left > 0) {
		left = 0;
		for (int i = 0; i < n; i++)
			if (!atomic_load(&threads[i].done)) {
				pthread_kill(threads[i].id, SIGUSR1);
				left++;
			}
		if (left > 0)
			sg_sleep_ms(20);
	}
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i].id, NULL);
		lane_close(&threads[i].lane);
	}
}

int
server_run(const struct sg_conf *conf, int listen_fd, struct sg_err *e)
{
	struct web web = {.conf = conf};
	struct server_thread *threads;
	sigset_t term;
	int n = 0, want = (int)conf->web_threads, sig, rc;

	mallopt(M_ARENA_MAX, 2); /* many threads with little each: keep the process small */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "100", 1);
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "1000", 1);
	signals(&term);
	if (FCGX_Init() != 0)
		return sg_fail(e, SG_EINTERNAL, "fcgi_init", "libfcgi did not start.");
	if ((rc = sg_store_open(&web.store, conf, e)) != SG_OK)
		return rc;
	if ((threads = calloc((size_t)want, sizeof(*threads))) == NULL) {
		sg_store_close(web.store);
		return sg_fail(e, SG_EBUSY, "no_memory", "No memory for the threads.");
	}
	session_boot();
	while (n < want && thread_start(&threads[n], &web, listen_fd, e) == SG_OK)
		n++;
	if (n == want) {
		sg_log(SG_LOG_INFO, "web.ready", "{s:i}", "threads", n);
		sigwait(&term, &sig);
		sg_log(SG_LOG_INFO, "web.drain", NULL);
	}
	drain(threads, n);
	free(threads);
	sg_store_close(web.store);
	return n == want ? SG_OK : e->code;
}
