#include "script.h"

#include "conditional.h"
#include "encode.h"
#include "text.h"

static const char filler[] = "The quick brown fox jumps over the lazy dog, again and again.\n";
static const char hint[] = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";

/* What was written reaches the client before the RST would take it away. */
enum { RESET_PAUSE_MS = 50 };

void script_init(struct script *self)
{
	*self = (struct script){0};
	steps_init(&self->steps);
}

void script_release(struct script *self)
{
	steps_release(&self->steps);
}

static uint64_t repeated(uint64_t count, size_t len)
{
	return count == PLAN_FOREVER ? STEPS_FOREVER : count * len;
}

static const char *text_or(const struct plan_text *text, const char *otherwise)
{
	return text->data ? text->data : otherwise;
}

static const char *reason_of(uint64_t status)
{
	static const struct {
		uint64_t status;
		const char *reason;
	} known[] = {{200, "OK"}, {204, "No Content"}, {301, "Moved Permanently"}, {302, "Found"},
	    {303, "See Other"}, {304, "Not Modified"}, {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	    {404, "Not Found"}, {405, "Method Not Allowed"}, {407, "Proxy Authentication Required"},
	    {410, "Gone"}, {429, "Too Many Requests"}, {451, "Unavailable For Legal Reasons"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].status == status)
			return known[i].reason;
	return "Some Status";
}

static bool status_has_body(uint64_t status)
{
	return status != 204 && status != 304;
}

/* The body without the filler behind it. */
static void make_body(const struct plan *plan, struct buf *body)
{
	buf_append(body, "", 0);
	if (plan->body.data)
		buf_append(body, plan->body.data, plan->body.len);
	else if (plan->links == 0 && plan->size == 0)
		buf_append_text(body, "<!doctype html>\n<title>A page</title>\n<p>No links.\n");
	if (plan->links == 0)
		return;
	const char *prefix = text_or(&plan->prefix, "link");
	buf_append_text(body, "<!doctype html>\n<title>Links</title>\n");
	for (uint64_t i = 1; i <= plan->links; i++)
		text_printf(body, "<p><a href=\"%s%llu\">%llu</a>\n", prefix, (unsigned long long)i,
		    (unsigned long long)i);
}

/* Fills a finite body up to plan->size, so that it can be encoded whole. */
static void fill_body(const struct plan *plan, struct buf *body)
{
	while (plan->size != PLAN_FOREVER && body->len < plan->size && body->len < body->max) {
		size_t len = sizeof filler - 1;
		if (len > plan->size - body->len)
			len = (size_t)(plan->size - body->len);
		if (!buf_append(body, filler, len))
			return;
	}
}

/* The bytes of the body as its content coding has them, as steps in a list of their own. */
static void content_steps(const struct plan *plan, struct steps *content)
{
	struct buf body;
	struct slice coding = {plan->encoding.data, plan->encoding.len};
	buf_init(&body, TEXT_MAX);
	make_body(plan, &body);
	struct slice made = {body.data, body.len};
	if (plan->bomb > 0 && coding.data && encode_bomb(content, made, coding, plan->bomb)) {
		buf_release(&body);
		return;
	}
	if (coding.data) {
		fill_body(plan, &body);
		encode_body(&body, coding);
	}
	body.len -= plan->trim < body.len ? plan->trim : body.len;
	steps_send(content, body.data, body.len);
	struct slice fill = slice_of(filler);
	if (!coding.data && plan->size == PLAN_FOREVER)
		steps_repeat(content, fill, STEPS_FOREVER);
	else if (!coding.data && plan->size > body.len)
		steps_repeat(content, fill, plan->size - body.len);
	buf_release(&body);
}

/* One round of the bytes as chunks, repeated: the last chunk of a round may be shorter than the others. */
static void chunk_bytes(struct steps *steps, struct slice bytes, size_t size, uint64_t rounds)
{
	struct buf chunks;
	buf_init(&chunks, TEXT_MAX);
	for (size_t at = 0; at < bytes.len; at += size) {
		size_t len = bytes.len - at < size ? bytes.len - at : size;
		text_printf(&chunks, "%zx\r\n", len);
		buf_append(&chunks, bytes.data + at, len);
		buf_append_text(&chunks, "\r\n");
	}
	steps_repeat(steps, (struct slice){chunks.data, chunks.len}, repeated(rounds, chunks.len));
	buf_release(&chunks);
}

static void chunk_step(struct steps *steps, const struct step *step, size_t size)
{
	struct slice bytes = {step->bytes, step->len};
	if (step->total == STEPS_FOREVER) {
		chunk_bytes(steps, bytes, size, PLAN_FOREVER);
		return;
	}
	chunk_bytes(steps, bytes, size, step->total / step->len);
	bytes.len = (size_t)(step->total % step->len);
	chunk_bytes(steps, bytes, size, 1);
}

static void body_steps(const struct plan *plan, const struct steps *content, struct steps *steps)
{
	for (size_t i = 0; i < content->count; i++) {
		const struct step *step = &content->step[i];
		struct slice bytes = {step->bytes, step->len};
		if (plan->chunked)
			chunk_step(steps, step, plan->chunk ? (size_t)plan->chunk : 1);
		else
			steps_repeat(steps, bytes, step->total);
	}
	if (plan->chunked && !plan->unfinished)
		steps_send_text(steps, "0\r\n\r\n");
}

/* How the client learns where the body ends. True where only the connection's end tells. */
static bool framing(const struct plan *plan, uint64_t content_len, struct buf *head)
{
	if (!status_has_body(plan->status))
		return false;
	if (plan->chunked) {
		buf_append_text(head, "Transfer-Encoding: chunked\r\n");
		return false;
	}
	if (plan->length.data && strcmp(plan->length.data, "none") != 0) {
		text_printf(head, "Content-Length: %s\r\n", plan->length.data);
		return true;
	}
	if (plan->length.data || content_len == STEPS_FOREVER)
		return true;
	text_printf(head, "Content-Length: %llu\r\n", (unsigned long long)(content_len + plan->shortage));
	return false;
}

static void append_header(struct buf *head, const char *name, const struct plan_text *value)
{
	if (!value->data || value->len == 0)
		return;
	text_printf(head, "%s: ", name);
	buf_append(head, value->data, value->len);
	buf_append_text(head, "\r\n");
}

static void head_lines(const struct plan *plan, uint64_t asked, struct buf *head)
{
	text_printf(head, "%s %03llu %s\r\n", text_or(&plan->version, "HTTP/1.1"),
	    (unsigned long long)plan->status, text_or(&plan->reason, reason_of(plan->status)));
	if (!plan->type.data)
		buf_append_text(head, "Content-Type: text/html\r\n");
	append_header(head, "Content-Type", &plan->type);
	conditional_append(plan, asked, head);
	append_header(head, "Location", &plan->location);
	append_header(
	    head, "Content-Encoding", plan->encoding_name.data ? &plan->encoding_name : &plan->encoding);
	if (plan->fail == 0)
		append_header(head, "Retry-After", &plan->retry_after);
	if (plan->header.data)
		buf_append(head, plan->header.data, plan->header.len);
}

/* The rest of the head: what may be large or without end, and the empty line. */
static void head_end(const struct plan *plan, struct steps *steps)
{
	if (plan->headers > 0) {
		static const char line[] = "X-Filler: one header line more\r\n";
		steps_repeat(steps, slice_of(line), repeated(plan->headers, sizeof line - 1));
	}
	if (plan->header_size > 0) {
		steps_send_text(steps, "X-Large: ");
		steps_repeat(steps, slice_of("a"), plan->header_size);
		steps_send_text(steps, "\r\n");
	}
	steps_send_text(steps, "\r\n");
}

/* Ends a list that was cut short on purpose. */
static void broken_end(const struct plan *plan, struct steps *steps, size_t body)
{
	if (plan->hang == PLAN_HANG_BODY) {
		uint64_t total = steps_total(steps, body);
		steps_cut(steps, body, plan->has_cut ? plan->cut : total == STEPS_FOREVER ? 0 : total / 2);
		steps_end(steps, STEP_HANG);
	} else if (plan->has_cut) {
		steps_cut(steps, body, plan->cut);
		steps_wait(steps, plan->reset ? RESET_PAUSE_MS : 0);
		steps_end(steps, plan->reset ? STEP_RESET : STEP_CLOSE);
	}
}

/* The body, and where it breaks off an end of its own, behind which no step is taken. */
static void answer_body(const struct plan *plan, const struct steps *content, struct steps *steps)
{
	steps_wait(steps, plan->body_delay);
	size_t body_at = steps->count;
	if (status_has_body(plan->status))
		body_steps(plan, content, steps);
	if (plan->hold.requests)
		steps_hold(steps, body_at, plan->hold.bytes, plan->hold.requests, plan->hold.group);
	if (plan->drip.bytes)
		steps_pace(steps, body_at, (size_t)plan->drip.bytes, plan->drip.ms);
	broken_end(plan, steps, body_at);
}

static void answer(
    struct script *self, const struct plan *plan, const struct request *request, uint64_t asked)
{
	struct steps *steps = &self->steps;
	struct steps content;
	struct buf head;
	/* A body that is not sent cannot be late or broken either. */
	bool has_body = plan->head_body || !slice_equal(request->method, slice_of("HEAD"));
	steps_init(&content);
	buf_init(&head, TEXT_MAX);
	content_steps(plan, &content);

	steps_repeat(steps, slice_of(hint), repeated(plan->hints, sizeof hint - 1));
	size_t head_at = steps->count;
	head_lines(plan, asked, &head);
	bool ends = framing(plan, steps_total(&content, 0), &head);
	ends = ends || plan->close || plan->shortage || !request->keep_alive ||
	       (plan->chunked && plan->unfinished);
	if (ends)
		buf_append_text(&head, "Connection: close\r\n");
	steps_send(steps, head.data, head.len);
	head_end(plan, steps);
	bool breaks = plan->hang == PLAN_HANG_HEADER || plan->header_cut;
	if (breaks)
		steps_cut(steps, head_at, head.len / 2);
	if (plan->header_drip.bytes)
		steps_pace(steps, head_at, (size_t)plan->header_drip.bytes, plan->header_drip.ms);
	if (breaks) {
		steps_end(steps, plan->header_cut ? STEP_CLOSE : STEP_HANG);
		goto out;
	}

	self->status = (int)plan->status;
	self->stale = plan->stale != 0;
	if (has_body)
		answer_body(plan, &content, steps);
	if (ends)
		steps_end(steps, STEP_CLOSE);
out:
	steps_release(&content);
	buf_release(&head);
}

static void build_failing(struct script *self, const struct plan *plan, const struct request *request)
{
	if (plan->fail_status == 0) {
		steps_end(&self->steps, STEP_CLOSE);
		return;
	}
	struct plan failing;
	plan_init(&failing);
	failing.status = plan->fail_status;
	failing.retry_after = plan->retry_after;
	if (plan->location.data) {
		failing.location = plan->location;
		failing.header = plan->header;
	}
	answer(self, &failing, request, 0);
}

/* A 304 has no body, and so nothing that describes one. The copy owns nothing. */
static void build_not_modified(
    struct script *self, const struct plan *plan, const struct request *request, uint64_t asked)
{
	static char none[] = "";
	struct plan copy = *plan;
	copy.status = 304;
	copy.type = (struct plan_text){none, 0};
	copy.encoding = copy.encoding_name = (struct plan_text){NULL, 0};
	answer(self, &copy, request, asked);
}

/* The plan for a HEAD was read once before, so that it fits. */
static void build_head(
    struct script *self, const struct plan_text *keys, const struct request *request, uint64_t asked)
{
	struct plan plan;
	struct buf error;
	plan_init(&plan);
	buf_init(&error, TEXT_MAX);
	if (plan_read(&plan, (struct slice){keys->data, keys->len}, &error))
		script_build(self, &plan, request, asked);
	plan_release(&plan);
	buf_release(&error);
}

void script_build(struct script *self, const struct plan *plan, const struct request *request, uint64_t asked)
{
	if (plan->head.data && slice_equal(request->method, slice_of("HEAD"))) {
		build_head(self, &plan->head, request, asked);
		return;
	}
	steps_wait(&self->steps, plan->delay);
	if (plan->empty)
		steps_end(&self->steps, STEP_CLOSE);
	else if (plan->reset && !plan->has_cut)
		steps_end(&self->steps, STEP_RESET);
	else if (plan->hang == PLAN_HANG_START)
		steps_end(&self->steps, STEP_HANG);
	else if (asked < plan->fail)
		build_failing(self, plan, request);
	else if (conditional_is_not_modified(plan, request, asked))
		build_not_modified(self, plan, request, asked);
	else
		answer(self, plan, request, asked);
}

void script_plain(
    struct script *self, const struct request *request, int status, const char *type, struct slice body)
{
	struct plan plan;
	struct buf text;
	plan_init(&plan);
	buf_init(&text, TEXT_MAX);
	buf_append(&text, body.data, body.len);
	buf_append_text(&text, type);
	plan.status = (uint64_t)status;
	plan.body = (struct plan_text){text.data, body.len};
	plan.type = (struct plan_text){text.data + body.len, strlen(type)};
	answer(self, &plan, request, 0);
	buf_release(&text);
}
