#include "output/number_text.h"

#include <inttypes.h>
#include <stdio.h>

/* From these values on, rounding would give 10.0, 1000 or 60.0, so the next form is used. */
static const double LEAST_WHOLE = 9.95, LEAST_NEXT_UNIT = 999.5;
enum { LEAST_MINUTE_MS = 59950 };

void number_text_number(char text[NUMBER_TEXT_MAX], double number)
{
	snprintf(text, NUMBER_TEXT_MAX, "%.*f", number < LEAST_WHOLE ? 1 : 0, number);
}

void number_text_bytes(char text[NUMBER_TEXT_MAX], double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t unit = 0;
	for (; bytes >= LEAST_NEXT_UNIT && unit + 1 < sizeof units / sizeof *units; unit++)
		bytes /= 1000;
	snprintf(
	    text, NUMBER_TEXT_MAX, "%.*f %s", unit > 0 && bytes < LEAST_WHOLE ? 1 : 0, bytes, units[unit]);
}

void number_text_duration(char text[NUMBER_TEXT_MAX], int64_t ms)
{
	int64_t seconds = (ms + 500) / 1000, minutes = seconds / 60, hours = minutes / 60;
	if (ms < 1)
		snprintf(text, NUMBER_TEXT_MAX, "< 1 ms");
	else if (ms < 1000)
		snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 " ms", ms);
	else if (ms < LEAST_MINUTE_MS)
		snprintf(text, NUMBER_TEXT_MAX, "%.1f s", (double)ms / 1000);
	else if (hours == 0)
		snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 " min %" PRId64 " s", minutes, seconds % 60);
	else
		snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
}
