/* Giving up every right but computing. Sources: prctl(2), setrlimit(2), seccomp(2). */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>

#include "worker/volume/confine.h"
#include "worker/volume/parse.h"

static int
failed(struct sg_err *e, const char *what, int error)
{
	return sg_fail(e, SG_EINTERNAL, "confine", "The parser could not confine itself (%s: %s).",
	    what, strerror(error));
}

static int
set_limits(const struct sg_confine_limits *l, struct sg_err *e)
{
	const struct {
		const char *name;
		int what;
		int64_t value;
	} limit[] = {
#ifndef SG_SANITIZE /* address checks reserve terabytes */
	    {"RLIMIT_AS", RLIMIT_AS, l->memory_bytes},
#endif
	    {"RLIMIT_FSIZE", RLIMIT_FSIZE, l->out_bytes},
	    {"RLIMIT_NOFILE", RLIMIT_NOFILE, SG_PARSE_REPORT + 1},
	    {"RLIMIT_CORE", RLIMIT_CORE, 0},
	    {"RLIMIT_NPROC", RLIMIT_NPROC, 0},
	    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 0},
	};
	/* The soft limit ends it with SIGXCPU; the hard one, a second later, with SIGKILL. */
	const struct rlimit cpu = {(rlim_t)l->cpu_s, (rlim_t)l->cpu_s + 1};

	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		const struct rlimit r = {(rlim_t)limit[i].value, (rlim_t)limit[i].value};

		if (setrlimit(limit[i].what, &r) != 0)
			return failed(e, limit[i].name, errno);
	}
	return setrlimit(RLIMIT_CPU, &cpu) == 0 ? SG_OK : failed(e, "RLIMIT_CPU", errno);
}

/* Calls allowed with any arguments. */
static const int PLAIN[] = {
    SCMP_SYS(exit_group),
    SCMP_SYS(exit),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(clock_gettime),
#ifdef SG_SANITIZE /* what the checks' run time asks for, and to tell what it found */
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
#endif
};

static int
add_rules(scmp_filter_ctx f)
{
	static const int WRITABLE[] = {
	    SG_PARSE_OUT,
	    SG_PARSE_REPORT,
#ifdef SG_SANITIZE
	    STDERR_FILENO,
#endif
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, PLAIN[i], 0);
	for (size_t i = 0; rc == 0 && i < sizeof(WRITABLE) / sizeof(WRITABLE[0]); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)WRITABLE[i]));
	if (rc == 0) /* fresh memory only, never a file's, never executable */
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return rc;
}

int
sg_confine(const struct sg_confine_limits *limits, struct sg_err *e)
{
	scmp_filter_ctx f;
	int rc;

	if (close_range(SG_PARSE_REPORT + 1, ~0U, 0) != 0)
		return failed(e, "close_range", errno);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed(e, "prctl", errno);
	/* An unknown call, or one of another architecture, kills the whole process. */
	if ((f = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		return failed(e, "seccomp", ENOMEM);
	if ((rc = set_limits(limits, e)) == SG_OK &&
	    ((rc = add_rules(f)) != 0 || (rc = seccomp_load(f)) != 0))
		rc = failed(e, "seccomp", -rc);
	/* f stays: releasing it after the load would gain nothing in a process this short. */
	return rc;
}
