/* Translates an error of libcurl into the stage that the transfer reached, the cause of the failure, and
 * words for a person. */
#ifndef AREQ_FETCH_FAILURE_H
#define AREQ_FETCH_FAILURE_H

#include "base/options.h"
#include "base/outcome.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure {
	enum outcome_stage stage;
	enum cause cause;
};

/* Describes a transfer that has just failed. code is libcurl's error, not CURLE_OK; reached is how far the
 * transfer got, if the code does not say it; error is the content of
 * its error buffer; the time limits are taken from options. Writes the reason, such as "connect timed out
 * after 10 s", into reason, which has room for size bytes; it is always NUL-terminated. */
struct failure failure_describe(CURL *easy, CURLcode code, enum outcome_stage reached, const char *error,
    const struct options *options, char *reason, size_t size);

/* Returns true if the server did not process the request, so that it can be repeated safely: the connection
 * was closed before the request arrived, or the server refused the HTTP/2 stream (RFC 9113, section 8.7).
 * error is libcurl's error message, "" if there is none. has_head is true if the header of a response was
 * received. */
bool failure_is_unprocessed(CURLcode code, const char *error, bool has_head);

#endif
