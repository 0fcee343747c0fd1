#include "store/state_writer.h"

#include "base/clock.h"
#include "base/stop.h"
#include "store/state_message.h"
#include "unit/store/state_files.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char options[] = "{\"depth\":2}";

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* What is logged goes to a file in the folder. */
static void log_to_file(void)
{
	cr_assert(freopen(state_files_name("log"), "w", stderr));
	setvbuf(stderr, NULL, _IONBF, 0);
}

static void expect_logged(const char *part)
{
	size_t len;
	char *text = state_files_read(state_files_name("log"), &len);
	text[len] = '\0';
	cr_expect(strstr(text, part), "no \"%s\" in: %s", part, text);
	free(text);
}

static struct state_writer *start(
    const char *path, const struct state_writer_output *outputs, size_t count, enum state_begin how)
{
	struct state_begun begun;
	struct state_writer *writer = state_writer_new(path, outputs, count);
	cr_assert_eq(state_writer_start(writer, false), STATUS_OK);
	cr_assert_eq(state_writer_begin_run(writer, options, false, 1000.5, &begun), STATUS_OK);
	cr_assert_eq(begun.how, how);
	return writer;
}

static void add(struct state_writer *writer, uint64_t first, uint64_t last)
{
	struct state_page page;
	for (uint64_t id = first; id <= last; id++) {
		state_files_page(id, &page);
		state_writer_add_page(writer, &page);
	}
}

static void settle(struct state_writer *writer, uint64_t first, uint64_t last)
{
	struct state_result result;
	struct link_records links;
	link_records_init(&links);
	for (uint64_t id = first; id <= last; id++) {
		state_files_result(id, 1, &result, &links);
		if (id % 3 > 0)
			state_writer_settle_page(writer, &result);
	}
	link_records_release(&links);
}

/* One turn of a loop, which waits as the loop does. */
static enum status turn(struct state_writer *writer)
{
	struct wait wait = {.wake_ms = CLOCK_NEVER};
	enum status status = state_writer_turn(writer, &wait);
	struct pollfd list[WAIT_DESCRIPTORS];
	for (size_t i = 0; i < wait.count; i++)
		list[i] = (struct pollfd){.fd = wait.list[i].descriptor, .events = wait.list[i].events};
	int64_t ms = wait.wake_ms - clock_now_ms();
	if (status == STATUS_OK)
		poll(list, wait.count, ms < 0 ? 0 : ms < 1000 ? (int)ms : 1000);
	return status;
}

static enum status wait_for_commit(struct state_writer *writer, uint64_t batch)
{
	enum status status = STATUS_OK;
	while (status == STATUS_OK && state_writer_committed(writer) < batch)
		status = turn(writer);
	return status;
}

static uint64_t expect_file(const char *path, uint64_t last)
{
	struct state *state = state_new(path);
	cr_assert_eq(state_open(state, STATE_READ), STATUS_OK, "%s", state_problem(state));
	uint64_t settled = state_files_expect(state, last, 1);
	state_free(state);
	return settled;
}

/* The only child of this process. */
static pid_t find_process(void)
{
	char name[64];
	int pid = 0;
	snprintf(name, sizeof name, "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
	FILE *file = fopen(name, "r");
	cr_assert(file, "needs the list of children of Linux");
	cr_assert_eq(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

Test(state_writer, writes_what_it_is_given)
{
	const char *path = state_files_make();
	struct state_writer *writer = start(path, NULL, 0, STATE_FIRST_RUN);
	add(writer, 1, 2000);
	settle(writer, 1, 1000);
	uint64_t batch = state_writer_batch(writer);
	cr_expect_lt(state_writer_committed(writer), batch);
	cr_assert_eq(wait_for_commit(writer, batch), STATUS_OK);
	cr_expect_eq(expect_file(path, 2000), 667);
	settle(writer, 1001, 2000);
	state_writer_end_run(writer, &(struct state_totals){.urls = 2000}, 5000);
	cr_assert_eq(state_writer_finish(writer), STATUS_OK);
	state_writer_free(writer);
	cr_expect_eq(expect_file(path, 2000), 1334);
	writer = start(path, NULL, 0, STATE_NEXT_RUN);
	cr_assert_eq(state_writer_finish(writer), STATUS_OK, "with nothing to write");
	state_writer_free(NULL);
	state_writer_free(writer);
	state_files_remove();
}

Test(state_writer, passes_on_all_kinds_of_records)
{
	struct state_output output;
	struct state_robots robots;
	struct state_depth depth;
	struct state_target target;
	struct state_page page;
	enum status status = STATUS_OK;
	const char *path = state_files_make();
	int fd = open(state_files_name("rows.tsv"), O_CREAT | O_WRONLY, 0600);
	struct stat info;
	cr_assert_eq(fstat(fd, &info), 0);
	const struct state_writer_output outputs[] = {
	    {"report", "/dev/null", open("/dev/null", O_WRONLY), NULL}, {"output", "rows.tsv", fd, NULL}};
	struct state_writer *writer = start(path, outputs, 2, STATE_FIRST_RUN);
	add(writer, 1, 3);
	state_writer_forget_page(writer, 2);
	state_writer_set_robots(
	    writer, &(struct state_robots){
	                .origin = "http://a", .http_status = 200, .fetched = 7, .body = {"x\0y", 3}});
	state_writer_set_robots(writer, &(struct state_robots){.origin = "http://b", .http_status = 404});
	state_writer_lower_depth(writer, &(struct state_depth){"http://c/", 2});
	state_writer_add_target(writer, &(struct state_target){.url = "http://d/", .http_status = 204});
	state_writer_set_output(writer, 0, 17);
	state_writer_set_output(writer, 1, 1234);
	cr_assert_eq(state_writer_finish(writer), STATUS_OK);
	state_writer_free(writer);

	struct state *state = state_new(path);
	cr_assert_eq(state_open(state, STATE_READ), STATUS_OK);
	cr_expect_eq(state_find_page(state, 2, &page, &status), STATE_END);
	cr_expect_eq(state_find_page(state, 3, &page, &status), STATE_FOUND);
	cr_expect_eq(state_find_robots(state, "http://a", 7, &robots, &status), STATE_FOUND);
	cr_expect(slice_equal(robots.body, (struct slice){"x\0y", 3}) && robots.fetched == 7);
	cr_expect_eq(state_find_robots(state, "http://b", 7, &robots, &status), STATE_FOUND);
	cr_expect(robots.body.len == 0);
	cr_expect_eq(state_next_depth(state, &depth, &status), STATE_FOUND);
	cr_expect(strcmp(depth.url, "http://c/") == 0 && depth.depth == 2);
	cr_expect_eq(state_find_target(state, 1, &target, &status), STATE_FOUND);
	cr_expect(strcmp(target.url, "http://d/") == 0 && target.http_status == 204);
	cr_expect_eq(state_find_output(state, "output", &output, &status), STATE_FOUND);
	cr_expect(output.length == 1234 && output.inode == info.st_ino && output.device == info.st_dev);
	cr_expect_str_eq(output.path, "rows.tsv");
	cr_expect_eq(state_find_output(state, "report", &output, &status), STATE_FOUND);
	cr_expect_eq(output.length, 17);
	state_free(state);
	state_files_remove();
}

Test(state_writer, commits_no_more_often_than_it_says)
{
	const char *path = state_files_make();
	struct state_writer *writer = start(path, NULL, 0, STATE_FIRST_RUN);
	int64_t began = clock_now_ms();
	uint64_t first = state_writer_batch(writer), id = 0;
	while (clock_now_ms() < began + 1100) {
		id++;
		add(writer, id, id);
		cr_assert_eq(turn(writer), STATUS_OK);
	}
	int64_t elapsed = clock_now_ms() - began;
	uint64_t commits = state_writer_batch(writer) - first;
	cr_expect_leq((int64_t)commits, elapsed / STATE_WRITER_COMMIT_MS + 1);
	cr_expect_gt(commits, 0);
	cr_assert_eq(state_writer_finish(writer), STATUS_OK);
	cr_expect_eq(state_writer_committed(writer), state_writer_batch(writer) - 1);
	state_writer_free(writer);
	state_files_remove();
}

/* As on a disk that hangs: the process does nothing. */
Test(state_writer, does_not_wait_for_a_process_that_hangs)
{
	const char *path = state_files_make();
	struct state_writer *writer = start(path, NULL, 0, STATE_FIRST_RUN);
	pid_t process = find_process();
	uint64_t last = 0;
	kill(process, SIGSTOP);
	while (!state_writer_is_full(writer)) {
		struct wait wait = {.wake_ms = CLOCK_NEVER};
		add(writer, last + 1, last + 100);
		settle(writer, last + 1, last + 100);
		last += 100;
		cr_assert_eq(state_writer_turn(writer, &wait), STATUS_OK);
		cr_assert_lt(last, 100000);
	}
	cr_expect_eq(state_writer_committed(writer), 0);
	uint64_t batch = state_writer_batch(writer);
	kill(process, SIGCONT);
	cr_assert_eq(wait_for_commit(writer, batch), STATUS_OK);
	cr_expect_not(state_writer_is_full(writer));
	cr_assert_eq(state_writer_finish(writer), STATUS_OK);
	state_writer_free(writer);
	cr_expect_eq(expect_file(path, last), last - last / 3);
	state_files_remove();
}

/* Failures. */

Test(state_writer, says_why_a_file_is_refused)
{
	struct state_begun begun;
	const char *path = state_files_make();
	log_to_file();
	state_files_write(path, "http://a/\n", 10);
	struct state_writer *writer = state_writer_new(path, NULL, 0);
	cr_expect_eq(state_writer_start(writer, false), STATUS_USAGE);
	expect_logged("another kind");
	cr_expect_eq(state_writer_begin_run(writer, options, false, 1, &begun), STATUS_USAGE);
	cr_expect_eq(state_writer_finish(writer), STATUS_USAGE);
	state_writer_free(writer);

	unlink(path);
	writer = start(path, NULL, 0, STATE_FIRST_RUN);
	cr_assert_eq(state_writer_finish(writer), STATUS_OK);
	state_writer_free(writer);
	writer = state_writer_new(path, NULL, 0);
	cr_expect_eq(state_writer_start(writer, false), STATUS_OK);
	cr_expect_eq(state_writer_begin_run(writer, "{\"depth\":3}", false, 1, &begun), STATUS_USAGE);
	expect_logged("--depth;");
	state_writer_free(writer);
	state_files_remove();
}

Test(state_writer, says_that_the_process_has_died)
{
	const char *path = state_files_make();
	struct wait wait = {.wake_ms = CLOCK_NEVER};
	log_to_file();
	struct state_writer *writer = start(path, NULL, 0, STATE_FIRST_RUN);
	add(writer, 1, 100);
	cr_assert_eq(wait_for_commit(writer, state_writer_batch(writer)), STATUS_OK);
	add(writer, 101, 200);
	kill(find_process(), SIGKILL);
	enum status status;
	do
		status = turn(writer);
	while (status == STATUS_OK);
	cr_expect_eq(status, STATUS_OUTPUT);
	expect_logged(path);
	expect_logged("signal 9");
	add(writer, 201, 300);
	cr_expect_eq(state_writer_turn(writer, &wait), STATUS_OUTPUT);
	cr_expect_eq(state_writer_finish(writer), STATUS_OUTPUT);
	state_writer_free(writer);
	expect_file(path, 100);
	state_files_remove();
}

Test(state_writer, says_that_the_disk_is_full)
{
	const char *path = state_files_make();
	log_to_file();
	struct rlimit limit = {300 << 10, 300 << 10};
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	struct state_writer *writer = start(path, NULL, 0, STATE_FIRST_RUN);
	enum status status = STATUS_OK;
	uint64_t last = 0, batch = 0;
	while (status == STATUS_OK && last < 100000) {
		add(writer, last + 1, last + 200);
		batch = state_writer_batch(writer);
		status = wait_for_commit(writer, batch);
		if (status == STATUS_OK)
			last += 200;
	}
	cr_expect_eq(status, STATUS_OUTPUT);
	cr_expect_eq(state_writer_committed(writer), batch - 1);
	cr_expect_eq(state_writer_finish(writer), STATUS_OUTPUT);
	expect_logged(strerror(EFBIG));
	state_writer_free(writer);
	cr_expect_eq(expect_file(path, last), 0);
	state_files_remove();
}

/* A descriptor that names a file without opening it (O_PATH of Linux) cannot be synchronised. */
Test(state_writer, says_that_an_output_cannot_be_brought_to_the_disk)
{
	enum { NAME_ONLY = 010000000 };
	const char *path = state_files_make();
	log_to_file();
	int fd = open(state_files_name("log"), NAME_ONLY);
	cr_assert_geq(fd, 0);
	const struct state_writer_output output = {"output", "rows.tsv", fd, NULL};
	struct state_writer *writer = start(path, &output, 1, STATE_FIRST_RUN);
	add(writer, 1, 10);
	cr_assert_eq(wait_for_commit(writer, state_writer_batch(writer)), STATUS_OK);
	add(writer, 11, 20);
	state_writer_set_output(writer, 0, 10);
	cr_expect_eq(state_writer_finish(writer), STATUS_OUTPUT);
	expect_logged("rows.tsv: cannot be written to the disk");
	state_writer_free(writer);
	expect_file(path, 10);
	state_files_remove();
}

/* Two runs. */

static void hold(const char *path, int ms, int ready)
{
	struct state_writer *writer = start(path, NULL, 0, STATE_FIRST_RUN);
	(void)!write(ready, "x", 1);
	sleep_ms(ms);
	add(writer, 1, 10);
	state_writer_finish(writer);
	state_writer_free(writer);
	_exit(0);
}

static pid_t start_other_run(const char *path, int ms)
{
	int ends[2];
	char byte;
	cr_assert_eq(pipe(ends), 0);
	pid_t other = fork();
	if (other == 0)
		hold(path, ms, ends[1]);
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return other;
}

Test(state_writer, waits_for_another_run)
{
	const char *path = state_files_make();
	log_to_file();
	pid_t other = start_other_run(path, 300);
	struct state_writer *writer = start(path, NULL, 0, STATE_RESUMED_RUN);
	expect_logged("another run uses this state file; waiting");
	cr_assert_eq(state_writer_finish(writer), STATUS_OK);
	state_writer_free(writer);
	waitpid(other, NULL, 0);
	expect_file(path, 10);
	state_files_remove();
}

Test(state_writer, fails_if_another_run_uses_the_file)
{
	const char *path = state_files_make();
	log_to_file();
	pid_t other = start_other_run(path, 10000);
	struct state_writer *writer = state_writer_new(path, NULL, 0);
	cr_expect_eq(state_writer_start(writer, true), STATUS_OUTPUT);
	expect_logged("--lock=fail");
	state_writer_free(writer);
	writer = state_writer_new(path, NULL, 0);
	stop_at(clock_now_ms() + 50);
	cr_expect_eq(state_writer_start(writer, false), STATUS_CUT_SHORT);
	expect_logged("deadline");
	state_writer_free(writer);
	stop_at(CLOCK_NEVER);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	/* Its process ends as well. */
	writer = state_writer_new(path, NULL, 0);
	cr_expect_eq(state_writer_start(writer, false), STATUS_OK);
	state_writer_free(writer);
	state_files_remove();
}

/* kill -9 at any moment. A run has an output file with a row for each page that is settled. */

static size_t append_row(char *rows, uint64_t id)
{
	return (size_t)sprintf(rows, "%d%0*d\n", (int)id, (int)(id % 50), 0);
}

/* Where the rows end that the state knows of: what is behind is cut off. Expects that the rows before are
 * those of the pages that are settled, in their order. Returns the number of pages. */
static uint64_t check_and_cut(const char *path, const char *rows_name, uint64_t *settled)
{
	struct state *state = state_new(path);
	struct state_page page;
	struct state_output output = {.length = 0};
	enum status status = STATUS_OK;
	uint64_t pages = 0, at = 0;
	size_t len;
	char row[100], *rows = state_files_read(rows_name, &len);
	*settled = 0;
	cr_assert_eq(state_open(state, STATE_READ), STATUS_OK, "%s", state_problem(state));
	state_find_output(state, "output", &output, &status);
	cr_assert_leq(output.length, len, "the data are written before the state says so");
	while (state_next_page(state, &page, &status) == STATE_FOUND) {
		pages++;
		if (!page.is_settled)
			continue;
		cr_assert_eq(page.id, ++*settled);
		size_t row_len = append_row(row, page.id);
		cr_assert(at + row_len <= output.length && memcmp(rows + at, row, row_len) == 0, "row %d",
		    (int)page.id);
		at += row_len;
	}
	cr_assert_eq(status, STATUS_OK, "%s", state_problem(state));
	cr_assert_eq(at, output.length);
	cr_assert_eq(truncate(rows_name, (off_t)output.length), 0);
	state_free(state);
	free(rows);
	return pages;
}

/* Goes on without end: first adds pages, then settles them, each with its row. */
static void run_without_end(const char *path, const char *rows_name, uint64_t pages, uint64_t settled)
{
	int fd = open(rows_name, O_WRONLY | O_APPEND);
	const struct state_writer_output output = {"output", rows_name, fd, NULL};
	struct state_writer *writer = state_writer_new(path, &output, 1);
	struct state_begun begun;
	struct stat info;
	struct link_records links;
	link_records_init(&links);
	fstat(fd, &info);
	uint64_t length = (uint64_t)info.st_size;
	if (state_writer_start(writer, false) != STATUS_OK ||
	    state_writer_begin_run(writer, options, false, 1000, &begun) != STATUS_OK)
		_exit(1);
	struct wait wait = {.wake_ms = CLOCK_NEVER};
	while (state_writer_turn(writer, &wait) == STATUS_OK) {
		wait.count = 0;
		for (unsigned i = 0; i < 5 && !state_writer_is_full(writer); i++) {
			struct state_page page;
			struct state_result result;
			char row[100];
			state_files_page(++pages, &page);
			state_writer_add_page(writer, &page);
			if (pages % 5 == 0)
				continue;
			size_t len = append_row(row, ++settled);
			if (write(fd, row, len) != (ssize_t)len)
				_exit(1);
			length += len;
			state_files_result(settled, 1, &result, &links);
			state_writer_settle_page(writer, &result);
			state_writer_set_output(writer, 0, length);
		}
		sleep_ms(1);
	}
	_exit(2);
}

static void kill_at_random(bool kills_process, unsigned seed)
{
	char rows_name[200];
	const char *path = state_files_make();
	uint64_t pages = 0, settled = 0;
	snprintf(rows_name, sizeof rows_name, "%s", state_files_name("rows"));
	state_files_write(rows_name, "", 0);
	log_to_file();
	srand(seed);
	for (unsigned round = 0; round < 20; round++) {
		pid_t program = fork();
		if (program == 0)
			run_without_end(path, rows_name, pages, settled);
		sleep_ms(10 + rand() % 400);
		if (kills_process) {
			char name[64];
			int process = 0;
			snprintf(name, sizeof name, "/proc/%d/task/%d/children", (int)program, (int)program);
			FILE *file = fopen(name, "r");
			if (file && fscanf(file, "%d", &process) == 1)
				kill(process, SIGKILL);
			if (file)
				fclose(file);
			int status;
			if (process == 0)
				kill(program, SIGKILL);
			cr_assert_eq(waitpid(program, &status, 0), program);
			cr_assert(process == 0 || (WIFEXITED(status) && WEXITSTATUS(status) > 0),
			    "it hears of it: %x", (unsigned)status);
		} else {
			kill(program, SIGKILL);
			cr_assert_eq(waitpid(program, NULL, 0), program);
		}
		/* Only when the process has ended, too, is the file as it stays. */
		struct state_writer *writer = state_writer_new(path, NULL, 0);
		cr_assert_eq(state_writer_start(writer, false), STATUS_OK);
		uint64_t pages_before = pages;
		pages = check_and_cut(path, rows_name, &settled);
		cr_assert_geq(pages, pages_before);
		state_writer_free(writer);
	}
	cr_expect_gt(settled, 100);
	state_files_remove();
}

Test(state_writer, has_whole_batches_after_kill_9_of_the_program, .timeout = 120)
{
	kill_at_random(false, 1);
}

Test(state_writer, has_whole_batches_after_kill_9_of_the_process, .timeout = 120)
{
	kill_at_random(true, 2);
}

/* The process itself. */

/* Sends the messages but for the last bytes, and then the end of the stream. */
static void serve_messages(const char *path, const struct state_writer_output *output,
    const struct state_message *list, size_t count, size_t cut, struct state_reply *replies,
    size_t *reply_count)
{
	int pair[2];
	struct buf bytes;
	buf_init(&bytes, SIZE_MAX / 2);
	for (size_t i = 0; i < count; i++)
		state_message_put(&bytes, &list[i]);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	size_t len = bytes.len - cut;
	if (len > 0)
		cr_assert_eq(write(pair[0], bytes.data, len), (ssize_t)len);
	buf_release(&bytes);
	shutdown(pair[0], SHUT_WR);
	state_writer_serve(path, output, output ? 1 : 0, pair[1]);
	close(pair[1]);
	*reply_count = 0;
	while (read(pair[0], &replies[*reply_count], sizeof *replies) == (ssize_t)sizeof *replies)
		++*reply_count;
	close(pair[0]);
}

Test(state_writer, process_ends_at_the_end_of_the_stream)
{
	enum { REPLIES = 10 };
	const char *path = state_files_make();
	struct state_message list[5] = {
	    {.type = STATE_MESSAGE_BEGIN, .with.begin = {options, false, 1}},
	    {.type = STATE_MESSAGE_ADD},
	    {.type = STATE_MESSAGE_COMMIT, .with.commit = 77},
	    {.type = STATE_MESSAGE_ADD},
	    {.type = STATE_MESSAGE_COMMIT, .with.commit = 78},
	};
	struct state_reply replies[REPLIES];
	size_t count;
	state_files_page(1, &list[1].with.page);
	list[3].with.page = list[1].with.page;
	/* The last message is cut off, so the batch before it is the last one. */
	serve_messages(path, NULL, list, 5, 1, replies, &count);
	cr_assert_eq(count, 3);
	cr_expect_eq(replies[0].type, STATE_REPLY_OPENED);
	cr_expect_eq(replies[1].type, STATE_REPLY_BEGUN);
	cr_expect(replies[2].type == STATE_REPLY_COMMITTED && replies[2].batch == 77);
	expect_file(path, 1);
	state_files_remove();
}

Test(state_writer, process_writes_all_kinds_of_records)
{
	enum { REPLIES = 10, NAME_ONLY = 010000000 };
	const char *path = state_files_make();
	struct state_message list[9] = {
	    {.type = STATE_MESSAGE_BEGIN, .with.begin = {options, false, 1}},
	    {.type = STATE_MESSAGE_ADD},
	    {.type = STATE_MESSAGE_ADD},
	    {.type = STATE_MESSAGE_FORGET, .with.forgotten = 2},
	    {.type = STATE_MESSAGE_ROBOTS, .with.robots = {.origin = "http://a", .body = {"x", 1}}},
	    {.type = STATE_MESSAGE_OUTPUT, .with.output = {0, 100}},
	    {.type = STATE_MESSAGE_SETTLE},
	    {.type = STATE_MESSAGE_END, .with.end.now = 5},
	    {.type = STATE_MESSAGE_COMMIT, .with.commit = 1},
	};
	struct state_reply replies[REPLIES];
	struct link_records links;
	size_t count;
	state_files_page(1, &list[1].with.page);
	list[2].with.page = list[1].with.page;
	list[2].with.page.id = 2;
	link_records_init(&links);
	state_files_result(1, 1, &list[6].with.result, &links);
	struct state_writer_output output = {
	    "output", "rows.tsv", open(state_files_name("rows.tsv"), O_CREAT | O_WRONLY, 0600), NULL};
	serve_messages(path, &output, list, 9, 0, replies, &count);
	cr_assert_eq(count, 3);
	cr_expect_eq(replies[2].type, STATE_REPLY_COMMITTED);
	cr_expect_eq(expect_file(path, 1), 1);
	/* An output that cannot be brought to the disk; see above. */
	output.fd = open(state_files_name("rows.tsv"), NAME_ONLY);
	serve_messages(path, &output, list, 9, 0, replies, &count);
	cr_assert_eq(count, 3);
	cr_expect_eq(replies[2].type, STATE_REPLY_FAILED);
	cr_expect_eq(expect_file(path, 1), 1);
	link_records_release(&links);
	state_files_remove();
}

Test(state_writer, process_ends_with_the_program_while_it_waits_for_the_lock)
{
	struct state_reply replies[2];
	size_t count;
	const char *path = state_files_make();
	log_to_file();
	pid_t other = start_other_run(path, 10000);
	serve_messages(path, NULL, NULL, 0, 0, replies, &count);
	cr_assert_eq(count, 1);
	cr_expect_eq(replies[0].type, STATE_REPLY_LOCKED);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	state_files_remove();
}

Test(state_writer, process_ends_with_its_first_failure)
{
	enum { REPLIES = 10 };
	const char *path = state_files_make();
	struct state_message list[4] = {
	    {.type = STATE_MESSAGE_BEGIN, .with.begin = {options, false, 1}},
	    {.type = STATE_MESSAGE_SETTLE, .with.result.page = 5},
	    {.type = STATE_MESSAGE_COMMIT, .with.commit = 1},
	    {.type = STATE_MESSAGE_COMMIT, .with.commit = 2},
	};
	struct state_reply replies[REPLIES];
	size_t count;
	serve_messages(path, NULL, list, 4, 0, replies, &count);
	cr_assert_eq(count, 3);
	cr_expect(replies[2].type == STATE_REPLY_FAILED && replies[2].status == STATUS_OUTPUT);
	cr_expect(strstr(replies[2].problem, path), "%s", replies[2].problem);
	expect_file(path, 0);
	state_files_remove();
}
