#include "cli/suggest.h"

#include "cli/cli.h"

#include <stdbool.h>
#include <string.h>

/* A suggested name differs from what was typed by at most DISTANCE_MAX edits, and by at most one for every
 * LETTERS_FOR_EACH letters, because all short words are similar. */
enum { DISTANCE_MAX = 2, LETTERS_FOR_EACH = 3, NAME_MAX_LEN = 63 };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The number of edits that turn a into b (optimal string alignment distance): insert, delete or replace a
 * letter, or swap two neighbours. b_len is at most NAME_MAX_LEN. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = a[i - 1] == b[j - 1];
			row[j] = smaller(above[j - 1] + !same, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

static const char *find_nearest(const char *name, size_t len)
{
	const char *found = NULL;
	size_t best = smaller(DISTANCE_MAX, len / LETTERS_FOR_EACH) + 1;
	for (size_t i = 0; cli_option(i); i++) {
		const char *option = cli_option(i)->name;
		size_t distance = edit_distance(name, len, option, strlen(option));
		if (distance < best) {
			best = distance;
			found = option;
		}
	}
	return found;
}

/* Appends the names of the options that begin with name, and returns how many there are. */
static size_t append_completions(struct buf *message, const char *name, size_t len)
{
	size_t count = 0;
	for (size_t i = 0; cli_option(i); i++) {
		const char *option = cli_option(i)->name;
		if (strncmp(option, name, len) != 0)
			continue;
		buf_append_text(message, count++ ? ", --" : "; it may be short for --");
		buf_append_text(message, option);
	}
	return count;
}

void cli_suggest(struct buf *message, const char *given)
{
	size_t given_len = strcspn(given, "=");
	size_t dashes = strspn(given, "-") < 2 ? strspn(given, "-") : 2;
	const char *name = given + dashes;
	size_t len = given_len > dashes ? given_len - dashes : 0;
	buf_append(message, given, given_len);
	if (len > 0 && append_completions(message, name, len) > 0)
		return;
	const char *found = len <= NAME_MAX_LEN ? find_nearest(name, len) : NULL;
	if (!found) {
		buf_append_text(message, " (see areq --help)");
		return;
	}
	buf_append_text(message, "; did you mean --");
	buf_append_text(message, found);
	buf_append_byte(message, '?');
}
