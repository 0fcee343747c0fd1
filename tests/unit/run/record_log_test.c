#include "run/record_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECORDS = 2000, RECORD_MAX = 3000 };

/* The record of that number: some are longer than one read of the file, and some are empty. */
static struct slice make_record(char *record, unsigned number)
{
	size_t len = number % 10 == 0 ? 0 : (size_t)number * 13 % RECORD_MAX;
	memset(record, 'a' + (int)(number % 26), len);
	return (struct slice){record, len};
}

static uint64_t add(struct record_log *log, unsigned number)
{
	char record[RECORD_MAX];
	struct slice whole = make_record(record, number);
	size_t half = whole.len / 2;
	const struct slice parts[] = {{whole.data, half}, {0}, {whole.data + half, whole.len - half}};
	return record_log_add(log, parts, 3);
}

static void expect_records(struct record_log *log, const uint64_t *places)
{
	char record[RECORD_MAX];
	for (unsigned i = 0; i < RECORDS; i++) {
		unsigned number = i * 7 % RECORDS;
		struct slice found;
		cr_assert(record_log_read(log, places[number], &found));
		cr_assert(slice_equal(found, make_record(record, number)), "record %u", number);
	}
}

static void expect_log_of(size_t memory_max)
{
	struct record_log log;
	uint64_t places[RECORDS];
	record_log_init(&log, memory_max);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < RECORDS; i++) {
			places[i] = add(&log, i);
			cr_assert_neq(places[i], 0);
		}
		expect_records(&log, places);
		cr_expect_leq(log.newest.len, memory_max + RECORD_MAX + sizeof(uint32_t));
		record_log_clear(&log);
	}
	record_log_release(&log);
}

Test(record_log, reads_records_in_any_order_from_memory)
{
	expect_log_of(64 << 20);
}

Test(record_log, reads_records_in_any_order_from_its_file)
{
	expect_log_of(10000);
	expect_log_of(1);
}

Test(record_log, keeps_all_in_memory_if_there_can_be_no_file)
{
	struct record_log log;
	uint64_t places[RECORDS];
	setenv("TMPDIR", "/nonexistent", 1);
	record_log_init(&log, 1000);
	for (unsigned i = 0; i < RECORDS; i++)
		places[i] = add(&log, i);
	expect_records(&log, places);
	record_log_release(&log);
}

Test(record_log, says_that_its_file_cannot_be_read)
{
	struct record_log log;
	struct slice found;
	record_log_init(&log, 100);
	uint64_t first = add(&log, 3);
	for (unsigned i = 0; i < 100; i++)
		add(&log, 99);
	cr_assert_geq(log.file.fd, 0);
	cr_assert_eq(ftruncate(log.file.fd, 0), 0);
	cr_expect_not(record_log_read(&log, first, &found));
	record_log_release(&log);
}
