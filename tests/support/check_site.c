#include "check_site.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 16 << 20 };

const char check_site_robots[] = "User-agent: *\nDisallow: /secret/\n";

const struct check_markup check_markups[] = {
    {"<p><a href=\"", "\">x</a>\n", true, true},
    {"<p><a class=x href=\"", "\" title='a > b'>x</a>\n", true, true},
    {"<area alt=x href=\"", "\">\n", true, true},
    {"<a rel='noopener nofollow' href=\"", "\">x</a>\n", true, false},
    {"<link rel=stylesheet href=\"", "\">\n", true, false},
    {"<img alt=x src=\"", "\">\n", false, false},
    {"<script src=\"", "\"></script>\n", false, false},
    {"<img alt=x srcset=\"", " 2x\">\n", false, false},
    {"<link rel=preload as=image imagesrcset=\"", " 480w\">\n", false, false},
    {"<form action=\"", "\"></form>\n", false, false},
    {"<button formaction=\"", "\">x</button>\n", false, false},
    {"<video poster=\"", "\"></video>\n", false, false},
    {"<object data=\"", "\"></object>\n", false, false},
    {"<blockquote cite=\"", "\">x</blockquote>\n", false, false},
    {"<a ping=\"", "\">x</a>\n", false, false},
    {"<iframe src=\"", "\"></iframe>\n", false, false},
    {"<meta http-equiv=refresh content=\"9; url=", "\">\n", false, false},
};

const size_t check_markup_count = sizeof check_markups / sizeof *check_markups;

static void append_host(const struct check_site *self, unsigned host, struct buf *out)
{
	char text[64];
	if (host == CHECK_NO_NAME)
		snprintf(text, sizeof text, CHECK_NO_NAME_HOST ":%u", self->spec.port);
	else
		snprintf(text, sizeof text, "127.0.0.%u:%u", host + 1, self->spec.port);
	buf_append_text(out, text);
}

static char *take_text(struct buf *text)
{
	buf_append(text, "", 0);
	return text->data;
}

/* The number and the kind are in the path, so that a message about a URL explains itself. */
static size_t add_target(struct check_site *self, unsigned host, const struct check_kind *kind,
    const char *folder, const char *word)
{
	struct buf url;
	size_t number = self->count++;
	self->targets = alloc_resize(self->targets, self->count, sizeof *self->targets);
	struct check_target *target = &self->targets[number];
	*target = (struct check_target){.host = host, .kind = kind, .next = CHECK_NO_TARGET};
	buf_init(&url, TEXT_MAX);
	buf_append_text(&url, folder);
	buf_append_text(&url, word);
	buf_append_byte(&url, '-');
	buf_append_number(&url, number);
	target->path = take_text(&url);
	for (char *at = target->path; *at; at++)
		*at = *at == '&' || *at == '=' ? '-' : *at;
	buf_init(&url, TEXT_MAX);
	buf_append_text(&url, "http://");
	append_host(self, host, &url);
	buf_append_text(&url, target->path);
	target->url = take_text(&url);
	return number;
}

size_t check_site_add(struct check_site *self, unsigned host, const char *kind)
{
	size_t number = add_target(self, host, check_kind_find(kind), "/t/", kind);
	self->targets[number].is_page = strncmp(kind, "page", 4) == 0;
	return number;
}

size_t check_site_add_secret(struct check_site *self, unsigned host)
{
	size_t number = add_target(self, host, check_kind_find("text"), "/secret/", "text");
	self->targets[number].is_secret = true;
	return number;
}

size_t check_site_add_redirect(struct check_site *self, unsigned host, unsigned status, size_t next)
{
	char word[32];
	snprintf(word, sizeof word, "redirect-%u", status);
	size_t number = add_target(self, host, check_kind_find("redirect"), "/t/", word);
	self->targets[number].status = status;
	self->targets[number].next = next;
	return number;
}

void check_site_link(struct check_site *self, size_t from, const struct check_link *link)
{
	struct check_target *page = &self->targets[from];
	page->links = alloc_resize(page->links, page->link_count + 1, sizeof *page->links);
	page->links[page->link_count++] = *link;
}

void check_site_release(struct check_site *self)
{
	for (size_t i = 0; i < self->count; i++) {
		free(self->targets[i].path);
		free(self->targets[i].url);
		free(self->targets[i].links);
	}
	free(self->targets);
	*self = (struct check_site){.targets = NULL};
}

size_t check_site_find(const struct check_site *self, const char *url)
{
	size_t i = 0;
	while (i < self->count && strcmp(self->targets[i].url, url) != 0)
		i++;
	return i;
}

/* The spellings from CHECK_SPELLINGS_ANYWHERE on have white space, which splits a srcset, or need the page's
 * host to be the target's. */
static void write_url(const struct check_site *self, const struct check_target *from,
    const struct check_target *to, unsigned spelling, struct buf *out)
{
	static const char *const relative[] = {"", "/.", "/t/..", "/a/b/../%2e%2E"};
	char text[64];
	bool is_near = from->host == to->host;
	if (spelling >= CHECK_SPELLINGS_ANYWHERE && !is_near)
		spelling %= CHECK_SPELLINGS_ANYWHERE;
	switch (spelling) {
	case 0:
		buf_append_text(out, to->url);
		return;
	case 1:
		buf_append_text(out, to->url + strlen("http:"));
		return;
	case 2:
		buf_append_text(out, "HTTP&#58;");
		buf_append_text(out, to->url + strlen("http:"));
		return;
	case 3:
		/* 127.0.0.1 in the numbers that the URL standard reads, too. */
		if (to->host >= CHECK_NO_NAME) {
			buf_append_text(out, to->url);
			return;
		}
		snprintf(text, sizeof text, "http://0x7F.%u:%u", to->host + 1, self->spec.port);
		buf_append_text(out, text);
		buf_append_text(out, to->path);
		return;
	default:
		buf_append_text(out, relative[spelling % (sizeof relative / sizeof *relative)]);
		buf_append_text(out, to->path);
	}
}

void check_site_write_link(const struct check_site *self, const struct check_target *from,
    const struct check_link *link, struct buf *out)
{
	const struct check_target *to = &self->targets[link->target];
	buf_append_text(out, link->markup->before);
	/* A link to the page itself may be its fragment alone. */
	if (to != from || !link->fragment || link->spelling % 2 == 0)
		write_url(self, from, to, link->spelling, out);
	if (link->fragment) {
		buf_append_byte(out, '#');
		buf_append_text(out, link->fragment->written);
	}
	buf_append_text(out, link->markup->behind);
}

void check_site_row_url(const struct check_site *self, const struct check_link *link, struct buf *out)
{
	buf_append_text(out, self->targets[link->target].url);
	if (link->fragment) {
		buf_append_byte(out, '#');
		buf_append_text(out, link->fragment->url);
	}
}

void check_site_page(const struct check_site *self, const struct check_target *page, struct buf *out)
{
	buf_append_text(out, "<!doctype html>\n<title>A page</title>\n<a href=mailto:a@b.test>x</a>\n");
	for (size_t i = 0; i < check_anchor_count; i++) {
		const struct check_anchor *anchor = &check_anchors[i];
		if (!page->has_anchor[i])
			continue;
		buf_append_text(
		    out, page->is_latin && anchor->latin_markup ? anchor->latin_markup : anchor->markup);
		buf_append_byte(out, '\n');
	}
	for (size_t i = 0; i < page->link_count; i++)
		check_site_write_link(self, page, &page->links[i], out);
}

static void append_answer(const struct check_site *self, const struct check_target *target, struct buf *out)
{
	if (target->next != CHECK_NO_TARGET) {
		buf_append_text(out, "status=");
		buf_append_number(out, target->status);
		buf_append_text(out, "&location=");
		buf_append_text(out, self->targets[target->next].url);
	} else if (target->is_page) {
		buf_append_text(out, "type=text/html;charset=");
		buf_append_text(out, target->is_latin ? "windows-1252&" : "UTF-8&");
		buf_append_text(out, target->kind->keys);
	} else {
		buf_append_text(out, target->kind->keys);
	}
}

void check_site_table(const struct check_site *self, struct buf *out)
{
	for (size_t i = 0; i < self->count; i++) {
		const struct check_target *target = &self->targets[i];
		if (target->kind->flags & CHECK_NOT_ON_SERVER)
			continue;
		buf_append_text(out, target->path);
		buf_append_byte(out, ' ');
		append_answer(self, target, out);
		buf_append_byte(out, '\n');
	}
}
