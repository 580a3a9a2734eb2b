/* The parent process: a socket, a child, and four signals taken one at a time by sigtimedwait. */
#include "config.h"

#include "fcgi/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define BACKLOG		 128 /* more wait with nginx, which answers 503 */
#define DRAIN_MS	 20000
#define FIRST_BACKOFF_MS 100
#define MAX_BACKOFF_MS	 5000
#define STEADY_MS	 10000 /* a child that lived so long did not fail at start */

struct supervisor {
	const char *program, *file;
	int fd;
	pid_t now, old; /* serving; draining after a SIGHUP; 0: none */
	int64_t started_ms, start_at_ms, old_kill_at_ms;
	int backoff_ms;
};

static int
listen_at(const char *path, struct sg_err *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t before;
	int fd, rc;

	if (strlen(path) >= sizeof(at.sun_path)) {
		sg_fail(
		    e, SG_EINTERNAL, "listen", "web_socket is too long a path for a unix socket.");
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0) {
		sg_fail(e, SG_EINTERNAL, "listen", "socket: %s", strerror(errno));
		return -1;
	}
	unlink(path);
	before = umask(0117);
	rc = bind(fd, (struct sockaddr *)&at, sizeof(at));
	umask(before);
	if (rc != 0 || chmod(path, 0660) != 0 || listen(fd, BACKLOG) != 0) {
		sg_fail(e, SG_EINTERNAL, "listen", "web_socket: %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static void
child(const struct supervisor *s, pid_t parent)
{
	sigset_t none;
	char fd[12];

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	snprintf(fd, sizeof(fd), "%d", s->fd);
	execl(s->program, s->program, "--fd", fd, "--config", s->file, (char *)NULL);
	_exit(127);
}

static void
start(struct supervisor *s)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		child(s, parent);
	s->started_ms = sg_now_ms();
	if (pid < 0) {
		s->start_at_ms = s->started_ms + MAX_BACKOFF_MS;
		return;
	}
	s->now = pid;
	sg_log(SG_LOG_INFO, "web.start", "{s:i}", "child", (int)pid);
}

static void
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->old) {
			s->old = 0;
		} else if (pid == s->now) {
			int64_t now = sg_now_ms();

			s->now = 0;
			s->backoff_ms = now - s->started_ms > STEADY_MS ? FIRST_BACKOFF_MS
									: s->backoff_ms * 2;
			if (s->backoff_ms > MAX_BACKOFF_MS)
				s->backoff_ms = MAX_BACKOFF_MS;
			s->start_at_ms = now + s->backoff_ms;
			sg_log(SG_LOG_ERROR, "web.died", "{s:i, s:i, s:i}", "child", (int)pid,
			    "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0, "status",
			    WIFEXITED(status) ? WEXITSTATUS(status) : 0);
		}
	}
}

/* A new child first, so that somebody accepts all the time; then the old one drains. */
static void
replace(struct supervisor *s)
{
	if (s->old != 0)
		kill(s->old, SIGKILL); /* it had its time already */
	s->old = s->now;
	s->now = 0;
	start(s);
	if (s->old != 0)
		kill(s->old, SIGTERM);
	s->old_kill_at_ms = sg_now_ms() + DRAIN_MS;
}

static void
end(struct supervisor *s)
{
	int64_t until = sg_now_ms() + DRAIN_MS;

	for (int step = 0; s->now != 0 || s->old != 0; step++) {
		int sig = sg_now_ms() < until ? SIGTERM : SIGKILL;

		if (s->now != 0 && (step == 0 || sig == SIGKILL))
			kill(s->now, sig);
		if (s->old != 0 && (step == 0 || sig == SIGKILL))
			kill(s->old, sig);
		reap(s);
		if (s->now != 0 || s->old != 0)
			sg_sleep_ms(20);
	}
}

int
supervise(const struct sg_conf *conf, const char *program, const char *file, struct sg_err *e)
{
	struct supervisor s = {.program = program, .file = file, .backoff_ms = FIRST_BACKOFF_MS};
	const struct timespec tick = {.tv_nsec = 100 * 1000 * 1000};
	sigset_t set;
	int sig = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if ((s.fd = listen_at(conf->web_socket, e)) < 0)
		return e->code;
	start(&s);
	while (sig != SIGTERM && sig != SIGINT) {
		sig = sigtimedwait(&set, NULL, &tick);
		reap(&s);
		if (sig == SIGHUP)
			replace(&s);
		if (s.old != 0 && sg_now_ms() > s.old_kill_at_ms)
			kill(s.old, SIGKILL);
		if (s.now == 0 && sg_now_ms() >= s.start_at_ms)
			start(&s);
	}
	end(&s);
	unlink(conf->web_socket);
	close(s.fd);
	return SG_OK;
}
