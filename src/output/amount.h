/* Amounts in words for a person. */
#ifndef AREQ_OUTPUT_AMOUNT_H
#define AREQ_OUTPUT_AMOUNT_H

#include <stddef.h>

/* Enough for any of them. */
enum { AMOUNT_TEXT_MAX = 32 };

/* "999 B", "1.0 kB", "34 MB": two digits at least, in decimal units. */
void amount_bytes(char text[AMOUNT_TEXT_MAX], double bytes);

/* "0.4", "9.9", "10". */
void amount_number(char text[AMOUNT_TEXT_MAX], double number);

#endif
