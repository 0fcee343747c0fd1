#include "cli/table.h"

#include <string.h>

/* The value of cli_row.field for a field of struct options. */
#define FIELD(name) offsetof(struct options, name)

#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

/* The headings in --help, under which the rows are grouped. */
static const char in_out[] = "Input and output";
static const char links[] = "Links";
static const char crawl[] = "Crawl";
static const char manners[] = "Manners";
static const char network[] = "Network";
static const char other[] = "Messages and help";

/* cli_value_set writes every enum of the options as an unsigned int. */
_Static_assert(sizeof(enum when) == sizeof(unsigned), "an enum of the options is no unsigned int");

/* Each row: {long name, letter or 0, name of the value or NULL, heading, is it in the short --help, choices
 * or NULL, line in --help}, kind, field, min, max. For the meaning of each, see struct cli_option and struct
 * cli_row. */
const struct cli_row cli_table[] = {
    {{"output", 'o', "FILE", in_out, true, NULL, "write rows to FILE, replacing it (-: stdout)"}, CLI_NAME,
        FIELD(output), 0, 0},
    {{"append", 'a', NULL, in_out, true, NULL, "add to FILE; header only where it is empty"}, CLI_FLAG,
        FIELD(append), 0, 0},
    {{"repair", 0, NULL, in_out, false, NULL, "with -a: cut off a last line that is torn"}, CLI_FLAG,
        FIELD(repair), 0, 0},
    {{"atomic", 0, NULL, in_out, true, NULL, "replace FILE at the end, if all went well"}, CLI_FLAG,
        FIELD(atomic), 0, 0},
    {{"allow-empty", 0, NULL, in_out, false, NULL, "a list without URLs is no error"}, CLI_FLAG,
        FIELD(allow_empty), 0, 0},
    {{"report", 0, "FILE", in_out, true, NULL, "write a line of JSON for each URL"}, CLI_NAME, FIELD(report),
        0, 0},
    {{"failed", 0, "FILE", in_out, true, NULL, "write the URLs that failed, as a list"}, CLI_NAME,
        FIELD(failed), 0, 0},
    {{"elsewhere", 0, "FILE", in_out, false, NULL, "write the found URLs of other shards, as a list"},
        CLI_NAME, FIELD(elsewhere), 0, 0},
    {{"waterfall", 0, "FILE", in_out, false, NULL, "write a page of HTML that shows the run"}, CLI_NAME,
        FIELD(waterfall), 0, 0},
    {{"har", 0, "FILE", in_out, false, NULL, "write the run as an HTTP archive (HAR 1.2)"}, CLI_NAME,
        FIELD(har), 0, 0},
    {{"dot", 0, "FILE", in_out, false, NULL, "write pages and links as a graph for Graphviz"}, CLI_NAME,
        FIELD(dot), 0, 0},
    {{"state", 0, "FILE", in_out, true, NULL, "keep the state in FILE: go on, ask for changes"}, CLI_NAME,
        FIELD(state), 0, 0},
    {{"lease", 0, "TIME", in_out, false, NULL, "with Redis: when the dead lose their URLs (30s)"}, CLI_TIME,
        FIELD(lease_ms), 1000, DAY_MS},
    {{"max-age", 0, "TIME", in_out, false, NULL, "with --state: ask for no younger page (0)"}, CLI_TIME,
        FIELD(max_age_ms), 0, 365 * DAY_MS},
    {{"restart", 0, NULL, in_out, false, NULL, "with --state: forget what it knows"}, CLI_FLAG,
        FIELD(restart), 0, 0},
    {{"changes", 0, NULL, in_out, true, NULL, "with --state: only new (+) and gone (-) links"}, CLI_FLAG,
        FIELD(changes), 0, 0},
    {{"changes-to", 0, "FILE", in_out, false, NULL, "write these to FILE, beside all rows"}, CLI_NAME,
        FIELD(changes_to), 0, 0},
    {{"replay", 0, NULL, in_out, false, NULL, "with --state: the last rows; fetch nothing"}, CLI_FLAG,
        FIELD(replay), 0, 0},
    {{"lock", 0, "WHAT", in_out, false, "wait fail", "while another run writes: wait or fail (wait)"},
        CLI_CHOICE, FIELD(lock), 0, 0},
    {{"no-header", 0, NULL, in_out, false, NULL, "leave the header line out"}, CLI_FLAG, FIELD(no_header), 0,
        0},
    {{"format", 0, "NAME", in_out, true, "tsv csv jsonl urls", "of the rows: tsv, csv, jsonl or urls (tsv)"},
        CLI_CHOICE, FIELD(format), 0, 0},
    {{"null", '0', NULL, in_out, false, NULL, "with --format urls: end each URL with NUL"}, CLI_FLAG,
        FIELD(null_ends), 0, 0},
    {{"ordered", 0, NULL, in_out, false, NULL, "rows in the order of the list"}, CLI_FLAG, FIELD(ordered), 0,
        0},

    {{"regexp", 'e', "PATTERN", links, true, NULL, "take what this PCRE2 pattern finds (group 1)"}, CLI_NAME,
        FIELD(pattern), 0, 0},
    {{"xpath", 0, "EXPR", links, false, NULL, "take the strings that this XPath selects"}, CLI_NAME,
        FIELD(xpath), 0, 0},
    {{"tags", 0, "LIST", links, true, NULL, "keep only the links of these elements: a,area"}, CLI_TAGS,
        FIELD(tags), 0, 0},
    {{"attrs", 0, "LIST", links, true,
         "href src srcset imagesrcset action formaction poster data cite longdesc background manifest "
         "ping icon codebase refresh xlink:href all",
         "take the links of these: href,src or all (href)"},
        CLI_ATTRS, FIELD(attributes), 0, 0},
    {{"schemes", 0, "LIST", links, false, NULL, "keep only links of these schemes: http,https"}, CLI_SCHEMES,
        FIELD(schemes), 0, 0},
    {{"include", 0, "PATTERN", links, true, NULL, "keep only URLs that this PCRE2 pattern matches"},
        CLI_NAMES, FIELD(includes), 0, 0},
    {{"exclude", 0, "PATTERN", links, true, NULL, "leave out those that this one matches"}, CLI_NAMES,
        FIELD(excludes), 0, 0},
    {{"same-host", 0, NULL, links, true, NULL, "keep only links to the host of their page"}, CLI_FLAG,
        FIELD(same_host), 0, 0},
    {{"external", 0, NULL, links, true, NULL, "keep only http and https links to other hosts"}, CLI_FLAG,
        FIELD(external), 0, 0},
    {{"strip-fragment", 0, NULL, links, false, NULL, "give out links without their #fragment"}, CLI_FLAG,
        FIELD(strip_fragment), 0, 0},
    {{"unique", 0, NULL, links, true, NULL, "each URL once over the whole run"}, CLI_FLAG, FIELD(unique), 0,
        0},

    {{"depth", 0, "N", crawl, true, "all", "follow links N steps from the list, or all (0)"}, CLI_DEPTH,
        FIELD(depth), 0, 1000000},
    {{"scope", 0, "WHAT", crawl, true, "host site prefix any",
         "follow links to host, site, prefix, any (host)"},
        CLI_CHOICE, FIELD(scope), 0, 0},
    {{"follow", 0, "PATTERN", crawl, true, NULL, "follow only URLs that this pattern matches"}, CLI_NAMES,
        FIELD(follow), 0, 0},
    {{"no-follow", 0, "PATTERN", crawl, true, NULL, "follow none that this one matches"}, CLI_NAMES,
        FIELD(no_follow), 0, 0},
    {{"sitemaps", 0, NULL, crawl, false, NULL, "begin also with the sitemaps of the hosts"}, CLI_FLAG,
        FIELD(sitemaps), 0, 0},
    {{"max-pages", 0, "N", crawl, true, NULL, "ask for at most N URLs (0: no limit)"}, CLI_NUMBER,
        FIELD(max_pages), 0, INT64_C(1000000000000)},
    {{"robots", 0, "WHEN", crawl, false, "auto always never", "obey robots.txt: auto, always, never (auto)"},
        CLI_CHOICE, FIELD(robots), 0, 0},
    {{"robots-agent", 0, "NAME", crawl, false, NULL, "our name in robots.txt (that of -A)"}, CLI_TOKEN,
        FIELD(robots_agent), 0, 0},
    {{"max-crawl-delay", 0, "SECONDS", crawl, false, NULL, "leave a host out that asks for more (60)"},
        CLI_TIME, FIELD(max_crawl_delay_ms), 0, DAY_MS},

    {{"check", 0, "[=LIST]", crawl, true, "dead blocked moved all",
         "find dead links (blocked, moved, or all, too)"},
        CLI_CHECK, FIELD(check), 0, 0},
    {{"fragments", 0, NULL, crawl, false, NULL, "with --check: #fragments must exist, too"}, CLI_FLAG,
        FIELD(fragments), 0, 0},

    {{"shard", 0, "K/N", manners, false, NULL, "only the hosts of shard K of N"}, CLI_SHARD, FIELD(shard), 1,
        1000000},
    {{"jobs", 'j', "N", manners, true, NULL, "at most N transfers at once (64)"}, CLI_NUMBER, FIELD(jobs), 1,
        65536},
    {{"per-host", 0, "N", manners, true, NULL, "at most N of them to one host (6; 0: no limit)"}, CLI_NUMBER,
        FIELD(per_host), 0, 65536},
    {{"delay", 0, "SECONDS", manners, true, NULL, "wait between starts to one host (0)"}, CLI_TIME,
        FIELD(delay_ms), 0, DAY_MS},
    {{"rate", 0, "N[/s|/m]", manners, true, NULL, "at most N requests a second (minute) in all"}, CLI_RATE,
        FIELD(rate), 1, INT64_C(1000000000) * RATE_PER_SECOND},
    {{"retries", 'r', "N", manners, true, NULL, "try again N times what may pass (2)"}, CLI_NUMBER,
        FIELD(retries), 0, 1000},
    {{"host-errors", 0, "N", manners, false, NULL, "give a host up after N connection errors (10)"},
        CLI_NUMBER, FIELD(host_errors), 0, 1000000},
    {{"host-patience", 0, "SECONDS", manners, false, NULL, "give a host up that wastes so much time (300)"},
        CLI_TIME, FIELD(host_patience_ms), 0, DAY_MS},
    {{"max-retry-after", 0, "SECONDS", manners, false, NULL, "give up where a host asks for more (60)"},
        CLI_TIME, FIELD(max_retry_after_ms), 0, DAY_MS},
    {{"max-redirs", 0, "N", manners, false, NULL, "follow at most N redirects (20)"}, CLI_NUMBER,
        FIELD(max_redirs), 0, 1000},
    {{"max-size", 0, "BYTES", manners, false, NULL, "skip larger pages, as unpacked (16M)"}, CLI_SIZE,
        FIELD(max_size), 1, INT64_C(1) << 31},
    {{"max-output", 0, "BYTES", manners, false, NULL, "skip pages whose links come to more (128M)"}, CLI_SIZE,
        FIELD(max_output), 1, INT64_C(1) << 40},

    {{"timeout", 't', "SECONDS", network, true, NULL, "for each attempt (30; 0: no limit)"}, CLI_TIME,
        FIELD(timeout_ms), 0, DAY_MS},
    {{"connect-timeout", 0, "SECONDS", network, false, NULL, "for name, connection and TLS (10)"}, CLI_TIME,
        FIELD(connect_timeout_ms), 1, DAY_MS},
    {{"header", 'H', "LINE", network, true, NULL, "send this header too: 'Name: value'"}, CLI_HEADER,
        FIELD(headers), 0, 0},
    {{"user-agent", 'A', "TEXT", network, true, NULL, "instead of \"Mozilla/5.0 (compatible; areq/…)\""},
        CLI_TEXT, FIELD(user_agent), 0, 0},
    {{"user", 'u', "NAME:PASSWORD", network, true, NULL, "log in to URLs without a name of their own"},
        CLI_SECRET, FIELD(user), 0, 0},
    {{"netrc", 0, NULL, network, false, NULL, "take names and passwords from ~/.netrc"}, CLI_FLAG,
        FIELD(netrc), 0, 0},
    {{"netrc-file", 0, "FILE", network, false, NULL, "take names and passwords from this file"}, CLI_NAME,
        FIELD(netrc_file), 0, 0},
    {{"cookie", 'b', "COOKIES", network, true, NULL, "send these: 'name=value; …', or a file's"}, CLI_NAMES,
        FIELD(cookies), 0, 0},
    {{"proxy", 'x', "URL", network, true, NULL, "through this proxy"}, CLI_PROXY, FIELD(proxy), 0, 0},
    {{"http1.1", 0, NULL, network, false, NULL, "use HTTP/1.1, also where a host speaks HTTP/2"}, CLI_FLAG,
        FIELD(http1), 0, 0},
    {{"http3", 0, NULL, network, false, NULL, "try HTTP/3 first, where libcurl has it"}, CLI_FLAG,
        FIELD(http3), 0, 0},
    {{"resolve", 0, "HOST:PORT:ADDR", network, false, NULL, "connect to ADDR for HOST and PORT"}, CLI_LIST,
        FIELD(resolves), 0, 0},
    {{"interface", 0, "NAME", network, false, NULL, "send from this interface or address"}, CLI_NAME,
        FIELD(interface), 0, 0},
    {{"dns-servers", 0, "LIST", network, false, NULL, "ask these name servers: 192.0.2.1,192.0.2.2:53"},
        CLI_NAME, FIELD(dns_servers), 0, 0},
    {{"public-only", 0, NULL, network, false, NULL, "connect to public addresses only"}, CLI_FLAG,
        FIELD(public_only), 0, 0},
    {{"cacert", 0, "FILE", network, false, NULL, "trust the certificates in this PEM file"}, CLI_NAME,
        FIELD(cacert), 0, 0},
    {{"insecure", 'k', NULL, network, true, NULL, "accept any certificate"}, CLI_FLAG, FIELD(insecure), 0, 0},
    {{"ipv4", '4', NULL, network, false, NULL, "only over IPv4"}, CLI_FLAG, FIELD(ipv4), 0, 0},
    {{"ipv6", '6', NULL, network, false, NULL, "only over IPv6"}, CLI_FLAG, FIELD(ipv6), 0, 0},

    {{"deadline", 0, "SECONDS", other, false, NULL, "end the whole run after that long"}, CLI_TIME,
        FIELD(deadline_ms), 1, 365 * DAY_MS},
    {{"fail-on", 0, "WHAT", other, false, "any all never", "exit with 1 if any, all, never or N% fail (any)"},
        CLI_FAIL_ON, FIELD(fail_percent), 1, 100},
    {{"verbose", 'v', NULL, other, true, NULL, "a line for each event"}, CLI_FLAG, FIELD(verbose), 0, 0},
    {{"quiet", 'q', NULL, other, true, NULL, "only errors that end the run"}, CLI_FLAG, FIELD(quiet), 0, 0},
    {{"no-failures", 0, NULL, other, false, NULL, "leave out the line for each failed URL"}, CLI_FLAG,
        FIELD(no_failures), 0, 0},
    {{"progress", 0, "WHEN", other, true, "auto always never",
         "show how the run stands: auto, always, never"},
        CLI_CHOICE, FIELD(progress), 0, 0},
    {{"color", 0, "WHEN", other, false, "auto always never", "use colours: auto, always, never (auto)"},
        CLI_CHOICE, FIELD(color), 0, 0},
    {{"summary-json", 0, "FILE", other, false, NULL, "write what the run came to as a JSON object"}, CLI_NAME,
        FIELD(summary_json), 0, 0},
    {{"dry-run", 'n', NULL, other, true, NULL, "say what would be fetched; fetch nothing"}, CLI_FLAG,
        FIELD(dry_run), 0, 0},
    {{"config", 0, "FILE", other, false, NULL, "read options, one a line, from this file"}, CLI_CONFIG, 0, 0,
        0},
    {{"no-config", 0, NULL, other, false, NULL, "read none from ~/.config/areq/config"}, CLI_NO_CONFIG, 0, 0,
        0},
    {{"completion", 0, "SHELL", other, false, "bash zsh fish", "print completions for bash, zsh or fish"},
        CLI_COMPLETION, 0, 0, 0},
    {{"help", 'h', NULL, other, true, "all", "show this, or with 'all' every option"}, CLI_HELP, 0, 0, 0},
    {{"version", 'V', NULL, other, true, NULL, "show the versions of areq and its libraries"}, CLI_VERSION, 0,
        0, 0},
};

const size_t cli_table_rows = sizeof cli_table / sizeof *cli_table;

_Static_assert(sizeof cli_table / sizeof *cli_table <= CLI_ROWS_MAX, "more rows than there is room for");

const struct cli_row *cli_table_find(const char *name, size_t len)
{
	for (size_t i = 0; i < cli_table_rows; i++) {
		if (strlen(cli_table[i].option.name) == len &&
		    memcmp(cli_table[i].option.name, name, len) == 0)
			return &cli_table[i];
	}
	return NULL;
}

const struct cli_option *cli_option(size_t index)
{
	return index < cli_table_rows ? &cli_table[index].option : NULL;
}
