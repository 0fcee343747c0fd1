/* Content codings, applied to a body. */
#ifndef SERVER_ENCODE_H
#define SERVER_ENCODE_H

#include "base/buf.h"
#include "base/slice.h"
#include "steps.h"

#include <stdbool.h>

/* Replaces body by its encoded form. codings is a list as in Content-Encoding, applied from left to right;
 * unknown names and "identity" leave the bytes alone. gzip and deflate compress; br and zstd only wrap. */
void encode_body(struct buf *body, struct slice codings);

/* Adds the steps that send body and behind it so many MiB of spaces, compressed by one coding (gzip, br or
 * zstd; br-wide and zstd-wide have the largest windows) to next to nothing. False where there is no such
 * coding. */
bool encode_bomb(struct steps *steps, struct slice body, struct slice coding, uint64_t mib);

#endif
