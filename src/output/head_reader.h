/* Reads the head of an HTTP message (RFC 9112, sections 2 to 5) line by line:
 *
 *	head_reader_init(&reader, head);
 *	while (head_reader_next(&reader))
 *		use(reader.name, reader.value);
 *	head_reader_release(&reader); */
#ifndef AREQ_OUTPUT_HEAD_READER_H
#define AREQ_OUTPUT_HEAD_READER_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

struct head_reader {
	struct slice start_line; /* the request line or the status line, without its end */
	struct slice name;       /* of the current header field */
	struct slice value;      /* valid until the next call */
	struct slice rest;
	struct buf unfolded;
};

/* Reads the start line, which is empty if there is none. head is borrowed. A last line without an end is not
 * read, because the rest of it is missing. */
void head_reader_init(struct head_reader *self, struct slice head);
void head_reader_release(struct head_reader *self);

/* Reads the next header field. A value that is folded over several lines becomes one line. Lines that are no
 * field are left out. Returns false at the end of the head. */
bool head_reader_next(struct head_reader *self);

/* Return a word of a start line, from 0, and all that follows it; both may be empty. Of a request line the
 * words are method, target and version; of a status line they are version and status code, followed by the
 * reason phrase. */
struct slice head_reader_word(struct slice start_line, unsigned index);
struct slice head_reader_after(struct slice start_line, unsigned index);

#endif
