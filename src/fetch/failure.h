/* What a libcurl error means: how far the try got, whether another may do better, and words for a person. */
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
	bool transient; /* a connection failure or a time-out */
};

/* easy has just ended with code, which is not CURLE_OK; error is its error buffer; timeout_ms was its limit
 * (0: none). Writes the reason, NUL-terminated, into reason[0..size), like "connect timed out after 10 s". */
struct failure failure_describe(
    CURL *easy, CURLcode code, const char *error, const struct options *options, char *reason, size_t size);

#endif
