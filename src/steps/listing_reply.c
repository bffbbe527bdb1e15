/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a listing is as a representation: HTML or JSON by "?format=" or else by Accept; a weak tag of all that it shows,
 * unless it is too large to be known before it is sent; to be asked for again each time, unless a block says otherwise.
 * Ranges are not served.
 */
#include "steps/listing_reply.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/accept.h"
#include "listing/listing.h"
#include "listing/page.h"
#include "steps/signing.h"

static void wake(void *context)
{
	struct request *request = context;

	request->wake(request);
}

enum step_result listing_reply_begin(struct request *request)
{
	const struct request_site *site = request->site;
	struct listing_options options = {
		.table = site->folders,
		.reactor = site->reactor,
		.rules = site->rules,
		.site = request->match.site,
		.symlinks = site->symlinks,
		.dotfiles = site->dotfiles,
		.path = request->path.file,
		.host = request->fields.host,
		.links_query = signing_links(request),
		.page_entries = request_settings(request)->listing_limit,
		.wake = wake,
		.context = request,
		.configuration = site->configuration,
		.ref = site->ref,
		.unref = site->unref,
	};
	int error;

	listing_query_parse(request->path.query, &options.query);
	options.json = options.query.format == LISTING_JSON ||
		       (options.query.format == LISTING_ANY &&
			accept_choose(request->fields.accept, ACCEPT_HTML) == ACCEPT_JSON);
	error = listing_new(&request->listing, &options);
	return error == 0 ? STEP_NEXT : request_refuse_error(request, error, 0);
}

/* RFC 8288. */
static void add_next(struct request *request)
{
	struct reply *reply = &request->reply;
	struct text next = { 0 };
	const char *value = NULL;

	listing_put_next(request->listing, &next);
	if (next.used > 0 && !next.failed)
		value = reply_text_format(reply, "<%.*s>; rel=\"next\"", (int)next.used, next.bytes);
	if (value != NULL)
		reply_header(reply, "Link", value);
	else if (next.failed)
		reply->failed = true;
	text_fini(&next);
}

static void add_fields(struct request *request)
{
	struct reply *reply = &request->reply;
	const struct settings *settings = request_settings(request);

	reply->listing = true;
	reply->vary |= REPLY_VARY_ACCEPT;
	if (*listing_etag(request->listing) != '\0')
		reply_header(reply, "ETag", listing_etag(request->listing));
	if (settings->cache_control == NULL && settings->expires_ms == 0)
		reply_header(reply, "Cache-Control", "no-cache");
	if (reply->status == 304)
		return;
	add_next(request);
	reply_header(reply, "Content-Type", listing_type(request->listing));
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	if (!listing_is_json(request->listing))
		reply_header(reply, "Content-Security-Policy", page_policy());
}

enum step_result listing_reply_make(struct request *request)
{
	struct reply *reply = &request->reply;
	struct validator *validator = &request->validator;
	int error = listing_ready(request->listing);

	if (error == -EAGAIN)
		return STEP_WAIT;
	if (error != 0)
		return request_refuse_error(request, error, 0);
	*validator = (struct validator){ .weak = true };
	snprintf(validator->etag, sizeof(validator->etag), "%s", listing_etag(request->listing));
	switch (precondition_check(&request->fields.conditions, validator, clock_wall_ns() / (int64_t)CLOCK_NS_PER_S)) {
	case PRECONDITION_FAILED:
		return request_refuse(request, 412);
	case PRECONDITION_NOT_MODIFIED:
		reply_empty(reply, 304);
		reply->body = REPLY_LENGTH_ONLY;
		reply->length = REPLY_LENGTH_UNKNOWN;
		break;
	case PRECONDITION_WHOLE:
	case PRECONDITION_NONE:
		reply_empty(reply, 200);
		reply->body = request->method == METHOD_HEAD ? REPLY_LENGTH_ONLY : REPLY_LISTING;
		reply->length = request->method == METHOD_HEAD ? REPLY_LENGTH_UNKNOWN : 0;
		break;
	}
	add_fields(request);
	return STEP_REPLY;
}
