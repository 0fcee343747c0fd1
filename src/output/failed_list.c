#include "output/failed_list.h"

#include "base/buf.h"

static enum status failed_list_outcome(void *ctx, const struct outcome *outcome)
{
	struct file *file = ctx;
	struct buf line;
	bool is_missing = outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_INTERRUPTED;
	/* A line that is not a URL would fail again. */
	if (!is_missing || !outcome->listed)
		return STATUS_OK;
	buf_init(&line, SIZE_MAX / 2);
	buf_append_text(&line, outcome->listed);
	buf_append_byte(&line, '\n');
	enum status status = file_write(file, line.data, line.len);
	buf_release(&line);
	return status;
}

static enum status failed_list_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	return file_flush_or_wait(ctx, wait, backlog);
}

struct observer failed_list_observer(struct file *file)
{
	return (struct observer){.self = file, .outcome = failed_list_outcome, .flush = failed_list_flush};
}
