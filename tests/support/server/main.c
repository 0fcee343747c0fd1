/* areq-testserver: a scriptable HTTP/1.1 server on the loopback interface; see /_/help on it. */
#include "loop.h"
#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
    "usage: areq-testserver [--port N] [--root DIR] [--bind ADDRESS]... [--log N] [--detached]\n"
    "Serves DIR, and scripted answers under /_/ (GET /_/help lists them), on loopback addresses.\n"
    "  --port N        the port; 0, the default: any free one\n"
    "  --bind ADDRESS  127.0.0.1, the default, another 127.x.y.z, or ::1; may be repeated, one port for all\n"
    "  --root DIR      the folder of the files; its file _site says which answers differ from a plain file\n"
    "  --log N         how many single requests /_/stats lists; 20000\n"
    "  --detached      goes on when standard input ends\n";

struct settings {
	unsigned port;
	const char *bind[LOOP_BINDS_MAX];
	size_t bind_count;
	const char *root;
	size_t log_max;
	bool detached;
};

static int stop_pipe[2];

static void on_signal(int number)
{
	(void)number;
	ssize_t ignored = write(stop_pipe[1], "", 1);
	(void)ignored;
}

static bool read_setting(struct settings *self, const char *name, const char *value)
{
	uint64_t number = 0;
	if (strcmp(name, "--root") == 0) {
		self->root = value;
		return true;
	}
	if (strcmp(name, "--bind") == 0) {
		if (self->bind_count == LOOP_BINDS_MAX)
			return false;
		self->bind[self->bind_count++] = value;
		return true;
	}
	if (!text_number(slice_of(value), &number))
		return false;
	if (strcmp(name, "--log") == 0)
		self->log_max = (size_t)number;
	else if (strcmp(name, "--port") == 0 && number < 65536)
		self->port = (unsigned)number;
	else
		return false;
	return true;
}

static bool read_settings(struct settings *self, int argc, char **argv)
{
	*self = (struct settings){.log_max = 20000};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--detached") == 0)
			self->detached = true;
		else if (i + 1 == argc || !read_setting(self, argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	if (self->bind_count == 0)
		self->bind[self->bind_count++] = "127.0.0.1";
	return true;
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	if (pipe(stop_pipe) != 0)
		return false;
	fcntl(stop_pipe[1], F_SETFL, O_NONBLOCK);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return true;
}

static bool announce(const struct settings *self)
{
	bool v6 = strchr(self->bind[0], ':') != NULL;
	printf("listening on %s%s%s:%u\n", v6 ? "[" : "", self->bind[0], v6 ? "]" : "", self->port);
	return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	struct settings settings;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(usage, stdout) < 0;
	if (!read_settings(&settings, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	raise_descriptor_limit();
	struct night_site nights = {0};
	struct answer_source source = {.root = settings.root,
	    .stats = stats_new(settings.log_max),
	    .graph = graph_site_new(),
	    .nights = &nights};
	struct loop *loop = loop_new(&source);
	bool good =
	    catch_signals() && loop_listen(loop, settings.bind, settings.bind_count, &settings.port) &&
	    announce(&settings) && loop_run(loop, stop_pipe[0], settings.detached ? -1 : STDIN_FILENO);
	loop_free(loop);
	graph_site_free(source.graph);
	stats_free(source.stats);
	return good ? 0 : 1;
}
