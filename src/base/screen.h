/* stderr as a screen: what it takes, how wide it is, and the one line that is kept below everything else that
 * is written there. */
#ifndef AREQ_BASE_SCREEN_H
#define AREQ_BASE_SCREEN_H

#include "base/wait.h"

#include <stdbool.h>
#include <stddef.h>

/* True where stderr is a terminal that obeys control sequences: TERM is set, and not to "dumb". */
bool screen_obeys(void);

/* The terminal's width now, at least 1; 80 where there is none, or it does not tell. */
size_t screen_columns(void);

/* Shows text[0..len) as the kept line, in place of the one before; it is copied, and cut to the longest that
 * is kept. Colours may be in it, but no other control bytes. It never wraps. Nothing happens where the
 * terminal belongs to another job at the moment, or takes nothing.
 *
 * From the first line on until screen_release, a SIGTSTP wipes it before the process stops. */
void screen_keep(const char *text, size_t len);

/* Takes the line off the screen, if it is there. Async-signal-safe. */
void screen_wipe(void);

/* The same for good: also what others have written over it, such as "^C". Harmless without a line. */
void screen_release(void);

/* Writes whole lines above the kept one. What stderr does not take now is kept for it, up to 1 MiB, but never
 * waited for; of what comes then, the lines are counted, and their number is said once there is room. */
void screen_print(const char *bytes, size_t len);

/* What comes from now on is worth most, and has room behind all that is kept. */
void screen_begin_end(void);

/* Writes more of what is kept, and lets *wait wait until stderr takes the rest. */
void screen_hand_on(struct wait *wait);

/* The last chance for what is kept: waits while stderr takes something every two seconds, but for ten at
 * most, or two where the end is near (is_hasty). */
void screen_finish(bool is_hasty);

#endif
