/* What the head of an answer and libcurl's clock say; easy is in the middle of a transfer or has just ended
 * one. */
#ifndef AREQ_FETCH_ANSWER_H
#define AREQ_FETCH_ANSWER_H

#include "base/buf.h"
#include "base/outcome.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* What is wrong with the Content-Length of an answer, in words: none that can be read (libcurl then reads on
 * to the connection's end), or two different ones (of which libcurl takes the last), since somebody may have
 * split the answer (RFC 9112, section 6.3). NULL: nothing, or there is none. */
const char *answer_length_problem(CURL *easy);

/* Appends the values of all Content-Encoding lines, with commas between them (RFC 9110, section 5.3). */
void answer_codings(CURL *easy, struct buf *codings);

/* What Retry-After asks for, as seconds or as a date (RFC 9110, section 10.2.3); -1 for none and for what is
 * neither. */
int64_t answer_retry_after_ms(CURL *easy);

/* How long each phase took, all but queued. looked_up: the addresses were given to libcurl; waited_ms: what
 * it took to find them; -1: they were known. */
struct phases answer_phases(CURL *easy, int64_t waited_ms, bool looked_up);

/* "HTTP/1.0", "HTTP/1.1", "HTTP/2" or "HTTP/3"; NULL where there was no answer. */
const char *answer_http_version(CURL *easy);

/* Bytes of head and body as they came. */
uint64_t answer_wire_bytes(CURL *easy);

#endif
