/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configuration says to a reply: fields for every status, the type of a file, where a redirect leads. */
#ifndef REQUEST_REPLY_RULES_H
#define REQUEST_REPLY_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "http/fields.h"
#include "http/path.h"
#include "request/reply.h"
#include "site/mime.h"
#include "site/rules.h"

/* What an answer may depend on. */
struct reply_rules {
	struct reply *reply;
	const struct match *match;
	const struct fields *fields;
	const struct path *path;
	int64_t now;  /* seconds since 1970 */
	bool secure;  /* the request came by TLS */
	bool guarded; /* it is had by a signature */
};

/*
 * The value of Content-Type for a file of this name: a "mime" of the innermost block, else mime_type(), with the
 * block's charset if it is text. Lives as long as the reply.
 */
const char *reply_rules_type(const struct reply_rules *answer, const struct mime *mime, const char *name);

/* The reply is a redirect to where the innermost "redirect" says; a long path may make it a 404. */
void reply_rules_redirect(const struct reply_rules *answer);

/*
 * The reply is a redirect to the same by https, on this port (0: its own); 403 if the client does not say by which name
 * it came, 404 if the path is too long.
 */
void reply_rules_https(const struct reply_rules *answer, unsigned port);

/* The reply to OPTIONS: what may be asked, and to a preflight whether a page of another origin may (Fetch,
 * section 3.3). */
void reply_rules_options(const struct reply_rules *answer);

/*
 * The reply is made but for what blocks add to it: Cache-Control and Expires (200, 206, 304), Content-Disposition (200,
 * 206), CORS, HSTS, and last every "header", outer blocks before inner ones, whatever the status. The reply of a young
 * file says "no-cache" after all. True: it says when, or to whom: not for another one.
 */
bool reply_rules_finish(const struct reply_rules *answer);

/* The path of the page for this error, or NULL. */
const char *reply_rules_error_page(const struct match *match, unsigned status);

#endif
