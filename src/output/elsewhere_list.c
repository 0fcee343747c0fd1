#include "output/elsewhere_list.h"

#include "base/buf.h"

static enum status elsewhere_list_elsewhere(void *ctx, const char *url)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	buf_append_text(&line, url);
	buf_append_byte(&line, '\n');
	enum status status = file_write(ctx, line.data, line.len);
	buf_release(&line);
	return status;
}

static enum status elsewhere_list_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	return file_flush_or_wait(ctx, wait, backlog);
}

struct observer elsewhere_list_observer(struct file *file)
{
	return (struct observer){
	    .self = file, .elsewhere = elsewhere_list_elsewhere, .flush = elsewhere_list_flush};
}
