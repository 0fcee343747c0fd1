#include "cli/help.h"

#include "cli/cli.h"

/* ares.h uses fd_set without including this header. */
#include <sys/select.h>

#include <ares.h>
#include <curl/curl.h>
#include <idn2.h>
#include <libxml/xmlversion.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static void print_option(FILE *to, const struct cli_option *option)
{
	char letter[] = {'-', option->letter, ',', '\0'};
	char name[40];
	snprintf(name, sizeof name, "--%s%s%s", option->name, option->value ? " " : "",
	    option->value ? option->value : "");
	fprintf(to, "  %3s %-26s %s\n", option->letter ? letter : "", name, option->help);
}

void cli_help_print(FILE *to, bool all)
{
	const char *group = "";
	fputs("Usage: areq [OPTION]... [FILE|URL|-]...\n"
	      "Fetch the listed URLs all at once and print the links of every page, as rows\n"
	      "source_url<TAB>parsed_url. A FILE lists a URL a line; -, or none: stdin.\n",
	    to);
	const struct cli_option *option;
	for (size_t i = 0; (option = cli_option(i)); i++) {
		if (!all && !option->basic)
			continue;
		if (strcmp(group, option->group) != 0)
			fprintf(to, "\n%s:\n", option->group);
		group = option->group;
		print_option(to, option);
	}
	fputs("\nTimes take ms, s, m, h; sizes k, M, G. Exit status: 0 all fetched or skipped,\n"
	      "1 a URL failed, 2 wrong usage or unreadable list, 3 output not written.\n"
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
