/* Numbers and texts as bytes. A number has 7 bits a byte, the lowest ones first, and the eighth bit if more
 * follow; a text is the number of its bytes, and these. */
#ifndef AREQ_STORE_PACKED_H
#define AREQ_STORE_PACKED_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Each appends one. */
void packed_put_number(struct buf *to, uint64_t number);
void packed_put_text(struct buf *to, const char *text);

/* Takes a number off the bytes, of at most 63 bits. False if there is none. */
bool packed_take_number(struct slice *bytes, uint64_t *number);

/* Takes a text, and appends it to texts with a NUL. False if there is none, or one with a NUL in it. */
bool packed_take_text(struct slice *bytes, struct buf *texts);

#endif
