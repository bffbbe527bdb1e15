/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step that lets nobody past without a signature where "sign_keys" says so, and the files of keys of all blocks. */
#ifndef STEPS_SIGNING_H
#define STEPS_SIGNING_H

#include "request/request.h"
#include "site/rules.h"

struct signing;

/*
 * Reads each file that a block names, once. 0, or -errno, which was logged; so is which files everybody can read.
 * Blocks; main thread. *signing is immutable, and goes with its last holder: keys are renewed by making another one and
 * handing it to each reactor (request_site.signing), since a request looks at it within one step only.
 */
int signing_new(struct signing **signing, const struct rules *rules);
/* Any thread; NULL is fine. */
struct signing *signing_ref(struct signing *signing);
void signing_unref(struct signing *signing);
/* No block needs signatures. */
bool signing_is_empty(const struct signing *signing);

/* Of the path that is looked at. STEP_NEXT, or STEP_REPLY: refused. Sets request->guarded, signed_by, verdict and
 * rate_bytes. */
enum step_result signing_check(struct request *request);

/*
 * What links from a listing need behind their "?" to be followed: the parameters of a prefix that was signed, in which
 * all that is special in HTML but "&" is escaped. NULL: nothing. Lives as long as the reply.
 */
const char *signing_links(struct request *request);

/* It is over: takes the signature out of its target, so that who reads the log can't use it. */
void signing_mask(struct request *request);

#endif
