/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that need no file: they parse the target, find the site and the rules, and redirect. Runs on the reactor's
 * thread.
 */
#ifndef STEPS_TARGET_H
#define STEPS_TARGET_H

#include "request/reply_rules.h"
#include "request/request.h"

/*
 * Step: parses the target and finds its site. Returns STEP_NEXT, or STEP_REPLY: 204 for "OPTIONS *", 400 or 404 for an
 * invalid target (RFC 9112 section 3.2), 421 for a host without a site, 503 if memory runs out.
 */
enum step_result target_parse(struct request *request);
/* Step: matches the rules of the current path. Returns STEP_NEXT, or the result for a path that the rules hide. */
enum step_result target_match(struct request *request);
/* Step: replies to OPTIONS, and redirects where the rules say so. Returns STEP_NEXT or STEP_REPLY. */
enum step_result target_redirect(struct request *request);

/*
 * Matches the rules for a request that is rejected before target_match(), so that its reply has the header fields of
 * its path: a page of another origin sees the status only with the fields of "cors". If the path is invalid, those of
 * the site apply. The site whose log the request is written to does not change.
 */
void target_match_rejected(struct request *request);

/* Returns the context in which the rules are applied to the reply. It is valid as long as the request. */
struct reply_rules target_reply_rules(struct request *request);

#endif
