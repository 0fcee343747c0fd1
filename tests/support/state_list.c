#include "state_list.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 40 };

void state_list_start(struct state_list *self)
{
	char part[64], hold[32];
	site_start(&self->site);
	scratch_init(&self->scratch);
	scratch_write(&self->scratch, "list", "");
	for (int i = 0; i < QUICK + HELD; i++) {
		snprintf(part, sizeof part, "<a href=p%d-1><a href=p%d-2><a href=//same.test/>", i, i);
		snprintf(hold, sizeof hold, "0,%d,held", HELD + 1);
		bool is_held = i >= QUICK;
		const char *url = is_held
		                      ? site_page(&self->site, "body", part, "hold", hold, "group", "held")
		                      : site_page(&self->site, "body", part, "group", "quick");
		scratch_append(&self->scratch, "list", url);
		scratch_append(&self->scratch, "list", "\n");
	}
	scratch_append(&self->scratch, "list", "no url\nftp://a/\nno url\n");
	self->list = scratch_path(&self->scratch, "list");
	self->state = scratch_path(&self->scratch, "state");
	self->out = scratch_path(&self->scratch, "out");
	self->report = scratch_path(&self->scratch, "report");
}

void state_list_stop(struct state_list *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
}

static void fill_arguments(
    const char *args[ARGUMENTS_MAX], const char *const *first, const char *const *options)
{
	size_t count = 0;
	while (*first)
		args[count++] = *first++;
	while (options && *options)
		args[count++] = *options++;
	args[count] = NULL;
}

void state_list_interrupt(struct state_list *self, int signal, const char *const *options)
{
	const char *args[ARGUMENTS_MAX];
	const char *const first[] = {"-q", "--state", self->state, "-o", self->out, "--report", self->report,
	    "--per-host", "0", "--fail-on", "never", self->list, NULL};
	struct run_child child;
	struct run_result result;
	fill_arguments(args, first, options);
	run_start(&child, NULL, run_areq_name(), args);
	state_file_wait_done(self->state, QUICK + BAD, 20);
	run_kill(&child, signal);
	run_finish(&child, &result);
	cr_assert_eq(result.signal, signal, "%d %s", result.exit_status, result.err);
	run_release(&result);
}

void state_list_read_report(struct scratch *scratch, const char *name, struct rows *lines)
{
	size_t len;
	struct rows texts;
	char *text = scratch_read(scratch, name, &len);
	rows_init(&texts);
	rows_init(lines);
	rows_parse(&texts, text, len);
	cr_expect_not(texts.torn);
	for (size_t i = 0; i < texts.count; i++) {
		json_t *line = json_loads(texts.row[i], 0, NULL);
		const char *cause = json_string_value(json_object_get(line, "cause"));
		cr_assert(line, "no JSON: %s", texts.row[i]);
		rows_add(lines, "%s %s %s", json_string_value(json_object_get(line, "url")),
		    json_string_value(json_object_get(line, "outcome")), cause ? cause : "");
		json_decref(line);
	}
	rows_release(&texts);
	free(text);
}

void state_list_expect_same(const char *label, struct rows *is, struct rows *wanted)
{
	char *difference = rows_set_difference(is, wanted);
	cr_expect(!difference, "%s: %s", label, difference ? difference : "");
	free(difference);
	rows_release(is);
	rows_release(wanted);
}

void state_list_read_rows(struct scratch *scratch, const char *name, bool only_links, struct rows *rows)
{
	size_t len;
	struct rows all;
	char *text = scratch_read(scratch, name, &len);
	rows_init(&all);
	rows_parse(&all, text, len);
	if (only_links) {
		*rows = rows_column(&all, 1);
		rows_release(&all);
	} else {
		*rows = all;
	}
	free(text);
}

void state_list_expect(
    struct state_list *self, const char *label, const char *const *options, bool only_links)
{
	const char *args[ARGUMENTS_MAX];
	const char *const first[] = {"-q", "-o", scratch_path(&self->scratch, "wanted"), "--report",
	    scratch_path(&self->scratch, "wanted-report"), "--per-host", "0", "--fail-on", "never",
	    self->list, NULL};
	struct run_result result;
	struct rows is, wanted;
	fill_arguments(args, first, options);
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 0);
	run_release(&result);
	state_list_read_rows(&self->scratch, "out", only_links, &is);
	state_list_read_rows(&self->scratch, "wanted", only_links, &wanted);
	state_list_expect_same(label, &is, &wanted);
	state_list_read_report(&self->scratch, "report", &is);
	state_list_read_report(&self->scratch, "wanted-report", &wanted);
	state_list_expect_same(label, &is, &wanted);
}
