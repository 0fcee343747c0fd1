#include "graph_site.h"

#include "base/alloc.h"
#include "support/graph.h"
#include "support/graph_answer.h"
#include "text.h"

#include <assert.h>
#include <stdlib.h>

struct graph_site {
	struct graph graph; /* without pages as long as none was set */
	/* The other paths of a graph belong to one host each. */
	uint64_t robots_asked[GRAPH_HOSTS_MAX];
};

struct graph_site *graph_site_new(void)
{
	return alloc_new(sizeof(struct graph_site));
}

void graph_site_free(struct graph_site *self)
{
	graph_release(&self->graph);
	free(self);
}

bool graph_site_set(struct graph_site *self, struct slice query, struct buf *error)
{
	struct graph_spec spec;
	struct slice name, value;
	uint64_t number;
	graph_spec_init(&spec);
	while (request_query_next(&query, &name, &value)) {
		if (text_number(value, &number) && graph_spec_set(&spec, name, number))
			continue;
		text_printf(error, "no such key, or no number: %.*s=%.*s\n", (int)name.len, name.data,
		    (int)value.len, value.data);
		return false;
	}
	graph_release(&self->graph);
	*self = (struct graph_site){0};
	if (graph_init(&self->graph, &spec))
		return true;
	buf_append_text(error, "such a graph cannot be made\n");
	return false;
}

bool graph_site_is_set(const struct graph_site *self)
{
	return self->graph.page_count > 0;
}

static uint64_t count_robots(struct graph_site *self, struct slice host)
{
	struct buf name;
	uint64_t asked = 0;
	buf_init(&name, TEXT_MAX);
	for (unsigned i = 0; i < self->graph.spec.hosts; i++) {
		buf_clear(&name);
		graph_host(&self->graph, i, &name);
		if (slice_equal(host, (struct slice){name.data, name.len}))
			asked = self->robots_asked[i]++;
	}
	buf_release(&name);
	return asked;
}

static void make_plan(const struct graph_answer *answer, struct plan *plan)
{
	struct buf error;
	buf_init(&error, TEXT_MAX);
	bool fits = plan_read(plan, slice_of(answer->manner), &error);
	assert(fits);
	(void)fits;
	buf_release(&error);
	plan->status = answer->status;
	plan->fail = answer->fail_status ? 1 : 0;
	plan->fail_status = answer->fail_status;
	plan_text_set(&plan->type, slice_of(answer->type));
	plan_text_set(
	    &plan->body, (struct slice){answer->body.data ? answer->body.data : "", answer->body.len});
	if (answer->location.len > 0)
		plan_text_set(&plan->location, (struct slice){answer->location.data, answer->location.len});
	if (answer->header)
		plan_header_add(plan, slice_of(answer->header));
}

void graph_site_plan(
    struct graph_site *self, const struct request *request, struct plan *plan, uint64_t *asked)
{
	struct graph_answer answer;
	struct buf url;
	buf_init(&url, TEXT_MAX);
	text_printf(&url, "http://%.*s%.*s", (int)request->host.len, request->host.data,
	    (int)request->path.len, request->path.data);
	if (slice_equal(request->path, slice_of("/robots.txt")))
		*asked = count_robots(self, request->host);
	graph_answer_init(&answer, &self->graph, url.data);
	make_plan(&answer, plan);
	graph_answer_release(&answer);
	buf_release(&url);
}
