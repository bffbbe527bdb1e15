/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory listing as a representation. "?format=" selects HTML or JSON. Without it, Accept decides. The entity tag
 * of a listing is weak and covers all entries that the listing shows. A listing that is too large to be read completely
 * before it is sent has no tag. Listings have "Cache-Control: no-cache" unless the rules set another value. Ranges are
 * not supported.
 *
 * The directory is read on the offload threads, and the request waits for the first part of the listing. The request
 * owns the listing (body.listing). All functions of this file run on the reactor's thread.
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
	const char *below = request_path_below_root(request, request->path.file);
	struct listing_options options = {
		.table = site->process.directories,
		.reactor = site->worker.reactor,
		.rules = site->config.rules,
		.site = request->match.site,
		.symlinks = site->config.symlinks,
		.dotfiles = site->config.dotfiles,
		.device = files_device(request->lookup.files, below),
		.path = request->path.file,
		.root_fd = request->match.root->fd,
		.prefix_bytes = request->lookup.prefix_bytes,
		.host = request->input.fields.host,
		.links_query = signing_links(request),
		.page_entries = request_settings(request)->listing_limit,
		.wake = wake,
		.context = request,
		.configuration = site->config.owner,
		.ref = site->config.ref,
		.unref = site->config.unref,
	};
	int error;

	listing_query_parse(request->path.query, &options.query);
	options.json = options.query.format == LISTING_JSON ||
		       (options.query.format == LISTING_ANY &&
			accept_choose(request->input.fields.accept, ACCEPT_HTML) == ACCEPT_JSON);
	error = listing_new(&request->body.listing, &options);
	return error == 0 ? STEP_NEXT : request_fail_errno(request, error, 0);
}

/* Adds the link to the next page of the listing (RFC 8288). */
static void add_next(struct request *request)
{
	struct reply *reply = &request->reply;
	struct text next = { 0 };
	const char *value = NULL;

	listing_put_next(request->body.listing, &next);
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
	if (*listing_etag(request->body.listing) != '\0')
		reply_header(reply, "ETag", listing_etag(request->body.listing));
	if (settings->cache_control == NULL && settings->expires_ms == 0)
		reply_header(reply, "Cache-Control", "no-cache");
	if (reply->status == 304)
		return;
	add_next(request);
	reply_header(reply, "Content-Type", listing_type(request->body.listing));
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	if (!listing_is_json(request->body.listing))
		reply_header(reply, "Content-Security-Policy", page_policy());
}

enum step_result listing_reply_make(struct request *request)
{
	struct reply *reply = &request->reply;
	struct validator *validator = &request->validator;
	int error = listing_ready(request->body.listing);

	if (error == -EAGAIN)
		return STEP_WAIT;
	if (error != 0 && !files_has_root(request->lookup.files)) /* the error says nothing about the path */
		return request_fail(request, 503);
	if (error != 0)
		return request_fail_errno(request, error, 0);
	*validator = (struct validator){ .weak = true };
	snprintf(validator->etag, sizeof(validator->etag), "%s", listing_etag(request->body.listing));
	switch (precondition_check(&request->input.fields.conditions, validator,
				   clock_wall_ns() / (int64_t)CLOCK_NS_PER_S)) {
	case PRECONDITION_FAILED:
		return request_fail(request, 412);
	case PRECONDITION_NOT_MODIFIED:
		reply_empty(reply, 304);
		reply->body = REPLY_LENGTH_ONLY;
		reply->length = REPLY_LENGTH_UNKNOWN;
		break;
	case PRECONDITION_WHOLE:
	case PRECONDITION_NONE:
		reply_empty(reply, 200);
		reply->body = request->input.method == METHOD_HEAD ? REPLY_LENGTH_ONLY : REPLY_LISTING;
		reply->length = request->input.method == METHOD_HEAD ? REPLY_LENGTH_UNKNOWN : 0;
		break;
	}
	add_fields(request);
	return STEP_REPLY;
}
