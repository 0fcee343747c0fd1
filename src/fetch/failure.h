/* What a libcurl error means: how far the try got, why it failed, and words for a person. */
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

/* easy has just ended with code, which is not CURLE_OK; error is its error buffer; the options have
 * its limits of time. Writes the reason, NUL-terminated, into reason[0..size), like "connect timed out after
 * 10 s". */
struct failure failure_describe(
    CURL *easy, CURLcode code, const char *error, const struct options *options, char *reason, size_t size);

/* True where the server did not begin with the request: its connection had died, or it refused the stream
 * (RFC 9113, section 8.7). error is libcurl's own words, "" for none; head_seen: there was a head of an
 * answer. */
bool failure_is_unprocessed(CURLcode code, const char *error, bool head_seen);

#endif
