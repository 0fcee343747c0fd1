#include "files.h"

#include "base/alloc.h"
#include "text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *ending;
	const char *type;
} types[] = {
    {".html", "text/html"},
    {".htm", "text/html"},
    {".xhtml", "application/xhtml+xml"},
    {".xml", "application/xml"},
    {".txt", "text/plain"},
    {".css", "text/css"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".gif", "image/gif"},
    {".jpg", "image/jpeg"},
    {".ico", "image/x-icon"},
    {".pdf", "application/pdf"},
};

static const char *type_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *dot = strrchr(slash ? slash : name, '.');
	for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
		if (strcmp(dot, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* A path that names nothing outside the root, nor a hidden file, nor the table. */
static bool is_safe(struct slice path)
{
	if (path.len == 0 || path.data[0] != '/' || memchr(path.data, '\0', path.len))
		return false;
	return !strstr(path.data, "/.") && strcmp(path.data, "/_site") != 0;
}

/* False where it is not a regular file. */
static bool read_file(const char *name, struct buf *out)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat about;
	if (fd < 0)
		return false;
	bool good = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
	ssize_t got = 1;
	while (good && got > 0) {
		char *to = buf_reserve(out, 64 << 10);
		got = to ? read(fd, to, 64 << 10) : -1;
		good = got >= 0;
		out->len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return good;
}

static void plan_missing(struct plan *plan)
{
	static const char body[] = "<!doctype html>\n<title>Not found</title>\n<h1>Not found</h1>\n";
	plan->status = 404;
	plan_text_set(&plan->body, slice_of(body));
}

static void plan_file(const char *root, struct slice path, struct plan *plan)
{
	struct buf name, bytes;
	struct stat about;
	buf_init(&name, 64 << 10);
	buf_init(&bytes, TEXT_MAX);
	buf_append(&bytes, "", 0);
	text_printf(&name, "%s%s", root, path.data);
	if (path.data[path.len - 1] == '/')
		buf_append_text(&name, "index.html");
	if (read_file(name.data, &bytes)) {
		plan_text_set(&plan->body, (struct slice){bytes.data, bytes.len});
		plan_text_set(&plan->type, slice_of(type_of(name.data)));
	} else if (stat(name.data, &about) == 0 && S_ISDIR(about.st_mode)) {
		plan->status = 301;
		plan_text_set(&plan->body, slice_of(""));
		buf_clear(&bytes);
		text_printf(&bytes, "%s/", path.data);
		plan_text_set(&plan->location, (struct slice){bytes.data, bytes.len});
	} else {
		plan_missing(plan);
	}
	buf_release(&name);
	buf_release(&bytes);
}

/* The keys that the table has for a path; data is NULL where it has none. */
static struct slice table_find(const char *table, const char *path)
{
	size_t path_len = strlen(path);
	for (const char *line = table; *line;) {
		size_t len = strcspn(line, "\n");
		if (len > path_len && memcmp(line, path, path_len) == 0 && strchr(" \t", line[path_len])) {
			const char *keys = line + path_len + strspn(line + path_len, " \t");
			return (struct slice){keys, strcspn(keys, " \t\r\n")};
		}
		line += len + (line[len] == '\n');
	}
	return (struct slice){NULL, 0};
}

bool files_plan(const char *root, struct slice path, struct plan *plan, struct buf *error)
{
	struct buf decoded, name, table;
	bool good = true;
	buf_init(&decoded, 64 << 10);
	buf_init(&name, 64 << 10);
	buf_init(&table, TEXT_MAX);
	buf_append(&table, "", 0);
	text_percent_decode(&decoded, path);
	if (!is_safe((struct slice){decoded.data, decoded.len})) {
		plan_missing(plan);
		goto out;
	}
	plan_file(root, (struct slice){decoded.data, decoded.len}, plan);
	text_printf(&name, "%s/_site", root);
	if (read_file(name.data, &table)) {
		buf_append(&table, "", 0);
		struct slice keys = table_find(table.data, decoded.data);
		if (keys.data) {
			/* What the table names differs from "no such file". */
			if (plan->status == 404)
				plan->status = 200;
			good = plan_read(plan, keys, error);
		}
	}
out:
	buf_release(&decoded);
	buf_release(&name);
	buf_release(&table);
	return good;
}
