/* Hosts whose addresses the user gives with --resolve; no name lookup is made for them. */
#ifndef AREQ_FETCH_PINS_H
#define AREQ_FETCH_PINS_H

#include "base/options.h"
#include "base/status.h"

#include <curl/curl.h>
#include <stdbool.h>

/* {0} holds none. */
struct pins {
	struct curl_slist *lines; /* in the format of CURLOPT_RESOLVE */
};

/* Parses the values of --resolve. Returns STATUS_USAGE if one does not have the form
 * HOST:PORT:ADDRESS[,ADDRESS]..., in which HOST may be "*"; the error was logged. pins_release must be called
 * in any case. */
enum status pins_init(struct pins *self, const struct options *options);
void pins_release(struct pins *self);

/* Returns true if addresses were given for the host and port of url, an absolute and normalised http or https
 * URL. */
bool pins_contain(const struct pins *self, const char *url);

#endif
