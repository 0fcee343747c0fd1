#include "base/options.h"

#include "base/alloc.h"

void options_list_add(struct option_list *list, const char *item)
{
	list->items = alloc_resize(list->items, list->count + 1, sizeof *list->items);
	list->items[list->count++] = item;
}

void options_own(struct options *self, char *text)
{
	self->owned = alloc_resize(self->owned, self->owned_count + 1, sizeof *self->owned);
	self->owned[self->owned_count++] = text;
}
