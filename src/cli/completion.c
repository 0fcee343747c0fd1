#include "cli/completion.h"

#include "cli/cli.h"

#include <string.h>

/* What can stand behind an option. */
enum argument { NOTHING, A_FILE, A_CHOICE, ANYTHING };

static enum argument argument_of(const struct cli_option *option)
{
	if (!option->value)
		return NOTHING;
	if (strcmp(option->value, "FILE") == 0)
		return A_FILE;
	return option->choices ? A_CHOICE : ANYTHING;
}

/* Writes text with a backslash before each of the bytes in special, for a place within single quotes; a
 * single quote itself becomes quote. */
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

/* "-o|--output" */
static void print_bash_names(FILE *to, const struct cli_option *option, const char *between)
{
	if (option->letter)
		fprintf(to, "-%c%s", option->letter, between);
	fprintf(to, "--%s", option->name);
}

/* The branch of all options that have such an argument. */
static void print_bash_branch(FILE *to, enum argument argument, const char *what)
{
	const struct cli_option *option;
	const char *between = "\t";
	for (size_t i = 0; (option = cli_option(i)); i++) {
		if (argument_of(option) != argument)
			continue;
		fputs(between, to);
		print_bash_names(to, option, "|");
		between = "|";
	}
	fprintf(to, ")\n\t\t%s\n\t\t;;\n", what);
}

static void print_bash(FILE *to)
{
	static const char files[] = "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
	const struct cli_option *option;
	fputs("# bash completion for areq\n\n"
	      "_areq()\n"
	      "{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\t# \"--name=value\" comes as three words.\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tCOMPREPLY=()\n"
	      "\tcase $prev in\n",
	    to);
	print_bash_branch(to, A_FILE, files);
	print_bash_branch(to, ANYTHING, ":");
	for (size_t i = 0; (option = cli_option(i)); i++) {
		if (argument_of(option) != A_CHOICE)
			continue;
		fputc('\t', to);
		print_bash_names(to, option, "|");
		fprintf(to, ")\n\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n\t\t;;\n",
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
	enum argument argument = argument_of(option);
	const char *assigned = argument == NOTHING ? "" : "=", *joined = argument == NOTHING ? "" : "+";
	if (option->letter)
		fprintf(to, "\t'*'{-%c%s,--%s%s}'", option->letter, joined, option->name, assigned);
	else
		fprintf(to, "\t'*--%s%s", option->name, assigned);
	fputc('[', to);
	print_escaped(to, option->help, "[]\\", "'\\''");
	fputc(']', to);
	if (argument != NOTHING) {
		fputc(':', to);
		print_escaped(to, option->value, ":\\", "'\\''");
		if (argument == A_CHOICE)
			fprintf(to, ":(%s)", option->choices);
		else
			fputs(argument == A_FILE ? ":_files" : ": ", to);
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
	static const char *const arguments[] = {
	    [NOTHING] = "", [A_FILE] = " -r -F", [A_CHOICE] = " -x", [ANYTHING] = " -x"};
	const struct cli_option *option;
	fputs("# fish completion for areq\n\n", to);
	for (size_t i = 0; (option = cli_option(i)); i++) {
		enum argument argument = argument_of(option);
		fprintf(to, "complete -c areq -l %s", option->name);
		if (option->letter)
			fprintf(to, " -s %c", option->letter);
		fputs(arguments[argument], to);
		if (argument == A_CHOICE)
			fprintf(to, " -a '%s'", option->choices);
		fputs(" -d '", to);
		print_escaped(to, option->help, "\\", "\\'");
		fputs("'\n", to);
	}
}

void cli_completion_print(FILE *to, enum cli_shell shell)
{
	static void (*const prints[])(FILE * to) = {
	    [CLI_SHELL_BASH] = print_bash, [CLI_SHELL_ZSH] = print_zsh, [CLI_SHELL_FISH] = print_fish};
	prints[shell](to);
}
