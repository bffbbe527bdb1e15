/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a request is the table `steps`. Each step examines one aspect of the request and returns whether to
 * continue, to wait, or to reply. A step that waited runs again when the wait has ended. The steps are in the order of
 * RFC 9110 section 13.2.2: target, file, variant, preconditions, range, bytes.
 *
 * Three results lead to another entry of the table. STEP_TO_RULES matches the rules of a path that replaces the
 * requested path, which is an index or a path of "try". STEP_TO_FIND looks up a file again if it changed before its
 * first byte was sent. STEP_TO_LISTING replies with a listing. An error reply with an error page also returns to
 * "find", but only once.
 *
 * The functions of the steps are in the other files of this folder. They run on the reactor's thread.
 */
#include "steps/steps.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "http/status.h"
#include "request/error_page.h"
#include "steps/content.h"
#include "steps/gate.h"
#include "steps/health.h"
#include "steps/limit.h"
#include "steps/listing_reply.h"
#include "steps/locate.h"
#include "steps/signing.h"
#include "steps/target.h"
#include "steps/variant.h"

const struct request_step steps[] = {
	{ "target", target_parse },	  /* parses the target */
	{ "health", health_answer },	  /* answers health checks */
	{ "site", target_find_site },	  /* finds the site of the host */
	{ "rules", target_match },	  /* matches the locations of the path */
	{ "redirect", target_redirect },  /* replies to requests that need no file: OPTIONS, redirect, status */
	{ "address", gate_address },	  /* rejects addresses that are not allowed */
	{ "limit", limit_check },	  /* limits requests and rates; precedes "password", so guesses are limited */
	{ "signature", signing_check },	  /* verifies the signed URL where one is required */
	{ "password", gate_password },	  /* verifies the password where one is required */
	{ "find", locate_find },	  /* looks up the path below its root */
	{ "found", locate_found },	  /* handles a file, a directory, or an error */
	{ "variant", variant_choose },	  /* selects the precompressed file that the client prefers */
	{ "prebuilt", content_prebuilt }, /* sends a prebuilt response */
	{ "preconditions", content_preconditions },
	{ "range", content_range },	   /* makes the header of a 200, 206 or 416 */
	{ "read", content_read },	   /* requests the first bytes from the store */
	{ "bytes", content_bytes },	   /* waits for the first bytes */
	{ "listing", listing_reply_make }, /* waits for the first part of a listing; reached only by STEP_TO_LISTING */
};

static const struct request_step *step_of(enum step_result (*run)(struct request *))
{
	const struct request_step *step = steps;

	while (step->run != run)
		step++;
	return step;
}

/*
 * Starts the lookup of the error page if the reply is an error with an error page. The reply then gets a new body, and
 * keeps the status and the other fields. Returns false if the error has no page.
 */
static bool show_page(struct request *request)
{
	struct reply *reply = &request->reply;
	struct match match;
	const char *page;

	if (reply->status < 400 || request->search.error_status != 0 || request->lookup.files == NULL)
		return false;
	page = reply_rules_error_page(&request->match, reply->status);
	if (page == NULL || strlen(page) > PATH_BYTES ||
	    rules_match(request->site->config.rules, request->match.site, page + 1, false, &match) != 0)
		return false;
	content_drop(request);
	request->search.error_status = reply->status;
	request->search.inner = true;
	request->search.in_directory = false;
	strcpy(request->path.file, page + 1);
	request_use_root(request, &match);
	reply_remove(reply, "Content-Type");
	reply_remove(reply, "X-Content-Type-Options");
	reply->body = REPLY_EMPTY;
	reply->data = NULL;
	request->step = step_of(locate_find);
	return true;
}

/* Replaces the plain-text body of an error by the format that the client prefers (RFC 9110 section 12.5.1). */
static void choose_error_body(struct request *request)
{
	struct reply *reply = &request->reply;
	const struct error_page *page;

	if (reply->status < 400 || (reply->body != REPLY_TEXT && reply->body != REPLY_LENGTH_ONLY) ||
	    reply->data != status_body(reply->status))
		return;
	page = error_page_find(reply->status, request->input.fields.accept);
	reply->data = page->body;
	reply->length = page->length;
	reply->vary |= REPLY_VARY_ACCEPT;
	reply_remove(reply, "Content-Type");
	reply_header(reply, "Content-Type", page->type);
	if (page->policy != NULL)
		reply_header(reply, "Content-Security-Policy", page->policy);
}

/* Records the start of a wait. Returns STEP_REPLY if the wait has expired, see request_expire(). */
static enum step_result wait(struct request *request)
{
	uint64_t offset;

	if (request->waiting_ns == 0)
		request->waiting_ns = clock_now_ns();
	if (!request->expired)
		return STEP_WAIT;
	offset = request_body_offset(request);
	request_drop_body(request);
	return request_fail_errno(request, -ETIMEDOUT, offset);
}

static void finish(struct request *request)
{
	struct reply_rules rules;

	if (request->reply.body == REPLY_PREBUILT || request->own_fields)
		return;
	choose_error_body(request);
	rules = target_reply_rules(request);
	if (reply_rules_finish(&rules))
		request->not_reusable = true;
}

enum request_state steps_run(struct request *request)
{
	for (;;) {
		const struct request_step *step = request->step;
		enum step_result result = step->run(request);

		if (result == STEP_WAIT)
			result = wait(request);
		if (result != STEP_WAIT) {
			request->waiting_ns = 0;
			request->expired = false;
		}
		if (request->trace != NULL)
			request->trace(request, step, result);
		switch (result) {
		case STEP_NEXT:
			request->step++;
			break;
		case STEP_TO_RULES:
			request->step = step_of(target_match);
			break;
		case STEP_TO_FIND:
			request->step = step_of(locate_find);
			break;
		case STEP_TO_LISTING:
			request->step = step_of(listing_reply_make);
			break;
		case STEP_WAIT:
			return REQUEST_WAITS;
		case STEP_REPLY:
			if (show_page(request))
				break;
			finish(request);
			return REQUEST_REPLIES;
		}
	}
}

void steps_reject(struct request *request, unsigned status)
{
	target_match_rejected(request);
	request_fail(request, status);
	finish(request);
}

bool steps_answer_health(struct request *request)
{
	if (target_parse(request) != STEP_NEXT || health_answer(request) != STEP_REPLY)
		return false;
	finish(request);
	return true;
}
