/* The options of a run that shares its crawl with other processes (shared_crawl.h). */
#ifndef AREQ_RUN_SHARED_OPTIONS_H
#define AREQ_RUN_SHARED_OPTIONS_H

#include "base/options.h"
#include "base/status.h"
#include "store/redis_address.h"

#include <stdbool.h>

/* True if --state names a crawl in Redis, and no file. */
bool shared_options_are_meant(const struct options *options);

/* Checks the options of such a crawl, if --state names one: STATUS_USAGE if the address has a mistake, or
 * with an option that only a state in a file can have (logged). */
enum status shared_options_check(const struct options *options);

/* Parses the address of --state; STATUS_USAGE if it has a mistake (logged). *address is {0} before; free it
 * with redis_address_release. */
enum status shared_options_parse_address(struct redis_address *address, const struct options *options);

#endif
