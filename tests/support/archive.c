#include "archive.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields of HAR 1.2 that are used, and their types. */

enum need { REQUIRED, OPTIONAL };

struct field {
	const char *name;
	enum need need;
	enum { TEXT, WHOLE, REAL, FLAG, OBJECT, LIST } type;
	const struct field *inner; /* of an object, or of each object of a list; NULL for any */
};

static const struct field header_fields[] = {
    {"name", REQUIRED, TEXT, NULL}, {"value", REQUIRED, TEXT, NULL}, {"comment", OPTIONAL, TEXT, NULL}, {0}};

static const struct field cookie_fields[] = {{"name", REQUIRED, TEXT, NULL}, {"value", REQUIRED, TEXT, NULL},
    {"path", OPTIONAL, TEXT, NULL}, {"domain", OPTIONAL, TEXT, NULL}, {"expires", OPTIONAL, TEXT, NULL},
    {"httpOnly", OPTIONAL, FLAG, NULL}, {"secure", OPTIONAL, FLAG, NULL},
    {"sameSite", OPTIONAL, TEXT, NULL}, /* browsers' own */
    {"comment", OPTIONAL, TEXT, NULL}, {0}};

static const struct field request_fields[] = {{"method", REQUIRED, TEXT, NULL}, {"url", REQUIRED, TEXT, NULL},
    {"httpVersion", REQUIRED, TEXT, NULL}, {"cookies", REQUIRED, LIST, cookie_fields},
    {"headers", REQUIRED, LIST, header_fields}, {"queryString", REQUIRED, LIST, header_fields},
    {"headersSize", REQUIRED, WHOLE, NULL}, {"bodySize", REQUIRED, WHOLE, NULL},
    {"comment", OPTIONAL, TEXT, NULL}, {0}};

static const struct field content_fields[] = {{"size", REQUIRED, WHOLE, NULL},
    {"compression", OPTIONAL, WHOLE, NULL}, {"mimeType", REQUIRED, TEXT, NULL},
    {"comment", OPTIONAL, TEXT, NULL}, {0}};

static const struct field response_fields[] = {{"status", REQUIRED, WHOLE, NULL},
    {"statusText", REQUIRED, TEXT, NULL}, {"httpVersion", REQUIRED, TEXT, NULL},
    {"cookies", REQUIRED, LIST, cookie_fields}, {"headers", REQUIRED, LIST, header_fields},
    {"content", REQUIRED, OBJECT, content_fields}, {"redirectURL", REQUIRED, TEXT, NULL},
    {"headersSize", REQUIRED, WHOLE, NULL}, {"bodySize", REQUIRED, WHOLE, NULL},
    {"comment", OPTIONAL, TEXT, NULL}, {0}};

static const struct field timing_fields[] = {{"blocked", OPTIONAL, REAL, NULL}, {"dns", OPTIONAL, REAL, NULL},
    {"connect", OPTIONAL, REAL, NULL}, {"send", REQUIRED, REAL, NULL}, {"wait", REQUIRED, REAL, NULL},
    {"receive", REQUIRED, REAL, NULL}, {"ssl", OPTIONAL, REAL, NULL}, {0}};

static const struct field entry_fields[] = {{"startedDateTime", REQUIRED, TEXT, NULL},
    {"time", REQUIRED, REAL, NULL}, {"request", REQUIRED, OBJECT, request_fields},
    {"response", REQUIRED, OBJECT, response_fields}, {"cache", REQUIRED, OBJECT, NULL},
    {"timings", REQUIRED, OBJECT, timing_fields}, {"serverIPAddress", OPTIONAL, TEXT, NULL},
    {"connection", OPTIONAL, TEXT, NULL}, {"comment", OPTIONAL, TEXT, NULL}, {0}};

static const struct field creator_fields[] = {
    {"name", REQUIRED, TEXT, NULL}, {"version", REQUIRED, TEXT, NULL}, {0}};

static const struct field log_fields[] = {{"version", REQUIRED, TEXT, NULL},
    {"creator", REQUIRED, OBJECT, creator_fields}, {"entries", REQUIRED, LIST, entry_fields}, {0}};

static const struct field har_fields[] = {{"log", REQUIRED, OBJECT, log_fields}, {0}};

static bool has_type(const json_t *value, const struct field *field)
{
	switch (field->type) {
	case TEXT:
		return json_is_string(value);
	case WHOLE:
		return json_is_integer(value);
	case REAL:
		return json_is_number(value);
	case FLAG:
		return json_is_boolean(value);
	case OBJECT:
		return json_is_object(value);
	default:
		return json_is_array(value);
	}
}

static void check_object(const json_t *object, const struct field *fields);

static void check_field(const json_t *object, const struct field *field)
{
	const json_t *value = json_object_get(object, field->name), *one;
	size_t index;
	cr_assert(value || field->need == OPTIONAL, "%s is missing", field->name);
	if (!value)
		return;
	cr_assert(has_type(value, field), "%s has another type", field->name);
	if (field->type == OBJECT)
		check_object(value, field->inner);
	if (field->type == LIST)
		json_array_foreach(value, index, one) check_object(one, field->inner);
}

/* A field of one's own has a name that begins with an underscore ("Custom fields"). */
static void check_object(const json_t *object, const struct field *fields)
{
	const char *name;
	json_t *value;
	cr_assert(json_is_object(object));
	for (const struct field *field = fields; field && field->name; field++)
		check_field(object, field);
	json_object_foreach((json_t *)object, name, value)
	{
		bool is_known = *name == '_';
		for (const struct field *field = fields; field && field->name; field++)
			is_known |= strcmp(field->name, name) == 0;
		cr_expect(is_known, "%s is no field of HAR 1.2", name);
	}
}

double archive_number(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);
	cr_assert(json_is_number(number), "%s is no number", key);
	return json_number_value(number);
}

const char *archive_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

/* "timings" and "entries": the sum counts what is not -1, and ssl within connect. */
static void check_timings(const json_t *entry)
{
	static const char *const names[] = {"blocked", "dns", "connect", "send", "wait", "receive"};
	const json_t *timings = json_object_get(entry, "timings");
	double sum = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		double ms = archive_number(timings, names[i]);
		cr_expect(ms >= 0 || (ms == -1 && i < 3), "%s is %f", names[i], ms);
		sum += ms > 0 ? ms : 0;
	}
	cr_expect_leq(archive_number(timings, "ssl"), archive_number(timings, "connect"));
	double difference = sum - archive_number(entry, "time");
	cr_expect(difference < 0.01 && difference > -0.01, "%f", difference);
}

static void check_time(const char *text)
{
	int end = 0, field;
	int read = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &field, &field, &field, &field, &field,
	    &field, &field, &end);
	cr_expect(read == 7 && text[end] == '\0' && end == 24, "%s", text);
}

static void check_har(const json_t *har)
{
	const json_t *log = json_object_get(har, "log"), *entry;
	size_t index;
	check_object(har, har_fields);
	cr_expect_str_eq(archive_text(log, "version"), "1.2");
	json_array_foreach(json_object_get(log, "entries"), index, entry)
	{
		check_time(archive_text(entry, "startedDateTime"));
		check_timings(entry);
	}
}

void archive_fetch_argv(struct archive *self, const char *const *args)
{
	const char *all[64];
	size_t count = 0;
	json_error_t error;
	scratch_init(&self->scratch);
	all[count++] = "-q";
	all[count++] = "-o";
	all[count++] = "/dev/null";
	all[count++] = "--har";
	all[count++] = scratch_path(&self->scratch, "run.har");
	for (; *args; args++)
		all[count++] = *args;
	cr_assert_lt(count, sizeof all / sizeof *all);
	all[count] = NULL;
	run_program(&self->result, NULL, run_areq_name(), all);
	self->text = scratch_read(&self->scratch, "run.har", NULL);
	self->json = json_loads(self->text, JSON_REJECT_DUPLICATES, &error);
	cr_assert(self->json, "%s\n%s\n%s", error.text, self->text, self->result.err);
	check_har(self->json);
	self->entries = json_object_get(json_object_get(self->json, "log"), "entries");
}

void archive_release(struct archive *self)
{
	json_decref(self->json);
	free(self->text);
	run_release(&self->result);
	scratch_release(&self->scratch);
}

json_t *archive_entry(struct archive *self, const char *url, size_t nth)
{
	size_t index;
	json_t *entry;
	json_array_foreach(self->entries, index, entry)
	{
		if (strcmp(archive_text(json_object_get(entry, "request"), "url"), url) == 0 && nth-- == 0)
			return entry;
	}
	cr_assert_fail("no such entry for %s:\n%s", url, self->text);
	return NULL;
}
