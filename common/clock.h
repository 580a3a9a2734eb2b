/* Time. Durations use the monotonic clock, so a clock set back or forward harms nothing. */
#ifndef SG_CLOCK_H
#define SG_CLOCK_H

#include <stdint.h>

#define SG_TIME_TEXT 25 /* "2026-01-02T03:04:05.678Z" with its NUL */

int64_t sg_now_ms(void); /* monotonic milliseconds, only differences mean something */
int64_t sg_now_us(void); /* monotonic microseconds */
void sg_now_text(char text[SG_TIME_TEXT]); /* wall clock, UTC, ISO 8601 */
void sg_sleep_ms(int ms);		   /* returns early on a signal */

#endif
