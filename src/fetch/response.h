/* Reads what libcurl knows about a response: its header fields and its sizes. In all
 * functions, easy is in the middle of a transfer or has just finished one. */
#ifndef AREQ_FETCH_RESPONSE_H
#define AREQ_FETCH_RESPONSE_H

#include "base/buf.h"
#include "base/outcome.h"
#include "base/slice.h"
#include "base/validators.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns what is wrong with the Content-Length of the response, as words for a person; NULL if nothing is
 * wrong or the response has none. An attacker may use such a header field to split a response in two (RFC
 * 9112, section 6.3), and libcurl does not reject it: if the value is not a number, libcurl reads until the
 * connection is closed, and of several different values it uses the last one. Equal values, in one field or
 * in several, are one. */
const char *response_length_problem(CURL *easy, int64_t *length);

/* Returns the value of the first Location field that is not empty, which is the one that browsers use; an
 * empty slice if there is none. Valid until the next call of a function that reads a header field. */
struct slice response_location(CURL *easy);

/* Sets values to those of the fields X-Robots-Tag, the first max of them, and returns how many there are.
 * They are valid as long as the response. */
size_t response_robots_tags(CURL *easy, struct slice *values, size_t max);

/* Returns the ETag, the Last-Modified and the Date of the response that are valid, for as long as the
 * response is. Of a field that comes twice, it cannot be known which one counts, so neither does. */
struct validators response_validators(CURL *easy);

/* Appends the values of all Content-Encoding fields, separated by commas (RFC 9110, section 5.3). */
void response_codings(CURL *easy, struct buf *codings);

/* Returns true if the response has a transfer coding that libcurl does not know (RFC 9112, section 7), and
 * writes what is wrong to problem[0..size), as words for a person that name the coding. libcurl would name a
 * content encoding. */
bool response_transfer_problem(CURL *easy, char *problem, size_t size);

/* Returns true if the server closes the connection after the response (RFC 9112, section 9.6). */
bool response_closes_connection(CURL *easy);

/* Returns how long Retry-After asks the client to wait, in ms; the value may be a number of seconds or a date
 * (RFC 9110, section 10.2.3). Returns 0 for a date in the past, and -1 if the header field is missing or its
 * value is neither of the two. */
int64_t response_retry_after_ms(CURL *easy);

/* Returns "HTTP/1.0", "HTTP/1.1", "HTTP/2" or "HTTP/3", a constant; NULL if there was no response. */
const char *response_http_version(CURL *easy);

/* Returns the size of the header and the body in bytes, as they were received. */
uint64_t response_wire_bytes(CURL *easy);

#endif
