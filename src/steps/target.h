/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that need no file. They parse the target, find the site and the rules, and redirect. They run on the
 * reactor's thread.
 */
#ifndef STEPS_TARGET_H
#define STEPS_TARGET_H

#include "request/reply_rules.h"
#include "request/request.h"

/*
 * Step: parses the target. Returns STEP_NEXT, or STEP_REPLY with one of these replies: 204 for "OPTIONS *", 400 or 404
 * for an invalid target (RFC 9112 section 3.2), or 503 if memory runs out.
 */
enum step_result target_parse(struct request *request);
/* Step: finds the site of the host. Returns STEP_NEXT, or STEP_REPLY with 421 for a host without a site. */
enum step_result target_find_site(struct request *request);
/*
 * Step: matches the rules of the current path. Returns STEP_NEXT. If the rules hide the path, returns STEP_REPLY with
 * 404, or the result of locate_hidden().
 */
enum step_result target_match(struct request *request);
/* Step: replies to OPTIONS, and redirects if the rules require it. Returns STEP_NEXT or STEP_REPLY. */
enum step_result target_redirect(struct request *request);

/*
 * Matches the rules for a request that is rejected before target_match(), so that the reply has the header fields of
 * the requested path. The reason is that a page of another origin can read the status only if the reply has the fields
 * of "cors". If the path is invalid, the reply gets the fields of the site. The line of the request is written to the
 * log of this site. A request without a valid host belongs to the site that a request without Host selects.
 * match.site is NULL if there is no such site.
 */
void target_match_rejected(struct request *request);

/* Returns the context in which the rules are applied to the reply. The context is valid as long as the request. */
struct reply_rules target_reply_rules(struct request *request);

#endif
