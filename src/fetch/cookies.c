#include "fetch/cookies.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/readfile.h"
#include "fetch/headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A line in Netscape's format has the fields domain, subdomains, path, secure, expiry, name and value,
 * separated by tabs. */
enum { FIELD_COUNT = 7 };

enum { FILE_MAX_BYTES = 16 << 20 };

static const char set_cookie[] = "Set-Cookie:";
static const char http_only[] = "#HttpOnly_";

static bool has_netscape_fields(const char *line)
{
	size_t tabs = 0;
	for (; *line; line++)
		tabs += *line == '\t';
	return tabs == FIELD_COUNT - 1;
}

static void add_line(struct cookies *self, const char *file, size_t number, char *line)
{
	line[strcspn(line, "\r")] = '\0';
	if (!*line || (*line == '#' && !ascii_starts_with_nocase(slice_of(line), http_only)))
		return;
	if (ascii_starts_with_nocase(slice_of(line), set_cookie) || has_netscape_fields(line))
		headers_add(&self->stored, line);
	else
		log_warning("%s:%zu: no cookie in this line", file, number);
}

static enum status read_file(struct cookies *self, const char *name)
{
	struct buf text;
	buf_init(&text, FILE_MAX_BYTES);
	bool is_read = readfile_whole(name, &text);
	int error = errno;
	if (!is_read)
		log_error("-b %s: %s (cookies themselves are given as name=value)", name,
		    readfile_error_text(error));
	char *line = is_read ? text.data : NULL;
	for (size_t number = 1; line; number++) {
		char *newline = strchr(line, '\n');
		if (newline)
			*newline = '\0';
		add_line(self, name, number, line);
		line = newline ? newline + 1 : NULL;
	}
	buf_release(&text);
	if (is_read)
		return STATUS_OK;
	return error == ECANCELED ? STATUS_CUT_SHORT : STATUS_USAGE;
}

enum status cookies_init(struct cookies *self, const struct options *options)
{
	struct buf line;
	enum status status = STATUS_OK;
	*self = (struct cookies){0};
	buf_init(&line, SIZE_MAX / 2);
	for (size_t i = 0; i < options->cookies.count && status == STATUS_OK; i++) {
		const char *text = options->cookies.items[i];
		if (!strchr(text, '=')) {
			status = read_file(self, text);
			continue;
		}
		if (line.len)
			buf_append_text(&line, "; ");
		buf_append_text(&line, text);
	}
	self->line = line.data;
	return status;
}

void cookies_release(struct cookies *self)
{
	free(self->line);
	curl_slist_free_all(self->stored);
	*self = (struct cookies){0};
}

bool cookies_may_match(const char *stored, struct slice host)
{
	if (ascii_starts_with_nocase(slice_of(stored), set_cookie))
		return true;
	if (ascii_starts_with_nocase(slice_of(stored), http_only))
		stored += strlen(http_only);
	stored += *stored == '.';
	struct slice domain = {stored, strcspn(stored, "\t")};
	return domain.len <= host.len &&
	       ascii_equal_nocase((struct slice){host.data + host.len - domain.len, domain.len}, domain);
}
