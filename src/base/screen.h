/* Writes messages to stderr without blocking the run. Where stderr is a terminal, it can keep a status line
 * below all messages. */
#ifndef AREQ_BASE_SCREEN_H
#define AREQ_BASE_SCREEN_H

#include "base/wait.h"

#include <stdbool.h>
#include <stddef.h>

/* True where stderr is a terminal that understands control sequences: TERM is set, but not to "dumb". */
bool screen_has_control_sequences(void);

/* Returns the current width of the terminal in columns, at least 1; 80 where it is unknown. */
size_t screen_columns(void);

/* Shows text[0..len) as the status line, in place of the one before. The text is copied and cut to 2048
 * bytes. It may contain colours, but no other control bytes. A line that is wider than the terminal is cut by
 * it, not wrapped. Does nothing while the process is in the background or stderr does not take all output.
 *
 * From the first call until screen_remove_status_line, SIGTSTP erases the line before it stops the process.
 */
void screen_set_status_line(const char *text, size_t len);

/* Erases the status line, if it is shown. Async-signal-safe. */
void screen_erase_status_line(void);

/* Ends the use of the status line: erases it, also if others wrote over it, such as the "^C" of the terminal,
 * and restores the action of SIGTSTP. Does nothing where there was no line. */
void screen_remove_status_line(void);

/* Writes a message, which consists of whole lines, above the status line. Never waits: what stderr does not
 * take at once goes to a backlog of up to 1 MiB. Messages that do not fit there are lost; their number is
 * written once the backlog is empty. */
void screen_print(const char *bytes, size_t len);

/* Called before the last messages of the run. They matter most, so the backlog may grow by another 64 KiB for
 * them. */
void screen_reserve_for_summary(void);

/* Writes what stderr takes of the backlog now. If some is left, adds stderr to the descriptors of *wait. */
void screen_flush(struct wait *wait);

/* Writes the backlog at the end of the process, and drops what is left of it. Waits while stderr takes
 * something every 2 s, for about 10 s at most. With is_hasty, after the run was stopped, it waits 2 s at
 * most. */
void screen_finish(bool is_hasty);

#endif
