#include "cli.h"

#include "base/alloc.h"
#include "base/log.h"
#include "cli_suggest.h"

/* ares.h needs it before. */
#include <sys/select.h>

#include <ares.h>
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <idn2.h>
#include <inttypes.h>
#include <libxml/xmlversion.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum kind { FLAG, NUMBER, TIME, SIZE, TEXT, HEADERS, PATTERNS, FAIL_ON, LOCK, FORMAT, WHEN, HELP, VERSION };

struct row {
	struct cli_option option;
	enum kind kind;
	size_t field; /* offset in struct options */
	int64_t min, max;
};

#define FIELD(name) offsetof(struct options, name)

#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

static const char in_out[] = "Input and output";
static const char links[] = "Links";
static const char manners[] = "Manners";
static const char network[] = "Network";
static const char other[] = "Messages and help";

static const struct row table[] = {
    {{"output", 'o', "FILE", in_out, "write rows to FILE, replacing it (-: stdout)"}, TEXT, FIELD(output), 0,
        0},
    {{"append", 'a', NULL, in_out, "add to FILE; header only where it is empty"}, FLAG, FIELD(append), 0, 0},
    {{"repair", 0, NULL, in_out, "with -a: cut off a last line that is torn"}, FLAG, FIELD(repair), 0, 0},
    {{"atomic", 0, NULL, in_out, "replace FILE at the end, if all went well"}, FLAG, FIELD(atomic), 0, 0},
    {{"report", 0, "FILE", in_out, "write a line of JSON for each URL"}, TEXT, FIELD(report), 0, 0},
    {{"waterfall", 0, "FILE", in_out, "write a page of HTML that shows the run"}, TEXT, FIELD(waterfall), 0,
        0},
    {{"har", 0, "FILE", in_out, "write the run as an HTTP archive (HAR 1.2)"}, TEXT, FIELD(har), 0, 0},
    {{"dot", 0, "FILE", in_out, "write the links between hosts for Graphviz"}, TEXT, FIELD(dot), 0, 0},
    {{"lock", 0, "WHAT", in_out, "while another run writes: wait or fail (wait)"}, LOCK, FIELD(lock_fail), 0,
        0},
    {{"no-header", 0, NULL, in_out, "leave the header line out"}, FLAG, FIELD(no_header), 0, 0},
    {{"format", 0, "NAME", in_out, "of the rows: tsv, csv, jsonl or urls (tsv)"}, FORMAT, FIELD(format), 0,
        0},
    {{"null", '0', NULL, in_out, "with --format urls: end each URL with NUL"}, FLAG, FIELD(null_ends), 0, 0},
    {{"ordered", 0, NULL, in_out, "rows in the order of the list"}, FLAG, FIELD(ordered), 0, 0},

    {{"regexp", 'e', "PATTERN", links, "take what this PCRE2 pattern finds (group 1)"}, TEXT, FIELD(pattern),
        0, 0},
    {{"xpath", 0, "EXPR", links, "take the strings that this XPath selects"}, TEXT, FIELD(xpath), 0, 0},
    {{"tags", 0, "LIST", links, "keep only the links of these elements: a,area"}, TEXT, FIELD(tags), 0, 0},
    {{"schemes", 0, "LIST", links, "keep only links of these schemes: http,https"}, TEXT, FIELD(schemes), 0,
        0},
    {{"include", 0, "PATTERN", links, "keep only URLs that this PCRE2 pattern matches"}, PATTERNS,
        FIELD(includes), 0, 0},
    {{"exclude", 0, "PATTERN", links, "leave out those that this one matches"}, PATTERNS, FIELD(excludes), 0,
        0},
    {{"same-host", 0, NULL, links, "keep only links to the host of their page"}, FLAG, FIELD(same_host), 0,
        0},
    {{"external", 0, NULL, links, "keep only http and https links to other hosts"}, FLAG, FIELD(external), 0,
        0},
    {{"strip-fragment", 0, NULL, links, "give out links without their #fragment"}, FLAG,
        FIELD(strip_fragment), 0, 0},
    {{"unique", 0, NULL, links, "each URL once over the whole run"}, FLAG, FIELD(unique), 0, 0},

    {{"jobs", 'j', "N", manners, "at most N transfers at once (64)"}, NUMBER, FIELD(jobs), 1, 65536},
    {{"per-host", 0, "N", manners, "at most N of them to one host (6; 0: no limit)"}, NUMBER, FIELD(per_host),
        0, 65536},
    {{"delay", 0, "SECONDS", manners, "wait between starts to one host (0)"}, TIME, FIELD(delay_ms), 0,
        DAY_MS},
    {{"retries", 'r', "N", manners, "try again N times what may pass (2)"}, NUMBER, FIELD(retries), 0, 1000},
    {{"host-errors", 0, "N", manners, "give a host up after N connection errors (10)"}, NUMBER,
        FIELD(host_errors), 0, 1000000},
    {{"max-retry-after", 0, "SECONDS", manners, "give up where a host asks for more (60)"}, TIME,
        FIELD(max_retry_after_ms), 0, DAY_MS},
    {{"max-redirs", 0, "N", manners, "follow at most N redirects (20)"}, NUMBER, FIELD(max_redirs), 0, 1000},
    {{"max-size", 0, "BYTES", manners, "skip larger pages, as unpacked (16M)"}, SIZE, FIELD(max_size), 1,
        INT64_C(1) << 31},

    {{"timeout", 't', "SECONDS", network, "for each attempt (30; 0: no limit)"}, TIME, FIELD(timeout_ms), 0,
        DAY_MS},
    {{"connect-timeout", 0, "SECONDS", network, "for name, connection and TLS (10)"}, TIME,
        FIELD(connect_timeout_ms), 1, DAY_MS},
    {{"header", 'H', "LINE", network, "send this header too: 'Name: value'"}, HEADERS, FIELD(headers), 0, 0},
    {{"user-agent", 'A', "TEXT", network, "instead of \"Mozilla/5.0 (compatible; areq/…)\""}, TEXT,
        FIELD(user_agent), 0, 0},
    {{"proxy", 'x', "URL", network, "through this proxy"}, TEXT, FIELD(proxy), 0, 0},
    {{"dns-servers", 0, "LIST", network, "ask these name servers: 192.0.2.1,192.0.2.2:53"}, TEXT,
        FIELD(dns_servers), 0, 0},
    {{"public-only", 0, NULL, network, "connect to public addresses only"}, FLAG, FIELD(public_only), 0, 0},
    {{"cacert", 0, "FILE", network, "trust the certificates in this PEM file"}, TEXT, FIELD(cacert), 0, 0},
    {{"insecure", 'k', NULL, network, "accept any certificate"}, FLAG, FIELD(insecure), 0, 0},
    {{"ipv4", '4', NULL, network, "only over IPv4"}, FLAG, FIELD(ipv4), 0, 0},
    {{"ipv6", '6', NULL, network, "only over IPv6"}, FLAG, FIELD(ipv6), 0, 0},

    {{"deadline", 0, "SECONDS", other, "end the whole run after that long"}, TIME, FIELD(deadline_ms), 1,
        365 * DAY_MS},
    {{"fail-on", 0, "WHAT", other, "exit with 1 if any, all, never or N% fail (any)"}, FAIL_ON,
        FIELD(fail_percent), 1, 100},
    {{"verbose", 'v', NULL, other, "a line for each event"}, FLAG, FIELD(verbose), 0, 0},
    {{"quiet", 'q', NULL, other, "only errors that end the run"}, FLAG, FIELD(quiet), 0, 0},
    {{"progress", 0, "WHEN", other, "show how the run stands: auto, always, never"}, WHEN, FIELD(progress), 0,
        0},
    {{"color", 0, "WHEN", other, "use colours: auto, always, never (auto)"}, WHEN, FIELD(color), 0, 0},
    {{"summary-json", 0, "FILE", other, "write what the run came to as a JSON object"}, TEXT,
        FIELD(summary_json), 0, 0},
    {{"help", 'h', NULL, other, "show this"}, HELP, 0, 0, 0},
    {{"version", 'V', NULL, other, "show the versions of areq and its libraries"}, VERSION, 0, 0, 0},
};

enum { ROWS = sizeof table / sizeof *table };

/* getopt's value for the long option of row i; above every character. */
enum { LONG_BASE = 256 };

const struct cli_option *cli_option(size_t index)
{
	return index < ROWS ? &table[index].option : NULL;
}

void cli_print_help(FILE *to)
{
	const char *group = "";
	fputs("Usage: areq [OPTION]... [FILE|URL|-]...\n"
	      "Fetch the listed URLs all at once and print the links of every page, as rows\n"
	      "source_url<TAB>parsed_url. A FILE lists a URL a line; -, or none: stdin.\n",
	    to);
	for (size_t i = 0; i < ROWS; i++) {
		const struct cli_option *option = &table[i].option;
		if (strcmp(group, option->group) != 0)
			fprintf(to, "\n%s:\n", option->group);
		group = option->group;
		char letter[] = {'-', option->letter, ',', '\0'};
		char name[40];
		snprintf(name, sizeof name, "--%s%s%s", option->name, option->value ? " " : "",
		    option->value ? option->value : "");
		fprintf(to, "  %3s %-26s %s\n", option->letter ? letter : "", name, option->help);
	}
	fputs("\nTimes take ms, s, m, h; sizes k, M, G. Exit status: 0 all fetched or skipped,\n"
	      "1 a URL failed, 2 wrong usage or unreadable list, 3 output not written.\n"
	      "Example: areq urls.txt -o foundurls.txt       More: man areq\n",
	    to);
}

static void print_version(FILE *to)
{
	char pcre2[64];
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	fprintf(to, "areq %s\n%s\nPCRE2/%s libxml2/%s libidn2/%s c-ares/%s\n", AREQ_VERSION, curl_version(),
	    pcre2, LIBXML_DOTTED_VERSION, idn2_check_version(NULL), ares_version(NULL));
}

static enum status show(void (*print)(FILE *to))
{
	print(stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	log_error("stdout: cannot be written: %s", strerror(errno));
	return STATUS_OUTPUT;
}

struct unit {
	const char *name;
	double factor;
};

/* A number with one of the units behind it, from min to max in the smallest unit. */
static bool parse_amount(
    const char *text, const struct unit *units, size_t count, int64_t min, int64_t max, int64_t *value)
{
	/* strtod would also take "inf", "0x1p3" and a sign. */
	size_t digits = strspn(text, "0123456789.");
	if (digits == 0 || digits > 20)
		return false;
	char number[32];
	char *end;
	memcpy(number, text, digits);
	number[digits] = '\0';
	double amount = strtod(number, &end);
	if (*end != '\0')
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(text + digits, units[i].name) != 0)
			continue;
		amount *= units[i].factor;
		if (amount < (double)min || amount > (double)max)
			return false;
		*value = (int64_t)(amount + 0.5);
		/* Too little to be counted is not nothing, which often means no limit. */
		return amount <= 0 || *value > 0;
	}
	return false;
}

static bool parse_time(const char *text, int64_t min, int64_t max, int64_t *value)
{
	static const struct unit units[] = {{"", 1e3}, {"s", 1e3}, {"ms", 1}, {"m", 6e4}, {"h", 36e5}};
	return parse_amount(text, units, sizeof units / sizeof *units, min, max, value);
}

static bool parse_size(const char *text, int64_t min, int64_t max, int64_t *value)
{
	static const struct unit units[] = {{"", 1}, {"b", 1}, {"k", 1 << 10}, {"kb", 1 << 10},
	    {"kib", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20}, {"mib", 1 << 20}, {"g", 1 << 30},
	    {"gb", 1 << 30}, {"gib", 1 << 30}};
	return parse_amount(text, units, sizeof units / sizeof *units, min, max, value);
}

static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *value)
{
	static const struct unit units[] = {{"", 1}};
	return !strchr(text, '.') && parse_amount(text, units, 1, min, max, value);
}

static bool parse_fail_on(const char *text, int64_t min, int64_t max, int64_t *percent)
{
	static const struct unit units[] = {{"%", 1}};
	if (strcmp(text, "any") == 0)
		*percent = FAIL_ON_ANY;
	else if (strcmp(text, "never") == 0)
		*percent = FAIL_ON_NEVER;
	else if (strcmp(text, "all") == 0)
		*percent = 100;
	else
		return !strchr(text, '.') && parse_amount(text, units, 1, min, max, percent);
	return true;
}

static bool parse_lock(const char *text, bool *fail)
{
	*fail = strcmp(text, "fail") == 0;
	return *fail || strcmp(text, "wait") == 0;
}

static bool parse_format(const char *text, enum format *format)
{
	static const char *const names[] = {
	    [FORMAT_TSV] = "tsv", [FORMAT_CSV] = "csv", [FORMAT_JSONL] = "jsonl", [FORMAT_URLS] = "urls"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(text, names[i]) == 0) {
			*format = (enum format)i;
			return true;
		}
	}
	return false;
}

static bool parse_when(const char *text, enum when *when)
{
	static const char *const words[] = {
	    [WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};
	for (int i = WHEN_AUTO; i <= WHEN_NEVER; i++) {
		if (strcmp(text, words[i]) == 0) {
			*when = (enum when)i;
			return true;
		}
	}
	return false;
}

static void list_add(struct option_list *list, const char *item)
{
	list->items = alloc_resize(list->items, list->count + 1, sizeof *list->items);
	list->items[list->count++] = item;
}

static const char *kind_text(const struct row *row)
{
	switch (row->kind) {
	case TIME:
		return "a time such as 10, 500ms or 2m in its range";
	case SIZE:
		return "a size such as 1000, 64k or 16M in its range";
	case FAIL_ON:
		return "any, all, never or a percentage in its range";
	case LOCK:
		return "wait or fail";
	case FORMAT:
		return "tsv, csv, jsonl or urls";
	case WHEN:
		return "auto, always or never";
	default:
		return "a whole number in its range";
	}
}

static enum status wrong_value(const struct row *row, const char *text)
{
	log_error("--%s: \"%s\" is not %s (see areq --help)", row->option.name, text, kind_text(row));
	return STATUS_USAGE;
}

/* A header that cannot be sent whole would be sent as something else. */
static enum status add_header(struct options *options, const char *text)
{
	size_t name = strcspn(text, ":;");
	if (name == 0 || text[name] == '\0' || strpbrk(text, "\r\n")) {
		log_error("--header: \"%s\" is not of the form 'Name: value'", text);
		return STATUS_USAGE;
	}
	list_add(&options->headers, text);
	return STATUS_OK;
}

static enum status apply(struct options *options, const struct row *row, const char *text)
{
	void *field = (char *)options + row->field;
	bool good = true;
	switch (row->kind) {
	case FLAG:
		*(bool *)field = true;
		break;
	case NUMBER:
		good = parse_number(text, row->min, row->max, field);
		break;
	case TIME:
		good = parse_time(text, row->min, row->max, field);
		break;
	case SIZE:
		good = parse_size(text, row->min, row->max, field);
		break;
	case TEXT:
		*(const char **)field = text;
		break;
	case FAIL_ON:
		good = parse_fail_on(text, row->min, row->max, field);
		break;
	case LOCK:
		good = parse_lock(text, field);
		break;
	case PATTERNS:
		list_add(field, text);
		break;
	case FORMAT:
		good = parse_format(text, field);
		break;
	case WHEN:
		good = parse_when(text, field);
		break;
	case HEADERS:
		return add_header(options, text);
	case HELP:
		return show(cli_print_help);
	case VERSION:
		return show(print_version);
	}
	return good ? STATUS_OK : wrong_value(row, text);
}

/* The tables in getopt_long's form. */
struct getopt_tables {
	char letters[2 * ROWS + 2];
	struct option names[ROWS + 1];
};

static void make_tables(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	*letter++ = ':'; /* report a missing argument as ':' */
	for (int i = 0; i < ROWS; i++) {
		const struct cli_option *option = &table[i].option;
		int argument = option->value ? required_argument : no_argument;
		tables->names[i] = (struct option){option->name, argument, NULL, LONG_BASE + i};
		if (option->letter) {
			*letter++ = option->letter;
			if (option->value)
				*letter++ = ':';
		}
	}
}

static const struct row *row_of(int code)
{
	if (code >= LONG_BASE)
		return &table[code - LONG_BASE];
	for (size_t i = 0; i < ROWS; i++) {
		if (table[i].option.letter == code)
			return &table[i];
	}
	return NULL;
}

static void no_such_option(const char *given)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	cli_suggest(&text, given);
	log_error("there is no option %s", text.data);
	buf_release(&text);
}

static enum status wrong_option(int code, char **argv)
{
	const char *given = argv[optind - 1];
	if (code == ':')
		log_error("%s needs a value (see areq --help)", given);
	else if (optopt && optopt < LONG_BASE)
		log_error("there is no option -%c (see areq --help)", optopt);
	else if (optopt)
		log_error("--%s takes no value (see areq --help)", table[optopt - LONG_BASE].option.name);
	else
		no_such_option(given);
	return STATUS_USAGE;
}

static enum status check(const struct options *options)
{
	const char *problem = NULL;
	bool to_file = options->output && strcmp(options->output, "-") != 0;
	if (options->append && !to_file)
		problem = "-a needs -o FILE";
	else if (options->atomic && !to_file)
		problem = "--atomic needs -o FILE";
	else if (options->atomic && options->append)
		problem = "--atomic and -a exclude each other";
	else if (options->repair && !options->append)
		problem = "--repair needs -a";
	else if (options->quiet && options->verbose)
		problem = "-q and -v exclude each other";
	else if ((options->pattern != NULL) + (options->xpath != NULL) + (options->tags != NULL) > 1)
		problem = "-e, --xpath and --tags exclude each other";
	else if (options->null_ends && options->format != FORMAT_URLS)
		problem = "-0 needs --format urls";
	else if (options->same_host && options->external)
		problem = "--same-host and --external exclude each other";
	else if (options->ipv4 && options->ipv6)
		problem = "-4 and -6 exclude each other";
	else if (options->public_only && options->proxy)
		problem = "--public-only and -x exclude each other: a proxy chooses the address itself";
	else if (strpbrk(options->user_agent, "\r\n"))
		problem = "-A: a header cannot hold a line break";
	else if (options->output && !*options->output)
		problem = "-o: the name is empty";
	else if (options->summary_json && !*options->summary_json)
		problem = "--summary-json: the name is empty";
	if (!problem)
		return STATUS_OK;
	log_error("%s", problem);
	return STATUS_USAGE;
}

enum status cli_parse(struct options *options, int argc, char **argv, bool *shown)
{
	*shown = false;
	*options = (struct options){
	    .jobs = 64,
	    .per_host = 6,
	    .connect_timeout_ms = 10000,
	    .timeout_ms = 30000,
	    .retries = 2,
	    .host_errors = 10,
	    .max_retry_after_ms = 60000,
	    .max_redirs = 20,
	    .max_size = 16 << 20,
	    .user_agent = "Mozilla/5.0 (compatible; areq/" AREQ_VERSION ")",
	};
	struct getopt_tables tables = {0};
	make_tables(&tables);
	opterr = 0;
	for (int code; (code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1;) {
		const struct row *row = row_of(code);
		if (!row)
			return wrong_option(code, argv);
		enum status status = apply(options, row, optarg);
		*shown = row->kind == HELP || row->kind == VERSION;
		if (status != STATUS_OK || *shown)
			return status;
	}
	for (int i = optind; i < argc; i++)
		list_add(&options->inputs, argv[i]);
	return check(options);
}

void cli_release(struct options *options)
{
	free(options->inputs.items);
	free(options->headers.items);
	free(options->includes.items);
	free(options->excludes.items);
	*options = (struct options){0};
}
