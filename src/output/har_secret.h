/* Decides what of a header field is secret, so that an HTTP archive can be shown to others. */
#ifndef AREQ_OUTPUT_HAR_SECRET_H
#define AREQ_OUTPUT_HAR_SECRET_H

#include "base/buf.h"
#include "base/slice.h"

enum har_side { HAR_REQUEST, HAR_RESPONSE };

/* Stands for each value that is secret. */
#define HAR_SECRET_REDACTED "[redacted]"

/* Appends the value of a header field, without what is secret:
 * - of Cookie and Set-Cookie, the values of the cookies are replaced;
 * - if the name of the field contains a word that suggests a secret, such as "auth" or "token", the whole
 *   value is replaced; of a response, only the words count that name no harmless field of servers;
 * - user names and passwords in URLs are removed. */
void har_secret_append(struct buf *out, enum har_side side, struct slice name, struct slice value);

#endif
