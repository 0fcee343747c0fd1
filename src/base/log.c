#include "base/log.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A longer line is cut: nobody reads on, and a hostile URL may be as long as it likes. */
enum { LOG_LINE_MAX = 4096 };

static enum log_level current_level = LOG_NORMAL;

void log_set_level(enum log_level level)
{
	current_level = level;
}

bool log_shows(enum log_level level)
{
	return level <= current_level;
}

static void append_escaped(struct buf *line, const char *text)
{
	size_t len = strlen(text);
	for (size_t at = 0; at < len;) {
		struct utf8_char c = utf8_decode(text + at, len - at);
		/* Some terminals obey the C1 controls, too, and whatever is no UTF-8 may be one. */
		bool harmless =
		    c.valid && c.code_point >= 0x20 && !(c.code_point >= 0x7f && c.code_point < 0xa0);
		for (size_t end = at + c.len; at < end; at++) {
			char hex[5];
			snprintf(hex, sizeof hex, "\\x%02x", (unsigned char)text[at]);
			buf_append(line, harmless ? text + at : hex, harmless ? 1 : 4);
		}
	}
}

static void write_line(const char *prefix, const char *format, va_list args)
{
	char text[LOG_LINE_MAX];
	vsnprintf(text, sizeof text, format, args);

	struct buf line;
	buf_init(&line, (size_t)LOG_LINE_MAX * 5);
	buf_append_text(&line, prefix);
	append_escaped(&line, text);
	buf_append_byte(&line, '\n');
	for (size_t done = 0; done < line.len;) {
		ssize_t n = write(STDERR_FILENO, line.data + done, line.len - done);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	buf_release(&line);
}

void log_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	write_line("areq: ", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	if (!log_shows(LOG_NORMAL))
		return;
	va_list args;
	va_start(args, format);
	write_line("areq: ", format, args);
	va_end(args);
}

void log_event(const char *format, ...)
{
	if (!log_shows(LOG_VERBOSE))
		return;
	char prefix[32] = "";
	struct tm local;
	time_t now = time(NULL);
	if (localtime_r(&now, &local))
		strftime(prefix, sizeof prefix, "%H:%M:%S INFO ", &local);
	va_list args;
	va_start(args, format);
	write_line(prefix, format, args);
	va_end(args);
}
