#include "cli/help.h"

#include "base/buf.h"
#include "cli/table.h"
#include "cli/value.h"

/* ares.h uses fd_set without including this header. */
#include <sys/select.h>

#include <ares.h>
#include <curl/curl.h>
#include <idn2.h>
#include <libxml/xmlversion.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { HELP_COLUMNS = 80 };

/* Prints the option. With the range of its values, that stands behind the description, or below it where the
 * line would be too long. */
static void print_option(FILE *to, const struct cli_row *row, bool with_range)
{
	const struct cli_option *option = &row->option;
	char letter[] = {'-', option->letter, ',', '\0'};
	char name[40];
	struct buf range;
	const char *space = option->value && !cli_option_value_is_optional(option) ? " " : "";
	snprintf(name, sizeof name, "--%s%s%s", option->name, space, option->value ? option->value : "");
	int columns = fprintf(to, "  %3s %-26s %s", option->letter ? letter : "", name, option->help);
	buf_init(&range, HELP_COLUMNS);
	if (with_range)
		cli_value_append_range(&range, row);
	if (range.len && columns + 2 + (int)range.len <= HELP_COLUMNS)
		fprintf(to, "; %s", range.data);
	else if (range.len)
		fprintf(to, "\n%33s%s", "", range.data);
	fputc('\n', to);
	buf_release(&range);
}

void cli_help_print(FILE *to, bool all)
{
	const char *group = "";
	fputs("Usage: areq [OPTION]... [FILE|URL|-]...\n"
	      "Fetch the listed URLs all at once and print the links of every page, as rows\n"
	      "source_url<TAB>parsed_url. A FILE lists a URL a line; -, or none: stdin.\n",
	    to);
	for (size_t i = 0; i < cli_table_rows; i++) {
		const struct cli_option *option = &cli_table[i].option;
		if (!all && !option->basic)
			continue;
		if (strcmp(group, option->group) != 0)
			fprintf(to, "\n%s:\n", option->group);
		group = option->group;
		print_option(to, &cli_table[i], all);
	}
	fputs(all ? "\nTimes are in seconds, or have a unit: 500ms, 10s, 2m, 1h. Sizes are in bytes, or\n"
	            "have a unit: 64k, 16M, 1G. --no-NAME cancels an option that takes no value.\n"
	            "Exit status: 0"
	          : "\nTimes take ms, s, m, h; sizes k, M, G. Exit status: 0",
	    to);
	fputs(" all fetched or skipped,\n"
	      "1 a URL failed or a link is dead, 2 wrong usage, unreadable or empty list,\n"
	      "3 output not written.\n"
	      "Example: areq urls.txt -o foundurls.txt\n",
	    to);
	fputs(all ? "More: man areq\n" : "More: areq --help all, man areq\n", to);
}

void cli_help_print_version(FILE *to)
{
	char pcre2[64];
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	fprintf(to, "areq %s\n%s\nPCRE2/%s libxml2/%s libidn2/%s c-ares/%s\n", AREQ_VERSION, curl_version(),
	    pcre2, LIBXML_DOTTED_VERSION, idn2_check_version(NULL), ares_version(NULL));
}
