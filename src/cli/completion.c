#include "cli/completion.h"

#include "cli/cli.h"

#include <string.h>

/* What kind of argument an option takes. */
enum argument { ARGUMENT_NONE, ARGUMENT_FILE, ARGUMENT_CHOICE, ARGUMENT_OPTIONAL_CHOICE, ARGUMENT_TEXT };

/* The argument of --cookie is the name of a file, or cookies, which no shell knows. The one of --help may
 * be left out, but the shells are not told, because they would offer files beside it. */
static enum argument argument_kind(const struct cli_option *option)
{
	if (!option->value)
		return option->choices ? ARGUMENT_CHOICE : ARGUMENT_NONE;
	if (strcmp(option->value, "FILE") == 0 || strcmp(option->name, "cookie") == 0)
		return ARGUMENT_FILE;
	if (option->value && cli_option_value_is_optional(option))
		return ARGUMENT_OPTIONAL_CHOICE;
	return option->choices ? ARGUMENT_CHOICE : ARGUMENT_TEXT;
}

/* Prints text for use within single quotes: a backslash before each of the bytes in special, and quote in
 * place of each single quote. */
static void print_escaped(FILE *to, const char *text, const char *special, const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs(quote, to);
			continue;
		}
		if (strchr(special, *text))
			fputc('\\', to);
		fputc(*text, to);
	}
}

/* Prints the names of an option, such as "-o|--output". */
static void print_bash_names(FILE *to, const struct cli_option *option, const char *separator)
{
	if (option->letter)
		fprintf(to, "-%c%s", option->letter, separator);
	fprintf(to, "--%s", option->name);
}

/* Prints the branch of a case statement that runs a command for all options with that kind of argument. */
static void print_bash_branch(FILE *to, enum argument argument, const char *command)
{
	const struct cli_option *option;
	const char *separator = "\t";
	for (size_t i = 0; (option = cli_option(i)); i++) {
		if (argument_kind(option) != argument)
			continue;
		fputs(separator, to);
		print_bash_names(to, option, "|");
		separator = "|";
	}
	fprintf(to, ")\n\t\t%s\n\t\t;;\n", command);
}

static void print_bash(FILE *to)
{
	static const char files[] = "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
	const struct cli_option *option;
	fputs("# bash completion for areq\n\n"
	      "_areq()\n"
	      "{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} has_equals=no\n"
	      "\t# \"--name=value\" comes as three words.\n"
	      "\tif [[ $cur == = || $prev == = ]]; then\n"
	      "\t\thas_equals=yes\n"
	      "\tfi\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tCOMPREPLY=()\n"
	      "\tcase $prev in\n",
	    to);
	print_bash_branch(to, ARGUMENT_FILE, files);
	print_bash_branch(to, ARGUMENT_TEXT, ":");
	for (size_t i = 0; (option = cli_option(i)); i++) {
		enum argument argument = argument_kind(option);
		if (argument != ARGUMENT_CHOICE && argument != ARGUMENT_OPTIONAL_CHOICE)
			continue;
		fputc('\t', to);
		print_bash_names(to, option, "|");
		fputs(")\n", to);
		if (argument == ARGUMENT_OPTIONAL_CHOICE)
			fprintf(to, "\t\tif [[ $has_equals == no ]]; then\n\t\t\t%s\n\t\t\treturn\n\t\tfi\n",
			    files);
		fprintf(to, "\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n\t\t;;\n",
		    option->choices);
	}
	fputs("\t*)\n\t\tif [[ $cur == -* ]]; then\n\t\t\tmapfile -t COMPREPLY < <(compgen -W '", to);
	for (size_t i = 0; (option = cli_option(i)); i++) {
		fputs(i ? " " : "", to);
		print_bash_names(to, option, " ");
	}
	fprintf(to,
	    "' -- \"$cur\")\n"
	    "\t\telse\n\t\t\t%s\n\t\tfi\n\t\t;;\n\tesac\n}\n\ncomplete -F _areq areq\n",
	    files);
}

static void print_zsh_option(FILE *to, const struct cli_option *option)
{
	enum argument argument = argument_kind(option);
	bool is_optional = argument == ARGUMENT_OPTIONAL_CHOICE;
	const char *long_suffix = argument == ARGUMENT_NONE ? ""
	                          : is_optional             ? "=-"
	                                                    : "=",
	           *letter_suffix = argument == ARGUMENT_NONE ? "" : "+";
	if (option->letter)
		fprintf(to, "\t'*'{-%c%s,--%s%s}'", option->letter, letter_suffix, option->name, long_suffix);
	else
		fprintf(to, "\t'*--%s%s", option->name, long_suffix);
	fputc('[', to);
	print_escaped(to, option->help, "[]\\", "'\\''");
	fputc(']', to);
	if (argument != ARGUMENT_NONE) {
		fputs(is_optional ? "::" : ":", to);
		print_escaped(to, option->value && !is_optional ? option->value : "WHAT", ":\\", "'\\''");
		if (argument == ARGUMENT_CHOICE || is_optional)
			fprintf(to, ":(%s)", option->choices);
		else
			fputs(argument == ARGUMENT_FILE ? ":_files" : ": ", to);
	}
	fputs("' \\\n", to);
}

static void print_zsh(FILE *to)
{
	const struct cli_option *option;
	fputs("#compdef areq\n\n_areq()\n{\n\t_arguments -s -S \\\n", to);
	for (size_t i = 0; (option = cli_option(i)); i++)
		print_zsh_option(to, option);
	fputs("\t'*:list or URL:_files'\n}\n\n"
	      "# Found on fpath this is the function itself; read by source, it only makes it known.\n"
	      "if [[ ${funcstack[1]} == _areq ]]; then\n\t_areq \"$@\"\nelse\n\tcompdef _areq areq\nfi\n",
	    to);
}

static void print_fish(FILE *to)
{
	static const char *const arguments[] = {[ARGUMENT_NONE] = "",
	    [ARGUMENT_FILE] = " -r -F",
	    [ARGUMENT_CHOICE] = " -x",
	    [ARGUMENT_OPTIONAL_CHOICE] = " -f",
	    [ARGUMENT_TEXT] = " -x"};
	const struct cli_option *option;
	fputs("# fish completion for areq\n\n", to);
	for (size_t i = 0; (option = cli_option(i)); i++) {
		enum argument argument = argument_kind(option);
		fprintf(to, "complete -c areq -l %s", option->name);
		if (option->letter)
			fprintf(to, " -s %c", option->letter);
		fputs(arguments[argument], to);
		if (argument == ARGUMENT_CHOICE || argument == ARGUMENT_OPTIONAL_CHOICE)
			fprintf(to, " -a '%s'", option->choices);
		fputs(" -d '", to);
		print_escaped(to, option->help, "\\", "\\'");
		fputs("'\n", to);
	}
}

void cli_completion_print(FILE *to, enum cli_shell shell)
{
	static void (*const printers[])(FILE *) = {
	    [CLI_SHELL_BASH] = print_bash, [CLI_SHELL_ZSH] = print_zsh, [CLI_SHELL_FISH] = print_fish};
	printers[shell](to);
}
