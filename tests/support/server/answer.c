#include "answer.h"

#include "faults.h"
#include "files.h"
#include "support/graph_spec.h"
#include "text.h"

#include <string.h>

/* The pause before what /_/raw sends later. */
enum { LATER_MS = 50 };

struct call {
	const struct answer_source *source;
	const struct request *request;
	uint64_t asked;
	struct slice tail; /* of the path, behind the endpoint's */
	struct script *script;
};

static void plain(const struct call *call, int status, const struct buf *text)
{
	script_plain(call->script, call->request, status, "text/plain; charset=utf-8",
	    (struct slice){text->data, text->len});
}

static void refuse(const struct call *call, const char *why)
{
	script_plain(call->script, call->request, 400, "text/plain", slice_of(why));
}

static void answer_page(const struct call *call)
{
	struct plan plan;
	struct buf error;
	plan_init(&plan);
	buf_init(&error, TEXT_MAX);
	struct slice query = call->request->query.data ? call->request->query : slice_of("");
	if (plan_read(&plan, query, &error))
		script_build(call->script, &plan, call->request, call->asked);
	else
		plain(call, 400, &error);
	plan_release(&plan);
	buf_release(&error);
}

static void answer_fault(const struct call *call)
{
	if (!faults_build(call->tail, &call->script->steps))
		refuse(call, "no such fault\n");
}

static void answer_echo(const struct call *call)
{
	struct buf body;
	buf_init(&body, TEXT_MAX);
	if (request_query_get(call->request, "raw").data) {
		buf_append(&body, call->request->head.data, call->request->head.len);
		plain(call, 200, &body);
	} else {
		buf_append_text(&body, "<!doctype html>\n<title>Echo</title>\n<pre>");
		text_html(&body, call->request->head);
		buf_append_text(&body, "</pre>\n");
		script_plain(
		    call->script, call->request, 200, "text/html", (struct slice){body.data, body.len});
	}
	buf_release(&body);
}

static uint64_t number_of(const struct call *call, const char *name, uint64_t otherwise)
{
	uint64_t number;
	struct slice value = request_query_get(call->request, name);
	return value.data && text_number(value, &number) ? number : otherwise;
}

/* A redirect with the status that the query asks for. */
static void redirect(const struct call *call, struct buf *location)
{
	struct plan plan;
	plan_init(&plan);
	plan.status = number_of(call, "status", 302);
	plan.location = (struct plan_text){location->data, location->len};
	script_build(call->script, &plan, call->request, 0);
}

static void answer_chain(const struct call *call)
{
	struct buf location;
	uint64_t n = number_of(call, "n", 1);
	struct slice to = request_query_get(call->request, "to");
	buf_init(&location, TEXT_MAX);
	if (n > 0) {
		text_printf(&location, "/_/chain?n=%llu&status=%llu", (unsigned long long)n - 1,
		    (unsigned long long)number_of(call, "status", 302));
		if (to.data)
			text_printf(&location, "&to=%.*s", (int)to.len, to.data);
		redirect(call, &location);
	} else if (to.data) {
		text_percent_decode(&location, to);
		redirect(call, &location);
	} else {
		struct plan plan;
		plan_init(&plan);
		plan.links = 1;
		script_build(call->script, &plan, call->request, 0);
	}
	buf_release(&location);
}

static void answer_loop(const struct call *call)
{
	struct buf location;
	uint64_t n = number_of(call, "n", 1), k = number_of(call, "k", 0);
	buf_init(&location, TEXT_MAX);
	text_printf(&location, "/_/loop?n=%llu&k=%llu", (unsigned long long)n,
	    (unsigned long long)(n > 0 ? (k + 1) % n : 0));
	redirect(call, &location);
	buf_release(&location);
}

static void answer_away(const struct call *call)
{
	struct buf location;
	buf_init(&location, TEXT_MAX);
	text_printf(&location, "/_/away?k=%llu", (unsigned long long)number_of(call, "k", 0) + 1);
	redirect(call, &location);
	buf_release(&location);
}

static void answer_raw(const struct call *call)
{
	struct slice bytes = request_query_get(call->request, "bytes");
	struct slice base64 = request_query_get(call->request, "base64");
	struct slice later = request_query_get(call->request, "later");
	struct slice then = request_query_get(call->request, "then");
	struct buf out, behind;
	buf_init(&out, TEXT_MAX);
	buf_init(&behind, TEXT_MAX);
	if (bytes.data)
		text_percent_decode(&out, bytes);
	if (later.data)
		text_percent_decode(&behind, later);
	if (base64.data && !text_base64_decode(&out, base64)) {
		refuse(call, "that is no base64\n");
	} else {
		steps_send(&call->script->steps, out.data, out.len);
		steps_wait(&call->script->steps, later.data ? LATER_MS : 0);
		steps_send(&call->script->steps, behind.data, behind.len);
		if (then.data && slice_equal(then, slice_of("hang"))) {
			steps_end(&call->script->steps, STEP_HANG);
		} else if (then.data && slice_equal(then, slice_of("reset"))) {
			steps_wait(&call->script->steps, 50);
			steps_end(&call->script->steps, STEP_RESET);
		} else if (!then.data || !slice_equal(then, slice_of("keep"))) {
			steps_end(&call->script->steps, STEP_CLOSE);
		}
	}
	buf_release(&out);
	buf_release(&behind);
}

static void answer_stats(const struct call *call)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	stats_write(call->source->stats, &text);
	script_plain(
	    call->script, call->request, 200, "application/json", (struct slice){text.data, text.len});
	buf_release(&text);
}

static void answer_reset(const struct call *call)
{
	stats_reset(call->source->stats);
	script_plain(call->script, call->request, 200, "text/plain", slice_of("reset\n"));
}

static void answer_graph(const struct call *call)
{
	struct plan plan;
	uint64_t asked = call->asked;
	plan_init(&plan);
	graph_site_plan(call->source->graph, call->request, &plan, &asked);
	script_build(call->script, &plan, call->request, asked);
	plan_release(&plan);
}

static void answer_graph_set(const struct call *call)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	buf_append(&text, "", 0);
	struct slice query = call->request->query.data ? call->request->query : slice_of("");
	bool good = graph_site_set(call->source->graph, query, &text);
	plain(call, good ? 200 : 400, &text);
	buf_release(&text);
}

static void answer_nights_set(const struct call *call)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	buf_append(&text, "", 0);
	struct slice query = call->request->query.data ? call->request->query : slice_of("");
	bool good = night_site_set(call->source->nights, query, &text);
	plain(call, good ? 200 : 400, &text);
	buf_release(&text);
}

static void answer_nights_next(const struct call *call)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	text_printf(&text, "%u\n", ++call->source->nights->night);
	plain(call, 200, &text);
	buf_release(&text);
}

static void answer_nights(const struct call *call)
{
	struct plan plan;
	plan_init(&plan);
	night_site_plan(call->source->nights, call->tail, &plan);
	script_build(call->script, &plan, call->request, call->asked);
	plan_release(&plan);
}

static void answer_help(const struct call *call);

static const struct endpoint {
	const char *path; /* one that ends in '/' has a tail */
	const char *help;
	void (*answer)(const struct call *call);
} endpoints[] = {
    {"/_/page", "the answer that the keys below describe", answer_page},
    {"/_/fault/", "a broken answer, by its name below", answer_fault},
    {"/_/raw",
        "bytes=PERCENT-ENCODED or base64=...: these bytes; "
        "later=PERCENT-ENCODED: these 50 ms later; then=close|reset|hang|keep",
        answer_raw},
    {"/_/chain", "n=N: N redirects in a row; status=N, to=URL: where the last one goes", answer_chain},
    {"/_/loop", "n=N: redirects round and round N URLs", answer_loop},
    {"/_/away", "redirects without end, each to another URL", answer_away},
    {"/_/echo", "the request as received; raw=1: as text/plain", answer_echo},
    {"/_/graph", "makes the sites of the graph that the keys below describe", answer_graph_set},
    {"/_/graph/", "their pages; robots.txt and sitemap.xml are at the root of each host", answer_graph},
    {"/_/nights", "seed=N, pages=N: makes a site whose pages change from night to night, and begins night 0",
        answer_nights_set},
    {"/_/nights/next", "begins the next night; its number", answer_nights_next},
    {"/_/nights/", "the pages: p0, p1, ...", answer_nights},
    {"/_/stats", "what was asked so far, as JSON", answer_stats},
    {"/_/stats/reset", "forgets it", answer_reset},
    {"/_/help", "this text", answer_help},
};

enum { ENDPOINT_COUNT = sizeof endpoints / sizeof *endpoints };

static void answer_help(const struct call *call)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < ENDPOINT_COUNT; i++)
		text_printf(&text, "%-15s %s\n", endpoints[i].path, endpoints[i].help);
	buf_append_text(&text, "\nKeys of /_/page, each percent-encoded:\n");
	plan_help(&text);
	buf_append_text(&text, "\nNames behind /_/fault/:\n");
	faults_help(&text);
	buf_append_text(&text, "\nKeys of /_/graph, which have numbers, and their defaults:\n");
	graph_spec_help(&text);
	plain(call, 200, &text);
	buf_release(&text);
}

static const struct endpoint *find(struct slice path, struct slice *tail)
{
	for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
		size_t len = strlen(endpoints[i].path);
		bool has_tail = endpoints[i].path[len - 1] == '/';
		if (path.len < len || memcmp(path.data, endpoints[i].path, len) != 0 ||
		    (!has_tail && path.len != len))
			continue;
		*tail = (struct slice){path.data + len, path.len - len};
		return &endpoints[i];
	}
	return NULL;
}

static void answer_file(const struct call *call)
{
	struct plan plan;
	struct buf error;
	plan_init(&plan);
	buf_init(&error, TEXT_MAX);
	if (!call->source->root)
		script_plain(call->script, call->request, 404, "text/plain", slice_of("not found\n"));
	else if (files_plan(call->source->root, call->request->path, &plan, &error))
		script_build(call->script, &plan, call->request, call->asked);
	else
		plain(call, 500, &error);
	plan_release(&plan);
	buf_release(&error);
}

bool answer_is_counted(const struct request *request)
{
	static const char stats[] = "/_/stats";
	return request->path.len < sizeof stats - 1 ||
	       memcmp(request->path.data, stats, sizeof stats - 1) != 0;
}

void answer_make(
    const struct answer_source *source, const struct request *request, uint64_t asked, struct script *script)
{
	struct call call = {source, request, asked, {NULL, 0}, script};
	bool scripted = request->path.len >= 3 && memcmp(request->path.data, "/_/", 3) == 0;
	const struct endpoint *endpoint = scripted ? find(request->path, &call.tail) : NULL;
	if (endpoint)
		endpoint->answer(&call);
	else if (scripted)
		script_plain(script, request, 404, "text/plain", slice_of("no such endpoint, see /_/help\n"));
	else if (graph_site_is_set(source->graph))
		answer_graph(&call);
	else
		answer_file(&call);
}
