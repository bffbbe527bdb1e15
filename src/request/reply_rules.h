/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Applies the rules of the configuration to a reply: header fields for every status, media types, redirects, CORS, and
 * error pages. The functions write only to the reply, and run on the thread of its request.
 */
#ifndef REQUEST_REPLY_RULES_H
#define REQUEST_REPLY_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "http/fields.h"
#include "http/path.h"
#include "request/reply.h"
#include "site/mime.h"
#include "site/rules.h"

/* The context in which rules are applied. All pointers are borrowed from the request. */
struct reply_rules {
	struct reply *reply;
	const struct match *match; /* the site and its matching blocks */
	const struct fields *fields;
	const struct path *path;
	int64_t now;  /* seconds since 1970 */
	bool secure;  /* the request used TLS */
	bool guarded; /* the path needs a signature */
};

/*
 * Returns the Content-Type for a file of this name. A "mime" of the innermost block has precedence over mime_type(). A
 * text type gets the charset of the block. The result is valid as long as the reply.
 */
const char *reply_rules_type(const struct reply_rules *rules, const struct mime *mime, const char *name);

/* Makes the reply a redirect to the target of the innermost "redirect", or a 404 if the resulting URL is too long. */
void reply_rules_redirect(const struct reply_rules *rules);

/*
 * Makes the reply a redirect to the same path over https on this port (0: the default port). The reply is a 403 if the
 * request has no usable host, or a 404 if the path is too long.
 */
void reply_rules_https(const struct reply_rules *rules, unsigned port);

/*
 * Makes the reply to OPTIONS, with the allowed methods. A preflight request also gets the CORS fields (Fetch, section
 * 3.3).
 */
void reply_rules_options(const struct reply_rules *rules);

/*
 * Finishes a reply. Adds Cache-Control and Expires (to 200, 206, 304), Content-Disposition (to 200, 206), CORS and
 * HSTS. The fields of "header" are added last, to replies with any status, first those of outer blocks and then those
 * of inner blocks. A recently changed file gets "no-cache" in any case. Returns true if the reply depends on the time
 * or the client, so that it must not be reused for another request.
 */
bool reply_rules_finish(const struct reply_rules *rules);

/* Returns the path of the error page for this status, or NULL. */
const char *reply_rules_error_page(const struct match *match, unsigned status);

#endif
