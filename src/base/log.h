/* Lines for people, on stderr. Each call is one line in one write; control bytes in remote text are shown
 * escaped, so that nothing but our own colours can drive the terminal. */
#ifndef AREQ_BASE_LOG_H
#define AREQ_BASE_LOG_H

#include "base/buf.h"

#include <stdbool.h>

enum log_level {
	LOG_QUIET,  /* only what ends the run */
	LOG_NORMAL, /* failures and the summary too */
	LOG_VERBOSE /* every event too, with the time of day */
};

enum log_style { LOG_PLAIN, LOG_RED, LOG_GREEN, LOG_YELLOW, LOG_DIM };

#if defined __GNUC__
#define LOG_PRINTF __attribute__((format(printf, 1, 2)))
#define LOG_APPEND __attribute__((format(printf, 3, 4)))
#else
#define LOG_PRINTF
#define LOG_APPEND
#endif

/* LOG_NORMAL until told otherwise. */
void log_set_level(enum log_level level);
bool log_shows(enum log_level level);

/* Whether styles are shown; not until told. */
void log_set_color(bool color);

/* "areq: …", at every level: what ends the run. */
void log_error(const char *format, ...) LOG_PRINTF;

/* "areq: …", unless quiet: what a person should know. */
void log_warning(const char *format, ...) LOG_PRINTF;

/* "14:01:24 INFO …", only when verbose. */
void log_event(const char *format, ...) LOG_PRINTF;

/* For a line in several styles: appends text to it, escaped; what is too long is cut. */
void log_append(struct buf *line, enum log_style style, const char *format, ...) LOG_APPEND;

/* "areq: …" with what was appended, unless quiet. Releases the buffer. */
void log_line(struct buf *line);

#endif
