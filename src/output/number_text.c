#include "output/number_text.h"

#include <stdio.h>

/* From these values on, rounding would give 10.0 or 1000, so the next form is used. */
static const double LEAST_WHOLE = 9.95, LEAST_NEXT_UNIT = 999.5;

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
