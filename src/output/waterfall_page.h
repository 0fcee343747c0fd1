/* The text of waterfall.html, which the Makefile puts into the program. */
#ifndef AREQ_OUTPUT_WATERFALL_PAGE_H
#define AREQ_OUTPUT_WATERFALL_PAGE_H

/* NUL-terminated. The data replaces WATERFALL_PAGE_DATA, which occurs once in the text. */
extern const unsigned char waterfall_page[];

#define WATERFALL_PAGE_DATA "@DATA@"

#endif
