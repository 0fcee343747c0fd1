/* waterfall.html as the Makefile has put it into the program. */
#ifndef AREQ_OUTPUT_WATERFALL_PAGE_H
#define AREQ_OUTPUT_WATERFALL_PAGE_H

/* NUL-terminated. The data go where WATERFALL_PAGE_DATA stands in it, which is once. */
extern const unsigned char waterfall_page[];

#define WATERFALL_PAGE_DATA "@DATA@"

#endif
