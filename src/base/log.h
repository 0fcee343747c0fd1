/* Lines for people, on stderr. Each call is one line in one write; control bytes in remote text are shown
 * escaped, so that nothing can drive the terminal. */
#ifndef AREQ_BASE_LOG_H
#define AREQ_BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_QUIET,  /* only what ends the run */
	LOG_NORMAL, /* failures and the summary too */
	LOG_VERBOSE /* every event too, with the time of day */
};

#if defined __GNUC__
#define LOG_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define LOG_PRINTF
#endif

/* LOG_NORMAL until told otherwise. */
void log_set_level(enum log_level level);
bool log_shows(enum log_level level);

/* "areq: …", at every level: what ends the run. */
void log_error(const char *format, ...) LOG_PRINTF;

/* "areq: …", unless quiet: what a person should know. */
void log_warning(const char *format, ...) LOG_PRINTF;

/* "14:01:24 INFO …", only when verbose. */
void log_event(const char *format, ...) LOG_PRINTF;

#endif
