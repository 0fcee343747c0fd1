/* Sets the options of libcurl for a transfer. Only this file and transfer.c call curl_easy_setopt. */
#ifndef AREQ_FETCH_SETUP_H
#define AREQ_FETCH_SETUP_H

#include "fetch/settings.h"
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* What the transfers of a run share: the TLS sessions and the DNS cache of libcurl. There are two share
 * handles, because libcurl walks through the whole DNS cache at the end of each transfer: transfers to hosts
 * that are IP addresses use for_addresses, in which nothing is cached, so that their cache stays empty. */
struct shares {
	CURLSH *for_names, *for_addresses;
};

/* Returns false if libcurl cannot make the share handles. shares_release must be called in any case, after
 * the last handle that uses them was freed. */
bool shares_init(struct shares *self);
void shares_release(struct shares *self);

/* Checks the result of curl_easy_setopt, and ends the process with a message if it failed. An option can only
 * fail if memory runs out or libcurl was built without a feature that areq needs, and no transfer may run
 * without it. */
void setup_check(CURLcode code);

/* The lists that a handle uses. Free with setup_lists_free after the handle was freed. {0} has none. */
struct setup_lists {
	struct curl_slist *resolve; /* the addresses of the host */
	struct curl_slist *headers; /* the header lines, if they are not those of all requests */
};

void setup_lists_free(struct setup_lists *self);

/* Sets all options that the request needs on easy, which is new. no_idle_connection is true if there is no
 * idle connection that the request could use; libcurl then does not search all its connections for one,
 * except over TLS, where a busy HTTP/2 connection can be shared. settings and shares are borrowed and must
 * outlive easy. Returns the lists that easy uses. */
struct setup_lists setup_handle(CURL *easy, const struct settings *settings, const struct shares *shares,
    const struct fetch_request *request, bool no_idle_connection);

/* Returns how much of a time limit is left after waited_ms, in ms; at least 1, because 0 means no limit to
 * libcurl. Returns 0 if limit_ms is 0, and the whole limit if waited_ms is negative. */
long setup_remaining_ms(int64_t limit_ms, int64_t waited_ms);

#endif
