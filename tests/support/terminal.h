/* A program whose stderr is a real pseudo-terminal, and a small screen that shows what it wrote there. Fails
 * the test where it cannot do its work, like all support. */
#ifndef SUPPORT_TERMINAL_H
#define SUPPORT_TERMINAL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TERMINAL_ROWS = 200, TERMINAL_COLUMNS = 200 };

struct terminal {
	int master;
	pid_t pid;
	bool ended;
	int status; /* of waitpid, once it has ended */
	double started, seconds;
	struct buf raw; /* all that it wrote, as it came */
	/* the screen */
	size_t shown; /* bytes of raw */
	size_t columns, row, column;
	bool cuts;     /* auto-wrap is off */
	bool wrapped;  /* text once went on in the next row */
	size_t widest; /* so many columns were written to since the last terminal_resize */
	char cells[TERMINAL_ROWS][TERMINAL_COLUMNS + 1];
};

struct terminal_options {
	unsigned short columns; /* 0: the window has no size */
	const char *output;     /* stdout goes to this file; NULL: to the terminal */
	bool output_pipe;       /* … or to a pipe that nobody reads much of */
	const char *const *env; /* "NAME=value"; TERM is xterm otherwise; ends with NULL; may be NULL */
};

/* Starts areq as the leader of a session that has the terminal; args end with NULL. */
void terminal_start(struct terminal *self, const struct terminal_options *options, const char *const *args);

/* Changes the width, as a user who drags the window's edge: the text that is there stays. */
void terminal_resize(struct terminal *self, unsigned short columns);

/* Types these bytes. */
void terminal_type(struct terminal *self, const char *bytes);

/* Reads until what came in holds the text so many times; fails after 10 seconds. */
void terminal_wait(struct terminal *self, const char *text, size_t times);

/* Reads until the program has ended; fails after 20 seconds. */
void terminal_finish(struct terminal *self);

void terminal_release(struct terminal *self);

/* A row as it is on the screen now, without spaces at its end. */
const char *terminal_row(struct terminal *self, size_t row);

/* How often a text is in what came in. */
size_t terminal_count(const struct terminal *self, const char *text);

#endif
