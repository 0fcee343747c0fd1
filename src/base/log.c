#include "base/log.h"

#include "base/screen.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Longer text is cut. Nobody reads that far, and a hostile URL may be megabytes long. */
enum { LOG_LINE_MAX = 4096 };

static enum log_level current_level = LOG_NORMAL;
static bool is_colored;

void log_set_level(enum log_level level)
{
	current_level = level;
}

bool log_is_enabled(enum log_level level)
{
	return level <= current_level;
}

void log_set_color(bool color)
{
	is_colored = color;
}

static void append_escaped(struct buf *line, const char *text)
{
	size_t len = strlen(text);
	for (size_t at = 0; at < len;) {
		struct utf8_char c = utf8_decode(text + at, len - at);
		/* Some terminals also obey the C1 controls (U+0080 to U+009F), and an invalid byte may be one
		 * of them. */
		bool is_printable =
		    c.valid && c.code_point >= 0x20 && !(c.code_point >= 0x7f && c.code_point < 0xa0);
		for (size_t end = at + c.len; at < end; at++) {
			char hex[5];
			snprintf(hex, sizeof hex, "\\x%02x", (unsigned char)text[at]);
			buf_append(line, is_printable ? text + at : hex, is_printable ? 1 : 4);
		}
	}
}

static void append_styled(struct buf *line, enum log_style style, const char *format, va_list args)
{
	static const char *const sequences[] = {[LOG_RED] = "\033[31m",
	    [LOG_GREEN] = "\033[32m",
	    [LOG_YELLOW] = "\033[33m",
	    [LOG_DIM] = "\033[2m"};
	char text[LOG_LINE_MAX];
	vsnprintf(text, sizeof text, format, args);
	bool styled = is_colored && sequences[style];
	if (styled)
		buf_append_text(line, sequences[style]);
	append_escaped(line, text);
	if (styled)
		buf_append_text(line, "\033[0m");
}

void log_append(struct buf *line, enum log_style style, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	append_styled(line, style, format, args);
	va_end(args);
}

static void write_line(struct buf *line)
{
	buf_append_byte(line, '\n');
	screen_print(line->data, line->len);
	buf_release(line);
}

static void print_line(enum log_style style, const char *prefix, const char *format, va_list args)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, style, "%s", prefix);
	buf_append_byte(&line, ' ');
	append_styled(&line, LOG_PLAIN, format, args);
	write_line(&line);
}

void log_write_line(struct buf *line)
{
	struct buf whole;
	if (!log_is_enabled(LOG_NORMAL)) {
		buf_release(line);
		return;
	}
	buf_init(&whole, SIZE_MAX / 2);
	buf_append_text(&whole, "areq: ");
	buf_append(&whole, line->data, line->len);
	buf_release(line);
	write_line(&whole);
}

void log_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line(LOG_RED, "areq:", format, args);
	va_end(args);
}

enum status log_output_error(const char *name, const char *what)
{
	log_error("%s: %s: %s", name, what, strerror(errno));
	return STATUS_OUTPUT;
}

void log_warning(const char *format, ...)
{
	if (!log_is_enabled(LOG_NORMAL))
		return;
	va_list args;
	va_start(args, format);
	print_line(LOG_YELLOW, "areq:", format, args);
	va_end(args);
}

void log_event(const char *format, ...)
{
	if (!log_is_enabled(LOG_VERBOSE))
		return;
	char prefix[32] = "INFO";
	struct tm local;
	time_t now = time(NULL);
	if (localtime_r(&now, &local))
		strftime(prefix, sizeof prefix, "%H:%M:%S INFO", &local);
	va_list args;
	va_start(args, format);
	print_line(LOG_DIM, prefix, format, args);
	va_end(args);
}
