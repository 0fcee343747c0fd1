#include "fetch/recorder.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct head {
	struct buf kept;
	uint64_t size;
};

struct recorder {
	struct head request, response;
	char address[INET6_ADDRSTRLEN];
	int local_port; /* 0 if there is no connection */
	struct exchange exchange;
};

static void head_clear(struct head *self)
{
	buf_clear(&self->kept);
	self->size = 0;
}

static void head_add(struct head *self, const char *bytes, size_t len)
{
	size_t room = EXCHANGE_HEAD_MAX - self->kept.len;
	buf_append(&self->kept, bytes, len < room ? len : room);
	self->size += len;
}

static struct exchange_head head_view(const struct head *self)
{
	return (struct exchange_head){{self->kept.data, self->kept.len}, self->size};
}

struct recorder *recorder_new(void)
{
	struct recorder *self = alloc_new(sizeof *self);
	buf_init(&self->request.kept, EXCHANGE_HEAD_MAX);
	buf_init(&self->response.kept, EXCHANGE_HEAD_MAX);
	return self;
}

void recorder_free(struct recorder *self)
{
	if (!self)
		return;
	buf_release(&self->request.kept);
	buf_release(&self->response.kept);
	free(self);
}

void recorder_begin(struct recorder *self)
{
	recorder_connected(self, "", 0);
}

void recorder_connected(struct recorder *self, const char *address, int local_port)
{
	head_clear(&self->request);
	head_clear(&self->response);
	snprintf(self->address, sizeof self->address, "%s", address);
	self->local_port = local_port;
}

void recorder_add_request(struct recorder *self, const char *bytes, size_t len)
{
	if (self->local_port)
		head_add(&self->request, bytes, len);
}

void recorder_add_response(struct recorder *self, const char *line, size_t len, bool is_status_line)
{
	if (is_status_line)
		head_clear(&self->response);
	head_add(&self->response, line, len);
}

struct exchange *recorder_exchange(struct recorder *self, CURL *easy)
{
	curl_off_t body_bytes = 0;
	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &body_bytes);
	self->exchange = (struct exchange){.request = head_view(&self->request),
	    .response = head_view(&self->response),
	    .body_bytes = (uint64_t)body_bytes,
	    .address = self->address,
	    .local_port = self->local_port};
	return &self->exchange;
}
