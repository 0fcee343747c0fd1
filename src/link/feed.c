#include "link/feed.h"

#include "base/ascii.h"
#include "base/url/url.h"

#include <string.h>

/* One byte more than a URL may have, so that a text that is cut off here is no URL. */
enum { TEXT_MAX = URL_LENGTH_MAX + 1 };

void feed_init(struct feed *self, feed_fn on_link, void *ctx)
{
	*self = (struct feed){.on_link = on_link, .ctx = ctx};
	buf_init(&self->root_uri, SIZE_MAX / 2);
	buf_init(&self->name, SIZE_MAX / 2);
	buf_init(&self->text, TEXT_MAX);
	buf_init(&self->guid, TEXT_MAX);
}

void feed_release(struct feed *self)
{
	buf_release(&self->root_uri);
	buf_release(&self->name);
	buf_release(&self->text);
	buf_release(&self->guid);
}

static struct slice slice_of_buf(const struct buf *buf)
{
	return (struct slice){buf->data ? buf->data : "", buf->len};
}

static bool is_named(const struct feed_element *element, const char *name)
{
	return strcmp(element->name, name) == 0;
}

static bool is_one_of(const char *text, const char *const *list)
{
	while (*list && (!text || strcmp(text, *list) != 0))
		list++;
	return *list != NULL;
}

static enum feed_kind kind_of_root(const struct feed_element *root)
{
	static const char *const atom[] = {"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", NULL};
	static const char *const rdf[] = {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", NULL};
	if (is_named(root, "urlset") || is_named(root, "sitemapindex"))
		return FEED_SITEMAP;
	if (is_named(root, "rss"))
		return FEED_RSS;
	if (is_named(root, "RDF") && is_one_of(root->uri, rdf))
		return FEED_RDF;
	return is_one_of(root->uri, atom) ? FEED_ATOM : FEED_NONE;
}

/* Returns true if the element is one of the feed's own and not of an extension. Where the root has a
 * namespace, elements without one are taken for its own, too, as other readers do. */
static bool is_own(const struct feed *self, const struct feed_element *element)
{
	static const char *const rss[] = {"http://purl.org/rss/1.0/",
	    "http://my.netscape.com/rdf/simple/0.9/", "http://channel.netscape.com/rdf/simple/0.9/", NULL};
	if (self->kind == FEED_RDF)
		return is_one_of(element->uri, rss);
	if (!element->uri)
		return !element->prefix;
	return slice_equal(slice_of(element->uri), slice_of_buf(&self->root_uri));
}

/* Returns the name of the extension of sitemaps that an element belongs to: image, video or news. data ==
 * NULL if there is none. Where the prefix of the element is not declared, the prefix decides. */
static struct slice extension_of(const struct feed_element *element)
{
	static const char *const starts[] = {
	    "http://www.google.com/schemas/sitemap-", "https://www.google.com/schemas/sitemap-"};
	static const char *const extensions[] = {"image", "video", "news"};
	struct slice name = {0};
	if (!element->uri)
		name = slice_of(element->prefix ? element->prefix : "");
	for (size_t i = 0; element->uri && i < sizeof starts / sizeof *starts; i++) {
		const char *rest = element->uri + strlen(starts[i]);
		if (ascii_starts_with(slice_of(element->uri), starts[i]))
			name = (struct slice){rest, strcspn(rest, "/")};
	}
	for (size_t i = 0; name.data && i < sizeof extensions / sizeof *extensions; i++) {
		if (slice_equal(name, slice_of(extensions[i])))
			return name;
	}
	return (struct slice){0};
}

static void begin_text(struct feed *self, struct slice extension, const char *name)
{
	self->text_depth = self->depth;
	self->is_page = !extension.data;
	self->is_guid = false;
	buf_clear(&self->text);
	buf_clear(&self->name);
	if (extension.data) {
		buf_append(&self->name, extension.data, extension.len);
		buf_append_byte(&self->name, ':');
	}
	buf_append_text(&self->name, name);
}

/* Returns true for the elements of image and video extensions whose text is a URL. Others of which that is
 * true, such as video:gallery_loc, are not in use any more. */
static bool is_extension_loc(const struct feed_element *element)
{
	return is_named(element, "loc") || is_named(element, "thumbnail_loc") ||
	       is_named(element, "content_loc") || is_named(element, "player_loc");
}

static void start_in_sitemap(struct feed *self, const struct feed_element *element)
{
	struct slice extension = extension_of(element);
	bool own = !extension.data && is_own(self, element);
	if (self->depth == 2) {
		self->is_in_index = own && is_named(element, "sitemap");
		self->is_in_entry = self->is_in_index || (own && is_named(element, "url"));
	}
	if (!self->is_in_entry)
		return;
	if (extension.data ? is_extension_loc(element) : own && self->depth == 3 && is_named(element, "loc"))
		begin_text(self, extension, element->name);
}

/* The RSS 2.0 specification gives isPermaLink the default "true". */
static void start_in_rss(struct feed *self, const struct feed_element *element)
{
	if (!is_own(self, element))
		return;
	if (is_named(element, "item") && !self->item_depth) {
		self->item_depth = self->depth;
		self->item_has_link = false;
		buf_clear(&self->guid);
	}
	bool is_guid = self->item_depth && is_named(element, "guid") &&
	               !slice_equal(element->is_permalink, slice_of("false"));
	if (!is_guid && !is_named(element, "link"))
		return;
	begin_text(self, (struct slice){0}, element->name);
	self->is_guid = is_guid;
}

void feed_start(struct feed *self, const struct feed_element *element)
{
	self->depth++;
	if (self->depth == 1) {
		self->kind = kind_of_root(element);
		if (element->uri)
			buf_append_text(&self->root_uri, element->uri);
	} else if (self->text_depth) {
		return;
	} else if (self->kind == FEED_SITEMAP) {
		start_in_sitemap(self, element);
	} else if (self->kind == FEED_RSS || self->kind == FEED_RDF) {
		start_in_rss(self, element);
	}
}

void feed_text(struct feed *self, const char *text, size_t len)
{
	if (!self->text_depth || self->text_depth != self->depth)
		return;
	size_t room = TEXT_MAX - self->text.len;
	buf_append(&self->text, text, len < room ? len : room);
}

/* Many feeds have a guid that is no URL and does not say so. */
static bool is_permalink(struct slice text)
{
	return ascii_starts_with_nocase(text, "http://") || ascii_starts_with_nocase(text, "https://");
}

static void finish_text(struct feed *self)
{
	struct slice text = ascii_trim(slice_of_buf(&self->text));
	self->text_depth = 0;
	if (text.len == 0)
		return;
	if (self->is_guid) {
		if (self->guid.len == 0 && is_permalink(text))
			buf_append(&self->guid, text.data, text.len);
		return;
	}
	self->item_has_link = true;
	self->on_link(self->ctx, &(struct feed_hit){.name = slice_of_buf(&self->name),
	                             .text = text,
	                             .is_sitemap = self->kind == FEED_SITEMAP && self->is_in_index,
	                             .is_page = self->is_page});
}

static void finish_item(struct feed *self)
{
	self->item_depth = 0;
	if (self->guid.len > 0 && !self->item_has_link)
		self->on_link(self->ctx,
		    &(struct feed_hit){
		        .name = slice_of("guid"), .text = slice_of_buf(&self->guid), .is_page = true});
}

void feed_end(struct feed *self)
{
	if (self->depth == self->text_depth)
		finish_text(self);
	if (self->depth == self->item_depth)
		finish_item(self);
	self->depth--;
}
