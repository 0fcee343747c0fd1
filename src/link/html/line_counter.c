#include "link/html/line_counter.h"

void line_counter_reset(struct line_counter *self)
{
	*self = (struct line_counter){.line = 1};
}

void line_counter_add(struct line_counter *self, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_cr = bytes[i] == '\r', is_lf = bytes[i] == '\n';
		self->line += is_cr || (is_lf && !self->is_after_cr);
		if (is_cr || is_lf)
			self->line_start = self->offset + i + 1;
		self->is_after_cr = is_cr;
	}
	self->offset += len;
}
