#include "run/shared_options.h"

#include "base/buf.h"
#include "base/log.h"

#include <stdint.h>

bool shared_options_are_meant(const struct options *options)
{
	return options->state && redis_address_is_meant(options->state);
}

enum status shared_options_parse_address(struct redis_address *address, const struct options *options)
{
	struct buf problem;
	buf_init(&problem, SIZE_MAX / 2);
	bool is_right = redis_address_parse(address, options->state, &problem);
	if (!is_right)
		log_error("--state: %s", problem.data);
	buf_release(&problem);
	return is_right ? STATUS_OK : STATUS_USAGE;
}

/* The option that makes no sense with a crawl in Redis, with the reason; NULL if there is none. */
static const char *find_misfit(const struct options *options)
{
	bool keeps = options->changes || options->changes_to;
	return options->check                  ? "--check: the target of a link may be another process's"
	       : options->max_age_ms && !keeps ? "--max-age without --changes: pages are kept only for that"
	       : options->atomic               ? "--atomic: the rows of a process are a part of all"
	                                       : NULL;
}

enum status shared_options_check(const struct options *options)
{
	struct redis_address address = {0};
	if (!shared_options_are_meant(options) && options->lease_ms) {
		log_error(
		    "--lease needs --state redis://HOST/NAME: no other process has a part in a state file");
		return STATUS_USAGE;
	}
	if (!shared_options_are_meant(options))
		return STATUS_OK;
	enum status status = shared_options_parse_address(&address, options);
	const char *misfit = find_misfit(options);
	if (status == STATUS_OK && misfit) {
		log_error("--state %s excludes %s", address.label, misfit);
		status = STATUS_USAGE;
	}
	redis_address_release(&address);
	return status;
}
