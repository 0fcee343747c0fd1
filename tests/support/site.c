#include "site.h"

#include "base/alloc.h"
#include "graph_spec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const double START_LIMIT = 10, LIFE_LIMIT = 3600, ANSWER_LIMIT = 10;

void site_start_argv(struct site *self, const char *const *args)
{
	const char *name = getenv("AREQ_TESTSERVER");
	struct run_options options = {.input_pipe = true, .limit = LIFE_LIMIT};
	*self = (struct site){0};
	run_start(&self->server, &options, name && *name ? name : "build/areq-testserver", args);
	run_wait_output(&self->server, "\n", START_LIMIT);
	const char *colon = strrchr(self->server.kept_out.data, ':');
	self->port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
	cr_assert(self->port > 0, "the test server says: %s", self->server.kept_out.data);
	snprintf(self->host, sizeof self->host, "127.0.0.1:%u", self->port);
}

void site_stop(struct site *self)
{
	struct run_result result;
	run_finish(&self->server, &result);
	cr_assert(result.exit_status == 0, "the test server ended with %d (signal %d): %s",
	    result.exit_status, result.signal, result.err);
	run_release(&result);
	for (size_t i = 0; i < self->url_count; i++)
		free(self->urls[i]);
	free(self->urls);
	*self = (struct site){0};
}

static const char *keep_url(struct site *self, char *url)
{
	self->urls = alloc_resize(self->urls, self->url_count + 1, sizeof *self->urls);
	self->urls[self->url_count++] = url;
	return url;
}

const char *site_url(struct site *self, const char *target)
{
	size_t size = strlen("http://") + strlen(self->host) + strlen(target) + 1;
	char *url = alloc_array(size, 1);
	snprintf(url, size, "http://%s%s", self->host, target);
	return keep_url(self, url);
}

static void append_encoded(struct buf *out, const char *bytes, size_t len)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/,:;=";
	for (size_t i = 0; i < len; i++) {
		char encoded[4];
		if (bytes[i] != '\0' && strchr(plain, bytes[i])) {
			buf_append_byte(out, bytes[i]);
			continue;
		}
		snprintf(encoded, sizeof encoded, "%%%02X", (unsigned char)bytes[i]);
		buf_append_text(out, encoded);
	}
}

const char *site_page_argv(struct site *self, const char *path, const char *const *pairs)
{
	struct buf target;
	buf_init(&target, 16 << 20);
	buf_append_text(&target, path);
	for (size_t i = 0; pairs[i]; i += 2) {
		cr_assert(pairs[i + 1], "site_page: %s has no value", pairs[i]);
		buf_append_text(&target, i == 0 ? "?" : "&");
		append_encoded(&target, pairs[i], strlen(pairs[i]));
		buf_append_text(&target, "=");
		append_encoded(&target, pairs[i + 1], strlen(pairs[i + 1]));
	}
	const char *url = site_url(self, target.data);
	buf_release(&target);
	return url;
}

const char *site_raw(struct site *self, const char *bytes, size_t len)
{
	struct buf target;
	buf_init(&target, 16 << 20);
	buf_append_text(&target, "/_/raw?bytes=");
	append_encoded(&target, bytes, len);
	const char *url = site_url(self, target.data);
	buf_release(&target);
	return url;
}

static int connect_to(const struct site *self)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)self->port),
	    .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
	    "the test server at %s: %s", self->host, strerror(errno));
	return fd;
}

char *site_exchange(struct site *self, const char *bytes, size_t len, double seconds, size_t *out_len)
{
	struct buf answer;
	int fd = connect_to(self);
	buf_init(&answer, 256 << 20);
	buf_append(&answer, "", 0);
	while (len > 0) {
		ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);
		if (put < 0)
			break;
		bytes += put;
		len -= (size_t)put;
	}
	for (;;) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		char *to = buf_reserve(&answer, 64 << 10);
		if (!to || poll(&polled, 1, (int)(seconds * 1e3)) != 1)
			break;
		ssize_t got = recv(fd, to, 64 << 10, 0);
		if (got <= 0)
			break;
		answer.len += (size_t)got;
		answer.data[answer.len] = '\0';
	}
	close(fd);
	if (out_len)
		*out_len = answer.len;
	return answer.data;
}

/* The body of a plain GET; the caller frees it. */
static char *get(struct site *self, const char *path)
{
	char request[1000];
	int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nConnection: close\r\n\r\n", path);
	char *answer = site_exchange(self, request, (size_t)len, ANSWER_LIMIT, NULL);
	char *body = strstr(answer, "\r\n\r\n");
	cr_assert(strncmp(answer, "HTTP/1.1 200", 12) == 0 && body, "GET %s: %.200s", path, answer);
	memmove(answer, body + 4, strlen(body + 4) + 1);
	return answer;
}

static size_t number(const json_t *object, const char *name)
{
	return (size_t)json_integer_value(json_object_get(object, name));
}

static struct site_counter counter(const json_t *object)
{
	return (struct site_counter){number(object, "requests"), number(object, "heads"),
	    number(object, "in_flight"), number(object, "max_in_flight")};
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static struct site_request read_request(const json_t *entry)
{
	const json_t *end = json_object_get(entry, "end");
	return (struct site_request){
	    .method = text(entry, "method"),
	    .target = text(entry, "target"),
	    .path = text(entry, "path"),
	    .host = text(entry, "host"),
	    .group = text(entry, "group"),
	    .connection = (unsigned)number(entry, "connection"),
	    .start = json_number_value(json_object_get(entry, "start")) / 1e3,
	    .end = json_is_null(end) ? -1 : json_number_value(end) / 1e3,
	    .status = (int)number(entry, "status"),
	    .complete = json_is_true(json_object_get(entry, "complete")),
	    .bytes = (uint64_t)number(entry, "bytes"),
	    .headers = json_object_get(entry, "headers"),
	};
}

void site_stats(struct site *self, struct site_stats *stats)
{
	json_error_t error;
	char *answer = get(self, "/_/stats");
	json_t *json = json_loads(answer, JSON_ALLOW_NUL, &error);
	cr_assert(json, "/_/stats: %s at line %d", error.text, error.line);
	free(answer);
	const json_t *log = json_object_get(json, "log");
	*stats = (struct site_stats){.all = counter(json_object_get(json, "all")),
	    .connections = number(json, "connections"),
	    .max_connections = number(json, "max_connections"),
	    .count = json_array_size(log),
	    .json = json};
	stats->requests = alloc_array(stats->count, sizeof *stats->requests);
	for (size_t i = 0; i < stats->count; i++)
		stats->requests[i] = read_request(json_array_get(log, i));
}

void site_stats_release(struct site_stats *stats)
{
	json_decref(stats->json);
	free(stats->requests);
	*stats = (struct site_stats){0};
}

void site_reset_stats(struct site *self)
{
	free(get(self, "/_/stats/reset"));
}

void site_serve_graph(struct site *self, const struct graph_spec *spec)
{
	struct buf path;
	buf_init(&path, 1 << 10);
	buf_append_text(&path, "/_/graph?");
	graph_spec_query(spec, &path);
	free(get(self, path.data));
	buf_release(&path);
	site_reset_stats(self);
}

struct site_counter site_stats_counter(const struct site_stats *stats, enum site_by by, const char *name)
{
	static const char *const members[] = {"paths", "targets", "hosts", "groups"};
	return counter(json_object_get(json_object_get(stats->json, members[by]), name));
}

const char *site_target(const char *url)
{
	const char *authority = strstr(url, "://");
	const char *slash = authority ? strchr(authority + 3, '/') : NULL;
	return slash ? slash : authority ? "/" : url;
}

size_t site_stats_asked(const struct site_stats *stats, const char *url)
{
	return site_stats_counter(stats, SITE_BY_TARGET, site_target(url)).requests;
}

const struct site_request *site_stats_find(const struct site_stats *stats, const char *url, size_t nth)
{
	const char *target = site_target(url);
	for (size_t i = 0; i < stats->count; i++)
		if (strcmp(stats->requests[i].target, target) == 0 && nth-- == 0)
			return &stats->requests[i];
	return NULL;
}

const char *site_request_header(const struct site_request *request, const char *name)
{
	for (size_t i = 0; i < json_array_size(request->headers); i++) {
		const json_t *pair = json_array_get(request->headers, i);
		if (strcasecmp(json_string_value(json_array_get(pair, 0)), name) == 0)
			return json_string_value(json_array_get(pair, 1));
	}
	return NULL;
}

static void wait_for(struct site *self, size_t count, double seconds, bool in_flight)
{
	static const struct timespec pause = {.tv_nsec = 5000000};
	double until = run_clock() + seconds;
	for (;;) {
		struct site_stats stats;
		site_stats(self, &stats);
		size_t there = in_flight ? stats.all.in_flight : stats.all.requests;
		site_stats_release(&stats);
		if (there >= count)
			return;
		cr_assert(run_clock() < until, "%zu requests %s after %.1f s, not %zu", there,
		    in_flight ? "in flight" : "arrived", seconds, count);
		nanosleep(&pause, NULL);
	}
}

void site_wait_requests(struct site *self, size_t count, double seconds)
{
	wait_for(self, count, seconds, false);
}

void site_wait_in_flight(struct site *self, size_t count, double seconds)
{
	wait_for(self, count, seconds, true);
}
