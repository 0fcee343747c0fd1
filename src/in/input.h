/* URLs from arguments, files and stdin, one at a time, as they are needed. */
#ifndef AREQ_IN_INPUT_H
#define AREQ_IN_INPUT_H

#include "base/cause.h"
#include "base/options.h"
#include "base/status.h"
#include "base/url/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A longer line is no URL: it is reported and passed over. In bytes, without its end. */
enum { INPUT_LINE_MAX = 64 * 1024 };

struct input;

/* One entry of the list. Everything in it is borrowed until the next input_next. */
struct input_entry {
	const char *text;      /* as listed, without white space around it, "https://" put before it where no
	                        * scheme was given; a text with a control byte in it is shown as its normal form */
	const struct url *url; /* the parsed text; http or https */
	enum cause cause;      /* why it is no URL to fetch; CAUSE_NONE: it is one, else url is NULL */
	const char *problem;   /* the same in words; NULL: it is one */
	const char *source;    /* the file's name, "stdin" or "argument" */
	size_t line;           /* counted from 1; for an argument its number */
};

enum input_state {
	INPUT_ENTRY, /* *entry was filled */
	INPUT_LATER, /* much was passed over, and there is more: come back at once */
	INPUT_WAIT,  /* nothing there yet: poll input_descriptor for reading and come back */
	INPUT_END,   /* no more entries */
	INPUT_ERROR  /* reading failed; it was logged; no more entries */
};

/* args: each is a URL (it contains "://"), "-" for stdin, or a file; an empty list means stdin. It is
 * borrowed. Free with input_free. */
struct input *input_new(const struct option_list *args);
void input_free(struct input *self);

/* Opens or checks every file, so that a wrong name is found before anything is written. STATUS_INPUT where
 * one cannot be read; it was logged with its name. */
enum status input_open(struct input *self);

/* The next entry; never waits for a slow pipe. Blank lines and lines that begin with '#' are passed over;
 * CRLF, a byte order mark and white space around a line are understood. */
enum input_state input_next(struct input *self, struct input_entry *entry);

/* The descriptor that INPUT_WAIT waits for. */
int input_descriptor(const struct input *self);

/* About how many entries are still to come, by the lengths of those that came and the sizes of the files;
 * negative where a pipe or device is among what is left: nobody knows. */
int64_t input_left(const struct input *self);

/* True where one of the files is the one that info describes: to write to it would destroy the list. */
bool input_reads_from(const struct input *self, const struct stat *info);

#endif
