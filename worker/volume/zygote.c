/*
 * The zygote and its guards. Three kinds of process meet here:
 *   zygote  one for the worker's life; takes a request, forks a guard, takes the next
 *   guard   one per request; starts the parser, waits for its end, the time limit or the
 *           worker's hanging up on the reply socket, and answers
 *   parser  exec'ed: nothing but descriptors 0-2 (/dev/null), 3, 4, 5
 * Every one of them ends when the one before it is gone: the zygote by the end of its socket, a
 * guard by the end of its reply socket, a parser by its parent-death signal.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/volume/parse.h"
#include "worker/volume/zygote.h"

/* A request with all its descriptors; 1, 0 at the end of the socket, -1 for one to be ignored. */
static int
receive(int sock, struct sg_zygote_request *req, int fd[SG__ZFS])
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(SG__ZFS * sizeof(int))];
	} control;
	struct iovec iov = {req, sizeof(*req)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	c = CMSG_FIRSTHDR(&msg);
	if (n != sizeof(*req) || c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(SG__ZFS * sizeof(int)))
		return -1;
	memcpy(fd, CMSG_DATA(c), SG__ZFS * sizeof(int));
	return 1;
}

/* In the fresh child: arrange descriptors and become the parser. */
static _Noreturn void
become_parser(const struct sg_zygote_request *req, const int fd[SG__ZFS], int helper_fd)
{
	char memory[24], out[24], cpu[24], pixels[24];
	char *argv[] = {(char[]){"segward-parse"}, memory, out, cpu, pixels, NULL};
	char *env[] = {NULL};
	int high[3], helper;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		_exit(SG_PARSE_FAULT);
	/* Out of the way first, so that no dup2 below overwrites one still needed. */
	helper = fcntl(helper_fd, F_DUPFD_CLOEXEC, 64);
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fd[SG_ZF_IN + i], F_DUPFD_CLOEXEC, 64);
	if (helper < 0 || dup2(high[0], SG_PARSE_IN) < 0 || dup2(high[1], SG_PARSE_OUT) < 0 ||
	    dup2(high[2], SG_PARSE_REPORT) < 0 || lseek(SG_PARSE_IN, 0, SEEK_SET) < 0)
		_exit(SG_PARSE_FAULT);
	snprintf(memory, sizeof(memory), "%lld", (long long)req->memory_bytes);
	snprintf(out, sizeof(out), "%lld", (long long)req->out_bytes);
	snprintf(cpu, sizeof(cpu), "%d", req->cpu_s);
	snprintf(pixels, sizeof(pixels), "%lld", (long long)req->pixels);
	fexecve(helper, argv, env);
	_exit(SG_PARSE_FAULT);
}

static void
answer(int reply, int wait_status, int timed_out, int64_t ms)
{
	struct sg_zygote_reply r = {wait_status, timed_out, ms};

	/* A worker that is gone wants no answer. */
	if (send(reply, &r, sizeof(r), MSG_NOSIGNAL) < 0)
		_exit(1);
}

static _Noreturn void
guard(const struct sg_zygote_request *req, const int fd[SG__ZFS], int helper_fd)
{
	struct pollfd p[2] = {{.events = POLLIN}, {.fd = fd[SG_ZF_REPLY], .events = POLLIN}};
	int64_t start = sg_now_ms(), left;
	int status = 0, timed_out = 0;
	pid_t self = getpid(), pid;

	signal(SIGCHLD, SIG_DFL);
	if ((pid = fork()) < 0)
		_exit(1); /* the worker sees the reply socket end */
	if (pid == 0) {
		if (getppid() != self)
			_exit(SG_PARSE_FAULT);
		become_parser(req, fd, helper_fd);
	}
	p[0].fd = pidfd_open(pid, 0);
	for (;;) {
		left = start + req->wall_ms - sg_now_ms();
		timed_out = left <= 0;
		if (p[0].fd < 0 || timed_out)
			break;
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			break;
		if (p[0].revents != 0)
			break; /* it ended */
		if (p[1].revents != 0)
			break; /* the worker hung up: cancelled, or dead */
		p[0].revents = p[1].revents = 0;
	}
	kill(pid, SIGKILL); /* unreaped, so the number is still its own */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	answer(fd[SG_ZF_REPLY], status, timed_out, sg_now_ms() - start);
	_exit(0);
}

static void
settle(int sock, int helper_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_NAME, "segward-zygote", 0, 0, 0);
	/* Nothing of the caller stays open but the two. */
	for (int fd = 0; null >= 0 && fd <= 2; fd++) {
#ifdef SG_SANITIZE
		if (fd == 2)
			continue;
#endif
		dup2(null, fd);
	}
	if (sock < helper_fd) {
		close_range(3, (unsigned)sock - 1, 0);
		close_range((unsigned)sock + 1, (unsigned)helper_fd - 1, 0);
		close_range((unsigned)helper_fd + 1, ~0U, 0);
	} else {
		close_range(3, (unsigned)helper_fd - 1, 0);
		close_range((unsigned)helper_fd + 1, (unsigned)sock - 1, 0);
		close_range((unsigned)sock + 1, ~0U, 0);
	}
	/* A stop meant for the worker lets it finish its jobs first; parsers go on till then. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* guards need no reaping */
}

_Noreturn void
sg_zygote_main(int sock, int helper_fd)
{
	struct sg_zygote_request req;
	int fd[SG__ZFS], got;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	settle(sock, helper_fd);
	while ((got = receive(sock, &req, fd)) != 0) {
		if (got < 0)
			continue;
		if (fork() == 0) {
			close(sock);
			guard(&req, fd, helper_fd);
		}
		for (int i = 0; i < SG__ZFS; i++)
			close(fd[i]);
	}
	_exit(0);
}
