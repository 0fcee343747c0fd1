#include "store/state_message.h"

#include <assert.h>
#include <string.h>

enum { TEXTS_MAX = 8 };

/* Lists the pointers to the texts of a message, and returns their number. */
static size_t list_texts(struct state_message *message, const char **texts[TEXTS_MAX])
{
	struct state_page *page = &message->with.page;
	struct state_result *result = &message->with.result;
	struct state_target *target = &message->with.target;
	size_t count = 0;
	switch (message->type) {
	case STATE_MESSAGE_BEGIN:
		texts[count++] = &message->with.begin.options;
		break;
	case STATE_MESSAGE_ADD:
		texts[count++] = &page->url;
		texts[count++] = &page->listed;
		break;
	case STATE_MESSAGE_SETTLE:
		texts[count++] = &result->final_url;
		texts[count++] = &result->hops;
		texts[count++] = &result->etag;
		texts[count++] = &result->last_modified;
		texts[count++] = &result->date;
		break;
	case STATE_MESSAGE_ROBOTS:
		texts[count++] = &message->with.robots.origin;
		break;
	case STATE_MESSAGE_DEPTH:
		texts[count++] = &message->with.depth.url;
		break;
	case STATE_MESSAGE_TARGET:
		texts[count++] = &target->url;
		texts[count++] = &target->reason;
		texts[count++] = &target->final_url;
		texts[count++] = &target->hops;
		texts[count++] = &target->leads_to;
		break;
	case STATE_MESSAGE_FORGET:
	case STATE_MESSAGE_OUTPUT:
	case STATE_MESSAGE_END:
	case STATE_MESSAGE_COMMIT:
		break;
	}
	return count;
}

/* Returns the bytes of a message that are no text; NULL if it has none. */
static struct slice *bytes_of(struct state_message *message)
{
	return message->type == STATE_MESSAGE_SETTLE   ? &message->with.result.links
	       : message->type == STATE_MESSAGE_ROBOTS ? &message->with.robots.body
	       : message->type == STATE_MESSAGE_TARGET ? &message->with.target.anchors
	                                               : NULL;
}

void state_message_put(struct buf *out, const struct state_message *message)
{
	struct state_message copy = *message;
	const char **texts[TEXTS_MAX];
	size_t start = out->len, count = list_texts(&copy, texts);
	const struct slice *bytes = bytes_of(&copy);
	uint32_t len = 0;
	buf_append(out, &len, sizeof len);
	buf_append(out, message, sizeof *message);
	for (size_t i = 0; i < count; i++)
		if (*texts[i])
			buf_append(out, *texts[i], strlen(*texts[i]) + 1);
	if (bytes && bytes->data)
		buf_append(out, bytes->data, bytes->len);
	len = (uint32_t)(out->len - start);
	assert(len == out->len - start);
	memcpy(out->data + start, &len, sizeof len);
}

bool state_message_take(struct slice *bytes, struct state_message *message)
{
	const char **texts[TEXTS_MAX];
	uint32_t len;
	if (bytes->len < sizeof len)
		return false;
	memcpy(&len, bytes->data, sizeof len);
	if (bytes->len < len)
		return false;
	memcpy(message, bytes->data + sizeof len, sizeof *message);
	const char *at = bytes->data + sizeof len + sizeof *message;
	size_t count = list_texts(message, texts);
	for (size_t i = 0; i < count; i++) {
		if (!*texts[i])
			continue;
		*texts[i] = at;
		at += strlen(at) + 1;
	}
	struct slice *rest = bytes_of(message);
	if (rest && rest->data)
		rest->data = at;
	bytes->data += len;
	bytes->len -= len;
	return true;
}
