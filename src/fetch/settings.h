/* The network options of the user, checked and converted to libcurl's form once for all transfers. */
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
	bool proxied; /* a proxy may be used; it resolves the host names */
	/* libcurl's default CA file exists, so the folder of CA certificates is not needed. */
	bool skips_ca_folder;
	char *interface; /* in the format of CURLOPT_INTERFACE; NULL for any interface */
};

/* Checks and converts the options, which are borrowed and must outlive the settings. Returns STATUS_USAGE if
 * one of them cannot be used, and STATUS_CUT_SHORT if the run was stopped while a cookie file was read; the
 * error was logged. settings_release must be called in any case. */
enum status settings_init(struct settings *self, const struct options *options);
void settings_release(struct settings *self);

/* The name of the .netrc file that is used, for free(3); NULL if there is none. */
char *settings_netrc_path(const struct options *options);

#endif
