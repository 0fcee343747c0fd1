/* What libcurl is told: with transfer the only user of curl_easy_setopt. */
#ifndef AREQ_FETCH_SETUP_H
#define AREQ_FETCH_SETUP_H

#include "fetch/settings.h"
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* What all transfers of a run share: TLS sessions, and the addresses that libcurl remembers. It walks through
 * all of those at the end of each transfer, so where the host of a URL is an address itself nothing is
 * remembered. */
struct shares {
	CURLSH *of_names, *of_addresses;
};

/* False where libcurl gives none. shares_release is due in any case, when no handle uses them any more. */
bool shares_init(struct shares *self);
void shares_release(struct shares *self);

/* An option that is not set is a promise not kept, be it of memory or of the way that libcurl was built: ends
 * the process, with a message. */
void setup_must(CURLcode code);

/* Tells a new handle all that one request wants. none_free: no connection is there that it could use, so
 * libcurl need not look through all of them; but over TLS others may be shared. settings and shares are
 * borrowed and outlive the handle. Returns a list that the handle borrows, to be freed after it with
 * curl_slist_free_all; NULL: none. */
struct curl_slist *setup_handle(CURL *easy, const struct settings *settings, const struct shares *shares,
    const struct fetch_request *request, bool none_free);

/* What is left of a limit of time (0: none); never 0, which would mean none. */
long setup_left_ms(int64_t limit_ms, int64_t waited_ms);

#endif
