/* Numbers as short texts for people. */
#ifndef AREQ_OUTPUT_NUMBER_TEXT_H
#define AREQ_OUTPUT_NUMBER_TEXT_H

#include <stdint.h>

/* The size of a buffer for each of these texts. */
enum { NUMBER_TEXT_MAX = 32 };

/* "999 B", "1.0 kB", "34 MB": in decimal units. From kB on, a number below 10 has one decimal. */
void number_text_bytes(char text[NUMBER_TEXT_MAX], double bytes);

/* "0.4", "9.9", "10": a number below 10 has one decimal. */
void number_text_number(char text[NUMBER_TEXT_MAX], double number);

/* "< 1 ms", "840 ms", "9.9 s", "12 min 5 s", "3 h 4 min". */
void number_text_duration(char text[NUMBER_TEXT_MAX], int64_t ms);

/* The ending of a noun behind count: "1 page", "2 pages". */
static inline const char *number_text_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

#endif
