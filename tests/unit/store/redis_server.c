#include "unit/store/redis_server.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char output[1 << 16];

static void path_of(const struct redis_server *self, const char *name, char path[200])
{
	snprintf(path, 200, "%s/%s", self->folder, name);
}

static const char *read_all(FILE *file)
{
	size_t len = fread(output, 1, sizeof output - 1, file);
	output[len] = '\0';
	if (len > 0 && output[len - 1] == '\n')
		output[len - 1] = '\0';
	return output;
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static void remove_files(const char *folder, const char *only)
{
	char path[1000];
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' || (only && !strstr(entry->d_name, only)))
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (unlink(path) != 0) {
			remove_files(path, NULL);
			rmdir(path);
		}
	}
	closedir(dir);
}

/* A child would keep pipes open, at whose end others wait. */
static void close_all_but(int kept)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fd != kept)
			close(fd);
}

/* The guard waits for the end of a pipe that only the test can write to. */
static void start_guard(struct redis_server *self)
{
	int ends[2];
	char byte;
	cr_assert_eq(pipe(ends), 0);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	self->guard = fork();
	cr_assert_geq(self->guard, 0);
	if (self->guard == 0) {
		close_all_but(ends[0]);
		if (read(ends[0], &byte, 1) == 0) {
			kill(self->pid, SIGKILL);
			remove_files(self->folder, NULL);
			rmdir(self->folder);
		}
		_exit(0);
	}
	close(ends[0]);
	self->guard_pipe = ends[1];
}

static void end_guard(struct redis_server *self)
{
	cr_expect_eq(write(self->guard_pipe, "", 1), 1);
	close(self->guard_pipe);
	waitpid(self->guard, NULL, 0);
}

/* Without shell: the server is the child itself, so that it can be killed by its id. */
static void run_server(struct redis_server *self)
{
	char config[200];
	path_of(self, "redis.conf", config);
	self->pid = fork();
	cr_assert_geq(self->pid, 0);
	if (self->pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		close_all_but(-1);
		execlp("redis-server", "redis-server", config, (char *)NULL);
		_exit(127);
	}
	start_guard(self);
	for (int i = 0; i < 1000; i++) {
		const char *answer = redis_server_run(self, "ping");
		if (strstr(answer, "PONG") || strstr(answer, "NOAUTH") || strstr(answer, "LOADING"))
			return;
		sleep_ms(10);
	}
	cr_assert(false, "redis-server does not start");
}

void redis_server_start(struct redis_server *self, const char *config)
{
	char path[200];
	signal(SIGPIPE, SIG_IGN); /* as in areq */
	strcpy(self->folder, "/tmp/areq-redis-XXXXXX");
	cr_assert(mkdtemp(self->folder));
	snprintf(self->url, sizeof self->url, "redis+unix://%s/socket#test", self->folder);
	path_of(self, "redis.conf", path);
	FILE *file = fopen(path, "w");
	cr_assert(file);
	fprintf(file,
	    "port 0\nunixsocket %s/socket\ndir %s\nsave \"\"\nlogfile %s/server.log\ndaemonize no\n"
	    "slowlog-log-slower-than 1000\nslowlog-max-len 1000\n%s\n",
	    self->folder, self->folder, self->folder, config ? config : "");
	fclose(file);
	run_server(self);
}

void redis_server_kill(struct redis_server *self)
{
	if (!self->pid)
		return;
	end_guard(self);
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	self->pid = 0;
}

void redis_server_restart(struct redis_server *self, bool is_empty)
{
	redis_server_kill(self);
	if (is_empty) {
		remove_files(self->folder, "appendonly");
		remove_files(self->folder, "dump");
	}
	remove_files(self->folder, "socket");
	run_server(self);
}

void redis_server_end(struct redis_server *self)
{
	redis_server_kill(self);
	remove_files(self->folder, NULL);
	rmdir(self->folder);
}

const char *redis_server_run(struct redis_server *self, const char *command)
{
	char line[1000];
	snprintf(line, sizeof line, "redis-cli -s %s/socket %s 2>&1", self->folder, command);
	FILE *pipe = popen(line, "r");
	cr_assert(pipe);
	const char *text = read_all(pipe);
	pclose(pipe);
	return text;
}

void redis_server_log_to_file(struct redis_server *self)
{
	char path[200];
	path_of(self, "log", path);
	cr_assert(freopen(path, "w", stderr));
	setvbuf(stderr, NULL, _IONBF, 0);
}

const char *redis_server_logged(struct redis_server *self)
{
	char path[200];
	path_of(self, "log", path);
	FILE *file = fopen(path, "r");
	cr_assert(file);
	const char *text = read_all(file);
	fclose(file);
	return text;
}
