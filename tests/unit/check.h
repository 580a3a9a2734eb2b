/*
 * Tiny unit tests. A test is a function; RUN(name) runs it and prints one TAP line.
 *
 *   static void arena_zeroes_memory(void) { ... CHECK(p[0] == 0); ... }
 *   int main(void) { RUN(arena_zeroes_memory); return check_end(); }
 *
 * CHECK* note the first failure and go on; REQUIRE leaves the test function at once; SKIP leaves
 * it and says why. Include it in one file of a test program only.
 */
#ifndef SG_TESTS_UNIT_CHECK_H
#define SG_TESTS_UNIT_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	int run, failed;  /* tests */
	char why[512];	  /* of the test that runs: its first failure, else empty */
	const char *skip; /* why it is skipped, else NULL */
} check_state;

__attribute__((format(printf, 3, 4), unused)) static void
check_note(const char *file, int line, const char *fmt, ...)
{
	__builtin_va_list ap;
	int n;

	if (check_state.why[0] != '\0')
		return;
	n = snprintf(check_state.why, sizeof check_state.why, "%s:%d: ", file, line);
	__builtin_va_start(ap, fmt);
	vsnprintf(check_state.why + n, sizeof check_state.why - (size_t)n, fmt, ap);
	__builtin_va_end(ap);
}

#define CHECK(cond) \
	do { \
		if (!(cond)) \
			check_note(__FILE__, __LINE__, "%s", #cond); \
	} while (0)

#define REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			check_note(__FILE__, __LINE__, "%s", #cond); \
			return; \
		} \
	} while (0)

#define CHECK_INT(got, want) \
	do { \
		long long check_g = (long long)(got), check_w = (long long)(want); \
		if (check_g != check_w) \
			check_note( \
			    __FILE__, __LINE__, "%s is %lld, not %lld", #got, check_g, check_w); \
	} while (0)

#define CHECK_STR(got, want) \
	do { \
		const char *check_g = (got), *check_w = (want); \
		if (check_g == NULL || check_w == NULL ? check_g != check_w \
						       : strcmp(check_g, check_w) != 0) \
			check_note(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #got, \
			    check_g != NULL ? check_g : "(null)", \
			    check_w != NULL ? check_w : "(null)"); \
	} while (0)

/* |got - want| <= tol; a NaN fails */
#define CHECK_NEAR(got, want, tol) \
	do { \
		double check_g = (got), check_w = (want); \
		if (!(fabs(check_g - check_w) <= (tol))) \
			check_note( \
			    __FILE__, __LINE__, "%s is %.9g, not %.9g", #got, check_g, check_w); \
	} while (0)

#define SKIP(reason) \
	do { \
		check_state.skip = (reason); \
		return; \
	} while (0)

__attribute__((unused)) static void
check_run(const char *name, void (*test)(void))
{
	check_state.why[0] = '\0';
	check_state.skip = NULL;
	test();
	check_state.run++;
	if (check_state.why[0] != '\0') {
		check_state.failed++;
		printf("not ok - %s # %s\n", name, check_state.why);
	} else if (check_state.skip != NULL) {
		printf("ok - %s # skip %s\n", name, check_state.skip);
	} else {
		printf("ok - %s\n", name);
	}
	fflush(stdout);
}

#define RUN(test) check_run(#test, test)

/* The plan, so that a program that dies half-way is noticed; the exit status for main. */
__attribute__((unused)) static int
check_end(void)
{
	printf("1..%d\n", check_state.run);
	return check_state.failed > 0;
}

#endif
