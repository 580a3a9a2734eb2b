/* common/clock.c */
#include "config.h"

#include "common/clock.h"

#include "tests/unit/check.h"

static void
sleeping_takes_the_time_asked(void)
{
	int64_t before = sg_now_us(), took;

	sg_sleep_ms(30);
	took = sg_now_us() - before;
	CHECK(took >= 30000 && took < 5000000);
	before = sg_now_ms();
	sg_sleep_ms(0);
	sg_sleep_ms(-5);
	CHECK(sg_now_ms() - before < 1000);
}

static void
time_is_written_as_iso_8601(void)
{
	char text[SG_TIME_TEXT];
	int year, month, day, hour, minute, second, ms, end = 0;

	sg_now_text(text);
	CHECK_INT(strlen(text), SG_TIME_TEXT - 1);
	CHECK_INT(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour,
		      &minute, &second, &ms, &end),
	    7);
	CHECK_INT(end, SG_TIME_TEXT - 1);
	CHECK(year >= 2024 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
}

int
main(void)
{
	RUN(sleeping_takes_the_time_asked);
	RUN(time_is_written_as_iso_8601);
	return check_end();
}
