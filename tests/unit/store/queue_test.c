#include "store/queue.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MAX = 600 };

/* The record of that number of that queue: its length differs from that of its neighbours. */
static size_t make_record(char *record, unsigned queue, unsigned number)
{
	int len = snprintf(record, RECORD_MAX, "%u/%u %0*u", queue, number, (int)(number * 7 % 500), 0u);
	return (size_t)len;
}

static void push(struct queues *queues, struct queue *queue, unsigned which, unsigned number)
{
	char record[RECORD_MAX];
	queue_push(queues, queue, record, make_record(record, which, number));
}

static void expect_pop(struct queues *queues, struct queue *queue, unsigned which, unsigned number)
{
	char record[RECORD_MAX];
	struct slice popped;
	size_t len = make_record(record, which, number);
	cr_assert_eq(queue_pop(queues, queue, &popped), QUEUE_RECORD);
	cr_assert(slice_equal(popped, (struct slice){record, len}), "queue %u, record %u", which, number);
}

/* Pushes and pops at random, and holds every queue to its order and all of them to their memory. */
static void walk(size_t memory, size_t count, unsigned steps, unsigned pushed_of_100)
{
	struct queues queues;
	struct queue *list = calloc(count, sizeof *list);
	unsigned *first = calloc(count, sizeof *first), *end = calloc(count, sizeof *end);
	struct slice record;
	cr_assert(list && first && end);
	queues_init(&queues, memory);
	srand(1);
	for (unsigned step = 0; step < steps; step++) {
		unsigned which = (unsigned)rand() % (unsigned)count;
		struct queue *queue = &list[which];
		if ((unsigned)rand() % 100 < pushed_of_100)
			push(&queues, queue, which, end[which]++);
		else if (first[which] < end[which])
			expect_pop(&queues, queue, which, first[which]++);
		else
			cr_assert_eq(queue_pop(&queues, queue, &record), QUEUE_EMPTY);
		cr_assert_eq(queue->count, end[which] - first[which]);
	}
	for (unsigned which = 0; which < count; which++) {
		/* One in three is dropped as it is. */
		while (which % 3 && first[which] < end[which])
			expect_pop(&queues, &list[which], which, first[which]++);
		queue_release(&queues, &list[which]);
	}
	cr_expect_eq(queues.memory, 0);
	cr_expect_eq(queues.file_unread, 0);
	queues_release(&queues);
	free(list);
	free(first);
	free(end);
}

Test(queue, gives_the_oldest_first_wherever_they_are)
{
	walk(SIZE_MAX / 2, 5, 20000, 60);
	walk(64 << 10, 5, 20000, 60);
	walk(64 << 10, 5, 20000, 50);
	walk(1, 3, 20000, 60);
	walk(64 << 10, 5000, 30000, 80);
}

Test(queue, keeps_within_its_memory)
{
	enum { MEMORY = 256 << 10, QUEUES = 2000 };
	struct queues queues;
	struct queue *list = calloc(QUEUES, sizeof *list);
	cr_assert(list);
	queues_init(&queues, MEMORY);
	for (unsigned i = 0; i < 20000; i++) {
		push(&queues, &list[0], 0, i);
		cr_assert_leq(queues.memory, MEMORY + RECORD_MAX);
	}
	for (unsigned i = 0; i < 20000; i++) {
		push(&queues, &list[i % QUEUES], 0, i);
		cr_assert_leq(queues.memory, 2 * MEMORY + 2 * RECORD_MAX);
	}
	for (size_t i = 0; i < QUEUES; i++)
		queue_release(&queues, &list[i]);
	queues_release(&queues);
	free(list);
}

Test(queue, empties_the_file_when_all_of_it_was_read)
{
	struct queues queues;
	struct queue queue = {0};
	struct stat info;
	queues_init(&queues, 1);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 1000; i++)
			push(&queues, &queue, 0, i);
		cr_assert_eq(fstat(queues.file.fd, &info), 0);
		cr_assert_gt(info.st_size, 100000);
		cr_assert_lt(info.st_size, 400000);
		for (unsigned i = 0; i < 1000; i++)
			expect_pop(&queues, &queue, 0, i);
		cr_assert_eq(fstat(queues.file.fd, &info), 0);
		cr_assert_eq(info.st_size, 0);
	}
	queue_release(&queues, &queue);
	queues_release(&queues);
}

Test(queue, stays_in_memory_where_no_file_can_be_made)
{
	struct queues queues;
	struct queue queue = {0};
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_assert_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
	queues_init(&queues, 1);
	for (unsigned i = 0; i < 1000; i++)
		push(&queues, &queue, 0, i);
	cr_expect(queues.memory_only);
	cr_expect(queues_are_full(&queues));
	for (unsigned i = 0; i < 1000; i++)
		expect_pop(&queues, &queue, 0, i);
	cr_expect_not(queues_are_full(&queues));
	queue_release(&queues, &queue);
	queues_release(&queues);
}

Test(queue, is_lost_where_the_file_cannot_be_read)
{
	struct queues queues;
	struct queue lost = {0}, whole = {0};
	struct slice record;
	cr_assert(freopen("/dev/null", "w", stderr));
	queues_init(&queues, 64 << 10);
	for (unsigned i = 0; i < 1000; i++)
		push(&queues, &lost, 0, i);
	push(&queues, &whole, 1, 0);
	cr_assert_eq(ftruncate(queues.file.fd, 10), 0);
	cr_expect_eq(queue_pop(&queues, &lost, &record), QUEUE_LOST);
	cr_expect_eq(queue_pop(&queues, &lost, &record), QUEUE_EMPTY);
	cr_expect_eq(queues.file_end, 0, "nothing of the file is needed any more");
	expect_pop(&queues, &whole, 1, 0);
	/* It can be used again. */
	push(&queues, &lost, 0, 5);
	expect_pop(&queues, &lost, 0, 5);
	queue_release(&queues, &lost);
	queue_release(&queues, &whole);
	cr_expect_eq(queues.memory, 0);
	queues_release(&queues);
}

/* As of a list that is sorted by host: each queue in turn gets all the memory, which then goes to the file.
 */
Test(queue, reads_back_little_of_each)
{
	enum { MEMORY = 256 << 10, QUEUES = 40, BLOCK = 16 << 10 };
	struct queues queues;
	struct queue *list = calloc(QUEUES, sizeof *list);
	cr_assert(list);
	queues_init(&queues, MEMORY);
	for (unsigned which = 0; which < QUEUES; which++) {
		do
			push(&queues, &list[which], which, (unsigned)list[which].count);
		while (list[which].back.len > 0);
	}
	for (unsigned which = 0; which < QUEUES; which++)
		expect_pop(&queues, &list[which], which, 0);
	cr_expect_lt(queues.memory, QUEUES * (BLOCK + RECORD_MAX), "%zu", queues.memory);
	for (unsigned which = 0; which < QUEUES; which++) {
		for (unsigned i = 1; list[which].count > 0; i++)
			expect_pop(&queues, &list[which], which, i);
		queue_release(&queues, &list[which]);
	}
	queues_release(&queues);
	free(list);
}

Test(queue, is_full_where_the_file_has_grown_too_long)
{
	struct queues queues;
	queues_init(&queues, 1);
	queues.file_end = (1 << 30) - 1;
	cr_expect_not(queues_are_full(&queues));
	queues.file_end = 1 << 30;
	cr_expect(queues_are_full(&queues));
	queues_release(&queues);
}
