/* Messages for people, on stderr. Each message is one line. Control bytes and invalid UTF-8 in the text are
 * escaped as \xNN, so that text from the network cannot control the terminal. */
#ifndef AREQ_BASE_LOG_H
#define AREQ_BASE_LOG_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

enum log_level {
	LOG_QUIET,  /* only errors that end the run */
	LOG_NORMAL, /* also failures and the summary */
	LOG_VERBOSE /* also each event, with the time of day */
};

enum log_style { LOG_PLAIN, LOG_RED, LOG_GREEN, LOG_YELLOW, LOG_DIM };

#if defined __GNUC__
#define LOG_PRINTF __attribute__((format(printf, 1, 2)))
#define LOG_APPEND __attribute__((format(printf, 3, 4)))
#else
#define LOG_PRINTF
#define LOG_APPEND
#endif

/* Sets which messages are shown; LOG_NORMAL is the default. */
void log_set_level(enum log_level level);

/* True where messages of that level are shown. */
bool log_is_enabled(enum log_level level);

/* Switches the styles on or off; they are off by default. */
void log_set_color(bool color);

/* Writes "areq: …" at every level, for an error that ends the run. */
void log_error(const char *format, ...) LOG_PRINTF;

/* Writes "areq: NAME: WHAT: " and the text of errno at every level, for a file that is written: it cannot be
 * opened, written, cut, …. Returns STATUS_OUTPUT. */
enum status log_output_error(const char *name, const char *what);

/* Writes "areq: …", unless the level is LOG_QUIET. */
void log_warning(const char *format, ...) LOG_PRINTF;

/* Writes "14:01:24 INFO …" where the level is LOG_VERBOSE. */
void log_event(const char *format, ...) LOG_PRINTF;

/* Appends text in one style to a line that has several: cut to 4095 bytes and then escaped. log_write_line
 * writes the line. */
void log_append(struct buf *line, enum log_style style, const char *format, ...) LOG_APPEND;

/* Writes "areq: " and the line, unless the level is LOG_QUIET, and releases the buffer. */
void log_write_line(struct buf *line);

#endif
