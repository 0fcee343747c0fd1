/* The command line as a whole: the configuration, --dry-run, --help and the completions. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* An environment with this folder as the home. */
static const char *const *home_of(struct scratch *scratch)
{
	static char home[512];
	static const char *const env[] = {home, NULL};
	snprintf(home, sizeof home, "HOME=%s", scratch->folder);
	return env;
}

static void write_config(struct scratch *scratch, const char *text)
{
	cr_assert_eq(mkdir(scratch_path(scratch, ".config"), 0700), 0);
	cr_assert_eq(mkdir(scratch_path(scratch, ".config/areq"), 0700), 0);
	scratch_write(scratch, ".config/areq/config", text);
}

Test(config, is_read_from_the_home_and_the_command_line_comes_behind_it)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char expected[512];
	site_start(&site);
	scratch_init(&scratch);
	write_config(&scratch, "\xef\xbb\xbf# how I like it\r\n\r\n  --no-header\r\nformat = csv\n"
	                       "exclude: \"2$\"\nexclude \"(\n");
	const char *page = site_url(&site, "/_/page?links=3");
	const struct run_options at_home = {.env = home_of(&scratch)};
	run_areq_with(&result, &at_home, page);
	run_assert_exit(&result, 2);
	cr_expect(strstr(result.err, "areq:   \"(\n"), "a single quote mark stays: %s", result.err);
	run_release(&result);

	scratch_write(&scratch, ".config/areq/config",
	    "\xef\xbb\xbf# how I like it\r\n\r\n  --no-header\r\nformat = csv "
	    "\t\n\xef\xbb\xbfno-quiet\nexclude: "
	    "\"2$\"\n");
	run_areq_with(&result, &at_home, page);
	run_assert_exit(&result, 0);
	snprintf(expected, sizeof expected, "%s,http://%s/_/link1\r\n%s,http://%s/_/link3\r\n", page,
	    site.host, page, site.host);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);

	/* What is given here counts, wherever it stands; lists grow; a flag can be taken back. */
	run_areq_with(&result, &at_home, "--format", "urls", "--exclude", "1$", "--no-no-header", page);
	run_assert_exit(&result, 0);
	snprintf(expected, sizeof expected, "http://%s/_/link3\n", site.host);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);

	run_areq_with(&result, &at_home, "--no-config", page);
	run_assert_exit(&result, 0);
	cr_expect_eq(strncmp(result.out, "source_url\tparsed_url\n", 22), 0, "%s", result.out);
	run_release(&result);

	/* The file that is named is read instead. */
	const char *other = scratch_write(&scratch, "other", "format=jsonl");
	run_areq_with(&result, &at_home, page, "--config", other, "-v");
	run_assert_exit(&result, 0);
	cr_expect_eq(*result.out, '{', "%s", result.out);
	cr_expect(strstr(result.err, "options from ") && strstr(result.err, other), "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(config, yields_to_what_the_command_line_contradicts)
{
	static const struct {
		const char *config, *words[5];
		int exit_status;
	} cases[] = {
	    {"quiet\n", {"-v"}, 0},
	    {"verbose\n", {"-q"}, 0},
	    {"tags = a\nxpath = //a\n", {"-e", "x"}, 0},
	    {"regexp = x\n", {"--tags", "a"}, 0},
	    {"attrs = src\n", {"--xpath", "//a"}, 0},
	    {"xpath = //a\n", {"--attrs", "href,src"}, 0},
	    {"same-host\n", {"--external"}, 0},
	    {"ipv6\n", {"-4"}, 0},
	    {"proxy = http://127.0.0.1:1\n", {"--public-only"}, 1},
	    {"public-only\n", {"-x", ""}, 1},
	    {"null\nformat = urls\n", {"--format", "csv"}, 0},
	    {"append\nrepair\noutput = rows\n", {"--no-append"}, 0},
	    {"append\nrepair\noutput = rows\n", {"-o", "-"}, 0},
	    {"atomic\noutput = rows\n", {"-a"}, 0},
	    {"atomic\n", {"-o", "-"}, 0},
	};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *page = site_page(&site, "body", "<a href=x>");
	const struct run_options there = {.directory = scratch.folder};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const *words = cases[i].words;
		const char *file = scratch_write(&scratch, "config", cases[i].config);
		run_areq_with(&result, &there, "--config", file, page, words[0], words[1], words[2]);
		cr_expect_eq(result.exit_status, cases[i].exit_status, "case %zu: %s", i, result.err);
		cr_expect_not(strstr(result.err, "exclude"), "case %zu: %s", i, result.err);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(config, is_named_with_its_line_in_a_contradiction)
{
	static const struct {
		const char *config, *words[3];
		const char *before, *between, *after; /* the message, with the file between these */
	} cases[] = {
	    {"\nquiet\nverbose\n", {NULL}, "areq: --quiet (", ":2) and --verbose (",
	        ":3) exclude each other\n"},
	    {"tags = a\nregexp = x\n", {NULL}, "areq: --regexp (", ":2) and --tags (",
	        ":1) exclude each other\n"},
	    {"tags = a\n\nattrs = src\n", {NULL}, "areq: --tags a (",
	        ":1) has no links in the attribute src (", ":3); try --attrs href,ping,xlink:href\n"},
	    {"append\n", {NULL}, "areq: --append (", NULL, ":1) needs -o FILE\n"},
	    {"format = csv\n", {"-0"}, "areq: -0 needs --format urls (", NULL, ":1)\n"},
	    {"public-only\n", {"-x", "localhost"}, "areq: --public-only (", NULL,
	        ":1) and -x exclude each other: a proxy chooses the address itself\n"},
	    {"report = -\n", {NULL}, "areq: stdout: the rows and the report (", NULL,
	        ":1) cannot go to the same file\n"},
	    {"quiet\n", {"-q", "-v"}, NULL, NULL, "areq: -q and -v exclude each other\n"},
	};
	struct scratch scratch;
	struct run_result result;
	char expected[1024];
	scratch_init(&scratch);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *file = scratch_write(&scratch, "config", cases[i].config);
		run_areq(
		    &result, "--config", file, "http://127.0.0.1:1/", cases[i].words[0], cases[i].words[1]);
		run_expect_exit(&result, 2);
		const char *before = cases[i].before, *between = cases[i].between;
		snprintf(expected, sizeof expected, "%s%s%s%s%s", before ? before : "", before ? file : "",
		    between ? between : "", between ? file : "", cases[i].after);
		cr_expect_str_eq(result.err, expected, "case %zu", i);
		run_release(&result);
	}
	scratch_release(&scratch);
}

Test(config, names_file_line_and_trouble)
{
	static const struct {
		const char *text;
		size_t len;
		const char *message;
	} cases[] = {
	    {"jobs = 3\nformt = csv\n", 0, ":2: there is no option --formt; did you mean --format?"},
	    {"-o x\n", 0, ":1: there is no option"},
	    {"jobs = many\n", 0, ":1: --jobs: \"many\" is not a whole number from 1 to 65536"},
	    {"\ntags = a;b\n", 0, ":2: --tags: \"a;b\" is not a list of elements"},
	    {"\n\nlock=x", 0, ":3: --lock: \"x\" is not wait or fail"},
	    {"quiet = yes\n", 0, ":1: --quiet takes no value"},
	    {"no-quiet = yes\n", 0, ":1: --quiet takes no value"},
	    {"jobs\n", 0, ":1: --jobs needs a value"},
	    {"no-jobs\n", 0, ":1: there is no option --no-jobs"},
	    {"help\n", 0, ":1: --help has no place in a configuration"},
	    {"config = x\n", 0, ":1: --config has no place in a configuration"},
	    {"= x\n", 0, ":1: there is no option --"},
	    {"header = x\n", 0, ":1: --header: \"x\" is not of the form 'Name: value'"},
	    {"quiet\njobs = 3\0 4\n", 17, ":2: the line holds a NUL byte"},
	};
	struct scratch scratch;
	struct run_result result;
	scratch_init(&scratch);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		const char *file = scratch_write_bytes(&scratch, "config", cases[i].text, len);
		run_areq(&result, "--config", file, "http://127.0.0.1:1/");
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, cases[i].message), "case %zu: %s", i, result.err);
		cr_expect(strstr(result.err, file), "%s", result.err);
		run_release(&result);
	}
	run_areq(&result, "--config", scratch_path(&scratch, "none"), "http://127.0.0.1:1/");
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "none: No such file"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "--config", scratch.folder, "http://127.0.0.1:1/");
	run_expect_exit(&result, 2);
	run_release(&result);
	scratch_release(&scratch);
}

Test(cli, says_what_is_wrong_with_a_value_before_anything_is_fetched)
{
	static const struct {
		const char *option, *value, *message;
	} cases[] = {
	    {"-j", "0", "--jobs: \"0\" is not a whole number from 1 to 65536\n"},
	    {"-r", "x", "--retries: \"x\" is not a whole number from 0 to 1000\n"},
	    {"--max-size", "3G", "--max-size: \"3G\" is not a size such as 1000, 64k or 16M, from 1 to 2G\n"},
	    {"-t", "100h",
	        "--timeout: \"100h\" is not a time such as 10, 500ms or 2m, from 1ms to 24h, or 0\n"},
	    {"-t", "0.1ms",
	        "--timeout: \"0.1ms\" is not a time such as 10, 500ms or 2m, from 1ms to 24h, or 0\n"},
	    {"--deadline", "0",
	        "--deadline: \"0\" is not a time such as 10, 500ms or 2m, from 1ms to 8760h\n"},
	    {"--rate", "0",
	        "--rate: \"0\" is not a rate such as 10, 0.5/s or 30/m, from 0.001/m to 1000000000/s\n"},
	    {"--rate", "2/h",
	        "--rate: \"2/h\" is not a rate such as 10, 0.5/s or 30/m, from 0.001/m to 1000000000/s\n"},
	    {"--fail-on", "0%", "--fail-on: \"0%\" is not any, all, never or a percentage from 1% to 100%\n"},
	    {"--tags", "a;b", "--tags: \"a;b\" is not a list of elements such as a,area\n"},
	    {"--tags", "a,<b>", "--tags: \"a,<b>\" is not a list of elements such as a,area\n"},
	    {"--tags", "", "--tags: \"\" is not a list of elements such as a,area\n"},
	    {"--tags", " ,", "--tags: \" ,\" is not a list of elements such as a,area\n"},
	    {"--tags", "img",
	        "--tags img has no links in the attribute href; try --attrs src,srcset,longdesc\n"},
	    {"--tags", "Form, meta",
	        "--tags Form, meta has no links in the attribute href; try --attrs action,refresh\n"},
	    {"--attrs", "src,style",
	        "--attrs: \"src,style\" is not a list of words among href, src, srcset, imagesrcset, action, "
	        "formaction, "
	        "poster, data, cite, longdesc, background, manifest, ping, icon, codebase, refresh, "
	        "xlink:href "
	        "or all\n"},
	    {"--attrs", "content", "--attrs: \"content\" is not a list of words among href"},
	    {"--attrs", "usemap", "--attrs: \"usemap\" is not a list of words among href"},
	    {"--attrs", "", "--attrs: \"\" is not a list of words among href"},
	    {"--attrs", "imagesrcsets", "--attrs: \"imagesrcsets\" is not a list of words among href"},
	    {"--schemes", "ftp://", "--schemes: \"ftp://\" is not a list of schemes such as http,https\n"},
	    {"--schemes", "http:", "--schemes: \"http:\" is not a list of schemes such as http,https\n"},
	    {"--schemes", "", "--schemes: \"\" is not a list of schemes such as http,https\n"},
	    {"-e", "", "--regexp: the value is empty\n"},
	    {"--xpath", "", "--xpath: the value is empty\n"},
	    {"--include", "", "--include: the value is empty\n"},
	    {"--scope", "hosts", "--scope: \"hosts\" is not host, site, prefix or any\n"},
	    {"--scope", "", "--scope: \"\" is not host, site, prefix or any\n"},
	    {"--follow", "", "--follow: the value is empty\n"},
	    {"--no-follow", "", "--no-follow: the value is empty\n"},
	    {"-b", "", "--cookie: the value is empty\n"},
	    {"--report", "", "--report: the value is empty\n"},
	    {"--cacert", "", "--cacert: the value is empty\n"},
	    {"--config", "", "--config: the value is empty\n"},
	    {"-x", "foo://bar", "--proxy: \"foo://bar\" is not a proxy such as http://host:8080 or "},
	    {"-x", "ftp://me:secret@bar", "--proxy: \"ftp://bar\" is not a proxy such as "},
	    {"-x", "http://", "--proxy: \"http://\" is not a proxy such as "},
	    {"-x", "http://host:1 ", "--proxy: \"http://host:1 \" is not a proxy such as "},
	    {"-x", "bar:99999", "--proxy: \"bar:99999\" is not a proxy such as "},
	    {"", "x", "an argument is empty"},
	};
	struct run_result result;
	char expected[256];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, cases[i].option, cases[i].value, "http://127.0.0.1:1/");
		run_expect_exit(&result, 2);
		snprintf(expected, sizeof expected, "areq: %s", cases[i].message);
		cr_expect_eq(
		    strncmp(result.err, expected, strlen(expected)), 0, "case %zu: %s", i, result.err);
		cr_expect_str_eq(result.out, "");
		run_release(&result);
	}
}

Test(dry_run, says_what_would_be_fetched_and_touches_nothing)
{
	struct site site;
	struct scratch scratch;
	struct site_stats stats;
	struct run_result result;
	char list[1024], expected[1024];
	site_start(&site);
	scratch_init(&scratch);
	snprintf(list, sizeof list,
	    "http://%s/a\nhttp://me:secret@%s/b#part\nno url here:\nhttp://%s/a\nother.test/\n", site.host,
	    site.host, site.host);
	const char *file = scratch_write(&scratch, "list", list),
	           *rows = scratch_write(&scratch, "rows", "old\n");
	run_areq(&result, "-n", file, "-o", rows, "--report", scratch_path(&scratch, "report"), "--delay",
	    "2s", "-j", "30", "--per-host", "4", "-u", "me");
	run_expect_exit(&result, 1);
	snprintf(expected, sizeof expected, "http://%s/a\nhttp://%s/b#part\nhttps://other.test/\n", site.host,
	    site.host);
	cr_expect_str_eq(result.out, expected);
	cr_expect(strstr(result.err, ":3: not a URL"), "%s", result.err);
	cr_expect(strstr(result.err, "would fetch 3 URLs from 2 hosts; 1 was listed again; 1 is no URL"),
	    "%s", result.err);
	snprintf(expected, sizeof expected, "  2  %s\n", site.host);
	cr_expect(strstr(result.err, expected), "%s", result.err);
	cr_expect(strstr(result.err, "  1  other.test\n"), "%s", result.err);
	snprintf(expected, sizeof expected,
	    "at most 30 at once, 4 to one host, 2 s between starts to one host: at least 2 s for %s\n",
	    site.host);
	cr_expect(strstr(result.err, expected), "%s", result.err);
	cr_expect(strstr(result.err, "rows would go to "), "%s", result.err);
	cr_expect_not(strstr(result.err, "secret"), "%s", result.err);
	run_release(&result);
	char *kept = scratch_read(&scratch, "rows", NULL);
	cr_expect_str_eq(kept, "old\n");
	cr_expect_not(scratch_exists(&scratch, "report"));
	free(kept);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, 0);
	site_stats_release(&stats);
	/* Hosts with as many URLs stand in the order of the list. */
	run_areq(&result, "-n", "--deadline", "90s", "http://c.test/", "http://b.test/", "http://a.test/");
	run_expect_exit(&result, 0);
	cr_expect(
	    strstr(result.err, "  1  c.test\nareq:   1  b.test\nareq:   1  a.test\n"), "%s", result.err);
	cr_expect(strstr(result.err, ", 90 s for the whole run"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-n", "--depth", "all", "--sitemaps", "--scope", "site", "--max-pages", "9",
	    "http://b.test/", "http://a.test/");
	run_expect_exit(&result, 0);
	static const char *const plan[] = {"would ask for robots.txt first, of 2 hosts\n",
	    "would read the sitemaps of the hosts (--sitemaps)\n",
	    "would follow links without a limit (--depth all --scope site)\n",
	    "would ask for at most 9 URLs (--max-pages)\n"};
	for (size_t i = 0; i < sizeof plan / sizeof *plan; i++)
		cr_expect(strstr(result.err, plan[i]), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-n", "--depth", "3", "--robots", "never", "http://b.test/");
	cr_expect(strstr(result.err, "would follow links (--depth 3 --scope host)\n"), "%s", result.err);
	cr_expect_not(strstr(result.err, "robots"), "%s", result.err);
	run_release(&result);
	static const struct {
		const char *rate, *expected;
	} rates[] = {
	    {"4", "6 to one host, 4 requests a second in all: at least 500 ms\n"},
	    {"1/s", "6 to one host, 1 request a second in all: at least 2.0 s\n"},
	    {"30/m", "6 to one host, 30 requests a minute in all: at least 4.0 s\n"},
	    {"90/m", "6 to one host, 1.5 requests a second in all: at least 1.3 s\n"},
	    {"1000000000", "6 to one host, 1000000000 requests a second in all\n"},
	};
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		run_areq(&result, "-n", "--rate", rates[i].rate, "http://c.test/", "http://b.test/",
		    "http://a.test/");
		cr_expect(strstr(result.err, rates[i].expected), "case %zu: %s", i, result.err);
		run_release(&result);
	}
	/* Of many hosts the first ten are shown. */
	char many[12 * 32] = "", *end = many;
	for (int i = 0; i < 12; i++)
		end += sprintf(end, "http://h%d.test/\n", i);
	const char *config = scratch_write(&scratch, "config", "format = csv\n");
	run_areq_with(&result, (&(struct run_options){.input = many}), "-n", "--config", config);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "h9.test\nareq:   and 2 more hosts (-v shows all)\n"), "%s", result.err);
	cr_expect(
	    strstr(result.err, "some options are from ") && strstr(result.err, config), "%s", result.err);
	run_release(&result);
	/* What could not be used is refused, as in earnest. */
	run_areq(&result, "-n", "--quiet=yes", file);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "--quiet takes no value"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-n", "-e", "(", file);
	run_expect_exit(&result, 2);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(dry_run, reads_a_slow_list_and_one_longer_than_what_is_read_ahead)
{
	enum { URLS = 30000 };
	struct run_child child;
	struct run_result result;
	char line[64];
	run_start_areq(&child, (&(struct run_options){.input_pipe = true}), "-n");
	run_feed(&child, "http://slow.test/first\n");
	run_wait_output(&child, "http://slow.test/first\n", 5);
	for (int i = 0; i < URLS; i++) {
		/* Most are repeated, and those give the loop nothing to do. */
		snprintf(line, sizeof line, "http://slow.test/%d\n", i % 20000 == 0 ? i : 1);
		run_feed(&child, line);
	}
	run_feed(&child, "http://slow.test/last");
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	rows_expect_list(result.out, result.out_len,
	    "http://slow.test/first\nhttp://slow.test/0\nhttp://slow.test/1\nhttp://slow.test/20000\n"
	    "http://slow.test/last\n");
	cr_expect_lt(result.seconds, 10);
	run_release(&result);
}

Test(help, is_short_and_all_of_it_on_demand)
{
	static const struct {
		const char *words[3];
		bool all;
	} cases[] = {{{"--help"}, false}, {{"-h"}, false}, {{"--help", "me"}, false},
	    {{"--help", "all"}, true}, {{"-h", "all"}, true}, {{"--help=all"}, true}};
	struct run_result result;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, cases[i].words[0], cases[i].words[1]);
		run_expect_exit(&result, 0);
		cr_expect(strstr(result.out, "--output FILE"), "case %zu", i);
		cr_expect_eq(strstr(result.out, "--max-redirs N") != NULL, cases[i].all, "case %zu", i);
		cr_expect_eq(strstr(result.out, "areq --help all") != NULL, !cases[i].all, "case %zu", i);
		run_release(&result);
	}
	run_areq(&result, "--help=all");
	cr_expect(strstr(result.out, "transfers at once (64); 1 to 65536\n"), "%s", result.out);
	cr_expect(strstr(result.out, " 1ms to 24h, or 0\n"), "%s", result.out);
	cr_expect(strstr(result.out, "500ms, 10s, 2m, 1h") && strstr(result.out, "64k, 16M, 1G"));
	run_release(&result);
	run_areq(&result, "--help=nothing");
	run_expect_exit(&result, 2);
	run_release(&result);
}

/* What a shell offers for a command line, by a script that gets areq's completion file as $1. */
static void expect_offer(const char *shell, const char *script, const char *expected)
{
	struct run_result result;
	struct scratch scratch;
	scratch_init(&scratch);
	run_areq(&result, "--completion", shell);
	run_assert_exit(&result, 0);
	const char *file = scratch_write(&scratch, "completion", result.out);
	run_release(&result);
	run_program(&result, (&(struct run_options){.directory = scratch.folder, .env = home_of(&scratch)}),
	    shell, (const char *const[]){"-c", script, shell, file, NULL});
	cr_expect_eq(result.exit_status, 0, "%s: %s", shell, result.err);
	cr_expect_str_eq(result.err, "", "%s", shell);
	rows_expect_set(result.out, result.out_len, expected);
	run_release(&result);
	scratch_release(&scratch);
}

Test(completion, bash_offers_options_words_and_files)
{
	static const char ask[] =
	    "source \"$1\"; compopt() { :; }; offer() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _areq;"
	    " printf '%s\\n' \"${COMPREPLY[@]}\"; }; touch 'a list'; ";
	char script[1024];
	static const struct {
		const char *words, *expected;
	} cases[] = {
	    {"areq --ou", "--output\n"},
	    {"areq --format ''", "tsv\ncsv\njsonl\nurls\n"},
	    {"areq --format = j", "jsonl\n"},
	    {"areq --format =", "tsv\ncsv\njsonl\nurls\n"},
	    {"areq -o a", "a list\n"},
	    {"areq a", "a list\n"},
	    {"areq -j 3 --lock w", "wait\n"},
	    {"areq -j ''", "\n"},
	    {"areq --help ''", "all\n"},
	    {"areq -h a", "all\n"},
	    {"areq --help = ''", "all\n"},
	    {"areq -b ''", "a list\ncompletion\n"},
	    {"areq --cookie a", "a list\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(script, sizeof script, "%soffer %s", ask, cases[i].words);
		expect_offer("bash", script, cases[i].expected);
	}
}

Test(completion, fish_offers_options_words_and_files)
{
	/* fish gives the words behind -c as $argv. fish 4 also offers options with these letters in the
	 * middle. */
	expect_offer("fish",
	    "source $argv[2]; complete -C 'areq --outp' | string replace -r '\\t.*' '' |"
	    " string match -e -- --outp; true",
	    "--output\n");
	expect_offer("fish",
	    "source $argv[2]; complete -C 'areq --lock ' | string replace -r '\\t.*' ''; true",
	    "fail\nwait\n");
	expect_offer("fish",
	    "source $argv[2]; touch alist; complete -C 'areq -o al' | string replace -r '\\t.*' ''; true",
	    "alist\n");
	expect_offer("fish",
	    "source $argv[2]; complete -C 'areq --help ' | string replace -r '\\t.*' ''; true", "all\n");
	expect_offer("fish",
	    "source $argv[2]; touch alist; complete -C 'areq -b al' | string replace -r '\\t.*' ''; true",
	    "alist\n");
}

/* Types a line with a Tab at its end at a prompt of zsh, with a file "alist", and expects what it becomes.
 * _arguments only works at a prompt: a pseudo-terminal of zsh's own has one. */
static void expect_zsh(const char *line, const char *completed)
{
	char script[2048];
	snprintf(script, sizeof script,
	    "zmodload zsh/zpty; touch alist; zpty shell 'TERM=dumb PS1=\"\" PS2=\"\" zsh -f -i';"
	    " zpty -w shell \"autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' verbose no;"
	    " source '$1'; echo READY\"; zpty -r -m shell line '*READY*READY*';"
	    " zpty -n -w shell $'areq %s\\t'; sleep 1;"
	    " zpty -w shell $'x; echo EN''D'; zpty -r -m shell line '*END*'; zpty -d shell;"
	    " [[ $line == *'areq %s'* ]] && echo offered || print -r -- $line",
	    line, completed);
	expect_offer("zsh", script, "offered\n");
}

Test(completion, zsh_offers_options_words_and_files)
{
	expect_zsh("--outpu", "--output");
	expect_zsh("--help ", "--help all");
	expect_zsh("-h a", "-h all");
	expect_zsh("-b al", "-b alist");
}
