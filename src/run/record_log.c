#include "run/record_log.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/* Each record begins with its length. Most records are short, so that one read of the file gets all of
 * one. */
enum { FIRST_READ = 512 };

void record_log_init(struct record_log *self, size_t memory_max)
{
	*self = (struct record_log){.memory_max = memory_max};
	temporary_file_init(&self->file);
	buf_init(&self->newest, SIZE_MAX / 2);
	buf_init(&self->record, SIZE_MAX / 2);
}

void record_log_release(struct record_log *self)
{
	temporary_file_release(&self->file);
	buf_release(&self->newest);
	buf_release(&self->record);
}

static void log_file_error(const char *what)
{
	log_warning("the temporary file in %s for links that wait %s: %s", temporary_file_folder(), what,
	    strerror(errno));
}

void record_log_clear(struct record_log *self)
{
	buf_clear(&self->newest);
	self->file_end = 0;
}

static void move_to_file(struct record_log *self)
{
	const char *problem =
	    temporary_file_write(&self->file, (off_t)self->file_end, self->newest.data, self->newest.len);
	if (problem) {
		log_file_error(problem);
		self->memory_only = true;
		return;
	}
	self->file_end += self->newest.len;
	buf_clear(&self->newest);
}

uint64_t record_log_add(struct record_log *self, const struct slice *parts, size_t count)
{
	uint32_t len = 0;
	for (size_t i = 0; i < count; i++)
		len += (uint32_t)parts[i].len;
	if (self->newest.len + sizeof len + len > self->memory_max && self->newest.len > 0 &&
	    !self->memory_only)
		move_to_file(self);
	uint64_t place = self->file_end + self->newest.len + 1;
	buf_append(&self->newest, &len, sizeof len);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0)
			buf_append(&self->newest, parts[i].data, parts[i].len);
	}
	return place;
}

/* Reads up to wanted bytes of the file from a place on into self->record. */
static bool read_file(struct record_log *self, uint64_t at, size_t wanted)
{
	uint64_t left = self->file_end - at;
	size_t len = left < wanted ? (size_t)left : wanted;
	buf_clear(&self->record);
	const char *problem =
	    temporary_file_read(&self->file, (off_t)at, buf_reserve(&self->record, len), len);
	if (problem) {
		log_file_error(problem);
		return false;
	}
	self->record.len = len;
	return true;
}

static bool read_from_file(struct record_log *self, uint64_t at, struct slice *record)
{
	uint32_t len;
	if (!read_file(self, at, FIRST_READ))
		return false;
	memcpy(&len, self->record.data, sizeof len);
	if (sizeof len + len > self->record.len && !read_file(self, at, sizeof len + len))
		return false;
	*record = (struct slice){self->record.data + sizeof len, len};
	return true;
}

bool record_log_read(struct record_log *self, uint64_t place, struct slice *record)
{
	uint64_t at = place - 1;
	uint32_t len;
	if (at < self->file_end)
		return read_from_file(self, at, record);
	const char *bytes = self->newest.data + (at - self->file_end);
	memcpy(&len, bytes, sizeof len);
	*record = (struct slice){bytes + sizeof len, len};
	return true;
}
