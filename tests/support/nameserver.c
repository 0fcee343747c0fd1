#include "nameserver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
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
	char port_option[32], dead[64], half[64], slow[64];
	snprintf(self->address, sizeof self->address, "127.0.0.1:%u", port);
	snprintf(port_option, sizeof port_option, "--port=%u", port);
	snprintf(dead, sizeof dead, "--server=/dead.test/%s", self->silent_at);
	snprintf(half, sizeof half, "--server=/half.test/%s", self->silent_at);
	snprintf(slow, sizeof slow, "--server=/slow.test/%s", self->slow_at);
	/* The PATH of a plain user does not name this folder. */
	const char *program = access("/usr/sbin/dnsmasq", X_OK) == 0 ? "/usr/sbin/dnsmasq" : "dnsmasq";
	run_start(&self->dnsmasq, &options, program,
	    (const char *const[]){"--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null",
	        "--pid-file", "--no-resolv", "--no-hosts", "--bind-interfaces", "--dns-forward-max=10000",
	        "--listen-address=127.0.0.1", port_option, dead, half, slow,
	        "--host-record=v4.half.test,127.0.0.1", "--host-record=v6.half.test,::1",
	        "--address=/live.test/127.0.0.1", "--host-record=a.multi.test,127.0.0.2",
	        "--host-record=a.multi.test,127.0.0.3", "--host-record=a.multi.test,127.0.0.4",
	        "--host-record=a.multi.test,127.0.0.1", "--host-record=a.both.test,127.0.0.1,::1",
	        "--local=/live.test/", "--local=/multi.test/", "--local=/both.test/", "--local=/single/",
	        "--address=/none.test/", NULL});
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

void nameserver_start_before(struct nameserver *self, const struct quiet_nameserver *slow)
{
	struct run_result result;
	unsigned port;
	*self = (struct nameserver){.silent = silent_socket(&port)};
	snprintf(self->silent_at, sizeof self->silent_at, "127.0.0.1#%u", port);
	snprintf(self->slow_at, sizeof self->slow_at, "%s", slow ? slow->address : self->silent_at);
	char *colon = strchr(self->slow_at, ':');
	if (colon)
		*colon = '#';
	for (int i = 0; i < TRIES; i++) {
		if (try_start(self, PORT_FIRST + ((unsigned)getpid() * TRIES + (unsigned)i) % PORT_COUNT))
			return;
		run_finish(&self->dnsmasq, &result);
		run_release(&result);
	}
	cr_assert(false, "dnsmasq found no free port");
}

void nameserver_start(struct nameserver *self)
{
	nameserver_start_before(self, NULL);
}

void nameserver_stop(struct nameserver *self)
{
	struct run_result result;
	run_kill(&self->dnsmasq, 15);
	run_finish(&self->dnsmasq, &result);
	run_release(&result);
	close(self->silent);
}

/* RFC 1035 section 4.1: a header of 12 bytes, then the question: labels up to an empty one, type, class. */
enum { HEADER = 12, MESSAGE_MAX = 512, TYPE_A = 1, IS_ANSWER = 0x80, REFUSED = 5 };

/* Where the question ends; 0: it has no end. */
static size_t question_end(const unsigned char *message, size_t len)
{
	size_t at = HEADER;
	while (at < len && message[at] != 0)
		at += 1 + (size_t)message[at];
	return at + 5 <= len ? at + 5 : 0;
}

static bool asks_for(const unsigned char *message, size_t end, const char *zone)
{
	/* With the length of the label before it, and its end; then come type and class. */
	size_t len = strlen(zone) + 1;
	return end >= HEADER + len + 4 && memcmp(message + end - 4 - len, zone, len) == 0;
}

#define LATE_ZONE "\004late\004test"
#define SLOW_ZONE "\004slow\004test"
#define HALF_ZONE "\004half\004test"

static unsigned delay_seconds(const unsigned char *message, size_t end)
{
	return end == 0                            ? 0
	       : asks_for(message, end, LATE_ZONE) ? 2
	       : asks_for(message, end, SLOW_ZONE) ? 5
	                                           : 0;
}

/* Makes an answer of the question; its size, 0 for none. */
static size_t answer(unsigned char *message, size_t len)
{
	static const unsigned char live[] = {0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0,
	    1}; /* name, type, class, TTL, address */
	size_t end = question_end(message, len);
	if (end == 0 || asks_for(message, end, "\004dead\004test"))
		return 0;
	bool is_half = asks_for(message, end, HALF_ZONE);
	if (is_half && message[end - 3] != TYPE_A)
		return 0;
	bool is_live = is_half || asks_for(message, end, "\004live\004test") || delay_seconds(message, end);
	bool has_address = is_live && message[end - 3] == TYPE_A;
	message[2] |= IS_ANSWER;
	message[3] = is_live ? 0 : REFUSED;
	memset(message + 6, 0, HEADER - 6);
	message[7] = has_address;
	if (has_address)
		memcpy(message + end, live, sizeof live);
	return has_address ? end + sizeof live : end;
}

static void answer_all(int fd)
{
	unsigned char message[MESSAGE_MAX + 64];
	struct sockaddr_in from;
	for (;;) {
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(fd, message, MESSAGE_MAX, 0, (struct sockaddr *)&from, &from_len);
		size_t end = n > HEADER ? question_end(message, (size_t)n) : 0;
		size_t len = n > HEADER ? answer(message, (size_t)n) : 0;
		unsigned delay = delay_seconds(message, end);
		/* A process of its own waits, so that all other questions are answered at once. */
		if (delay && fork() != 0)
			continue;
		sleep(delay);
		if (len > 0)
			sendto(fd, message, len, 0, (struct sockaddr *)&from, from_len);
		if (delay)
			_exit(0);
	}
}

void quiet_nameserver_start(struct quiet_nameserver *self)
{
	unsigned port;
	int fd = silent_socket(&port);
	snprintf(self->address, sizeof self->address, "127.0.0.1:%u", port);
	self->pid = fork();
	cr_assert(self->pid >= 0);
	if (self->pid == 0) {
		/* Should the test end without a stop. */
		alarm((unsigned)LIFE_LIMIT);
		signal(SIGCHLD, SIG_IGN);
		answer_all(fd);
	}
	close(fd);
}

void quiet_nameserver_stop(struct quiet_nameserver *self)
{
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
}
