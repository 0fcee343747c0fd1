#include "out/file.h"
#include "out/rows.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* On a socket that keeps messages apart each write is one message. */
static void open_messages(struct file *file, int *reader)
{
	int sockets[2];
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	int room = 4 << 20;
	setsockopt(sockets[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	*file = (struct file){.name = "messages", .fd = sockets[1]};
	*reader = sockets[0];
}

static size_t read_message(int reader, char *text, size_t size)
{
	ssize_t n = recv(reader, text, size - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void give_links(const struct observer *rows, const char *source, int count)
{
	char url[64];
	for (int i = 0; i < count; i++) {
		snprintf(url, sizeof url, "http://a/%d", i);
		cr_assert_eq(rows->link(rows->self, source, &(struct link){.url = slice_of(url)}), STATUS_OK);
	}
	cr_assert_eq(rows->outcome(rows->self, &(struct outcome){.kind = OUTCOME_OK}), STATUS_OK);
}

Test(rows, of_a_page_leave_in_one_write)
{
	static char text[1 << 20];
	const struct options options = {0};
	struct file file;
	int reader;
	open_messages(&file, &reader);
	struct rows *rows = rows_new(&options, &file);
	struct observer observer = rows_observer(rows);
	cr_assert_eq(observer.begin(observer.self), STATUS_OK);
	cr_assert_gt(read_message(reader, text, sizeof text), 0);
	cr_expect_str_eq(text, "source_url\tparsed_url\n");
	give_links(&observer, "http://one/", 3);
	cr_assert_gt(read_message(reader, text, sizeof text), 0);
	cr_expect_str_eq(text, "http://one/\thttp://a/0\nhttp://one/\thttp://a/1\nhttp://one/\thttp://a/2\n");
	give_links(&observer, "http://two/", 2000);
	size_t len = read_message(reader, text, sizeof text);
	cr_expect_eq(read_message(reader, text + len, sizeof text - len), 0, "one write for 2,000 rows");
	give_links(&observer, "http://three/", 0);
	cr_expect_eq(read_message(reader, text, sizeof text), 0, "no write for no rows");
	rows_free(rows);
	cr_assert_eq(file_close(&file), STATUS_OK);
	close(reader);
}

/* A non-blocking pipe takes what it has room for: short writes and EAGAIN all the way. */
Test(file, writes_all_of_it_however_little_the_system_takes)
{
	enum { LEN = 3 << 20 };
	int ends[2], status;
	cr_assert_eq(pipe(ends), 0);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		static char piece[1000];
		size_t total = 0;
		unsigned sum = 0;
		close(ends[1]);
		for (ssize_t n; (n = read(ends[0], piece, sizeof piece)) > 0; total += (size_t)n) {
			for (ssize_t i = 0; i < n; i++)
				sum += (unsigned char)piece[i] * (unsigned)((total + (size_t)i) % 7 + 1);
		}
		unsigned expected = 0;
		for (size_t i = 0; i < LEN; i++)
			expected += (unsigned)(i % 251) * (unsigned)(i % 7 + 1);
		_exit(total == LEN && sum == expected ? 0 : 1);
	}
	close(ends[0]);
	cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	char *bytes = malloc(LEN);
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (char)(i % 251);
	struct file file = {.name = "pipe", .fd = ends[1]};
	cr_expect_eq(file_write(&file, bytes, LEN), STATUS_OK);
	cr_expect_eq(file_close(&file), STATUS_OK);
	free(bytes);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "all bytes, in their order");
}
