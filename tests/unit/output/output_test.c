#include "base/clock.h"
#include "base/stop.h"
#include "output/file.h"
#include "output/rows.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* On a socket that keeps messages apart each write is one message; as_disk makes the file take it for a file
 * of the disk. */
static void open_messages(struct file *file, int *reader, bool as_disk)
{
	int sockets[2];
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	int room = 4 << 20;
	setsockopt(sockets[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	*file = (struct file){.name = "messages",
	    .fd = sockets[1],
	    .info.st_mode = as_disk ? S_IFREG : S_IFSOCK,
	    .backlog.max = SIZE_MAX / 2};
	*reader = sockets[0];
}

static size_t read_message(int reader, char *text, size_t size)
{
	ssize_t n = recv(reader, text, size - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void end_page(const struct observer *rows, uint64_t number, enum outcome_kind kind)
{
	uint64_t ticket = 0;
	cr_assert_eq(rows->page_end(rows->self, &(struct outcome){.number = number, .kind = kind}, &ticket),
	    STATUS_OK);
}

static void give_links(const struct observer *rows, const char *source, int count)
{
	static uint64_t number;
	char url[64];
	number++;
	for (int i = 0; i < count; i++) {
		snprintf(url, sizeof url, "http://a/%d", i);
		cr_assert_eq(rows->link(rows->self, &(struct outcome){.number = number, .source_url = source},
		                 &(struct link){.url = slice_of(url)}),
		    STATUS_OK);
	}
	end_page(rows, number, OUTCOME_OK);
}

Test(rows, of_a_page_go_to_the_disk_in_one_write)
{
	static char text[1 << 20];
	const struct options options = {0};
	struct file file;
	int reader;
	open_messages(&file, &reader, true);
	struct rows *rows = rows_new(&options, &file);
	struct observer observer = rows_observer(rows);
	cr_assert_eq(observer.begin(observer.self), STATUS_OK);
	cr_assert_gt(read_message(reader, text, sizeof text), 0);
	cr_expect_str_eq(text, "source_url\tparsed_url\n");
	give_links(&observer, "http://two/", 4000);
	size_t len = read_message(reader, text, sizeof text);
	cr_expect(strstr(text, "http://a/3999\n"));
	cr_expect_eq(read_message(reader, text + len, sizeof text - len), 0, "one write for 4,000 rows");
	give_links(&observer, "http://three/", 0);
	cr_expect_eq(read_message(reader, text, sizeof text), 0, "no write for no rows");
	observer.free(observer.self);
	cr_assert_eq(file_close(&file), STATUS_OK);
	close(reader);
}

Test(rows, of_small_pages_go_to_the_disk_in_blocks)
{
	static char text[1 << 20];
	const struct options options = {.no_header = true};
	struct file file;
	int reader;
	open_messages(&file, &reader, true);
	struct rows *rows = rows_new(&options, &file);
	struct observer observer = rows_observer(rows);
	give_links(&observer, "http://one/", 3);
	give_links(&observer, "http://two/", 1);
	cr_expect_eq(read_message(reader, text, sizeof text), 0, "two small pages wait");
	/* What a page that is lost has given so far is dropped, and nothing else. */
	cr_assert_eq(
	    observer.link(observer.self, &(struct outcome){.number = 99, .source_url = "http://lost/"},
	        &(struct link){.url = slice_of("http://a/0")}),
	    STATUS_OK);
	/* Another one may end meanwhile. */
	end_page(&observer, 98, OUTCOME_FAILED);
	end_page(&observer, 99, OUTCOME_FAILED);
	cr_assert_eq(rows_drain(rows, CLOCK_NEVER), STATUS_OK);
	cr_assert_gt(read_message(reader, text, sizeof text), 0);
	cr_expect_str_eq(text, "http://one/\thttp://a/0\nhttp://one/\thttp://a/1\nhttp://one/\thttp://a/2\n"
	                       "http://two/\thttp://a/0\n");
	give_links(&observer, "http://large/", 4000);
	cr_expect_gt(read_message(reader, text, sizeof text), 64 << 10, "a full block goes at once");
	observer.free(observer.self);
	cr_assert_eq(file_close(&file), STATUS_OK);
	close(reader);
}

Test(rows, go_to_others_in_writes_of_whole_rows)
{
	static char text[1 << 20], expected[1 << 20];
	const struct options options = {.no_header = true};
	struct file file;
	int reader, count = 2000;
	size_t len = 0, expected_len = 0;
	open_messages(&file, &reader, false);
	struct rows *rows = rows_new(&options, &file);
	struct observer observer = rows_observer(rows);
	give_links(&observer, "http://one/", 3);
	cr_expect_gt(read_message(reader, text, sizeof text), 0);
	cr_expect_eq(read_message(reader, text, sizeof text), 0, "what is that short is one write");
	give_links(&observer, "http://two/", count);
	for (size_t n; (n = read_message(reader, text + len, sizeof text - len)) > 0; len += n) {
		cr_expect_leq(n, PIPE_BUF);
		cr_expect_eq(text[len + n - 1], '\n', "a write of %zu bytes ends within a row", n);
	}
	for (int i = 0; i < count; i++)
		expected_len += (size_t)sprintf(expected + expected_len, "http://two/\thttp://a/%d\n", i);
	cr_expect_eq(len, expected_len);
	cr_expect_str_eq(text, expected);
	observer.free(observer.self);
	cr_assert_eq(file_close(&file), STATUS_OK);
	close(reader);
}

/* A named pipe of which the test is the reader, who waits for nothing. */
static void open_fifo(struct file *file, int *reader)
{
	static char folder[64], name[80];
	snprintf(folder, sizeof folder, "/tmp/areq-unit-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/fifo", folder);
	cr_assert_eq(mkfifo(name, 0600), 0);
	*reader = open(name, O_RDONLY | O_NONBLOCK);
	cr_assert_geq(*reader, 0);
	cr_assert_eq(file_open(file, name, &(struct file_options){0}), STATUS_OK);
	unlink(name);
	rmdir(folder);
	signal(SIGPIPE, SIG_IGN);
}

/* The byte that stands at that place of everything that the tests write: rows of 100, with longer ones. */
static char byte_at(size_t at)
{
	bool ends = at % 100 == 99 && at / 10000 % 7 != 0;
	return (char)(ends ? '\n' : 'a' + at % 100 % 26 + at / 100 % 3);
}

static void write_page(struct file *file, size_t *written, size_t len)
{
	static char page[1 << 20];
	cr_assert_leq(len, sizeof page);
	for (size_t i = 0; i < len; i++)
		page[i] = byte_at(*written + i);
	cr_assert_eq(file_write(file, page, len), STATUS_OK);
	*written += len;
}

/* Reads what is there, up to so much, and holds it to what was written there. */
static void read_some(int reader, size_t *got, size_t most)
{
	static char piece[1 << 16];
	for (ssize_t n; most > 0; most -= (size_t)n) {
		n = read(reader, piece, most < sizeof piece ? most : sizeof piece);
		if (n <= 0)
			return;
		for (ssize_t i = 0; i < n; i++)
			cr_assert_eq(piece[i], byte_at(*got + (size_t)i), "at %zu", *got + (size_t)i);
		*got += (size_t)n;
	}
}

Test(file, keeps_in_order_what_the_reader_does_not_take)
{
	static const size_t pages[] = {10, 100000, 1, 5000, 1 << 20, 4096, 0, 300000, 1 << 20, 7};
	struct file file;
	int reader;
	size_t written = 0, got = 0, taken;
	open_fifo(&file, &reader);
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		write_page(&file, &written, pages[i]);
	taken = written - file_backlog(&file);
	cr_expect(taken > 0 && taken < written);
	read_some(reader, &got, SIZE_MAX);
	cr_expect_eq(got, taken, "what was not written is what the backlog counts");
	while (file_backlog(&file) > 0) {
		taken = file_backlog(&file);
		cr_assert_eq(file_flush(&file), STATUS_OK);
		cr_assert_lt(file_backlog(&file), taken);
		read_some(reader, &got, 3000);
		if (got % 5 == 0)
			write_page(&file, &written, 9000);
		read_some(reader, &got, SIZE_MAX);
	}
	read_some(reader, &got, SIZE_MAX);
	cr_expect_eq(got, written);
	cr_expect_leq(file.backlog.room, 1 << 20, "the memory of a long backlog is given back");
	cr_expect_eq(file_close(&file), STATUS_OK);
	close(reader);
}

Test(file, moves_a_long_backlog_only_rarely)
{
	struct file file;
	int reader;
	size_t written = 0, got = 0;
	open_fifo(&file, &reader);
	for (int i = 0; i < 64; i++)
		write_page(&file, &written, 1 << 20);
	clock_t began = clock();
	while (file_backlog(&file) > 0) {
		read_some(reader, &got, PIPE_BUF);
		cr_assert_eq(file_flush(&file), STATUS_OK);
		write_page(&file, &written, 100);
	}
	/* Were all of it moved each time, it would be 500 GB. */
	cr_expect_lt((double)(clock() - began) / CLOCKS_PER_SEC, 6.0);
	cr_expect_eq(file_close(&file), STATUS_OK);
	close(reader);
}

Test(file, tells_that_the_reader_is_gone)
{
	struct file file;
	int reader;
	size_t written = 0;
	open_fifo(&file, &reader);
	close(reader);
	cr_expect_eq(file_write(&file, "a\n", 2), STATUS_PIPE_CLOSED);
	cr_expect_eq(file_backlog(&file), 0);
	cr_expect_eq(file_flush(&file), STATUS_PIPE_CLOSED, "it stays so");
	cr_expect_eq(file_drain(&file, CLOCK_NEVER), STATUS_PIPE_CLOSED);
	file_close(&file);

	open_fifo(&file, &reader);
	write_page(&file, &written, 1 << 20);
	cr_expect_gt(file_backlog(&file), 0);
	close(reader);
	cr_expect_eq(file_flush(&file), STATUS_PIPE_CLOSED);
	cr_expect_eq(file_backlog(&file), 0, "nobody needs to wait for what nobody will read");
	cr_expect_eq(file_write(&file, "a\n", 2), STATUS_PIPE_CLOSED);
	file_close(&file);
}

/* Between the look at a pipe and the write another one may have filled it, and made it non-blocking; a file
 * that is taken for one of the disk is written without that look. */
Test(file, keeps_what_a_pipe_refuses)
{
	struct file file;
	int reader;
	size_t written = 0, got = 0;
	open_fifo(&file, &reader);
	file.info.st_mode = S_IFREG;
	cr_assert_eq(fcntl(file.fd, F_SETFL, O_NONBLOCK), 0);
	write_page(&file, &written, 1 << 20);
	cr_expect_gt(file_backlog(&file), 0);
	cr_expect_eq(file_flush(&file), STATUS_OK);
	write_page(&file, &written, 300);
	while (got < written) {
		read_some(reader, &got, SIZE_MAX);
		cr_assert_eq(file_flush(&file), STATUS_OK);
	}
	cr_expect_eq(file_backlog(&file), 0);
	cr_expect_eq(file_close(&file), STATUS_OK);
	close(reader);
}

Test(file, drains_into_a_slow_reader)
{
	enum { LEN = 3 << 20 };
	struct file file;
	int reader, status;
	size_t written = 0, got = 0;
	open_fifo(&file, &reader);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		close(file.fd);
		cr_assert_eq(fcntl(reader, F_SETFL, 0), 0);
		read_some(reader, &got, SIZE_MAX);
		_exit(got == LEN ? 0 : 1);
	}
	close(reader);
	cr_assert_eq(fcntl(file.fd, F_SETFL, O_NONBLOCK), 0);
	while (written < LEN)
		write_page(&file, &written, 1 << 20);
	cr_expect_eq(file_drain(&file, CLOCK_NEVER), STATUS_OK);
	cr_expect_eq(file_backlog(&file), 0);
	cr_expect_eq(file_close(&file), STATUS_OK);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "all bytes, in their order");
}

static void expect_given_up(struct file *file, int64_t until)
{
	int64_t began = clock_now_ms();
	cr_expect_eq(file_drain(file, until), STATUS_OUTPUT);
	cr_expect_lt(clock_now_ms() - began, 10000);
	cr_expect_eq(file_backlog(file), 0);
	cr_expect_eq(file_write(file, "a\n", 2), STATUS_OUTPUT);
	cr_expect_eq(file_drain(file, CLOCK_NEVER), STATUS_OUTPUT, "without another wait");
}

Test(file, drains_no_longer_than_it_may)
{
	struct file file;
	int reader;
	size_t written = 0;
	cr_assert(freopen("/dev/null", "w", stderr));
	open_fifo(&file, &reader);
	cr_expect_eq(file_drain(&file, 0), STATUS_OK, "there is nothing to wait for");
	write_page(&file, &written, 1 << 20);
	expect_given_up(&file, clock_now_ms() + 200);
	file_close(&file);
	close(reader);

	open_fifo(&file, &reader);
	written = 0;
	write_page(&file, &written, 1 << 20);
	stop_catch_signals();
	raise(SIGTERM);
	expect_given_up(&file, CLOCK_NEVER);
	file_close(&file);
	close(reader);
}

Test(file, that_has_failed_is_left_alone)
{
	struct file file;
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_assert_eq(file_open(&file, "/dev/full", &(struct file_options){0}), STATUS_OK);
	cr_expect_eq(file_write(&file, "a\n", 2), STATUS_OUTPUT);
	cr_expect_eq(file_backlog(&file), 0);
	cr_expect_eq(file_flush(&file), STATUS_OUTPUT);
	cr_expect_eq(file_close(&file), STATUS_OK);
}

/* Root may write everywhere, so it becomes somebody who may not. */
static bool is_refused_to_others(const char *name, const char *part)
{
	int status;
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		struct file file;
		if (getuid() == 0 && setuid(65534) != 0)
			_exit(2);
		enum status opened = file_open(&file, name, &(struct file_options){.atomic = true});
		file_close(&file);
		bool refused = opened == STATUS_OUTPUT && access(part, F_OK) != 0;
		_exit(refused ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

Test(file, is_not_replaced_by_who_may_not_write_it_or_its_folder)
{
	char folder[] = "/tmp/areq-unit-XXXXXX", name[64], part[64];
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_assert(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/found", folder);
	snprintf(part, sizeof part, "%s/found.part", folder);
	close(open(name, O_WRONLY | O_CREAT, 0600));
	cr_assert_eq(chmod(name, 0666), 0);
	cr_assert_eq(chmod(folder, 0777), 0);
	cr_expect_not(is_refused_to_others(name, part), "so far nothing is in the way");
	cr_assert_eq(chmod(folder, 0555), 0);
	cr_expect(is_refused_to_others(name, part));
	cr_assert_eq(chmod(folder, 0777), 0);
	cr_assert_eq(chmod(name, 0444), 0);
	cr_expect(is_refused_to_others(name, part));
	unlink(name);
	rmdir(folder);
}

static enum status count_link(void *self, const struct outcome *page, const struct link *link)
{
	(void)page;
	(void)link;
	++*(int *)self;
	return STATUS_OK;
}

static void count_free(void *self)
{
	*(int *)self += 1000;
}

Test(observers, are_as_many_as_there_are_and_each_is_freed)
{
	enum { MANY = 100 };
	struct observers observers = {0};
	int counts[MANY] = {0};
	observers_release(&observers);
	for (int i = 0; i < MANY; i++)
		observers_add(&observers,
		    (struct observer){.self = &counts[i], .link = count_link, .free = count_free});
	observers_add(&observers, (struct observer){0});
	cr_expect_eq(observers_link(&observers, &(struct outcome){0}, &(struct link){0}), STATUS_OK);
	observers_release(&observers);
	for (int i = 0; i < MANY; i++)
		cr_expect_eq(counts[i], 1001);
}
