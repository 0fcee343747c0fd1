#include "in/input.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/log.h"
#include "base/utf8.h"
#include "in/line.h"
#include "in/list_check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

enum source_kind { SOURCE_URL, SOURCE_STDIN, SOURCE_FILE };

struct source {
	enum source_kind kind;
	const char *name; /* the URL itself, or the file's name */
	size_t number;    /* position among the arguments, from 1 */
	int fd;           /* -1 if not open; a pipe or device stays open from input_open on, since it must not
	                   * be opened twice */
	struct stat info; /* set by input_open, but for a SOURCE_URL */
};

struct input {
	struct source *sources;
	size_t count;
	size_t current;
	int fd; /* the current source's file descriptor; -1 if the source was not started */
	size_t line;
	size_t bad_lines;       /* entries of the current source that were no URLs; none was a URL so far */
	bool has_urls;          /* an entry of the current source was a URL */
	bool lines_end_with_cr; /* lines of the current source end with CR alone */
	bool line_too_long;     /* the start of the current line was discarded, and its rest is skipped */
	struct buf unread;      /* bytes read from the current source */
	size_t consumed;        /* how many bytes of unread were turned into lines */
	uint64_t bytes;         /* bytes read from all sources */
	uint64_t source_bytes;  /* bytes read from the current source */
	uint64_t entries;       /* entries that came from files and stdin */
	struct buf text;        /* the text of the last entry */
	struct url url;
};

static struct source make_source(const char *argument, size_t number)
{
	struct source source = {.name = argument, .number = number, .fd = -1};
	if (strcmp(argument, "-") == 0) {
		source.kind = SOURCE_STDIN;
		source.name = "stdin";
	} else {
		source.kind = strstr(argument, "://") ? SOURCE_URL : SOURCE_FILE;
	}
	return source;
}

struct input *input_new(const struct option_list *args)
{
	struct input *self = alloc_new(sizeof *self);
	self->count = args->count ? args->count : 1;
	self->sources = alloc_array(self->count, sizeof *self->sources);
	self->sources[0] = make_source("-", 1);
	for (size_t i = 0; i < args->count; i++)
		self->sources[i] = make_source(args->items[i], i + 1);
	self->fd = -1;
	buf_init(&self->unread, INPUT_LINE_MAX + READ_SIZE);
	buf_init(&self->text, SIZE_MAX / 2);
	url_init(&self->url);
	return self;
}

static void close_source(struct input *self)
{
	struct source *source = &self->sources[self->current];
	if (source->kind == SOURCE_FILE && self->fd >= 0)
		close(self->fd);
	source->fd = -1;
	self->fd = -1;
}

void input_free(struct input *self)
{
	if (!self)
		return;
	for (; self->current < self->count; self->current++) {
		if (self->fd < 0)
			self->fd = self->sources[self->current].fd;
		close_source(self);
	}
	free(self->sources);
	buf_release(&self->unread);
	buf_release(&self->text);
	url_release(&self->url);
	free(self);
}

static bool is_empty_file(const struct stat *info)
{
	struct stat null;
	bool is_null =
	    S_ISCHR(info->st_mode) && stat("/dev/null", &null) == 0 && info->st_rdev == null.st_rdev;
	return is_null || (S_ISREG(info->st_mode) && info->st_size == 0);
}

bool input_may_have_entries(const struct input *self)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->sources[i].kind == SOURCE_URL || !is_empty_file(&self->sources[i].info))
			return true;
	return false;
}

/* True if the name of a file may be meant as a URL: "example.com/x", "localhost:8080", "http:/x", "//x/y". */
static bool resembles_url(const char *name)
{
	size_t host = strcspn(name, ".:");
	return strncmp(name, "//", 2) == 0 || (host > 0 && host < strcspn(name, "/"));
}

static enum status log_source_error(const struct source *source, int error)
{
	const char *hint = "";
	struct buf shown;
	if ((error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG) && resembles_url(source->name))
		hint = " (a URL as an argument needs its https:// in front)";
	/* A file can have any name, but a name with both characters may be a URL with a password. */
	buf_init(&shown, SIZE_MAX / 2);
	if (strchr(source->name, ':') && strchr(source->name, '@'))
		url_append_redacted(&shown, source->name);
	else
		buf_append_text(&shown, source->name);
	log_error("%s: %s%s", shown.data, strerror(error), hint);
	buf_release(&shown);
	return STATUS_INPUT;
}

static enum status log_no_list(const struct source *source, const char *what)
{
	log_error("%s: %s", source->name, what);
	return STATUS_INPUT;
}

static enum status open_source(struct source *source)
{
	/* Without O_NONBLOCK, opening a named pipe that has no writer would block the whole run. */
	int fd = source->kind == SOURCE_STDIN
	             ? STDIN_FILENO
	             : open(source->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int error = fd < 0 || fstat(fd, &source->info) != 0 ? errno : 0;
	if (!error && S_ISDIR(source->info.st_mode))
		error = EISDIR;
	if (!error) {
		source->fd = fd;
		return STATUS_OK;
	}
	if (fd >= 0 && source->kind == SOURCE_FILE)
		close(fd);
	return log_source_error(source, error);
}

/* Checks the start of a regular file, so that a file that is no list is refused before anything starts. */
static enum status check_start(struct input *self, const struct source *source)
{
	off_t offset = source->kind == SOURCE_STDIN ? lseek(source->fd, 0, SEEK_CUR) : 0;
	buf_clear(&self->unread);
	ssize_t n = pread(source->fd, buf_reserve(&self->unread, READ_SIZE), READ_SIZE, offset);
	if (n < 0 && errno != EINTR)
		return log_source_error(source, errno);
	const char *what = n > 0 ? list_check((struct slice){self->unread.data, (size_t)n}) : NULL;
	return what ? log_no_list(source, what) : STATUS_OK;
}

enum status input_open(struct input *self)
{
	for (size_t i = 0; i < self->count; i++) {
		struct source *source = &self->sources[i];
		if (source->kind == SOURCE_URL)
			continue;
		enum status status = open_source(source);
		if (status == STATUS_OK && S_ISREG(source->info.st_mode))
			status = check_start(self, source);
		if (status != STATUS_OK)
			return status;
		if (source->kind == SOURCE_FILE && S_ISREG(source->info.st_mode)) {
			/* The file is opened again when it is read, so that thousands of lists do not use up
			 * the file descriptors. */
			close(source->fd);
			source->fd = -1;
		}
	}
	return STATUS_OK;
}

bool input_reads_from(const struct input *self, const struct stat *info)
{
	for (size_t i = 0; i < self->count; i++) {
		const struct source *source = &self->sources[i];
		if (source->kind != SOURCE_URL && S_ISREG(source->info.st_mode) &&
		    source->info.st_dev == info->st_dev && source->info.st_ino == info->st_ino)
			return true;
	}
	return false;
}

int input_descriptor(const struct input *self)
{
	return self->fd;
}

/* The length of the first character in bytes, or 0 if it must not be printed as it is: control characters,
 * also C1 ones, which some terminals obey, and invalid UTF-8. */
static size_t printable_length(struct slice text)
{
	struct utf8_char c = utf8_decode(text.data, text.len);
	bool is_control = c.code_point < 0x20 || (c.code_point >= 0x7f && c.code_point < 0xa0);
	return c.valid && !is_control ? c.len : 0;
}

static bool is_printable(struct slice text)
{
	for (size_t len; text.len > 0; text.data += len, text.len -= len) {
		len = printable_length(text);
		if (len == 0)
			return false;
	}
	return true;
}

/* Appends a text that is not a URL, with the bytes that must not be printed percent-encoded. */
static void append_printable(struct buf *out, struct slice text)
{
	buf_append(out, "", 0);
	for (size_t len; text.len > 0; text.data += len, text.len -= len) {
		char encoded[4];
		len = printable_length(text);
		if (len > 0) {
			buf_append(out, text.data, len);
			continue;
		}
		len = 1;
		snprintf(encoded, sizeof encoded, "%%%02X", (unsigned char)*text.data);
		buf_append_text(out, encoded);
	}
}

static void fill_entry(struct input *self, struct input_entry *entry, struct slice text)
{
	const struct source *source = &self->sources[self->current];
	*entry = (struct input_entry){.line = self->line, .source = source->name};
	self->entries += source->kind != SOURCE_URL;
	if (source->kind == SOURCE_URL) {
		entry->line = source->number;
		entry->source = "argument";
	}
	buf_clear(&self->text);
	entry->problem = line_parse(text, &self->text, &self->url, &entry->cause);
	if (!entry->problem) {
		entry->url = &self->url;
		if (!is_printable(text)) {
			buf_clear(&self->text);
			buf_append(&self->text, self->url.href.data, self->url.href.len);
		}
	} else {
		buf_clear(&self->text);
		append_printable(&self->text, text);
	}
	entry->text = self->text.data;
}

/* Takes the next complete line out of the bytes that were read. False if there is none yet. */
static bool next_line(struct input *self, struct slice *line)
{
	const char *start = self->unread.data + self->consumed;
	size_t left = self->unread.len - self->consumed;
	const char *newline = left ? memchr(start, self->lines_end_with_cr ? '\r' : '\n', left) : NULL;
	if (!newline)
		return false;
	*line = (struct slice){start, (size_t)(newline - start)};
	self->consumed += line->len + 1;
	return true;
}

/* The start of a line that is too long, to show which line it is. If the '@' that would mark a user name and
 * password was cut off, the start ends before them. */
static struct slice line_excerpt(struct slice line)
{
	static const size_t shown = 60;
	size_t len = line.len < shown ? line.len : shown, host = 0;
	for (size_t i = 1; i < len && host == 0; i++)
		host = line.data[i] == '/' && line.data[i - 1] == '/' ? i + 1 : 0;
	bool may_show_password =
	    memchr(line.data + host, ':', len - host) && !memchr(line.data + host, '@', len - host);
	return (struct slice){line.data, may_show_password ? host : len};
}

/* Makes an entry of a line. False if the line is blank or a comment. */
static bool make_entry(struct input *self, struct slice line, struct input_entry *entry)
{
	bool too_long = self->line_too_long || line.len > INPUT_LINE_MAX;
	self->line++;
	self->line_too_long = false;
	struct slice text = line_trim(line);
	if (text.len == 0 && !too_long)
		return false;
	if (text.len && text.data[0] == '#')
		return false;
	if (too_long) {
		fill_entry(self, entry, line_excerpt(text));
		entry->url = NULL;
		entry->cause = CAUSE_LINE_TOO_LONG;
		entry->problem = "not a URL: the line is longer than 64 KiB";
		return true;
	}
	fill_entry(self, entry, text);
	return true;
}

static bool is_readable(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	return poll(&ready, 1, 0) != 0;
}

/* Discards the bytes that were turned into lines, and most of a line that is too long. */
static void discard_consumed(struct input *self)
{
	buf_consume(&self->unread, self->consumed);
	self->consumed = 0;
	if (self->unread.len > INPUT_LINE_MAX) {
		self->line_too_long = true;
		self->unread.len = 64; /* enough for line_excerpt */
	}
}

enum read_result { READ_SOME, READ_LATER, READ_DONE, READ_FAILED };

/* Checks the bytes that were just read, `added` of them, while they may show that the source is no list, and
 * detects from its first bytes how its lines end. */
static enum read_result check_content(struct input *self, size_t added)
{
	const struct source *source = &self->sources[self->current];
	const char *start = self->unread.data, *what = NULL;
	size_t len = self->unread.len, before = (size_t)self->source_bytes - added;
	if (self->line == 0 && !self->line_too_long) {
		const char *cr = memchr(start, '\r', len);
		self->lines_end_with_cr = cr && cr + 1 < start + len && !memchr(start, '\n', len);
		what = list_check((struct slice){start, len});
	} else if (before < LIST_CHECK_NUL_BYTES) {
		size_t rest = LIST_CHECK_NUL_BYTES - before;
		what = list_check_binary((struct slice){start + len - added, added < rest ? added : rest});
	}
	if (!what)
		return READ_SOME;
	log_no_list(source, what);
	return READ_FAILED;
}

static enum read_result read_more(struct input *self)
{
	const struct source *source = &self->sources[self->current];
	if (!is_readable(self->fd))
		return READ_LATER;
	discard_consumed(self);
	ssize_t n = read(self->fd, buf_reserve(&self->unread, READ_SIZE), READ_SIZE);
	if (n > 0) {
		self->unread.len += (size_t)n;
		self->bytes += (size_t)n;
		self->source_bytes += (size_t)n;
		return check_content(self, (size_t)n);
	}
	if (n == 0)
		return READ_DONE;
	if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
		return READ_LATER;
	log_source_error(source, errno);
	return READ_FAILED;
}

static bool start_source(struct input *self)
{
	struct source *source = &self->sources[self->current];
	if (source->fd < 0 && open_source(source) != STATUS_OK)
		return false;
	self->fd = source->fd;
	self->line = 0;
	self->bad_lines = 0;
	self->has_urls = false;
	self->source_bytes = 0;
	self->lines_end_with_cr = false;
	self->line_too_long = false;
	buf_clear(&self->unread);
	self->consumed = 0;
	return true;
}

static void next_source(struct input *self)
{
	close_source(self);
	self->current++;
}

/* Takes what is left at the end of a file: a last line without a line end. False if nothing is left. */
static bool last_line(struct input *self, struct slice *line)
{
	*line = (struct slice){self->unread.data + self->consumed, self->unread.len - self->consumed};
	self->consumed = self->unread.len;
	return line->len != 0;
}

/* True if so many lines of the source were no URLs, and none was one, that it is no list. Only a pipe gets so
 * far, since the start of a file is checked before. */
static bool is_no_list(struct input *self, const struct input_entry *entry)
{
	self->has_urls |= line_is_url(slice_of(entry->text), entry->cause);
	self->bad_lines += entry->problem != NULL;
	return !self->has_urls && self->bad_lines >= LIST_CHECK_LINES;
}

/* Ends the list after an error, which was logged. */
static enum input_state fail(struct input *self)
{
	close_source(self);
	self->current = self->count;
	return INPUT_ERROR;
}

/* The most that one call of input_next reads and skips, so that a list of comments, or without any line end,
 * does not hold up the event loop. */
enum { LINES_EACH_CALL = 256, READS_EACH_CALL = 16 };

enum input_state input_next(struct input *self, struct input_entry *entry)
{
	size_t lines = 0, reads = 0;
	while (self->current < self->count) {
		struct source *source = &self->sources[self->current];
		if (source->kind == SOURCE_URL) {
			fill_entry(self, entry, line_trim(slice_of(source->name)));
			next_source(self);
			return INPUT_ENTRY;
		}
		if (self->fd < 0 && !start_source(self))
			return fail(self);
		struct slice line;
		bool has_line = next_line(self, &line);
		if (!has_line) {
			if (++reads == READS_EACH_CALL)
				return INPUT_LATER;
			enum read_result result = read_more(self);
			if (result == READ_SOME)
				continue;
			if (result == READ_LATER)
				return INPUT_WAIT;
			if (result == READ_FAILED)
				return fail(self);
			has_line = last_line(self, &line);
		}
		if (!has_line) {
			next_source(self);
		} else if (make_entry(self, line, entry)) {
			if (!is_no_list(self, entry))
				return INPUT_ENTRY;
			log_no_list(source, LIST_CHECK_NO_URLS);
			return fail(self);
		} else if (++lines == LINES_EACH_CALL) {
			return INPUT_LATER;
		}
	}
	return INPUT_END;
}

int64_t input_left(const struct input *self)
{
	/* The length of a line in bytes before the first entry was read. */
	static const double typical_len = 60;
	double bytes = (double)(self->unread.len - self->consumed), urls = 0;
	double len = self->entries ? ((double)self->bytes - bytes) / (double)self->entries : typical_len;
	for (size_t i = self->current; i < self->count; i++) {
		const struct source *source = &self->sources[i];
		uint64_t seen = i == self->current ? self->source_bytes : 0;
		if (source->kind == SOURCE_URL)
			urls++;
		else if (!S_ISREG(source->info.st_mode))
			return -1;
		else if ((uint64_t)source->info.st_size > seen)
			bytes += (double)((uint64_t)source->info.st_size - seen);
	}
	return (int64_t)(urls + bytes / len + 0.5);
}
