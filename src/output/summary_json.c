#include "base/alloc.h"
#include "base/buf.h"
#include "output/json_writer.h"
#include "output/summary_internal.h"

#include <jansson.h>

static void array_append(json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value) != 0)
		alloc_fail();
}

static json_t *outcomes_object(const struct totals *totals)
{
	json_t *object = json_object();
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		json_writer_set_number(
		    object, outcome_kind_text((enum outcome_kind)kind), totals->outcomes[kind]);
	return object;
}

static json_t *failures_array(const struct reasons *reasons)
{
	json_t *array = json_array();
	for (size_t i = 0; i < reasons->count; i++) {
		json_t *object = json_object();
		json_writer_set_text(object, "cause", cause_word((enum cause)reasons->list[i]->kind.cause));
		json_writer_set_text(object, "reason", reasons->list[i]->text);
		json_writer_set_number(object, "count", reasons->list[i]->count);
		json_writer_set_text(object, "first", reasons->list[i]->first);
		array_append(array, object);
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
		json_writer_set_text(object, "host", hosts[i]->name);
		json_writer_set_number(object, "urls", hosts[i]->urls);
		json_writer_set_number(object, "failed", hosts[i]->failed);
		json_writer_set(object, "mean_ms", json_real(slowest_mean_ms(hosts[i])));
		json_writer_set(object, "longest_ms", json_real(hosts[i]->longest_ms));
		array_append(array, object);
	}
	free(hosts);
	return array;
}

static json_t *totals_object(const struct summary *self, const struct totals *totals)
{
	json_t *object = json_object();
	json_writer_set_number(object, "urls", totals->urls);
	json_writer_set_number(object, "listed_again", totals->repeated);
	json_writer_set_number(object, "failed_locally", totals->local);
	json_writer_set_number(object, "links", totals->links);
	json_writer_set_number(object, "bytes", totals->bytes);
	json_writer_set_number(object, "bytes_on_wire", self->wire_bytes);
	json_writer_set(object, "pages_per_second", json_real(summary_pages_per_second(totals)));
	return object;
}

static json_t *summary_object(const struct summary *self, const struct totals *totals, int exit_status)
{
	json_t *object = json_object();
	json_writer_set(object, "outcomes", outcomes_object(totals));
	json_writer_set(object, "totals", totals_object(self, totals));
	json_writer_set(object, "elapsed_ms", json_integer(totals->elapsed_ms));
	json_writer_set(object, "deadline", json_boolean(totals->deadline));
	json_writer_set(object, "list_complete", json_boolean(!totals->unread));
	json_writer_set(object, "signal",
	    totals->signal ? json_string(summary_signal_name(totals->signal)) : json_null());
	json_writer_set(object, "exit_status", exit_status >= 0 ? json_integer(exit_status) : json_null());
	json_writer_set(object, "failures", failures_array(&self->reasons));
	json_writer_set_number(object, "other_failures", self->reasons.others);
	json_writer_set(object, "hosts", hosts_array(&self->slowest));
	json_writer_set_number(object, "urls_of_other_hosts", self->slowest.others);
	return object;
}

enum status summary_write_json(
    const struct summary *self, struct file *file, const struct totals *totals, int exit_status)
{
	json_t *object = summary_object(self, totals, exit_status);
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	json_writer_append(&line, object);
	buf_append_byte(&line, '\n');
	enum status status = file_write(file, line.data, line.len);
	buf_release(&line);
	return status;
}
