/* Any bytes are an answer: they go through libcurl, areq's own loop, ledger and page, and end in one outcome,
 * in time, whose links are URLs. The first byte says how the server ends, the next three how it cuts the
 * answer into pieces, the rest is the answer. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/seen.h"
#include "fetch/crawl.h"
#include "in/input.h"
#include "output/file.h"
#include "output/har.h"
#include "output/report.h"
#include "run/ledger.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONTROLS = 4, PIECES_MAX = 12, REQUESTS_MAX = 8, PAUSE_NS = 50000 };

/* A first request comes soon after its connection; whether another one comes is soon known. */
enum { FIRST_MS = 1000, NEXT_MS = 5 };

enum ending { END_CLOSE, END_RESET, END_KEEP, END_UNASKED, ENDINGS };

struct server {
	int listener;
	char url[64];
	pthread_mutex_t lock; /* of the script */
	unsigned char *script;
	size_t len;
};

/* The server's side, in a thread of its own. */

static bool read_request(int fd, int patience_ms)
{
	char head[8192];
	size_t len = 0;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	while (len < sizeof head - 1 && poll(&readable, 1, patience_ms) > 0) {
		ssize_t got = recv(fd, head + len, sizeof head - 1 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return true;
	}
	return false;
}

/* In pieces, with a pause between two, so that the client mostly sees them one by one. */
static bool send_answer(int fd, const unsigned char *controls, size_t len)
{
	const unsigned char *bytes = controls + CONTROLS;
	for (size_t at = 0, count = 0; at < len; count++) {
		size_t piece = (size_t)controls[1 + count % (CONTROLS - 1)] + 1;
		if (piece > len - at || count == PIECES_MAX)
			piece = len - at;
		ssize_t put = send(fd, bytes + at, piece, MSG_NOSIGNAL);
		if (put <= 0)
			return false;
		at += (size_t)put;
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
	return true;
}

static void serve(int fd, const unsigned char *script, size_t len)
{
	enum ending ending = script[0] % ENDINGS;
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	for (int i = 0; i < REQUESTS_MAX; i++) {
		if (ending != END_UNASKED && !read_request(fd, i == 0 ? FIRST_MS : NEXT_MS))
			break;
		if (!send_answer(fd, script, len - CONTROLS) || ending != END_KEEP)
			break;
	}
	struct linger linger = {.l_onoff = ending == END_RESET, .l_linger = 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(fd);
}

static void *serve_all(void *ctx)
{
	struct server *self = ctx;
	for (;;) {
		int fd = accept(self->listener, NULL, NULL);
		if (fd < 0)
			continue;
		pthread_mutex_lock(&self->lock);
		unsigned char *script = (unsigned char *)alloc_copy((const char *)self->script, self->len);
		size_t len = self->len;
		pthread_mutex_unlock(&self->lock);
		serve(fd, script, len);
		free(script);
	}
	return NULL;
}

static void server_start(struct server *self)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t len = sizeof address;
	pthread_t thread;
	self->listener = socket(AF_INET, SOCK_STREAM, 0);
	bool listens = bind(self->listener, any, len) == 0 && listen(self->listener, 16) == 0 &&
	               getsockname(self->listener, any, &len) == 0;
	assert(listens);
	snprintf(self->url, sizeof self->url, "http://127.0.0.1:%d/dir/page?q", ntohs(address.sin_port));
	pthread_mutex_init(&self->lock, NULL);
	int error = pthread_create(&thread, NULL, serve_all, self);
	assert(error == 0);
	/* Nothing of the environment may lead the requests elsewhere. */
	setenv("no_proxy", "*", 1);
	signal(SIGPIPE, SIG_IGN);
}

static void server_set_script(struct server *self, const uint8_t *data, size_t size)
{
	pthread_mutex_lock(&self->lock);
	free(self->script);
	self->script = (unsigned char *)alloc_copy((const char *)data, size);
	self->len = size;
	pthread_mutex_unlock(&self->lock);
}

/* What comes of it. */

struct watch {
	const struct options *options;
	struct seen seen;
	uint64_t links;
	unsigned outcomes;
};

static bool is_url(const char *text, size_t len, bool http)
{
	struct url url;
	url_init(&url);
	bool good = url_parse(&url, text, len, NULL, NULL) && (!http || url_is_http(&url));
	url_release(&url);
	return good;
}

static enum status on_link(void *ctx, const struct outcome *page, const struct link *link)
{
	struct watch *self = ctx;
	(void)page;
	for (size_t i = 0; i < link->url.len; i++)
		assert((unsigned char)link->url.data[i] >= 0x20 && link->url.data[i] != 0x7f);
	bool good = is_url(link->url.data, link->url.len, false);
	bool is_new = seen_add(&self->seen, link->url.data, link->url.len);
	assert(good && is_new);
	self->links++;
	return STATUS_OK;
}

static enum status on_outcome(void *ctx, const struct outcome *outcome)
{
	struct watch *self = ctx;
	bool good = is_url(outcome->final_url, strlen(outcome->final_url), true);
	assert(good);
	assert(outcome->kind != OUTCOME_INTERRUPTED);
	assert((outcome->kind == OUTCOME_OK) == !outcome->reason);
	assert(self->links == outcome->links && (outcome->kind == OUTCOME_OK || self->links == 0));
	assert(outcome->attempts == 1);
	assert(outcome->redirects <= self->options->max_redirs);
	assert(outcome->bytes <= (uint64_t)self->options->max_size);
	self->outcomes++;
	return STATUS_OK;
}

/* The ledger's handlers, but that each request goes to the listener, wherever an answer's Location led. */

struct detour {
	struct crawl_handlers ledger;
	const char *url;
};

static enum fetch_want on_head(void *ctx, void *job, const struct fetch_head *head)
{
	const struct detour *self = ctx;
	return self->ledger.fetch.head(self->ledger.fetch.ctx, job, head);
}

static bool on_body(void *ctx, void *job, const char *bytes, size_t len, bool is_gzip_file)
{
	const struct detour *self = ctx;
	return self->ledger.fetch.body(self->ledger.fetch.ctx, job, bytes, len, is_gzip_file);
}

static void turn(void *ctx, struct wait *wait)
{
	const struct detour *self = ctx;
	self->ledger.turn(self->ledger.fetch.ctx, wait);
}

static enum crawl_next next(void *ctx, struct fetch_request *request, struct wait *wait)
{
	const struct detour *self = ctx;
	enum crawl_next next = self->ledger.next(self->ledger.fetch.ctx, request, wait);
	request->url = self->url;
	return next;
}

static void on_done(void *ctx, void *job, struct fetch_result *result)
{
	const struct detour *self = ctx;
	self->ledger.done(self->ledger.fetch.ctx, job, result);
}

static bool stopping(void *ctx)
{
	const struct detour *self = ctx;
	return self->ledger.stopping(self->ledger.fetch.ctx);
}

static enum status crawl(const struct options *options, struct ledger *ledger, const char *url)
{
	struct detour detour = {ledger_handlers(ledger), url};
	const struct crawl_handlers handlers = {
	    .fetch = {.ctx = &detour, .wants_validators = true, .head = on_head, .body = on_body},
	    .turn = turn,
	    .next = next,
	    .done = on_done,
	    .stopping = stopping,
	    .stop_at = detour.ledger.stop_at,
	};
	int64_t longest_turn_us;
	struct settings settings;
	enum status status = settings_init(&settings, options);
	if (status == STATUS_OK)
		status = crawl_run(&settings, &handlers, &longest_turn_us);
	settings_release(&settings);
	return status;
}

static void fetch(const char *url)
{
	/* The deadline makes an interrupted one of an answer that takes longer. */
	const struct options options = {.inputs = {&url, 1},
	    .jobs = 1,
	    .user_agent = "areq",
	    .har = "har",
	    .timeout_ms = 500,
	    .connect_timeout_ms = 500,
	    .max_redirs = 3,
	    .deadline_ms = 5000,
	    .max_size = 1 << 20,
	    .max_output = 1 << 20};
	struct watch watch = {.options = &options};
	struct observers observers = {0};
	/* Not file_open: it waits for whoever else has /dev/null open for writing. */
	struct file report = {.name = "report", .fd = open("/dev/null", O_WRONLY)};
	struct file har = {.name = "har", .fd = open("/dev/null", O_WRONLY)};
	struct totals totals;
	seen_init(&watch.seen);
	observers_add(&observers, report_observer(&options, &report));
	observers_add(&observers, har_observer(&har));
	observers_add(&observers, (struct observer){.self = &watch, .link = on_link, .outcome = on_outcome});
	struct input *input = input_new(&options.inputs);
	struct ledger *ledger = ledger_new(&options, input, &observers);
	enum status status = ledger_compile(ledger);
	status = status_first(status, crawl(&options, ledger, url));
	status = status_first(status, ledger_close(ledger, STATUS_OK));
	status = status_first(status, ledger_report_rest(ledger, status, &totals));
	assert(status == STATUS_OK && watch.outcomes == 1 && totals.urls == 1);
	observers_release(&observers);
	ledger_free(ledger);
	input_free(input);
	file_close(&report);
	file_close(&har);
	seen_release(&watch.seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct server server;
	if (size < CONTROLS)
		return 0;
	server_set_script(&server, data, size);
	if (!server.url[0])
		server_start(&server);
	fetch(server.url);
	return 0;
}
