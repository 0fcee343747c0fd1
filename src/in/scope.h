#ifndef AREQ_IN_SCOPE_H
#define AREQ_IN_SCOPE_H
#include "base/options.h"
#include "base/status.h"
#include "base/url/url.h"
struct scope;
enum scope_verdict { SCOPE_FOLLOW, SCOPE_OUTSIDE, SCOPE_NOT_FOLLOWED, SCOPE_TOO_LONG };
enum status scope_new(struct scope **scope, const struct options *options);
void scope_free(struct scope *self);
void scope_add(struct scope *self, const struct url *url);
enum scope_verdict scope_judge(const struct scope *self, const struct url *url);
#endif
