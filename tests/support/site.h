/* A test server of this test's own: started, asked for what it saw, stopped. Like all support it fails the
 * test where it cannot do its work. GET /_/help on a running one lists what its answers can be. */
#ifndef SUPPORT_SITE_H
#define SUPPORT_SITE_H

#include "run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct graph_spec;

struct site {
	struct run_child server;
	unsigned port;
	char host[64]; /* "127.0.0.1:PORT", as in the Host header */
	char **urls;   /* what the functions below gave out */
	size_t url_count;
};

/* Starts the server of $AREQ_TESTSERVER, or build/areq-testserver, on a free port. With site_start_with the
 * arguments go to it: "--root", "tests/demo/site", "--bind", "127.0.0.2". It ends with the test process at
 * the latest. */
#define site_start(site)           site_start_argv(site, (const char *const[]){NULL})
#define site_start_with(site, ...) site_start_argv(site, (const char *const[]){__VA_ARGS__, NULL})
void site_start_argv(struct site *self, const char *const *args);

/* Ends it, and fails the test where it did not end well. */
void site_stop(struct site *self);

/* The absolute URL of a path and query as they are. All URLs stay good until site_stop. */
const char *site_url(struct site *self, const char *target);

/* The URL of a scripted answer; names and values, which are percent-encoded here, in turn:
 *	site_page(&site, "body", "<a href=x>", "status", "404")
 * site_page_at puts them on another path. */
#define site_page(site, ...)          site_page_argv(site, "/_/page", (const char *const[]){__VA_ARGS__, NULL})
#define site_page_at(site, path, ...) site_page_argv(site, path, (const char *const[]){__VA_ARGS__, NULL})
const char *site_page_argv(struct site *self, const char *path, const char *const *pairs);

/* The URL that is answered with exactly these bytes and a close. */
const char *site_raw(struct site *self, const char *bytes, size_t len);

/* One request as the server saw it. Bytes above 0x7E stand in all texts here as the code point of that
 * number, in UTF-8. Times are seconds of run_clock. */
struct site_request {
	const char *method;
	const char *target; /* path and query */
	const char *path;
	const char *host;
	const char *group; /* the query's group=; "" where there is none */
	unsigned connection;
	double start;
	double end;    /* negative: it is in flight */
	int status;    /* 0: no whole head was sent */
	bool complete; /* all that was to be sent was sent */
	uint64_t bytes;
	const struct json_t *headers;
};

struct site_counter {
	size_t requests;
	size_t heads; /* of them, with the method HEAD */
	size_t in_flight;
	size_t max_in_flight; /* at any one time */
};

struct site_stats {
	struct site_counter all;
	size_t connections;
	size_t max_connections;        /* at any one time */
	struct site_request *requests; /* in the order of arrival */
	size_t count;                  /* of them; less than all.requests behind 20,000 */
	struct json_t *json;
};

/* Asks the server; release what it gave. site_reset_stats makes it forget. */
void site_stats(struct site *self, struct site_stats *stats);
void site_stats_release(struct site_stats *stats);
void site_reset_stats(struct site *self);

/* Serves the sites of this graph from now on, on the hosts that the server listens on, and forgets what it
 * was asked for. The caller sets spec->port to self->port. */
void site_serve_graph(struct site *self, const struct graph_spec *spec);

enum site_by { SITE_BY_PATH, SITE_BY_TARGET, SITE_BY_HOST, SITE_BY_GROUP };

/* All zero where there was no such request. target is as sent, percent-encoded; site_target gives it from a
 * URL. */
struct site_counter site_stats_counter(const struct site_stats *stats, enum site_by by, const char *name);

/* How many requests for this URL there were, query included. */
size_t site_stats_asked(const struct site_stats *stats, const char *url);

/* The nth request (from 0) for this URL; NULL where there were not so many. */
const struct site_request *site_stats_find(const struct site_stats *stats, const char *url, size_t nth);

/* The value of the first such header, in any letter case; NULL where there was none. */
const char *site_request_header(const struct site_request *request, const char *name);

/* The path and query of an absolute URL, borrowed from it. */
const char *site_target(const char *url);

/* Waits until so many requests have arrived (or are in flight at this moment); fails after so many seconds.
 */
void site_wait_requests(struct site *self, size_t count, double seconds);
void site_wait_in_flight(struct site *self, size_t count, double seconds);

/* Sends bytes on a connection of its own and gives all that comes back until the server closes, or until it
 * has been silent for so long; the caller frees it. */
char *site_exchange(struct site *self, const char *bytes, size_t len, double seconds, size_t *out_len);

#endif
