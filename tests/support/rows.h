/* Lines of output, as a list or as a set. */
#ifndef SUPPORT_ROWS_H
#define SUPPORT_ROWS_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct rows {
	char **row; /* without their newlines; a NUL within one stands there as a backslash and a zero */
	size_t count;
	bool torn; /* the last one had no newline */
};

void rows_init(struct rows *self);
void rows_release(struct rows *self);

/* Appends the lines of a text, or one line as printf would make it. */
void rows_parse(struct rows *self, const char *bytes, size_t len);
void rows_add(struct rows *self, const char *format, ...);

bool rows_has(const struct rows *self, const char *row);

/* A new list of one TAB-separated column, from 0; a row that has fewer columns gives an empty one. The caller
 * releases it. */
struct rows rows_column(const struct rows *self, size_t column);

/* Where the two hold the same rows, equally often, in any order (or in the same order): NULL. Else a text for
 * people that names what is missing and what is too much; the caller frees it. A torn last row
 * of actual is a difference. */
char *rows_set_difference(const struct rows *actual, const struct rows *expected);
char *rows_list_difference(const struct rows *actual, const struct rows *expected);

/* The checks themselves: out is what a program wrote, expected is the text it should have written. */
#define rows_expect_set(out, out_len, expected)                                                              \
	rows_expect(rows_text_difference((out), (out_len), (expected), false))
#define rows_expect_list(out, out_len, expected)                                                             \
	rows_expect(rows_text_difference((out), (out_len), (expected), true))
#define rows_expect(difference)                                                                              \
	do {                                                                                                 \
		char *rows_difference_ = (difference);                                                       \
		cr_expect(!rows_difference_, "%s", rows_difference_ ? rows_difference_ : "");                \
		free(rows_difference_);                                                                      \
	} while (0)

char *rows_text_difference(const char *out, size_t out_len, const char *expected, bool ordered);

#endif
