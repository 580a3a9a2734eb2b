/* Taking over a request body that nginx left in a file. */
#include "config.h"

#include "fcgi/body.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/answer.h"

static void
close_fd(void *arg)
{
	close(*(int *)arg);
}

/* A plain name in body_dir or its sub-folders, without a way up. */
static int
lies_below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strncmp(dir, path, n) == 0 && path[n] == '/' && path[n + 1] != '\0' &&
	       strstr(path, "/../") == NULL && strstr(path, "//") == NULL;
}

static int
misplaced(struct sg_err *e)
{
	return sg_fail(e, SG_EINTERNAL, "body_handover",
	    "The server did not hand over the request's body as agreed.");
}

int
body_open(struct body *b, struct req *r, struct sg_err *e)
{
	const char *path = req_env(r, "REQUEST_BODY_FILE");
	int64_t length = req_length(r);
	struct stat st;
	int *fd;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	if (length == 0 && path == NULL)
		return SG_OK;
	if (length < 0)
		return sg_fail(e, SG_EINPUT, "body_short", "Content-Length is not a number.");
	if (path == NULL || !lies_below(r->lane->web->conf->body_dir, path))
		return misplaced(e);
	if ((fd = sg_alloc(r->a, sizeof(*fd))) == NULL || (b->path = sg_strdup(r->a, path)) == NULL)
		return answer_no_memory(e);
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return misplaced(e);
	if (sg_arena_defer(r->a, close_fd, fd) != SG_OK)
		return answer_no_memory(e);
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    st.st_uid != geteuid())
		return misplaced(e);
	if (st.st_size != length)
		return sg_fail(e, SG_EINPUT, "body_short",
		    "The request's body is not as long as its Content-Length.");
	b->fd = *fd;
	b->bytes = length;
	return SG_OK;
}
