/* Runs areq --check on a check site, and holds what the server saw and what areq wrote against the truth. */
#ifndef SUPPORT_CHECK_RUN_H
#define SUPPORT_CHECK_RUN_H

#include "check_truth.h"
#include "nameserver.h"
#include "run.h"
#include "scratch.h"
#include "site.h"

struct check_run {
	struct site server;
	struct nameserver names;
	struct scratch scratch;
	struct check_site site;
	char label[300]; /* what the last run was, for messages: it can be repeated from this */
	/* Runs areq instead of run_program; the requests are then up to the caller. NULL at first. */
	void (*run)(struct check_run *self, const char *const *args, struct run_result *result);
	const char *const *more; /* more arguments for each run, which end with NULL; NULL at first */
};

/* Starts the server and the name server. */
void check_run_start(struct check_run *self);
void check_run_stop(struct check_run *self);

/* Makes and serves the site of the spec, whose port is set here; releases the one before. */
void check_run_serve(struct check_run *self, const struct check_spec *spec);

/* Runs areq with these options, and checks rows, exit status and requests. */
void check_run_expect(struct check_run *self, const struct check_options *options, const char *jobs);

/* Writes all files of a site into the folder that the server serves; for sites made by hand. */
void check_run_write_site(struct check_run *self);

/* Checks that the requests are within the bounds. */
void check_run_expect_requests(struct check_run *self, const struct check_truth *truth);

#endif
