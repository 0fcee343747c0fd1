/* Hosts whose addresses the user gives (--resolve): nobody looks their names up. */
#ifndef AREQ_FETCH_PINS_H
#define AREQ_FETCH_PINS_H

#include "base/options.h"
#include "base/status.h"

#include <curl/curl.h>
#include <stdbool.h>

/* {0} is empty. */
struct pins {
	struct curl_slist *lines; /* in the form of CURLOPT_RESOLVE */
};

/* STATUS_USAGE where one is not of the form HOST:PORT:ADDRESS[,ADDRESS]..., in which HOST may be "*"; it was
 * logged. pins_release is due in any case. */
enum status pins_init(struct pins *self, const struct options *options);
void pins_release(struct pins *self);

/* True where one is for the host and port of this URL, which is absolute, http or https, and in its normal
 * form. */
bool pins_have(const struct pins *self, const char *url);

#endif
