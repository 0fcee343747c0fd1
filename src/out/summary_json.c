#include "base/alloc.h"
#include "base/utf8.h"
#include "out/summary_internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void set(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) != 0)
		alloc_fail();
}

static void add(json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value) != 0)
		alloc_fail();
}

/* Remote text need not be UTF-8; JSON is. */
static void set_text(json_t *object, const char *key, const char *text)
{
	struct buf repaired;
	buf_init(&repaired, SIZE_MAX / 4);
	buf_append_text(&repaired, "");
	utf8_append_repaired(&repaired, text, strlen(text));
	set(object, key, json_stringn(repaired.data, repaired.len));
	buf_release(&repaired);
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	set(object, key, json_integer((json_int_t)number));
}

static json_t *outcomes_object(const struct totals *totals)
{
	json_t *object = json_object();
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		set_number(object, outcome_kind_text((enum outcome_kind)kind), totals->outcomes[kind]);
	return object;
}

static json_t *failures_array(const struct reasons *reasons)
{
	json_t *array = json_array();
	for (size_t i = 0; i < reasons->count; i++) {
		json_t *object = json_object();
		set_text(object, "reason", reasons->list[i]->text);
		set_number(object, "count", reasons->list[i]->count);
		set_text(object, "first", reasons->list[i]->first);
		add(array, object);
	}
	return array;
}

static json_t *hosts_array(const struct slowest *slowest)
{
	size_t count;
	const struct slow_host **hosts = slowest_list(slowest, &count);
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *object = json_object();
		set_text(object, "host", hosts[i]->name);
		set_number(object, "urls", hosts[i]->urls);
		set_number(object, "failed", hosts[i]->failed);
		set(object, "mean_ms", json_real(slowest_mean_ms(hosts[i])));
		set(object, "longest_ms", json_real(hosts[i]->longest_ms));
		add(array, object);
	}
	free(hosts);
	return array;
}

static json_t *totals_object(const struct summary *self, const struct totals *totals)
{
	json_t *object = json_object();
	set_number(object, "urls", totals->urls);
	set_number(object, "listed_again", totals->repeated);
	set_number(object, "failed_locally", totals->local);
	set_number(object, "links", totals->links);
	set_number(object, "bytes", totals->bytes);
	set_number(object, "bytes_on_wire", self->wire_bytes);
	set(object, "pages_per_second", json_real(summary_pace(totals)));
	return object;
}

static json_t *summary_object(const struct summary *self, const struct totals *totals, int exit_status)
{
	json_t *object = json_object();
	set(object, "outcomes", outcomes_object(totals));
	set(object, "totals", totals_object(self, totals));
	set(object, "elapsed_ms", json_integer(totals->elapsed_ms));
	set(object, "deadline", json_boolean(totals->deadline));
	set(object, "signal",
	    totals->signal ? json_string(summary_signal_name(totals->signal)) : json_null());
	set(object, "exit_status", exit_status >= 0 ? json_integer(exit_status) : json_null());
	set(object, "failures", failures_array(&self->reasons));
	set_number(object, "other_failures", self->reasons.others);
	set(object, "hosts", hosts_array(&self->slowest));
	set_number(object, "urls_of_other_hosts", self->slowest.others);
	return object;
}

enum status summary_write_json(
    const struct summary *self, struct file *file, const struct totals *totals, int exit_status)
{
	json_t *object = summary_object(self, totals, exit_status);
	char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	if (!line)
		alloc_fail();
	json_decref(object);
	/* The NUL makes room for the newline, so that the line is one write. */
	size_t len = strlen(line);
	line[len] = '\n';
	enum status status = file_write(file, line, len + 1);
	free(line);
	return status;
}
