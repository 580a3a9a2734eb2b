/*
 * The parser sandbox, seen from the worker.
 *
 * sg_sandbox_start() forks a small process, the zygote. Call it first thing in main: before any
 * thread, connection, key or patient's byte exists in the process, so none can be inherited. The
 * zygote waits on a socket. For each file the worker passes three descriptors over it; the
 * zygote forks a guard, the guard starts the helper program (segward-parse) by exec with nothing
 * but those descriptors, waits for its end or the time limit, and answers how it ended. When the
 * worker dies or cancels, guard and helper are killed.
 *
 * Several threads may call sg_sandbox_run() at once; each call has its own guard.
 */
#ifndef SG_SANDBOX_H
#define SG_SANDBOX_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "worker/volume/parse.h"

struct sg_sandbox;

struct sg_sandbox_limits {
	int64_t memory_bytes; /* address space of the helper */
	int64_t out_bytes;    /* of each file it writes */
	int64_t pixels;	      /* of one plane of an image */
	int cpu_s;	      /* processor time */
	int wall_ms;	      /* time by the clock */
};

/* Defaults for one uploaded 2-D image: 4 GiB, 1 GiB, 100 million, 20 s, 60 s. */
extern const struct sg_sandbox_limits sg_sandbox_limits_image;

enum sg_child_end {
	SG_CHILD_OK,	  /* exit status 0 */
	SG_CHILD_REFUSED, /* the file is at fault; the report says why */
	SG_CHILD_CRASHED, /* by a signal (seccomp kills are SIGSYS), or a wrong exit status */
	SG_CHILD_LIMIT,	  /* memory, processor time, clock or output limit */
	SG_CHILD_CANCELLED,
	SG__CHILD_ENDS
};
const char *sg_child_end_name(enum sg_child_end end);

struct sg_child {
	enum sg_child_end end;
	int signal; /* that ended it, or 0 */
	int status; /* exit status, when signal is 0 */
	int64_t ms; /* from start to end */
};

/* helper: path of segward-parse; NULL: beside this program, else the installed one.
 * Errors: SG_EINTERNAL "sandbox_start". */
int sg_sandbox_start(struct sg_sandbox **out, const char *helper, struct sg_err *e);
void sg_sandbox_stop(struct sg_sandbox *s);	/* ends the zygote; NULL is fine */
int sg_sandbox_pid(const struct sg_sandbox *s); /* of the zygote, for watching it */

/*
 * Run the helper on in_fd (read from offset 0) with out_fd and report_fd (empty, read-write
 * files). cancel, when not NULL and set, ends it within 100 ms.
 * SG_OK means the helper ran: look at *child. Errors: SG_EBUSY "sandbox_lost" (the zygote is
 * gone; start a fresh process).
 */
int sg_sandbox_run(struct sg_sandbox *s, int in_fd, int out_fd, int report_fd,
    const struct sg_sandbox_limits *limits, const atomic_bool *cancel, struct sg_child *child,
    struct sg_err *e);

/*
 * All in one: temporary memory files, run, read back into the arena. in_fd stays yours.
 * SG_OK: *out has parts and lines. Refused: SG_EINPUT or SG_ENOTSUP with the code and sentence
 * of the refusal, and *out holds the lines too (NULL otherwise). Other errors, with *out NULL:
 * SG_EINTERNAL "parse_crashed" (count it: two are a dead job), SG_EINPUT "parse_limit",
 * SG_ECONFLICT "cancelled", SG_EBUSY.
 * child may be NULL.
 */
int sg_sandbox_parse(struct sg_parsed **out, struct sg_sandbox *s, struct sg_arena *a, int in_fd,
    const struct sg_sandbox_limits *limits, const atomic_bool *cancel, struct sg_child *child,
    struct sg_err *e);

#endif
