/* Counts the lines of a page. A line ends with LF, CRLF or CR. */
#ifndef AREQ_LINK_HTML_LINE_COUNTER_H
#define AREQ_LINK_HTML_LINE_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of the place behind the bytes that were counted. */
struct line_counter {
	uint64_t offset;     /* in the page, in bytes */
	uint64_t line;       /* from 1 */
	uint64_t line_start; /* the offset of the line's first byte */
	bool is_after_cr;    /* the last byte was a CR, so that an LF now ends no other line */
};

/* Starts a new page. */
void line_counter_reset(struct line_counter *self);

/* Counts the next bytes of the page. The result does not depend on how the page is cut. */
void line_counter_add(struct line_counter *self, const char *bytes, size_t len);

/* Returns the place in the line of the next byte, in bytes from 1. */
static inline uint64_t line_counter_column(const struct line_counter *self)
{
	return self->offset - self->line_start + 1;
}

#endif
