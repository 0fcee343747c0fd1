#include "cli/cli.h"

#include "base/cause.h"
#include "base/log.h"
#include "cli/help.h"
#include "cli/suggest.h"

#include <criterion/criterion.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tests are started from the folder of the Makefile. */
static const char man_page[] = "man/areq.1";

static char *read_file(const char *name)
{
	FILE *file = fopen(name, "r");
	cr_assert(file, "%s cannot be read", name);
	char *text = calloc(1, 1 << 20);
	size_t len = fread(text, 1, (1 << 20) - 1, file);
	cr_assert(len > 0 && len < (1 << 20) - 1);
	fclose(file);
	return text;
}

static char *help_text(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	cli_help_print(memory, true);
	fclose(memory);
	return text;
}

static size_t count_text(const char *text, const char *word)
{
	size_t count = 0;
	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

Test(cli, shows_every_option_in_help_and_man_page_and_no_other)
{
	char *help = help_text(), *man = read_file(man_page);
	size_t rows = 0;
	char entry[128], line[128];
	for (const struct cli_option *option; (option = cli_option(rows)); rows++) {
		const char *value = option->value ? option->value : "";
		bool is_optional = option->value && option->value[0] == '[';
		const char *space = option->value && !is_optional ? " " : "";
		snprintf(line, sizeof line, "--%s%s%s ", option->name, space, value);
		cr_expect_eq(count_text(help, line), 1, "%s in --help", option->name);

		char argument[64] = "";
		if (is_optional) {
			snprintf(argument, sizeof argument, " Ns Op = Ns Ar list");
		} else if (option->value) {
			snprintf(argument, sizeof argument, " Ar %s", option->value);
			for (char *c = argument + 4; *c; c++)
				*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		}
		if (option->letter)
			snprintf(entry, sizeof entry, "\n.It Fl %c , Fl -%s%s\n", option->letter,
			    option->name, argument);
		else
			snprintf(entry, sizeof entry, "\n.It Fl -%s%s\n", option->name, argument);
		cr_expect_eq(count_text(man, entry), 1, "the man page has no entry%s", entry);
	}
	cr_expect_gt(rows, 20);
	cr_expect_eq(count_text(man, "\n.It Fl "), rows, "the man page has an option that there is not");
	cr_expect_eq(count_text(help, "\n  -") + count_text(help, "\n      --"), rows);
	free(help);
	free(man);
}

Test(cli, help_fits_80_columns)
{
	char *help = help_text();
	size_t column = 0;
	for (const char *c = help; *c; c++) {
		/* Bytes that continue a character take no column. */
		column = *c == '\n' ? 0 : column + (((unsigned char)*c & 0xc0) != 0x80);
		cr_expect_leq(column, 80, "%.40s", c - 40);
	}
	free(help);
}

static enum status parse(struct options *options, const char *const *words)
{
	/* getopt_long may reorder what it is given, and the options borrow from it. */
	static char texts[32][64];
	static char *argv[33];
	bool shown;
	int argc = 1;
	argv[0] = strcpy(texts[0], "areq");
	for (; words[argc - 1]; argc++)
		argv[argc] = strcpy(texts[argc], words[argc - 1]);
	argv[argc] = NULL;
	optind = 0; /* getopt starts anew */
	return cli_parse(options, argc, argv, &shown);
}

Test(cli, has_the_documented_defaults)
{
	struct options options;
	cr_assert_eq(parse(&options, (const char *const[]){"list", NULL}), STATUS_OK);
	cr_expect_eq(options.jobs, 64);
	cr_expect_eq(options.per_host, 6);
	cr_expect_eq(options.delay_ms, 0);
	cr_expect_eq(options.connect_timeout_ms, 10000);
	cr_expect_eq(options.timeout_ms, 30000);
	cr_expect_eq(options.retries, 2);
	cr_expect_eq(options.max_retry_after_ms, 60000);
	cr_expect_eq(options.max_redirs, 20);
	cr_expect_eq(options.max_size, 16 << 20);
	cr_expect_str_eq(options.user_agent, "Mozilla/5.0 (compatible; areq/" AREQ_VERSION ")");
	cr_expect_eq(options.inputs.count, 1);
	cr_expect_str_eq(options.inputs.items[0], "list");
	cli_release(&options);
}

Test(cli, takes_times_and_sizes_with_units)
{
	static const struct {
		const char *option, *value;
		size_t field;
		int64_t expected;
	} cases[] = {
	    {.option = "-t", .value = "5", .field = offsetof(struct options, timeout_ms), .expected = 5000},
	    {.option = "-t", .value = "0.25", .field = offsetof(struct options, timeout_ms), .expected = 250},
	    {.option = "-t",
	        .value = "500ms",
	        .field = offsetof(struct options, timeout_ms),
	        .expected = 500},
	    {.option = "-t",
	        .value = "2m",
	        .field = offsetof(struct options, timeout_ms),
	        .expected = 120000},
	    {.option = "-t",
	        .value = "1h",
	        .field = offsetof(struct options, timeout_ms),
	        .expected = 3600000},
	    {.option = "-t", .value = "0", .field = offsetof(struct options, timeout_ms), .expected = 0},
	    {.option = "--delay",
	        .value = "1.5s",
	        .field = offsetof(struct options, delay_ms),
	        .expected = 1500},
	    {.option = "--max-size",
	        .value = "1000",
	        .field = offsetof(struct options, max_size),
	        .expected = 1000},
	    {.option = "--max-size",
	        .value = "64k",
	        .field = offsetof(struct options, max_size),
	        .expected = 65536},
	    {.option = "--max-size",
	        .value = "1.5M",
	        .field = offsetof(struct options, max_size),
	        .expected = 1572864},
	    {.option = "--max-size",
	        .value = "1GiB",
	        .field = offsetof(struct options, max_size),
	        .expected = 1073741824},
	    {.option = "--rate",
	        .value = "30",
	        .field = offsetof(struct options, rate),
	        .expected = 30 * RATE_PER_SECOND},
	    {.option = "--rate",
	        .value = "5000/s",
	        .field = offsetof(struct options, rate),
	        .expected = 5000 * RATE_PER_SECOND},
	    {.option = "--rate",
	        .value = "30/M",
	        .field = offsetof(struct options, rate),
	        .expected = 30 * RATE_PER_MINUTE},
	    {.option = "--rate",
	        .value = "0.5/s",
	        .field = offsetof(struct options, rate),
	        .expected = RATE_PER_SECOND / 2},
	    {.option = "--rate", .value = "0.001/m", .field = offsetof(struct options, rate), .expected = 1},
	    {.option = "--rate",
	        .value = "1000000000",
	        .field = offsetof(struct options, rate),
	        .expected = INT64_C(1000000000) * RATE_PER_SECOND},
	    {.option = "-j", .value = "500", .field = offsetof(struct options, jobs), .expected = 500},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options;
		cr_assert_eq(
		    parse(&options, (const char *const[]){cases[i].option, cases[i].value, NULL}), STATUS_OK);
		cr_expect_eq(
		    *(int64_t *)((char *)&options + cases[i].field), cases[i].expected, "case %zu", i);
		cli_release(&options);
	}
}

Test(cli, refuses_numbers_that_are_none)
{
	static const char *const cases[][2] = {{"-j", ""}, {"-j", "1.5"}, {"-j", "0x10"}, {"-j", "-1"},
	    {"-j", "1e3"}, {"-j", " 1"}, {"-j", "99999999999999999999999"}, {"-t", "nan"}, {"-t", "inf"},
	    {"-t", "1..2"}, {"-t", "."}, {"-t", "5 s"}, {"--connect-timeout", "0"}, {"--max-size", "1T"},
	    {"-r", "-1"}, {"--rate", "0"}, {"--rate", "0.0/m"}, {"--rate", "0.0001/m"}, {"--rate", "-1"},
	    {"--rate", "/s"}, {"--rate", "1/"}, {"--rate", "1/h"}, {"--rate", "1/s/s"}, {"--rate", "10 /s"},
	    {"--rate", "1s"}, {"--rate", "inf"}, {"--rate", "1000000001"}};
	cr_assert(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options;
		cr_expect_eq(parse(&options, (const char *const[]){cases[i][0], cases[i][1], NULL}),
		    STATUS_USAGE, "%s \"%s\"", cases[i][0], cases[i][1]);
		cli_release(&options);
	}
}

Test(cli, takes_options_behind_arguments_and_none_behind_two_dashes)
{
	struct options options;
	cr_assert_eq(parse(&options, (const char *const[]){"list", "-j3", "--schemes=http", "-H", "A: b",
	                                 "-H", "C;", "--", "-j", "-", NULL}),
	    STATUS_OK);
	cr_expect_eq(options.jobs, 3);
	cr_expect_str_eq(options.schemes, "http");
	cr_expect_eq(options.headers.count, 2);
	cr_expect_eq(options.inputs.count, 3);
	cr_expect_str_eq(options.inputs.items[1], "-j");
	cr_expect_str_eq(options.inputs.items[2], "-");
	cli_release(&options);
}

Test(cli, suggests_what_a_mistyped_option_may_have_meant)
{
	static const struct {
		const char *given, *expected;
	} cases[] = {
	    {"--outptu", "--outptu; did you mean --output?"},
	    {"--outptu=x=y", "--outptu; did you mean --output?"},
	    {"--verbos_", "--verbos_; did you mean --verbose?"},
	    {"--colour", "--colour; did you mean --color?"},
	    {"--hlep", "--hlep; did you mean --help?"},
	    /* three letters away from any */
	    {"--ouuutputtt", "--ouuutputtt (see areq --help)"},
	    /* in so short a word two letters are too many */
	    {"--hxxp", "--hxxp (see areq --help)"},
	    {"--x", "--x; it may be short for --xpath"},
	    {"--", "-- (see areq --help)"},
	    {"--=", "-- (see areq --help)"},
	    {"--max-r", "--max-r; it may be short for --max-retry-after, --max-redirs"},
	};
	char long_word[200] = "--";
	memset(long_word + 2, 'a', sizeof long_word - 3);
	for (size_t i = 0; i <= sizeof cases / sizeof *cases; i++) {
		bool is_case = i < sizeof cases / sizeof *cases;
		struct buf text;
		buf_init(&text, 1000);
		cli_suggest(&text, is_case ? cases[i].given : long_word);
		cr_expect(is_case ? strcmp(text.data, cases[i].expected) == 0
		                  : strstr(text.data, "see areq") != NULL,
		    "case %zu: %s", i, text.data);
		buf_release(&text);
	}
}

Test(cli, refuses_options_that_miss_or_exclude_each_other)
{
	static const struct {
		const char *words[6];
		enum status status;
	} cases[] = {
	    {{"--atomic", "-o", "f", NULL}, STATUS_OK},
	    {{"--atomic", NULL}, STATUS_USAGE},
	    {{"--atomic", "-o", "-", NULL}, STATUS_USAGE},
	    {{"--atomic", "-a", "-o", "f", NULL}, STATUS_USAGE},
	    {{"--repair", "-a", "-o", "f", NULL}, STATUS_OK},
	    {{"--repair", "-o", "f", NULL}, STATUS_USAGE},
	    {{"--repair", NULL}, STATUS_USAGE},
	    {{"-a", NULL}, STATUS_USAGE},
	    {{"--lock", "wait", NULL}, STATUS_OK},
	    {{"--lock", "fail", NULL}, STATUS_OK},
	    {{"--lock", "", NULL}, STATUS_USAGE},
	    {{"--lock", "failed", NULL}, STATUS_USAGE},
	    {{"--lock", NULL}, STATUS_USAGE},
	    {{"--progress", "always", NULL}, STATUS_OK},
	    {{"--progress", "yes", NULL}, STATUS_USAGE},
	    {{"--color", "never", NULL}, STATUS_OK},
	    {{"--color", "", NULL}, STATUS_USAGE},
	    {{"--summary-json", "s", NULL}, STATUS_OK},
	    {{"--summary-json", "", NULL}, STATUS_USAGE},
	    {{"--summary-json", "-", "-o", "f", NULL}, STATUS_OK},
	};
	cr_assert(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options;
		cr_expect_eq(parse(&options, cases[i].words), cases[i].status, "case %zu", i);
		cli_release(&options);
	}
	struct options options;
	cr_assert_eq(parse(&options, (const char *const[]){"--lock=fail", "--lock=wait", NULL}), STATUS_OK);
	cr_expect_eq(options.lock, LOCK_WAIT, "the last one counts");
	cli_release(&options);
}

Test(cli, takes_lists_of_names_and_proxies)
{
	static const char *const cases[][2] = {{"--tags", "a"}, {"--tags", "a,AREA, svg:a,,x-y"},
	    {"--tags", "h1 _x"}, {"--tags", "x-y,img"}, {"--tags", "script"}, {"--attrs", "all"},
	    {"--attrs", "href ,SRC,,refresh"}, {"--schemes", "http,https"},
	    {"--schemes", "view-source git+ssh h.323"}, {"-x", ""}, {"-x", "host"}, {"-x", "host:8080"},
	    {"-x", "http://me:se%cret@host:8080/"}, {"-x", "https://host"}, {"-x", "SOCKS5h://[::1]:1080"},
	    {"-x", "socks4a://my_host:1"}, {"-A", ""}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options;
		cr_expect_eq(parse(&options, (const char *const[]){cases[i][0], cases[i][1], NULL}),
		    STATUS_OK, "%s \"%s\"", cases[i][0], cases[i][1]);
		cli_release(&options);
	}
}

/* The choices of --attrs are in the order of enum attribute, and so are the names in a page. */
Test(cli, takes_sets_of_attributes)
{
	char word[20];
	struct options options;
	for (enum attribute i = ATTRIBUTE_HREF; i <= ATTRIBUTE_LAST_LINK; i++) {
		snprintf(word, sizeof word, "%s", attribute_word(i));
		cr_assert_eq(
		    parse(&options, (const char *const[]){"--attrs", word, NULL}), STATUS_OK, "%s", word);
		cr_expect_eq(options.attributes, ATTRIBUTE_BIT(i), "%s", word);
		cr_expect_str_eq(attribute_name(i).data, i == ATTRIBUTE_REFRESH ? "content" : word);
		cli_release(&options);
	}
	cr_assert_eq(parse(&options, (const char *const[]){"--attrs", "all", NULL}), STATUS_OK);
	cr_expect_eq(options.attributes, ATTRIBUTES_OF_LINKS);
	cr_expect_not(options.attributes & (ATTRIBUTES_OF_ANCHORS | ATTRIBUTE_BIT(ATTRIBUTE_NONE)));
	cli_release(&options);
}

Test(cli, takes_flags_back_and_the_last_one_counts)
{
	struct options options;
	cr_assert_eq(parse(&options, (const char *const[]){"-q", "--ordered", "--no-quiet", "-v",
	                                 "--no-ordered", "--ordered", NULL}),
	    STATUS_OK);
	cr_expect_not(options.quiet);
	cr_expect(options.verbose);
	cr_expect(options.ordered);
	cli_release(&options);
}

/* --no-follow is an option of its own, not what takes --follow back. */
Test(cli, collects_the_patterns_of_follow_and_no_follow)
{
	struct options options;
	cr_assert_eq(parse(&options, (const char *const[]){"--follow", "a", "--no-follow", "b", "--follow=c",
	                                 "--no-follow=d", "--no-follow", "e", NULL}),
	    STATUS_OK);
	cr_expect_eq(options.scope, OPTION_SCOPE_HOST, "the default");
	cr_assert_eq(options.follow.count, 2);
	cr_expect_str_eq(options.follow.items[0], "a");
	cr_expect_str_eq(options.follow.items[1], "c");
	cr_assert_eq(options.no_follow.count, 3);
	cr_expect_str_eq(options.no_follow.items[0], "b");
	cr_expect_str_eq(options.no_follow.items[1], "d");
	cr_expect_str_eq(options.no_follow.items[2], "e");
	cli_release(&options);
}

Test(cli, puts_each_word_of_a_choice_at_its_place)
{
	static const struct {
		const char *word;
		enum format format;
	} formats[] = {
	    {"tsv", FORMAT_TSV}, {"csv", FORMAT_CSV}, {"jsonl", FORMAT_JSONL}, {"urls", FORMAT_URLS}};
	static const struct {
		const char *word;
		enum when when;
	} whens[] = {{"auto", WHEN_AUTO}, {"always", WHEN_ALWAYS}, {"never", WHEN_NEVER}};
	static const struct {
		const char *word;
		enum option_scope scope;
	} scopes[] = {{"host", OPTION_SCOPE_HOST}, {"site", OPTION_SCOPE_SITE},
	    {"prefix", OPTION_SCOPE_PREFIX}, {"any", OPTION_SCOPE_ANY}};
	struct options options;
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		cr_assert_eq(
		    parse(&options, (const char *const[]){"--scope", scopes[i].word, NULL}), STATUS_OK);
		cr_expect_eq(options.scope, scopes[i].scope);
		cli_release(&options);
	}
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		cr_assert_eq(
		    parse(&options, (const char *const[]){"--format", formats[i].word, NULL}), STATUS_OK);
		cr_expect_eq(options.format, formats[i].format);
		cli_release(&options);
	}
	for (size_t i = 0; i < sizeof whens / sizeof *whens; i++) {
		cr_assert_eq(
		    parse(&options, (const char *const[]){"--progress", whens[i].word, NULL}), STATUS_OK);
		cr_expect_eq(options.progress, whens[i].when);
		cli_release(&options);
	}
	cr_assert_eq(parse(&options, (const char *const[]){"--lock", "fail", NULL}), STATUS_OK);
	cr_expect_eq(options.lock, LOCK_FAIL);
	cli_release(&options);
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_expect_eq(parse(&options, (const char *const[]){"--format", "tsv csv", NULL}), STATUS_USAGE);
	cli_release(&options);
	cr_expect_eq(parse(&options, (const char *const[]){"--format", "ts", NULL}), STATUS_USAGE);
	cli_release(&options);
}

Test(man_page, names_each_cause_and_no_other)
{
	char *page = read_file(man_page), item[64];
	const char *section = strstr(page, ".Sh CAUSES\n");
	cr_assert(section);
	char *end = strstr(section, "\n.El\n");
	cr_assert(end);
	*end = '\0';
	cr_expect_null(cause_word(CAUSE_NONE));
	for (int cause = CAUSE_NONE + 1; cause < CAUSES; cause++) {
		snprintf(item, sizeof item, "\n.It Cm %s\n", cause_word((enum cause)cause));
		cr_expect_eq(count_text(section, item), 1, "%s", item);
	}
	cr_expect_eq(count_text(section, "\n.It "), CAUSES - 1);
	free(page);
}
