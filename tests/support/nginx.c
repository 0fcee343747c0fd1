#include "nginx.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 5 };

static const double START_LIMIT = 20, LIFE_LIMIT = 3600;

/* Ports that were free a moment ago: nginx cannot choose one itself. */
static void choose_ports(unsigned port[NGINX_PORTS])
{
	int held[NGINX_PORTS];
	for (size_t i = 0; i < NGINX_PORTS; i++) {
		struct sockaddr_in address = {
		    .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
		socklen_t len = sizeof address;
		held[i] = socket(AF_INET, SOCK_STREAM, 0);
		cr_assert(held[i] >= 0 && bind(held[i], (struct sockaddr *)&address, len) == 0 &&
		              getsockname(held[i], (struct sockaddr *)&address, &len) == 0,
		    "no free port: %s", strerror(errno));
		port[i] = ntohs(address.sin_port);
	}
	for (size_t i = 0; i < NGINX_PORTS; i++)
		close(held[i]);
}

/* False where another process was quicker to take a port. */
static bool try_start(struct nginx *self, const char *program, const char *root)
{
	struct run_options options = {.input_pipe = true, .limit = LIFE_LIMIT};
	char text[NGINX_PORTS][8];
	scratch_init(&self->scratch);
	choose_ports(self->port);
	for (size_t i = 0; i < NGINX_PORTS; i++)
		snprintf(text[i], sizeof text[i], "%u", self->port[i]);
	run_start(&self->script, &options, "sh",
	    (const char *const[]){program, self->scratch.folder, root, text[NGINX_HTTP], text[NGINX_TLS],
	        text[NGINX_EXPIRED], text[NGINX_WRONG_HOST], text[NGINX_SELF_SIGNED], text[NGINX_HTTP3],
	        text[NGINX_HTTP3_ONLY], text[NGINX_HTTP3_SHORT], NULL});
	double until = run_clock() + START_LIMIT;
	while (!strstr(self->script.kept_out.data, "ready\n")) {
		cr_assert(run_clock() < until, "nginx does not start: %s", self->script.kept_err.data);
		if (!run_wait(&self->script, 0.01))
			continue;
		cr_assert(strstr(self->script.kept_err.data, "Address already in use"),
		    "nginx does not start: %s", self->script.kept_err.data);
		return false;
	}
	return true;
}

static void end(struct nginx *self)
{
	struct run_result result;
	run_finish(&self->script, &result);
	run_release(&result);
	scratch_release(&self->scratch);
}

void nginx_start(struct nginx *self, const char *root)
{
	const char *source = getenv("AREQ_SOURCE");
	char program[4096];
	*self = (struct nginx){0};
	snprintf(program, sizeof program, "%s/tests/support/nginx.sh", source && *source ? source : ".");
	for (int try = 0; !try_start(self, program, root); try++) {
		end(self);
		cr_assert(try < TRIES, "nginx finds no free ports");
	}
	self->has_http3 = strstr(self->script.kept_out.data, "http3\n");
	self->ca_file = scratch_path(&self->scratch, "ca.pem");
	self->access_log = scratch_path(&self->scratch, "access.log");
}

void nginx_stop(struct nginx *self)
{
	end(self);
	for (size_t i = 0; i < self->url_count; i++)
		free(self->urls[i]);
	free(self->urls);
	*self = (struct nginx){0};
}

const char *nginx_url(struct nginx *self, enum nginx_port port, const char *path)
{
	size_t size = strlen(path) + sizeof "https://127.0.0.1:65535";
	char *url = alloc_array(size, 1);
	snprintf(
	    url, size, "%s://127.0.0.1:%u%s", port == NGINX_HTTP ? "http" : "https", self->port[port], path);
	self->urls = alloc_resize(self->urls, self->url_count + 1, sizeof *self->urls);
	self->urls[self->url_count] = url;
	return self->urls[self->url_count++];
}
