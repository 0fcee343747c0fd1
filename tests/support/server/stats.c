#include "stats.h"

#include "base/alloc.h"
#include "text.h"

#include <stdlib.h>

/* Requests seen, by one name. */
struct stats_counter {
	struct stats_counter *next; /* in its bucket */
	char *name;
	size_t len;
	uint64_t requests;
	uint64_t heads; /* of them, with the method HEAD */
	uint64_t in_flight;
	uint64_t max_in_flight;
};

enum { BUCKETS = 4096 };

struct counters {
	struct stats_counter *bucket[BUCKETS];
};

struct entry {
	char *head; /* request line and headers as received */
	size_t head_len;
	unsigned connection;
	int status;
	uint64_t bytes;
	double start_ms;
	double end_ms; /* negative: still in flight */
	bool complete;
};

struct stats {
	struct stats_counter all;
	struct stats_counter connections;
	struct counters paths, targets, hosts, groups;
	struct entry *entries;
	size_t count, room, max;
	uint64_t dropped;
	unsigned generation; /* goes up with each reset, so that older tickets leave the new log alone */
};

struct stats *stats_new(size_t log_max)
{
	struct stats *self = alloc_new(sizeof *self);
	self->max = log_max;
	return self;
}

static void counters_release(struct counters *self)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (self->bucket[i]) {
			struct stats_counter *counter = self->bucket[i];
			self->bucket[i] = counter->next;
			free(counter->name);
			free(counter);
		}
	}
}

static void forget_entries(struct stats *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->entries[i].head);
	self->count = 0;
	self->dropped = 0;
}

void stats_free(struct stats *self)
{
	if (!self)
		return;
	counters_release(&self->paths);
	counters_release(&self->targets);
	counters_release(&self->hosts);
	counters_release(&self->groups);
	forget_entries(self);
	free(self->entries);
	free(self);
}

static struct stats_counter *counter_get(struct counters *self, struct slice name)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * 16777619u;
	struct stats_counter **at = &self->bucket[hash % BUCKETS];
	for (; *at; at = &(*at)->next)
		if (slice_equal((struct slice){(*at)->name, (*at)->len}, name))
			return *at;
	struct stats_counter *counter = alloc_new(sizeof *counter);
	counter->name = alloc_copy(name.data, name.len);
	counter->len = name.len;
	*at = counter;
	return counter;
}

static void counter_begin(struct stats_counter *self, bool is_head)
{
	self->requests++;
	self->heads += is_head;
	self->in_flight++;
	if (self->in_flight > self->max_in_flight)
		self->max_in_flight = self->in_flight;
}

static void counter_reset(struct stats_counter *self)
{
	self->requests = 0;
	self->heads = 0;
	self->max_in_flight = self->in_flight;
}

void stats_connected(struct stats *self)
{
	counter_begin(&self->connections, false);
}

void stats_disconnected(struct stats *self)
{
	self->connections.in_flight--;
}

static size_t add_entry(struct stats *self, const struct request *request, unsigned connection, double now_ms)
{
	if (self->count == self->max) {
		self->dropped++;
		return SIZE_MAX;
	}
	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 64;
		self->entries = alloc_resize(self->entries, self->room, sizeof *self->entries);
	}
	self->entries[self->count] = (struct entry){.head = alloc_copy(request->head.data, request->head.len),
	    .head_len = request->head.len,
	    .connection = connection,
	    .start_ms = now_ms,
	    .end_ms = -1};
	return self->count++;
}

uint64_t stats_begin(struct stats *self, struct stats_ticket *ticket, const struct request *request,
    unsigned connection, double now_ms)
{
	struct slice group = request_query_get(request, "group");
	struct stats_counter *target = counter_get(&self->targets, request->target);
	uint64_t asked = target->requests;
	bool is_head = slice_equal(request->method, slice_of("HEAD"));
	*ticket = (struct stats_ticket){.counters = {&self->all, counter_get(&self->paths, request->path),
	                                    target, counter_get(&self->hosts, request->host),
	                                    group.data ? counter_get(&self->groups, group) : NULL},
	    .entry = add_entry(self, request, connection, now_ms),
	    .generation = self->generation,
	    .open = true};
	for (size_t i = 0; i < sizeof ticket->counters / sizeof *ticket->counters; i++)
		if (ticket->counters[i])
			counter_begin(ticket->counters[i], is_head);
	return asked;
}

uint64_t stats_group_requests(struct stats *self, struct slice group)
{
	return counter_get(&self->groups, group)->requests;
}

void stats_end(
    struct stats *self, struct stats_ticket *ticket, int status, uint64_t bytes, bool complete, double now_ms)
{
	if (!ticket->open)
		return;
	ticket->open = false;
	for (size_t i = 0; i < sizeof ticket->counters / sizeof *ticket->counters; i++)
		if (ticket->counters[i])
			ticket->counters[i]->in_flight--;
	if (ticket->entry == SIZE_MAX || ticket->generation != self->generation)
		return;
	struct entry *entry = &self->entries[ticket->entry];
	entry->status = status;
	entry->bytes = bytes;
	entry->complete = complete;
	entry->end_ms = now_ms;
}

static void counters_reset(struct counters *self)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct stats_counter *counter = self->bucket[i]; counter; counter = counter->next)
			counter_reset(counter);
}

void stats_reset(struct stats *self)
{
	counter_reset(&self->all);
	counter_reset(&self->connections);
	counters_reset(&self->paths);
	counters_reset(&self->targets);
	counters_reset(&self->hosts);
	counters_reset(&self->groups);
	forget_entries(self);
	self->generation++;
}

static void write_counter(const struct stats_counter *self, struct buf *out)
{
	text_printf(out,
	    "{\"requests\": %llu, \"heads\": %llu, \"in_flight\": %llu, \"max_in_flight\": %llu}",
	    (unsigned long long)self->requests, (unsigned long long)self->heads,
	    (unsigned long long)self->in_flight, (unsigned long long)self->max_in_flight);
}

static void write_counters(const struct counters *self, const char *name, struct buf *out)
{
	const char *between = "";
	text_printf(out, "\"%s\": {", name);
	for (size_t i = 0; i < BUCKETS; i++) {
		const struct stats_counter *counter = self->bucket[i];
		for (; counter; counter = counter->next) {
			if (counter->requests == 0 && counter->in_flight == 0)
				continue;
			text_printf(out, "%s\n  ", between);
			text_json(out, (struct slice){counter->name, counter->len});
			buf_append_text(out, ": ");
			write_counter(counter, out);
			between = ",";
		}
	}
	buf_append_text(out, "},\n");
}

static void write_member(struct buf *out, const char *name, struct slice value)
{
	text_printf(out, "\"%s\": ", name);
	text_json(out, value);
	buf_append_text(out, ", ");
}

static void write_entry(const struct entry *self, struct buf *out)
{
	struct request request;
	if (request_parse(&request, self->head, self->head_len) != REQUEST_READY)
		return;
	struct slice group = request_query_get(&request, "group");
	buf_append_text(out, "  {");
	write_member(out, "method", request.method);
	write_member(out, "target", request.target);
	write_member(out, "path", request.path);
	write_member(out, "host", request.host);
	write_member(out, "group", group.data ? group : slice_of(""));
	text_printf(out, "\"connection\": %u, \"start\": %.3f, ", self->connection, self->start_ms);
	if (self->end_ms < 0)
		buf_append_text(out, "\"end\": null, ");
	else
		text_printf(out, "\"end\": %.3f, ", self->end_ms);
	text_printf(out, "\"status\": %d, \"bytes\": %llu, \"complete\": %s, \"headers\": [", self->status,
	    (unsigned long long)self->bytes, self->complete ? "true" : "false");
	for (size_t i = 0; i < request.header_count; i++) {
		buf_append_text(out, i > 0 ? ", [" : "[");
		text_json(out, request.headers[i].name);
		buf_append_text(out, ", ");
		text_json(out, request.headers[i].value);
		buf_append_text(out, "]");
	}
	buf_append_text(out, "]}");
	request_release(&request);
}

void stats_write(const struct stats *self, struct buf *out)
{
	buf_append_text(out, "{\"all\": ");
	write_counter(&self->all, out);
	text_printf(out, ",\n\"connections\": %llu, \"max_connections\": %llu, \"log_dropped\": %llu,\n",
	    (unsigned long long)self->connections.requests,
	    (unsigned long long)self->connections.max_in_flight, (unsigned long long)self->dropped);
	write_counters(&self->paths, "paths", out);
	write_counters(&self->targets, "targets", out);
	write_counters(&self->hosts, "hosts", out);
	write_counters(&self->groups, "groups", out);
	buf_append_text(out, "\"log\": [\n");
	for (size_t i = 0; i < self->count; i++) {
		write_entry(&self->entries[i], out);
		buf_append_text(out, i + 1 < self->count ? ",\n" : "\n");
	}
	buf_append_text(out, "]}\n");
}
