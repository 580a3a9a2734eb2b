/* Time. */
#include "config.h"

#include "common/clock.h"

#include <stdio.h>
#include <time.h>

int64_t
sg_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
sg_now_ms(void)
{
	return sg_now_us() / 1000;
}

void
sg_now_text(char text[SG_TIME_TEXT])
{
	struct timespec t;
	struct tm tm;
	char wide[64]; /* the compiler cannot know that the parts of a tm are small */

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	snprintf(wide, sizeof wide, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(t.tv_nsec / 1000000));
	snprintf(text, SG_TIME_TEXT, "%.24s", wide);
}

void
sg_sleep_ms(int ms)
{
	struct timespec t;

	if (ms <= 0)
		return;
	t.tv_sec = ms / 1000;
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&t, NULL);
}
