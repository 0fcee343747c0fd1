/* What the user wants of the network, checked and put into libcurl's form once for all transfers. */
#ifndef AREQ_FETCH_SETTINGS_H
#define AREQ_FETCH_SETTINGS_H

#include "base/options.h"
#include "base/status.h"
#include "fetch/cookies.h"
#include "fetch/headers.h"
#include "fetch/pins.h"

#include <stdbool.h>

struct settings {
	const struct options *options;
	struct headers headers;
	struct cookies cookies;
	struct pins pins;
	bool proxied;     /* a proxy may stand between; it resolves the names */
	bool one_ca_file; /* it has all that --cacert does not name: no folder of certificates is looked at */
	char *interface;  /* in the form of CURLOPT_INTERFACE; NULL: any */
};

/* options is borrowed and outlives it. STATUS_USAGE where one of them cannot be used; it was logged.
 * settings_release is due in any case. */
enum status settings_init(struct settings *self, const struct options *options);
void settings_release(struct settings *self);

#endif
