#include "nameserver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 20 };

static const double START_LIMIT = 20, LIFE_LIMIT = 3600;

/* Ports below those that the system gives to connections: dnsmasq needs the same one for UDP and TCP. */
enum { PORT_FIRST = 10000, PORT_COUNT = 20000 };

/* A UDP socket on a loopback port that was free. */
static int silent_socket(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
	          getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* False where another process was quicker to take the port. */
static bool try_start(struct nameserver *self, unsigned port)
{
	struct run_options options = {.input_pipe = true, .limit = LIFE_LIMIT};
	char port_option[32], dead[64];
	snprintf(self->address, sizeof self->address, "127.0.0.1:%u", port);
	snprintf(port_option, sizeof port_option, "--port=%u", port);
	snprintf(dead, sizeof dead, "--server=/dead.test/%s", self->silent_at);
	run_start(&self->dnsmasq, &options, "dnsmasq",
	    (const char *const[]){"--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null",
	        "--pid-file", "--no-resolv", "--no-hosts", "--bind-interfaces", "--dns-forward-max=10000",
	        "--listen-address=127.0.0.1", port_option, dead, "--address=/live.test/127.0.0.1",
	        "--host-record=a.multi.test,127.0.0.2", "--host-record=a.multi.test,127.0.0.3",
	        "--host-record=a.multi.test,127.0.0.4", "--host-record=a.multi.test,127.0.0.1",
	        "--host-record=a.both.test,127.0.0.1,::1", "--local=/live.test/", "--local=/multi.test/",
	        "--local=/both.test/", "--address=/none.test/", NULL});
	double until = run_clock() + START_LIMIT;
	while (!strstr(self->dnsmasq.kept_err.data, "started")) {
		cr_assert(run_clock() < until, "dnsmasq does not start: %s", self->dnsmasq.kept_err.data);
		if (!run_wait(&self->dnsmasq, 0.01))
			continue;
		cr_assert(strstr(self->dnsmasq.kept_err.data, "Address already in use"),
		    "dnsmasq does not start: %s", self->dnsmasq.kept_err.data);
		return false;
	}
	return true;
}

void nameserver_start(struct nameserver *self)
{
	struct run_result result;
	unsigned port;
	*self = (struct nameserver){.silent = silent_socket(&port)};
	snprintf(self->silent_at, sizeof self->silent_at, "127.0.0.1#%u", port);
	for (int i = 0; i < TRIES; i++) {
		if (try_start(self, PORT_FIRST + ((unsigned)getpid() * TRIES + (unsigned)i) % PORT_COUNT))
			return;
		run_finish(&self->dnsmasq, &result);
		run_release(&result);
	}
	cr_assert(false, "dnsmasq found no free port");
}

void nameserver_stop(struct nameserver *self)
{
	struct run_result result;
	run_kill(&self->dnsmasq, 15);
	run_finish(&self->dnsmasq, &result);
	run_release(&result);
	close(self->silent);
}
