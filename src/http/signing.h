/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step that lets nobody past without a signature where "sign_keys" says so, and the files of keys of all blocks. */
#ifndef HTTP_SIGNING_H
#define HTTP_SIGNING_H

#include "http/request.h"
#include "http/rules.h"

struct signing;

/*
 * Reads each file that a block names, once. *signing is immutable: to have the files read again, make another one, hand it to each
 * reactor (request_site.signing; a request looks at it within one step only), and free the old one when all have it. 0, or -errno, which was
 * logged; so is which files everybody can read. Blocks; main thread.
 */
int signing_new(struct signing **signing, const struct rules *rules);
/* NULL is allowed. */
void signing_free(struct signing *signing);

/* Of the path that is looked at. STEP_NEXT, or STEP_REPLY: refused. Sets request->guarded, signed_by, verdict and rate_bytes. */
enum step_result signing_check(struct request *request);

/*
 * What links from a listing need behind their "?" to be followed: the parameters of a prefix that was signed, in which all that is
 * special in HTML but "&" is escaped. NULL: nothing. Lives as long as the reply.
 */
const char *signing_links(struct request *request);

/* It is over: takes the signature out of its target, so that who reads the log can't use it. */
void signing_mask(struct request *request);

#endif
