/*
 * Runs a fuzz target without a fuzzing engine: every file of the corpus, then mutations of them
 * for a while. Any finding is a sanitiser's report or a crash; the input is left beside as
 * fuzz-finding.bin, the seed printed first.
 *
 *   fuzz_X [--seconds S] [--seed N] FILE-OR-FOLDER...
 *
 * The target is the usual LLVMFuzzerTestOneInput(), so it links with -fsanitize=fuzzer as well.
 */
#include "config.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { MOST_FILES = 4096, MOST_BYTES = 1 << 16 };

static struct input {
	uint8_t *p;
	size_t n;
} corpus[MOST_FILES];
static int count;

static uint8_t current[2 * MOST_BYTES];
static size_t current_n;

static void
leave_finding(int sig)
{
	int fd = open("fuzz-finding.bin", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd >= 0 && write(fd, current, current_n) < 0)
		_exit(3);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int
take_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	FILE *f;

	(void)at;
	if (kind != FTW_F || count == MOST_FILES || st->st_size > MOST_BYTES)
		return 0;
	if ((f = fopen(path, "rb")) == NULL)
		return 0;
	corpus[count].p = malloc((size_t)st->st_size + 1);
	corpus[count].n = fread(corpus[count].p, 1, (size_t)st->st_size, f);
	count++;
	fclose(f);
	return 0;
}

static uint64_t rng;

static unsigned
below(unsigned n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return n == 0 ? 0 : (unsigned)(rng >> 16) % n;
}

/* One change: a byte, a run, a cut, a number at its edge, a piece of another file. */
static void
mutate_once(void)
{
	static const uint8_t EDGE[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t at = below((unsigned)current_n), run = 1 + below(16);
	const struct input *other = &corpus[below((unsigned)count)];

	if (current_n == 0)
		return;
	if (run > current_n - at)
		run = current_n - at;
	switch (below(6)) {
	case 0:
		current[at] ^= (uint8_t)(1 << below(8));
		break;
	case 1:
		current[at] = EDGE[below(sizeof(EDGE))];
		break;
	case 2:
		memset(current + at, EDGE[below(sizeof(EDGE))], run);
		break;
	case 3:
		memmove(current + at, current + at + run, current_n - at - run);
		current_n -= run;
		break;
	case 4:
		current_n = at + 1;
		break;
	default:
		if (run > other->n)
			run = other->n;
		memcpy(current + at, other->p + below((unsigned)(other->n - run + 1)), run);
	}
}

int
main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)time(NULL), tried = 0;
	int seconds = 0;
	time_t end;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
			seconds = atoi(argv[++i]);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 10);
		else if (nftw(argv[i], take_file, 16, FTW_PHYS) != 0)
			return 2;
	}
	if (count == 0) {
		fputs("usage: fuzz [--seconds S] [--seed N] FILE-OR-FOLDER...\n", stderr);
		return 2;
	}
	signal(SIGSEGV, leave_finding);
	signal(SIGABRT, leave_finding);
	for (int i = 0; i < count; i++) {
		memcpy(current, corpus[i].p, current_n = corpus[i].n);
		LLVMFuzzerTestOneInput(current, current_n);
	}
	printf("# %d files, seed %llu\n", count, (unsigned long long)seed);
	fflush(stdout);
	rng = seed * 2654435769u + 88172645463325252u;
	for (end = time(NULL) + seconds; time(NULL) < end; tried++) {
		const struct input *in = &corpus[below((unsigned)count)];

		memcpy(current, in->p, current_n = in->n);
		for (unsigned k = 1 + below(4); k > 0; k--)
			mutate_once();
		LLVMFuzzerTestOneInput(current, current_n);
	}
	printf("# %llu mutations\n", (unsigned long long)tried);
	for (int i = 0; i < count; i++)
		free(corpus[i].p);
	return 0;
}
