/* Amounts in words for a person. */
#ifndef AREQ_OUTPUT_NUMBER_TEXT_H
#define AREQ_OUTPUT_NUMBER_TEXT_H

#include <stddef.h>

/* Enough for any of them. */
enum { NUMBER_TEXT_MAX = 32 };

/* "999 B", "1.0 kB", "34 MB": two digits at least, in decimal units. */
void number_text_bytes(char text[NUMBER_TEXT_MAX], double bytes);

/* "0.4", "9.9", "10". */
void number_text_number(char text[NUMBER_TEXT_MAX], double number);

#endif
