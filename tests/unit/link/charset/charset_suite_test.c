/* The encoding tests of html5lib against the prescan. */
#include "link/charset/charset.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUITE "/usr/share/cargo/registry/markup5ever_rcdom-*/html5lib-tests/encoding/*.dat"

/* The three files of html5lib-tests as of 2022 hold this many. */
enum { CASES_AT_LEAST = 83 };

/* Cases whose result this module cannot give, each by file, the number of the case in it, and the reason. */
struct known {
	const char *file;
	size_t number;
	const char *reason;
};

#define FAR    "the <meta> stands behind the bytes that the prescan looks at: a later rule finds it"
#define SCRIPT "only a script would write the <meta>"

static const struct known known[] = {
    {.file = "tests1.dat", .number = 47, .reason = FAR},
    {.file = "tests1.dat", .number = 48, .reason = FAR},
    {.file = "tests1.dat", .number = 49, .reason = FAR},
    {.file = "tests1.dat", .number = 50, .reason = FAR},
    {.file = "tests1.dat", .number = 51, .reason = FAR},
    {.file = "tests1.dat", .number = 52, .reason = FAR},
    {.file = "tests1.dat", .number = 53, .reason = FAR},
    {.file = "tests1.dat", .number = 54, .reason = SCRIPT},
};

static const char *after(const char *text, const char *end, const char *mark)
{
	size_t len = strlen(mark);
	for (; (size_t)(end - text) >= len; text++)
		if (memcmp(text, mark, len) == 0)
			return text + len;
	return NULL;
}

static const char *known_reason(const char *path, size_t number)
{
	const char *file = strrchr(path, '/') + 1;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].number == number && strcmp(known[i].file, file) == 0)
			return known[i].reason;
	return NULL;
}

static void run_case(const char *path, size_t number, struct slice data, struct slice encoding)
{
	struct charset_guess guess = charset_detect((struct slice){NULL, 0}, data);
	const char *name = charset_name(guess.charset ? guess.charset : charset_windows_1252());
	const char *reason = known_reason(path, number);
	bool passes = strlen(name) == encoding.len && strncasecmp(name, encoding.data, encoding.len) == 0;
	if (reason)
		cr_expect(!passes, "%s, case %zu passes, but is listed: %s", path, number, reason);
	else
		cr_expect(passes, "%s, case %zu: %s, not %.*s, for\n%.200s", path, number, name,
		    (int)encoding.len, encoding.data, data.data);
}

static size_t run_file(const char *path, const char *text, size_t len)
{
	const char *end = text + len;
	size_t count = 0;
	for (const char *data; (data = after(text, end, "#data\n")); count++) {
		const char *encoding = after(data, end, "\n#encoding\n");
		cr_assert(encoding, "%s, case %zu", path, count);
		const char *line_end = memchr(encoding, '\n', (size_t)(end - encoding));
		text = line_end ? line_end : end;
		run_case(path, count,
		    (struct slice){data, (size_t)(encoding - data) - strlen("\n#encoding\n")},
		    (struct slice){encoding, (size_t)(text - encoding)});
	}
	return count;
}

static size_t run_path(const char *path)
{
	enum { FILE_MAX = 1 << 20 };
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	char *text = malloc(FILE_MAX);
	size_t len = fread(text, 1, FILE_MAX - 1, file);
	fclose(file);
	text[len] = '\0';
	size_t count = run_file(path, text, len);
	free(text);
	return count;
}

Test(charset_suite, html5lib_encoding)
{
	glob_t found;
	if (glob(SUITE, 0, NULL, &found) != 0)
		cr_skip_test("needs Debian's librust-markup5ever-rcdom-dev");
	size_t count = 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		count += run_path(found.gl_pathv[i]);
	globfree(&found);
	cr_expect(count >= CASES_AT_LEAST, "%zu cases", count);
}
