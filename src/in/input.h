/* Reads the list of URLs, one entry at a time, from arguments, files and stdin. */
#ifndef AREQ_IN_INPUT_H
#define AREQ_IN_INPUT_H

#include "base/cause.h"
#include "base/options.h"
#include "base/status.h"
#include "base/url/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* The longest line, in bytes and without its line end. A longer one becomes an entry with a problem. */
enum { INPUT_LINE_MAX = 64 * 1024 };

struct input;

/* One entry of the list. Its texts and its URL are borrowed until the next call of input_next. */
struct input_entry {
	/* The entry as listed, without white space around it; of a line that is too long, its start. If it
	 * parses as an http or https URL, "https://" was added where the scheme was missing, and a text with
	 * control characters or invalid UTF-8 was replaced by the href of the URL. If it does not, such bytes
	 * are percent-encoded. */
	const char *text;
	const struct url *url; /* the parsed text, http or https; NULL if there is a problem */
	enum cause cause;      /* why the entry is no URL to fetch; CAUSE_NONE if it is one */
	const char *problem;   /* the cause in words; NULL if the entry is a URL to fetch */
	const char *source;    /* the file's name, "stdin" or "argument" */
	size_t line;           /* line number, from 1; for an argument its position, from 1 */
};

enum input_state {
	INPUT_ENTRY, /* *entry was filled in */
	INPUT_LATER, /* many lines or bytes were skipped, and more can be read: call again at once */
	INPUT_WAIT,  /* nothing to read yet: poll input_descriptor for reading, then call again */
	INPUT_END,   /* there are no more entries */
	INPUT_ERROR  /* reading failed, or what was read is no list, which was logged; there are no more
	                entries */
};

/* Each argument is a URL if it contains "://", stdin if it is "-", and otherwise the name of a file. An empty
 * list means stdin. args is borrowed for the call, its texts as long as the input lives. Free with
 * input_free. */
struct input *input_new(const struct option_list *args);
void input_free(struct input *self);

/* Opens every file once, so that a wrong one is found before any output is written. STATUS_INPUT if one
 * cannot be opened, is a directory, or is a regular file that is no list (list_check); the error was logged
 * with its name. */
enum status input_open(struct input *self);

/* False if it is known, after input_open, that the list is empty: it has only empty files and /dev/null. */
bool input_may_have_entries(const struct input *self);

/* Reads the next entry, without waiting for a slow pipe. Blank lines and lines that begin with '#' are
 * skipped. A line ends with LF or CRLF, and in a list without LF with CR. UTF-8 byte order marks at the start
 * of a line and white space around it are removed. */
enum input_state input_next(struct input *self, struct input_entry *entry);

/* The file descriptor to poll after INPUT_WAIT. */
int input_descriptor(const struct input *self);

/* Estimates how many entries are left, from the mean length of those before and the sizes of the files.
 * Negative if a pipe or a device is left, whose size is unknown. */
int64_t input_left(const struct input *self);

/* True if one of the list's regular files is the file that info describes. Writing to that file would destroy
 * the list. Call it after input_open. */
bool input_reads_from(const struct input *self, const struct stat *info);

#endif
