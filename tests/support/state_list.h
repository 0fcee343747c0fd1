/* A list of pages for runs that are ended in their middle, and what a run of it has written. */
#ifndef SUPPORT_STATE_LIST_H
#define SUPPORT_STATE_LIST_H

#include "rows.h"
#include "scratch.h"
#include "site.h"
#include "state_file.h"

#include <stdbool.h>

/* The list has QUICK pages, and HELD pages that answer only once they are asked for again. Each has links of
 * its own, and one that all of them have. BAD lines are no URLs; two of them are the same. */
enum { QUICK = 30, HELD = 2, BAD = 3 };

struct state_list {
	struct site site;
	struct scratch scratch;
	const char *list, *state, *out, *report; /* names of files */
};

void state_list_start(struct state_list *self);
void state_list_stop(struct state_list *self);

/* Starts a run of the list with --state, -o and --report, and options, which end with NULL; waits until all
 * but the held pages are done; and ends it by that signal. */
void state_list_interrupt(struct state_list *self, int signal, const char *const *options);

/* Reads the rows of a file, or only their second column. */
void state_list_read_rows(struct scratch *scratch, const char *name, bool only_links, struct rows *rows);

/* Reads a report: "url outcome cause" for each line. */
void state_list_read_report(struct scratch *scratch, const char *name, struct rows *lines);

/* Checks that both have the same rows, and releases them. */
void state_list_expect_same(const char *label, struct rows *is, struct rows *wanted);

/* Checks that the files of a run that went on to its end are those of an undisturbed run with the same
 * options. */
void state_list_expect(
    struct state_list *self, const char *label, const char *const *options, bool only_links);

#endif
