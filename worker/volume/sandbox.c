/* The worker's side of the parser sandbox: starts the zygote, asks it, reads the answer. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/volume/sandbox.h"
#include "worker/volume/zygote.h"

const struct sg_sandbox_limits sg_sandbox_limits_image = {
    .memory_bytes = (int64_t)4 << 30,
    .out_bytes = (int64_t)1 << 30,
    .pixels = 100000000,
    .cpu_s = 20,
    .wall_ms = 60000,
};

static const char *const END[SG__CHILD_ENDS] = {
    [SG_CHILD_OK] = "ok",
    [SG_CHILD_REFUSED] = "refused",
    [SG_CHILD_CRASHED] = "crashed",
    [SG_CHILD_LIMIT] = "limit",
    [SG_CHILD_CANCELLED] = "cancelled",
};

struct sg_sandbox {
	int sock;
	pid_t zygote;
};

const char *
sg_child_end_name(enum sg_child_end end)
{
	return END[end];
}

/* The parser: beside this program, else where it is installed. */
static int
open_helper(const char *given)
{
	char path[4096];
	ssize_t n;
	int fd;

	if (given != NULL)
		return open(given, O_RDONLY | O_CLOEXEC);
	n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	if (n > 0) {
		path[n] = '\0';
		*(strrchr(path, '/') + 1) = '\0';
		strcat(path, "segward-parse");
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
			return fd;
	}
	return open(SG_LIBEXECDIR "/segward-parse", O_RDONLY | O_CLOEXEC);
}

int
sg_sandbox_start(struct sg_sandbox **out, const char *helper, struct sg_err *e)
{
	struct sg_sandbox *s = calloc(1, sizeof(*s));
	int helper_fd = open_helper(helper), pair[2] = {-1, -1};

	if (s == NULL || helper_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
	    (s->zygote = fork()) < 0) {
		int error = errno;

		for (int i = 0; i < 2; i++)
			if (pair[i] >= 0)
				close(pair[i]);
		if (helper_fd >= 0)
			close(helper_fd);
		free(s);
		return sg_fail(e, SG_EINTERNAL, "sandbox_start",
		    "The parser segward-parse cannot be started: %s.", strerror(error));
	}
	if (s->zygote == 0)
		sg_zygote_main(pair[1], helper_fd);
	close(pair[1]);
	close(helper_fd);
	s->sock = pair[0];
	*out = s;
	return SG_OK;
}

void
sg_sandbox_stop(struct sg_sandbox *s)
{
	if (s == NULL)
		return;
	close(s->sock);
	while (waitpid(s->zygote, NULL, 0) < 0 && errno == EINTR)
		continue;
	free(s);
}

int
sg_sandbox_pid(const struct sg_sandbox *s)
{
	return s->zygote;
}

static int
lost(struct sg_err *e)
{
	return sg_fail(e, SG_EBUSY, "sandbox_lost", "The parser's process is gone.");
}

static int
send_request(const struct sg_sandbox *s, const struct sg_zygote_request *req, const int fd[SG__ZFS],
    struct sg_err *e)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(SG__ZFS * sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)req, sizeof(*req)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(SG__ZFS * sizeof(int));
	memcpy(CMSG_DATA(c), fd, SG__ZFS * sizeof(int));
	do
		n = sendmsg(s->sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*req) ? SG_OK : lost(e);
}

/* Wait for the guard's answer, looking at the cancel flag meanwhile. */
static int
await_reply(int fd, const atomic_bool *cancel, struct sg_zygote_reply *reply, int *cancelled,
    struct sg_err *e)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	*cancelled = 0;
	for (;;) {
		int got = poll(&p, 1, cancel != NULL && !*cancelled ? 50 : -1);

		if (got < 0 && errno != EINTR)
			return lost(e);
		if (got > 0)
			break;
		if (cancel != NULL && !*cancelled && atomic_load(cancel)) {
			*cancelled = 1;
			shutdown(fd, SHUT_WR); /* the guard sees it, kills, and still answers */
		}
	}
	do
		n = recv(fd, reply, sizeof(*reply), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*reply) ? SG_OK : lost(e);
}

static void
classify(struct sg_child *child, const struct sg_zygote_reply *r, int cancelled)
{
	int status = r->wait_status;

	memset(child, 0, sizeof(*child));
	child->ms = r->ms;
	if (WIFSIGNALED(status)) {
		child->signal = WTERMSIG(status);
		switch (child->signal) {
		case SIGXCPU:
		case SIGXFSZ:
			child->end = SG_CHILD_LIMIT;
			break;
		case SIGKILL: /* the guard at the time limit, the hard CPU limit, no memory left */
			child->end = cancelled ? SG_CHILD_CANCELLED : SG_CHILD_LIMIT;
			break;
		default:
			child->end = SG_CHILD_CRASHED;
		}
		return;
	}
	child->status = WEXITSTATUS(status);
	switch (child->status) {
	case SG_PARSE_DONE:
		child->end = SG_CHILD_OK;
		break;
	case SG_PARSE_REFUSED:
		child->end = SG_CHILD_REFUSED;
		break;
	case SG_PARSE_NO_MEMORY:
		child->end = SG_CHILD_LIMIT;
		break;
	default:
		child->end = SG_CHILD_CRASHED;
	}
}

int
sg_sandbox_run(struct sg_sandbox *s, int in_fd, int out_fd, int report_fd,
    const struct sg_sandbox_limits *limits, const atomic_bool *cancel, struct sg_child *child,
    struct sg_err *e)
{
	const struct sg_zygote_request req = {.memory_bytes = limits->memory_bytes,
	    .out_bytes = limits->out_bytes,
	    .pixels = limits->pixels,
	    .cpu_s = limits->cpu_s,
	    .wall_ms = limits->wall_ms};
	struct sg_zygote_reply reply;
	int pair[2], cancelled, rc;

	if ((fcntl(in_fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
		return sg_fail(e, SG_EINTERNAL, "io", "A parser's input must be opened read-only.");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return sg_fail(
		    e, SG_EBUSY, "no_memory", "No socket for the parser: %s.", strerror(errno));
	rc = send_request(s, &req, (int[SG__ZFS]){in_fd, out_fd, report_fd, pair[1]}, e);
	close(pair[1]);
	if (rc == SG_OK)
		rc = await_reply(pair[0], cancel, &reply, &cancelled, e);
	close(pair[0]);
	if (rc == SG_OK)
		classify(child, &reply, cancelled);
	return rc;
}

/* What a refusal means to the caller: the first refusing line, as an error. */
static int
refused(const struct sg_parsed *p, struct sg_err *e)
{
	for (int i = 0; i < p->nlines; i++) {
		const struct sg_report_line *l = &p->lines[i];

		if (l->verdict == SG_VERDICT_REFUSED)
			return sg_fail(e,
			    strcmp(l->code, "type_unsupported") == 0 ? SG_ENOTSUP : SG_EINPUT,
			    l->code, "%s", l->text);
	}
	return sg_fail(e, SG_EINTERNAL, "parse_answer", "The parser refused without a reason.");
}

static int
judge(struct sg_parsed **out, struct sg_arena *a, int out_fd, int report_fd,
    const struct sg_child *child, struct sg_err *e)
{
	struct sg_parsed *p;
	int rc;

	switch (child->end) {
	case SG_CHILD_CRASHED:
		return sg_fail(e, SG_EINTERNAL, "parse_crashed",
		    "The file made its parser fail (%s %d).",
		    child->signal != 0 ? "signal" : "status",
		    child->signal != 0 ? child->signal : child->status);
	case SG_CHILD_LIMIT:
		return sg_fail(e, SG_EINPUT, "parse_limit",
		    "Reading the file takes more time or memory than an image may need.");
	case SG_CHILD_CANCELLED:
		return sg_fail(e, SG_ECONFLICT, "cancelled", "Cancelled.");
	default:
		break;
	}
	if ((rc = sg_parsed_read(&p, a, out_fd, report_fd, e)) != SG_OK)
		return rc;
	if ((child->end == SG_CHILD_OK) != (p->nscans > 0))
		return sg_fail(e, SG_EINTERNAL, "parse_answer",
		    "The parser's verdict and its products contradict each other.");
	*out = p;
	return child->end == SG_CHILD_OK ? SG_OK : refused(p, e);
}

int
sg_sandbox_parse(struct sg_parsed **out, struct sg_sandbox *s, struct sg_arena *a, int in_fd,
    const struct sg_sandbox_limits *limits, const atomic_bool *cancel, struct sg_child *child,
    struct sg_err *e)
{
	int out_fd = memfd_create("segward-parts", MFD_CLOEXEC);
	int report_fd = memfd_create("segward-report", MFD_CLOEXEC);
	struct sg_child own;
	int rc;

	*out = NULL;
	if (child == NULL)
		child = &own;
	if (out_fd < 0 || report_fd < 0)
		rc = sg_fail(
		    e, SG_EBUSY, "no_memory", "No memory for the parser: %s.", strerror(errno));
	else if ((rc = sg_sandbox_run(s, in_fd, out_fd, report_fd, limits, cancel, child, e)) ==
		 SG_OK)
		rc = judge(out, a, out_fd, report_fd, child, e);
	/* Mappings hold the files' bytes until the arena goes. */
	if (out_fd >= 0)
		close(out_fd);
	if (report_fd >= 0)
		close(report_fd);
	return rc;
}
