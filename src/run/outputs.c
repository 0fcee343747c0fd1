#include "run/outputs.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/path.h"
#include "fetch/settings.h"
#include "output/guard.h"
#include "store/redis_address.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *output_description(enum output output)
{
	static const char *const texts[OUTPUTS] = {"the rows", "the changes", "the report", "the failed URLs",
	    "the URLs of other shards", "the waterfall", "the HTTP archive", "the graph", "the summary"};
	return texts[output];
}

/* The field of struct options that names the file of an output. */
static size_t output_field(enum output output)
{
	static const size_t fields[OUTPUTS] = {offsetof(struct options, output),
	    offsetof(struct options, changes_to), offsetof(struct options, report),
	    offsetof(struct options, failed), offsetof(struct options, elsewhere),
	    offsetof(struct options, waterfall), offsetof(struct options, har), offsetof(struct options, dot),
	    offsetof(struct options, summary_json)};
	return fields[output];
}

/* The file that an output goes to, or "-" for stdout; NULL if the options do not ask for it. */
static const char *output_path(const struct options *options, enum output output)
{
	if (options->dry_run)
		return output == OUTPUT_ROWS ? "-" : NULL;
	const char *name = *(const char *const *)((const char *)options + output_field(output));
	return !name && output == OUTPUT_ROWS ? "-" : name;
}

static bool is_open(const struct file *file)
{
	return file->fd >= 0;
}

void outputs_init(struct outputs *self)
{
	*self = (struct outputs){0};
	for (enum output i = 0; i < OUTPUTS; i++)
		self->files[i].fd = -1;
}

static bool is_same_file(const struct file *file, const char *name)
{
	struct stat info;
	return name && stat(name, &info) == 0 && file_is_same(file, &info);
}

/* True for the files that SQLite and areq make beside the state. */
static bool is_beside_state(const struct file *file, const char *state)
{
	static const char *const endings[] = {"-wal", "-shm", "-journal", "-lock"};
	bool is_one = false;
	if (!state)
		return false;
	char *path = path_resolve_links(state);
	struct buf name;
	buf_init(&name, SIZE_MAX / 2);
	for (size_t i = 0; i < sizeof endings / sizeof *endings && !is_one; i++) {
		buf_clear(&name);
		buf_append_text(&name, path);
		buf_append_text(&name, endings[i]);
		is_one = is_same_file(file, name.data);
	}
	buf_release(&name);
	free(path);
	return is_one;
}

/* The option that makes the run read this file; NULL if there is none. */
static const char *option_that_reads(const struct file *file, const struct options *options)
{
	if (is_same_file(file, options->config))
		return "--config";
	if (is_same_file(file, options->state) || is_beside_state(file, options->state))
		return "--state";
	if (is_same_file(file, options->cacert))
		return "--cacert";
	for (size_t i = 0; i < options->cookies.count; i++) {
		if (!strchr(options->cookies.items[i], '=') && is_same_file(file, options->cookies.items[i]))
			return "-b";
	}
	char *netrc = settings_netrc_path(options);
	bool is_netrc = is_same_file(file, netrc);
	free(netrc);
	return !is_netrc ? NULL : options->netrc_file ? "--netrc-file" : "--netrc";
}

static enum status log_same_file(
    const char *name, const struct options *options, enum output first, enum output second)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append_text(&text, output_description(first));
	options_append_origin(options, output_field(first), &text);
	buf_append_text(&text, " and ");
	buf_append_text(&text, output_description(second));
	options_append_origin(options, output_field(second), &text);
	log_error("%s: %s cannot go to the same file", name, text.data);
	buf_release(&text);
	return STATUS_USAGE;
}

/* Fails if the file of an output is also the list, a file that an option reads, or another output. */
static enum status check_is_unused(
    struct outputs *self, const struct options *options, const struct input *input, enum output output)
{
	struct file *file = &self->files[output];
	const char *option = option_that_reads(file, options);
	if (option) {
		log_error("%s: is what %s reads; nothing was written to it", file->name, option);
		return STATUS_USAGE;
	}
	if (input_reads_from(input, &file->info) || input_reads_from(input, &file->atomic.old)) {
		log_error("%s: is the list itself; nothing was written to it", file->name);
		return STATUS_USAGE;
	}
	for (enum output other = 0; other < output; other++) {
		const struct file *before = &self->files[other];
		bool both_stdout = file->is_stdout && before->is_stdout;
		if (!is_open(before) || !(both_stdout || file_is_same(before, &file->info)))
			continue;
		/* Stdout is closed once, by the output that had it first. */
		if (both_stdout)
			file->fd = -1;
		return log_same_file(file->name, options, other, output);
	}
	return STATUS_OK;
}

/* The outputs that the guard process watches. They consist of lines, and kill -9 must not leave half a line.
 * Other outputs are useless anyway if they are not complete. */
static const enum output guarded[] = {OUTPUT_ROWS, OUTPUT_REPORT, OUTPUT_FAILED, OUTPUT_ELSEWHERE};
enum { GUARDED = sizeof guarded / sizeof *guarded };

static void start_guard(void *ctx)
{
	struct outputs *self = ctx;
	const struct file *files[GUARDED];
	for (size_t i = 0; i < GUARDED; i++)
		files[i] = &self->files[guarded[i]];
	if (!self->guard)
		self->guard = guard_start(files, GUARDED);
}

/* At most so many URLs rarely give so many rows that a guard process is needed. */
enum { SHORT_LIST = 8 };

/* Starts the guard process. For a short list, it is started only when a write needs it. For a longer list it
 * is started at once, because a fork costs more when the process has more memory. */
static void arrange_guard(struct outputs *self, const struct input *input)
{
	int64_t urls = input_left(input);
	bool is_short = urls >= 0 && urls <= SHORT_LIST;
	for (size_t i = 0; is_short && i < GUARDED; i++)
		self->files[guarded[i]].alarm = (struct file_callback){start_guard, self};
	if (!is_short)
		start_guard(self);
}

enum status outputs_open(struct outputs *self, const struct options *options, const struct input *input)
{
	const struct file_options for_rows = {.append = options->append,
	    .repair = options->repair,
	    .atomic = options->atomic,
	    .lock_fail = options->lock == LOCK_FAIL,
	    .null_ends = options->null_ends};
	/* The list of failed URLs may hold the passwords of the list. */
	const struct file_options for_failed = {.lock_fail = options->lock == LOCK_FAIL, .is_private = true};
	const struct file_options for_others = {.lock_fail = options->lock == LOCK_FAIL};
	enum status status = STATUS_OK;
	for (enum output i = 0; i < OUTPUTS && status == STATUS_OK; i++) {
		const char *name = output_path(options, i);
		if (!name)
			continue;
		status = file_open(&self->files[i], name,
		    i == OUTPUT_ROWS     ? &for_rows
		    : i == OUTPUT_FAILED ? &for_failed
		                         : &for_others);
		if (status == STATUS_OK)
			status = check_is_unused(self, options, input, i);
	}
	return status;
}

enum status outputs_begin(struct outputs *self, const struct options *options, const struct input *input)
{
	enum status status = STATUS_OK;
	for (enum output i = 0; i < OUTPUTS && status == STATUS_OK; i++) {
		if (is_open(&self->files[i]))
			status = file_begin(&self->files[i]);
	}
	if (status == STATUS_OK && (!options->state || redis_address_is_meant(options->state)))
		arrange_guard(self, input);
	return status;
}

enum status outputs_drain(struct outputs *self, int64_t until)
{
	enum status status = STATUS_OK;
	for (enum output i = 0; i < OUTPUTS; i++)
		status = status_first(status, file_drain(&self->files[i], until));
	return status;
}

void outputs_stop_guard(struct outputs *self)
{
	guard_stop(self->guard);
	self->guard = 0;
}

enum status outputs_close_others(struct outputs *self)
{
	enum status status = STATUS_OK;
	for (enum output i = OUTPUT_ROWS + 1; i < OUTPUT_SUMMARY_JSON; i++)
		status = status_first(status, file_close(&self->files[i]));
	return status;
}

enum status outputs_close(struct outputs *self)
{
	outputs_stop_guard(self);
	enum status status = STATUS_OK;
	for (enum output i = 0; i < OUTPUTS; i++)
		status = status_first(status, file_close(&self->files[i]));
	return status;
}
