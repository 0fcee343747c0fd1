#include "base/buf.h"
#include "output/ordered.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is given out goes here. */
struct sink {
	struct buf text;
	size_t calls;
	enum status answer;
};

static enum status take(void *ctx, const char *bytes, size_t len)
{
	struct sink *sink = ctx;
	sink->calls++;
	if (sink->answer == STATUS_OK)
		buf_append(&sink->text, bytes, len);
	return sink->answer;
}

static struct sink new_sink(void)
{
	struct sink sink = {.answer = STATUS_OK};
	buf_init(&sink.text, SIZE_MAX / 2);
	return sink;
}

static void expect_text(struct sink *sink, const char *expected)
{
	cr_expect_str_eq(sink->text.data ? sink->text.data : "", expected);
}

static void add(struct ordered *ordered, uint64_t number, const char *text)
{
	cr_assert_eq(ordered_add(ordered, number, text, strlen(text)), STATUS_OK);
}

static void finish(struct ordered *ordered, uint64_t number)
{
	cr_assert_eq(ordered_finish(ordered, number), STATUS_OK);
}

static void release_all(struct ordered *ordered)
{
	while (ordered_is_ready(ordered))
		cr_assert_eq(ordered_release(ordered, 1), STATUS_OK);
}

/* The descriptor that the next file to be opened gets: the temporary one, as nothing else is opened here. */
static int next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);
	cr_assert_geq(fd, 0);
	close(fd);
	return fd;
}

/* How long the temporary file is; 0: there is none. */
static size_t bytes_of(int fd)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return 0;
	cr_expect_eq(info.st_nlink, 0, "it has a name");
	cr_expect_eq(info.st_mode & 0777, 0600);
	return (size_t)info.st_size;
}

Test(ordered, gives_out_at_once_what_is_next)
{
	struct sink sink = new_sink();
	int file = next_descriptor();
	struct ordered *ordered = ordered_new(0, take, &sink);
	add(ordered, 1, "a1 ");
	expect_text(&sink, "a1 ");
	add(ordered, 1, "a2 ");
	finish(ordered, 1);
	finish(ordered, 2);
	add(ordered, 3, "c ");
	finish(ordered, 3);
	expect_text(&sink, "a1 a2 c ");
	cr_expect_not(ordered_is_ready(ordered));
	ordered_free(ordered);
	cr_expect_eq(bytes_of(file), 0);
	buf_release(&sink.text);
}

Test(ordered, holds_back_what_is_not)
{
	struct sink sink = new_sink();
	int file = next_descriptor();
	struct ordered *ordered = ordered_new(1 << 20, take, &sink);
	add(ordered, 3, "c1 ");
	add(ordered, 3, "c2 ");
	finish(ordered, 3);
	finish(ordered, 5);
	add(ordered, 2, "b ");
	finish(ordered, 2);
	cr_expect_not(ordered_is_ready(ordered));
	cr_expect_eq(ordered_release(ordered, SIZE_MAX), STATUS_OK);
	expect_text(&sink, "");
	add(ordered, 1, "a ");
	cr_expect_not(ordered_is_ready(ordered), "1 itself is not finished yet");
	finish(ordered, 1);
	cr_expect(ordered_is_ready(ordered));
	expect_text(&sink, "a ");
	cr_expect_eq(ordered_release(ordered, SIZE_MAX), STATUS_OK);
	expect_text(&sink, "a b c1 c2 ");
	add(ordered, 4, "d ");
	finish(ordered, 4);
	cr_expect(ordered_is_ready(ordered), "5 has nothing, but is not done with");
	release_all(ordered);
	add(ordered, 6, "f ");
	expect_text(&sink, "a b c1 c2 d f ");
	ordered_free(ordered);
	cr_expect_eq(bytes_of(file), 0, "all of it fitted into memory");
	buf_release(&sink.text);
}

/* What others finish while much is ready comes behind it. */
static void check_steps(size_t memory)
{
	struct sink sink = new_sink();
	struct ordered *ordered = ordered_new(memory, take, &sink);
	add(ordered, 2, "b1 ");
	add(ordered, 2, "b2 ");
	finish(ordered, 2);
	add(ordered, 3, "c ");
	finish(ordered, 3);
	finish(ordered, 1);
	cr_expect_eq(ordered_next(ordered), 2);
	cr_assert_eq(ordered_release(ordered, 1), STATUS_OK);
	expect_text(&sink, "b1 ");
	cr_expect_eq(ordered_next(ordered), 2, "b2 still waits");
	finish(ordered, 4);
	cr_assert_eq(ordered_release(ordered, 3), STATUS_OK);
	expect_text(&sink, "b1 b2 ");
	cr_expect_eq(ordered_next(ordered), 3);
	add(ordered, 5, "e ");
	finish(ordered, 5);
	expect_text(&sink, "b1 b2 ");
	release_all(ordered);
	expect_text(&sink, "b1 b2 c e ");
	cr_expect_eq(ordered_next(ordered), 6);
	ordered_free(ordered);
	buf_release(&sink.text);
}

Test(ordered, gives_out_no_more_at_once_than_it_is_asked_for)
{
	check_steps(1 << 20);
	check_steps(1); /* all but the last piece are in the temporary file */
}

struct dice {
	uint32_t state;
};

static size_t roll(struct dice *dice, size_t sides)
{
	dice->state = dice->state * 1664525 + 1013904223;
	return (dice->state >> 8) % sides;
}

/* 1 to count in a random order in which none is further from its place than so much; 1 itself comes last
 * where that is asked for. */
static void shuffle(struct dice *dice, size_t *numbers, size_t count, size_t reach, bool first_is_last)
{
	for (size_t i = 0; i < count; i++)
		numbers[i] = i + 1;
	for (size_t i = 0; i < count; i++) {
		size_t other = i + roll(dice, i + reach < count ? reach : count - i);
		size_t number = numbers[i];
		numbers[i] = numbers[other];
		numbers[other] = number;
	}
	for (size_t i = 0; first_is_last && i + 1 < count; i++) {
		if (numbers[i] == 1) {
			numbers[i] = numbers[count - 1];
			numbers[count - 1] = 1;
		}
	}
}

static size_t pieces_of(size_t number)
{
	return number % 7 == 0 ? 0 : number % 5;
}

static size_t piece_text(char *to, size_t size, size_t number, size_t piece)
{
	int len = snprintf(to, size, "%zu.%zu%*s\n", number, piece, (int)(number * 13 % 90), "");
	return (size_t)len;
}

static void expect_all(const struct sink *sink, size_t count)
{
	struct buf expected;
	char text[200];
	buf_init(&expected, SIZE_MAX / 2);
	for (size_t number = 1; number <= count; number++) {
		for (size_t piece = 0; piece < pieces_of(number); piece++)
			buf_append(&expected, text, piece_text(text, sizeof text, number, piece));
	}
	cr_expect_eq(sink->text.len, expected.len);
	cr_expect(
	    sink->text.len == expected.len && memcmp(sink->text.data, expected.data, expected.len) == 0);
	buf_release(&expected);
}

/* The same things in all orders and memories come to the same text. */
static void run(size_t memory, size_t reach, bool first_is_last, uint32_t seed)
{
	enum { COUNT = 3000 };
	static size_t numbers[COUNT];
	struct dice dice = {seed};
	struct sink sink = new_sink();
	int file = next_descriptor();
	struct ordered *ordered = ordered_new(memory, take, &sink);
	char text[200];
	size_t most_in_file = 0;
	shuffle(&dice, numbers, COUNT, reach, first_is_last);
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t piece = 0; piece < pieces_of(numbers[i]); piece++) {
			size_t len = piece_text(text, sizeof text, numbers[i], piece);
			cr_assert_eq(ordered_add(ordered, numbers[i], text, len), STATUS_OK);
		}
		finish(ordered, numbers[i]);
		if (roll(&dice, 3) == 0)
			cr_assert_eq(ordered_release(ordered, roll(&dice, 500)), STATUS_OK);
		size_t in_file = bytes_of(file);
		most_in_file = in_file > most_in_file ? in_file : most_in_file;
	}
	release_all(ordered);
	expect_all(&sink, COUNT);
	cr_expect(memory > 1 << 20 || !first_is_last || most_in_file > 0, "a file was needed");
	cr_expect(memory < 1 << 20 || most_in_file == 0, "no file was needed");
	cr_expect_eq(bytes_of(file), 0, "the file is empty when all is given out");
	ordered_free(ordered);
	buf_release(&sink.text);
}

Test(ordered, comes_to_the_same_in_any_order_and_memory)
{
	static const size_t memories[] = {0, 300, 3000, 100000, 1 << 24};
	static const size_t reaches[] = {2, 50, 3000};
	for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
		for (size_t k = 0; k < sizeof reaches / sizeof *reaches; k++) {
			run(memories[i], reaches[k], false, 1 + (uint32_t)i);
			run(memories[i], reaches[k], true, 7 + (uint32_t)i);
		}
	}
}

Test(ordered, leaves_no_name_in_the_folder_of_TMPDIR)
{
	char folder[] = "/tmp/areq-unit-XXXXXX";
	struct sink sink = new_sink();
	cr_assert(mkdtemp(folder));
	cr_assert_eq(setenv("TMPDIR", folder, 1), 0);
	int file = next_descriptor();
	struct stat of_folder, of_file;
	struct ordered *ordered = ordered_new(1, take, &sink);
	add(ordered, 2, "b");
	finish(ordered, 2);
	add(ordered, 3, "c");
	cr_expect_gt(bytes_of(file), 0);
	cr_assert_eq(stat(folder, &of_folder), 0);
	cr_assert_eq(fstat(file, &of_file), 0);
	cr_expect_eq(of_file.st_dev, of_folder.st_dev);
	cr_expect_eq(rmdir(folder), 0, "it holds nothing");
	ordered_free(ordered);
	buf_release(&sink.text);
}

Test(ordered, fails_for_good_where_the_file_cannot_be_made)
{
	struct sink sink = new_sink();
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_assert_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
	struct ordered *ordered = ordered_new(1, take, &sink);
	add(ordered, 2, "b");
	finish(ordered, 2);
	cr_expect_eq(ordered_add(ordered, 3, "c", 1), STATUS_OUTPUT);
	cr_expect_eq(ordered_finish(ordered, 3), STATUS_OUTPUT);
	cr_expect_eq(ordered_add(ordered, 1, "a", 1), STATUS_OUTPUT);
	cr_expect_eq(ordered_finish(ordered, 1), STATUS_OUTPUT);
	cr_expect_eq(ordered_release(ordered, SIZE_MAX), STATUS_OUTPUT);
	cr_expect_eq(sink.calls, 0);
	ordered_free(ordered);
}

/* A file that may not grow any more is as good as a full disk. */
Test(ordered, fails_where_the_disk_is_full)
{
	static char page[100 * 1000];
	struct sink sink = new_sink();
	struct rlimit limit = {50 * 1000, RLIM_INFINITY};
	enum status status = STATUS_OK;
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	struct ordered *ordered = ordered_new(1, take, &sink);
	memset(page, 'x', sizeof page);
	for (uint64_t number = 2; number < 10 && status == STATUS_OK; number++) {
		status = ordered_add(ordered, number, page, sizeof page);
		ordered_finish(ordered, number);
	}
	cr_expect_eq(status, STATUS_OUTPUT);
	ordered_free(ordered);
}

Test(ordered, hands_on_what_the_taker_says)
{
	struct sink sink = new_sink();
	sink.answer = STATUS_PIPE_CLOSED;
	struct ordered *ordered = ordered_new(1 << 20, take, &sink);
	cr_expect_eq(ordered_add(ordered, 1, "a", 1), STATUS_PIPE_CLOSED);
	cr_expect_eq(ordered_add(ordered, 1, "a", 1), STATUS_PIPE_CLOSED);
	cr_expect_eq(sink.calls, 1, "who failed is asked no more");
	ordered_free(ordered);
	for (int spilled = 0; spilled < 2; spilled++) {
		ordered = ordered_new(spilled ? 1 : 1 << 20, take, &sink);
		add(ordered, 2, "b");
		finish(ordered, 2);
		add(ordered, 3, "c");
		finish(ordered, 3);
		finish(ordered, 1);
		cr_expect_eq(ordered_release(ordered, SIZE_MAX), STATUS_PIPE_CLOSED);
		cr_expect_eq(ordered_release(ordered, SIZE_MAX), STATUS_PIPE_CLOSED);
		ordered_free(ordered);
	}
	cr_expect_eq(sink.calls, 3);
}

/* What is added to a number comes together, whatever ends meanwhile, and whatever memory there is. */
Test(ordered, gives_out_nothing_between_the_pieces_of_a_number)
{
	static const size_t memories[] = {1, 200, 1 << 20};
	for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
		struct sink sink = new_sink();
		struct ordered *ordered = ordered_new(memories[i], take, &sink);
		add(ordered, 2, "b1");
		finish(ordered, 3);
		finish(ordered, 1);
		release_all(ordered);
		expect_text(&sink, "");
		cr_expect_eq(ordered_next(ordered), 2);
		add(ordered, 2, "b2");
		finish(ordered, 4);
		release_all(ordered);
		add(ordered, 2, "b3");
		finish(ordered, 2);
		add(ordered, 5, "e");
		finish(ordered, 5);
		release_all(ordered);
		expect_text(&sink, "b1b2b3e");
		cr_expect_eq(ordered_next(ordered), 6);
		ordered_free(ordered);
		buf_release(&sink.text);
	}
}

Test(ordered, drops_what_is_no_longer_wanted)
{
	static const size_t memories[] = {1, 200, 1 << 20};
	for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
		struct sink sink = new_sink();
		struct ordered *ordered = ordered_new(memories[i], take, &sink);
		add(ordered, 3, "c1");
		add(ordered, 3, "c2");
		cr_expect_not(ordered_drop(ordered, 3));
		finish(ordered, 3);
		add(ordered, 2, "b");
		finish(ordered, 2);
		add(ordered, 4, "d");
		finish(ordered, 4);
		add(ordered, 1, "a");
		cr_expect(ordered_drop(ordered, 1), "it was given out at once");
		finish(ordered, 1);
		release_all(ordered);
		expect_text(&sink, "abd");
		cr_expect_eq(ordered_next(ordered), 5);
		ordered_free(ordered);
		buf_release(&sink.text);
	}
}
