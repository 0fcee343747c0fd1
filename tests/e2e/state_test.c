/* --state: a run that was ended in its middle goes on, and its outputs are as if nothing had happened. */
#include "support/state_list.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* How a run is ended, and which options it has. */
struct ending {
	const char *label;
	int signal; /* 0: by --deadline */
	const char *options[4];
	bool only_links; /* which page has the row of a link that several have is not known */
};

static void start_list(struct state_list *self, const struct ending *ending, struct run_child *child)
{
	static struct run_options options;
	bool by_deadline = ending->signal == 0;
	options = (struct run_options){.limit = 30};
	run_start_areq(child, &options, "--state", self->state, "-o", self->out, "--report", self->report,
	    "--per-host", "0", "--fail-on", "never", ending->options[0] ? ending->options[0] : "-q",
	    ending->options[1] ? ending->options[1] : "-q", by_deadline ? "--deadline" : "-q",
	    by_deadline ? "1.5" : "-q", self->list);
}

static void go_on(struct state_list *self, const struct ending *ending)
{
	struct run_result result;
	run_areq(&result, "--state", self->state, "-o", self->out, "--report", self->report, "--per-host",
	    "0", "--fail-on", "never", ending->options[0] ? ending->options[0] : "--no-failures",
	    ending->options[1] ? ending->options[1] : "--no-failures", self->list);
	run_expect_exit(&result, 0);
	cr_expect(
	    strstr(result.err, "areq: going on with the run of 20"), "%s: %s", ending->label, result.err);
	cr_expect(strstr(result.err, ": 33 of 35 URLs are done\n"), "%s: %s", ending->label, result.err);
	run_release(&result);
}

static void end_and_go_on(const struct ending *ending)
{
	struct state_list self;
	struct resumed resumed;
	struct run_child child;
	struct run_result result;
	state_list_start(&self);
	resumed_init(&resumed);
	start_list(&self, ending, &child);
	state_file_wait_done(self.state, QUICK + 3, 20);
	if (ending->signal)
		run_kill(&child, ending->signal);
	run_finish(&child, &result);
	cr_expect_eq(ending->signal ? result.signal : result.exit_status, ending->signal ? ending->signal : 1,
	    "%s: %d %s", ending->label, result.exit_status, result.err);
	run_release(&result);
	resumed_record(&resumed, &self.site, self.state);
	cr_expect_eq(resumed.done.count, QUICK + 2, "%s", ending->label);
	go_on(&self, ending);
	resumed_expect(&resumed, &self.site, self.state, ending->label);
	state_list_expect(&self, ending->label, ending->options, ending->only_links);
	resumed_release(&resumed);
	state_list_stop(&self);
}

Test(state, goes_on_after_each_kind_of_end)
{
	static const struct ending endings[] = {
	    {.label = "kill", .signal = SIGKILL},
	    {.label = "Ctrl-C", .signal = SIGINT},
	    {.label = "SIGTERM", .signal = SIGTERM},
	    {.label = "deadline"},
	};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		end_and_go_on(&endings[i]);
}

Test(state, goes_on_with_each_kind_of_output)
{
	static const struct ending endings[] = {
	    {.label = "atomic", .signal = SIGKILL, .options = {"--atomic"}},
	    {.label = "atomic, Ctrl-C", .signal = SIGINT, .options = {"--atomic"}},
	    {.label = "unique", .signal = SIGKILL, .options = {"--unique"}, .only_links = true},
	    {.label = "urls", .signal = SIGKILL, .options = {"--format", "urls"}},
	    {.label = "jsonl", .signal = SIGTERM, .options = {"--format", "jsonl"}},
	    {.label = "csv", .signal = SIGKILL, .options = {"--format", "csv"}},
	};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		end_and_go_on(&endings[i]);
}
