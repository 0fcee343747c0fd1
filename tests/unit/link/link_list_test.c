#include "link/link_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 3000 };

/* Links of all lengths around that of a piece, so that each part of one falls on its end once. */
static size_t length_of(size_t i)
{
	return i % 500 == 7 ? 3 * PIECE_BYTES + i : i % 50 == 3 ? PIECE_BYTES - i % 90 : i * 7 % 60;
}

static struct raw_link link_of(size_t i, char *bytes)
{
	static const char tag[] = "area", rel[] = "next prev";
	memset(bytes, 'a' + (int)(i % 26), length_of(i));
	struct raw_link link = {.value = {bytes, length_of(i)},
	    .position = (int64_t)i - 1,
	    .line = (uint32_t)i,
	    .column = (uint32_t)i * 3,
	    .kind = i % (LINK_LIST_BASE + 1),
	    .attribute = (enum attribute)(i % ATTRIBUTE_COUNT)};
	if (i % 3)
		link.tag = (struct slice){tag, i % 5};
	if (i % 4)
		link.rel = (struct slice){rel, i % 10};
	return link;
}

static void add_all(struct link_list *found)
{
	static char bytes[4 * PIECE_BYTES];
	for (size_t i = 0; i < COUNT; i++) {
		struct raw_link link = link_of(i, bytes);
		cr_assert(link_list_add(found, &link));
	}
}

static void expect_slice(struct slice actual, struct slice expected, size_t i)
{
	cr_assert_eq(!actual.data, !expected.data, "link %zu", i);
	cr_assert(!actual.data || slice_equal(actual, expected), "link %zu", i);
}

static void expect_all(const struct link_list *found)
{
	static char bytes[4 * PIECE_BYTES];
	struct buf joined;
	buf_init(&joined, SIZE_MAX / 2);
	struct link_list_reader reader = link_list_read(found, &joined);
	struct raw_link link = {.position = -1};
	for (size_t i = 0; i < COUNT; i++) {
		struct raw_link expected = link_of(i, bytes);
		cr_assert(link_list_next(&reader, &link), "link %zu", i);
		expect_slice(link.value, expected.value, i);
		cr_assert_eq(link.kind, expected.kind);
		cr_assert_eq(link.attribute, expected.attribute);
		if (found->detailed) {
			expect_slice(link.tag, expected.tag, i);
			expect_slice(link.rel, expected.rel, i);
			cr_assert_eq(link.position, expected.position);
			cr_assert_eq(link.line, expected.line);
			cr_assert_eq(link.column, expected.column);
		}
	}
	cr_expect_not(link_list_next(&reader, &link));
	cr_expect_not(reader.pieces.failed);
	link_list_reader_release(&reader);
	buf_release(&joined);
}

/* The descriptor that the temporary file will have, as nothing else is opened here. */
static int next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);
	cr_assert_geq(fd, 0);
	close(fd);
	return fd;
}

static off_t bytes_of(int fd)
{
	struct stat info;
	return fstat(fd, &info) == 0 ? info.st_size : 0;
}

Test(found, gives_back_what_was_added_whatever_is_in_the_file)
{
	static const size_t memories[] = {0, 5 * PIECE_BYTES, 1 << 30};
	for (size_t i = 0; i < 6; i++) {
		int file = next_descriptor();
		struct piece_store *store = piece_store_new(memories[i / 2]);
		struct link_list found;
		link_list_init(&found, store, SIZE_MAX / 2);
		found.detailed = i % 2;
		add_all(&found);
		cr_expect_eq(bytes_of(file) > 0, i / 2 < 2);
		expect_all(&found);
		expect_all(&found);
		link_list_release(&found);
		piece_store_free(store);
		cr_expect_eq(bytes_of(file), 0, "it is closed");
	}
}

Test(found, uses_the_room_in_the_file_again)
{
	struct link_list lists[2];
	int file = next_descriptor();
	struct piece_store *store = piece_store_new(0);
	link_list_init(&lists[0], store, SIZE_MAX / 2);
	link_list_init(&lists[1], store, SIZE_MAX / 2);
	lists[1].detailed = true;
	add_all(&lists[0]);
	add_all(&lists[1]);
	off_t most = bytes_of(file);
	for (size_t i = 0; i < 5; i++) {
		link_list_clear(&lists[i % 2]);
		struct link_list_reader reader = link_list_read(&lists[i % 2], NULL);
		cr_expect_not(link_list_next(&reader, &(struct raw_link){0}));
		link_list_reader_release(&reader);
		add_all(&lists[i % 2]);
		expect_all(&lists[0]);
		expect_all(&lists[1]);
	}
	cr_expect_gt(most, 0);
	cr_expect_eq(bytes_of(file), most);
	link_list_release(&lists[0]);
	link_list_release(&lists[1]);
	piece_store_free(store);
}

Test(found, needs_no_file_where_one_list_after_another_fits)
{
	struct link_list found;
	int file = next_descriptor();
	struct piece_store *store = piece_store_new(0);
	link_list_init(&found, store, SIZE_MAX / 2);
	add_all(&found);
	off_t one = bytes_of(file);
	link_list_release(&found);
	piece_store_free(store);

	store = piece_store_new((size_t)one);
	link_list_init(&found, store, SIZE_MAX / 2);
	for (size_t i = 0; i < 5; i++) {
		add_all(&found);
		cr_expect_eq(bytes_of(file), 0, "list %zu", i);
		link_list_clear(&found);
	}
	link_list_release(&found);
	piece_store_free(store);
	store = piece_store_new((size_t)one - PIECE_BYTES);
	link_list_init(&found, store, SIZE_MAX / 2);
	add_all(&found);
	cr_expect_eq(bytes_of(file), PIECE_BYTES);
	link_list_release(&found);
	piece_store_free(store);
}

Test(found, takes_no_more_than_it_may)
{
	static char bytes[PIECE_BYTES];
	struct piece_store *store = piece_store_new(0);
	struct link_list found;
	struct raw_link link = {.value = {bytes, sizeof bytes}};
	link_list_init(&found, store, 2 * sizeof bytes);
	cr_expect(link_list_add(&found, &link));
	cr_expect_not(link_list_add(&found, &link));
	link.value.len -= 2 * sizeof(uint32_t);
	cr_expect(link_list_add(&found, &link));
	link.value.len = 0;
	cr_expect_not(link_list_add(&found, &link));
	link_list_release(&found);
	piece_store_free(store);
}

Test(found, stays_in_memory_where_the_file_cannot_be_made)
{
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_assert_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
	struct piece_store *store = piece_store_new(0);
	struct link_list found;
	link_list_init(&found, store, SIZE_MAX / 2);
	add_all(&found);
	expect_all(&found);
	link_list_release(&found);
	piece_store_free(store);
}

Test(found, fails_where_the_file_cannot_be_read)
{
	cr_assert(freopen("/dev/null", "w", stderr));
	int file = next_descriptor();
	struct piece_store *store = piece_store_new(0);
	struct link_list found;
	struct buf joined;
	struct raw_link link;
	buf_init(&joined, SIZE_MAX / 2);
	link_list_init(&found, store, SIZE_MAX / 2);
	add_all(&found);
	cr_assert_eq(ftruncate(file, 2 * PIECE_BYTES), 0);
	struct link_list_reader reader = link_list_read(&found, &joined);
	size_t count = 0;
	while (link_list_next(&reader, &link))
		count++;
	cr_expect(reader.pieces.failed);
	cr_expect_gt(count, 0);
	cr_expect_not(link_list_next(&reader, &link), "it is not tried again");
	link_list_reader_release(&reader);
	buf_release(&joined);
	link_list_release(&found);
	piece_store_free(store);
}
