/*
 * A stand-in for segward-parse that misbehaves: it confines itself with the product's own
 * function and then does what the input says. Test only; the product has no such mode.
 *
 *   name of a deed   confine, then do it
 *   wild:DEED        do it without confining: shows that the deed is otherwise possible, so a
 *                    kill is the confinement's work
 * Exit status 42: the deed was done and nothing stopped it.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "worker/volume/confine.h"
#include "worker/volume/parse.h"

enum { DONE = 42, FAILED = 43 };

static int
deed_open(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int
deed_create(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/segward-probe-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	unlink(path);
	return fd >= 0;
}

static int
deed_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno != EPERM);
}

static int
deed_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static int
deed_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static int
deed_exec(void)
{
	char *argv[] = {(char[]){"true"}, NULL};

	execve("/bin/true", argv, NULL);
	return 0; /* had it worked, we would not be here, and the status would be 0 */
}

static int
deed_kill(void)
{
	return kill(getppid(), 0) == 0;
}

static int
deed_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static int
deed_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) != MAP_FAILED;
}

static int
deed_make_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int
deed_map_input(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, SG_PARSE_IN, 0) != MAP_FAILED;
}

static int
deed_write_input(void)
{
	return write(SG_PARSE_IN, "x", 1) == 1 || errno == EBADF;
}

static int
deed_getdents(void)
{
	char buf[256];

	return syscall(SYS_getdents64, 0, buf, sizeof(buf)) >= 0 || errno == ENOTDIR;
}

static int
deed_loop(void)
{
	for (volatile unsigned long i = 0;; i++)
		if (i == ~0ul)
			return 0;
}

static int
deed_sleep(void)
{
	while (syscall(SYS_futex, (int[]){0}, 0, 0, NULL, NULL, 0) != 1)
		continue;
	return 0;
}

static int
deed_allocate(void)
{
	for (;;) {
		char *p = malloc(16 << 20);

		if (p == NULL)
			_exit(SG_PARSE_NO_MEMORY); /* as the parser does */
		memset(p, 1, 16 << 20);
	}
}

static int
deed_fill(void)
{
	static char block[1 << 20];

	for (;;)
		if (write(SG_PARSE_OUT, block, sizeof(block)) <= 0)
			return 0;
}

static int
deed_crash(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
	return 1;
}

static int
deed_nothing(void)
{
	return 1;
}

/* Answers that are not as promised. */
static int
deed_lie(void)
{
	if (write(SG_PARSE_OUT, "SGPT nonsense", 13) == 13)
		_exit(SG_PARSE_DONE);
	return 0;
}

static int
deed_say_nothing(void)
{
	_exit(SG_PARSE_DONE);
}

/* What is open, and what stands in the environment: nothing but the five and nothing. */
static int
deed_look_round(void)
{
	extern char **environ;

	if (environ != NULL && environ[0] != NULL)
		_exit(FAILED);
	for (int fd = 0; fd < 1024; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd <= SG_PARSE_REPORT))
			_exit(FAILED);
	return 1;
}

static const struct {
	const char *name;
	int (*run)(void);
} DEEDS[] = {
    {"open", deed_open},
    {"create", deed_create},
    {"connect", deed_connect},
    {"unix", deed_unix},
    {"fork", deed_fork},
    {"exec", deed_exec},
    {"kill", deed_kill},
    {"ptrace", deed_ptrace},
    {"exec_memory", deed_exec_memory},
    {"make_exec", deed_make_exec},
    {"map_input", deed_map_input},
    {"write_input", deed_write_input},
    {"getdents", deed_getdents},
    {"loop", deed_loop},
    {"sleep", deed_sleep},
    {"allocate", deed_allocate},
    {"fill", deed_fill},
    {"crash", deed_crash},
    {"nothing", deed_nothing},
    {"lie", deed_lie},
    {"say_nothing", deed_say_nothing},
    {"look_round", deed_look_round},
};

int
main(int argc, char **argv)
{
	struct sg_confine_limits limits;
	char text[64] = "";
	const char *deed = text;
	struct sg_err e = {0};

	if (argc != 5 || pread(SG_PARSE_IN, text, sizeof(text) - 1, 0) <= 0)
		_exit(FAILED);
	limits.memory_bytes = atoll(argv[1]);
	limits.out_bytes = atoll(argv[2]);
	limits.cpu_s = atoi(argv[3]);
	if (strncmp(text, "wild:", 5) == 0)
		deed = text + 5;
	else if (sg_confine(&limits, &e) != SG_OK)
		_exit(FAILED);
	for (size_t i = 0; i < sizeof(DEEDS) / sizeof(DEEDS[0]); i++)
		if (strcmp(deed, DEEDS[i].name) == 0)
			_exit(DEEDS[i].run() ? DONE : FAILED);
	_exit(FAILED);
}
