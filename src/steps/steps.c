/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a request is the table `steps`: each step looks at one thing and says go on, wait, or reply. A step that
 * waited is run again when what it waited for has come. Order of the steps is the order of RFC 9110 section 13.2.2:
 * target, file, variant, preconditions, range, bytes. Some ways lead back: another path is looked at in place of the
 * one that was asked for (a folder's index, a "try"; to rules), a page for an error (to find, once), and a file that
 * changed before its first byte was sent (to find, a few times).
 */
#include "steps/steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "http/authority.h"
#include "http/digest.h"
#include "http/status.h"
#include "request/answer.h"
#include "request/error_page.h"
#include "steps/gate.h"
#include "steps/limit.h"
#include "steps/listing_reply.h"
#include "steps/provenance.h"
#include "steps/signing.h"
#include "steps/variant.h"

#define ATTEMPTS_MAX 3 /* of a file that changes while it is opened and read */

static struct answer answer_of(struct request *request)
{
	return (struct answer){ .reply = &request->reply,
				.match = &request->match,
				.fields = &request->fields,
				.path = &request->path,
				.now = clock_wall_ns() / (int64_t)CLOCK_NS_PER_S,
				.secure = request->secure,
				.guarded = request->guarded };
}

static enum step_result go_to(struct request *request, enum step_result (*run)(struct request *))
{
	request->step = steps;
	while (request->step->run != run)
		request->step++;
	return STEP_AGAIN;
}

/*
 * A request that is refused because of its head still has the fields that the configuration gives to its path, so that
 * a page of another origin can see the status; if the path cannot be read, those of its site. It is logged where it was
 * going to be logged.
 */
static void match_refused(struct request *request)
{
	const char *host = NULL;
	size_t length = 0;
	const bool readable = path_parse(request->target, &request->path, &host, &length) == 0;
	const struct site *site, *logged_of = request->match.site;

	if (!readable) {
		request->path.file[0] = '\0';
		request->path.slash = true;
		request->path.query = NULL;
	}
	if (host == NULL && request->fields.host != NULL) {
		host = request->fields.host;
		length = strlen(host);
	}
	site = rules_find_site(request->site->rules, request->peer->listener, host, length);
	if (site != NULL)
		rules_match(request->site->rules, site, request->path.file, request->path.slash, &request->match);
	request->match.site = logged_of;
}

static enum step_result step_target(struct request *request)
{
	const char *host;
	size_t host_length;
	int error = path_parse(request->target, &request->path, &host, &host_length);

	if (request->method == METHOD_OPTIONS && strcmp(request->target, "*") == 0) {
		struct answer answer = answer_of(request);

		answer_options(&answer);
		return STEP_REPLY;
	}
	if (error != 0) {
		match_refused(request);
		return request_refuse(request, error == -ENOENT ? 404 : 400);
	}
	if (host != NULL) { /* it counts, not the field (RFC 9112 section 3.2.2) */
		if (!authority_is_valid(host, host_length)) {
			match_refused(request);
			return request_refuse(request, 400);
		}
		request->authority = strndup(host, host_length);
		if (request->authority == NULL)
			return request_refuse_error(request, -ENOMEM, 0);
		request->fields.host = request->authority;
	}
	host = request->fields.host;
	host_length = host != NULL ? strlen(host) : 0;
	request->match.site = rules_find_site(request->site->rules, request->peer->listener, host, host_length);
	if (request->match.site == NULL)
		return request_refuse(request, 421);
	request->files = request->match.site->files;
	return STEP_NEXT;
}

static enum step_result next_index(struct request *request);
static enum step_result found_nothing(struct request *request, int error);

static enum step_result step_rules(struct request *request)
{
	const struct path *path = &request->path;
	int error = rules_match(request->site->rules, request->match.site, path->file, path->slash && !request->inner,
				&request->match);

	if (error != 0)
		return request_refuse_error(request, error, 0);
	if (!request->inner && path->hidden && !request->site->dotfiles)
		return request_refuse(request, 404);
	if (!rules_hides(&request->match, path->file))
		return STEP_NEXT;
	if (request->inner)
		return request->in_folder ? next_index(request) : found_nothing(request, -ENOENT);
	return request_refuse(request, 404);
}

/* What needs no file. */
static enum step_result step_redirect(struct request *request)
{
	bool redirected = request_settings(request)->redirect != NULL && !request->inner;
	bool insecure = request_settings(request)->https_redirect && !request->secure && !request->inner;
	struct answer answer;

	if (request->method != METHOD_OPTIONS && !redirected && !insecure)
		return STEP_NEXT;
	answer = answer_of(request);
	if (insecure)
		answer_https(&answer, request->proxied
					      ? 443
					      : request->match.site->https_port); /* of a proxy it is the proxy's */
	else if (request->method == METHOD_OPTIONS)
		answer_options(&answer);
	else
		answer_redirect(&answer);
	return STEP_REPLY;
}

static enum step_result step_limit(struct request *request)
{
	unsigned seconds = 0;

	if (request->inner)
		limit_pace(request); /* it is counted already */
	else
		seconds = limit_enter(request);
	if (seconds == 0)
		return STEP_NEXT;
	request_refuse(request, 429);
	reply_header_format(&request->reply, "Retry-After", "%u", seconds);
	return STEP_REPLY;
}

static enum step_result step_find(struct request *request)
{
	return request_find(request);
}

/* --- another path than the one that was asked for --- */

static enum step_result look_at(struct request *request)
{
	request->inner = true;
	return go_to(request, step_rules);
}

/* Keeps the path that was asked for, before others are tried. Returns 0 or -ENOMEM. */
static int begin_tries(struct request *request)
{
	if (request->tries > 0 || request->asked != NULL)
		return 0;
	request->try = request_settings(request)->try;
	if (request->try.count == 0)
		return 0;
	request->asked = strdup(request->path.file);
	return request->asked != NULL ? 0 : -ENOMEM;
}

/* The next path of "try" that is not too long, with what was asked for in place of {path}; false: there is none. */
static bool next_try(struct request *request)
{
	char *file = request->path.file;

	while (request->asked != NULL && request->tries < request->try.count) {
		const char *path = request->try.list[request->tries++];
		bool rooted = *path == '/';
		const char *asked = rooted ? "" : request->asked;

		path += rooted ? 1 : strlen("{path}");
		if (strlen(asked) + strlen(path) >= PATH_BYTES)
			continue;
		strcpy(stpcpy(file, asked), *asked == '\0' && *path == '/' ? path + 1 : path);
		return true;
	}
	return false;
}

static enum step_result found_nothing(struct request *request, int error)
{
	int failed;

	if (request->error_status != 0 || status_of_error(error) != 404)
		return request_refuse_error(request, error, 0);
	failed = begin_tries(request);
	if (failed == 0 && next_try(request))
		return look_at(request);
	return request_refuse_error(request, failed != 0 ? failed : error, 0);
}

static enum step_result list(struct request *request)
{
	enum step_result result = listing_reply_begin(request);

	return result == STEP_NEXT ? go_to(request, listing_reply_make) : result;
}

/* The folder's next index, if it has one; else a listing, if that is allowed; else it is as if nothing had been found.
 */
static enum step_result next_index(struct request *request)
{
	char *file = request->path.file;
	size_t length = request->directory_bytes;

	while (request->indexes < request->index.count) {
		const char *name = request->index.list[request->indexes++];

		if (length + 1 + strlen(name) >= PATH_BYTES)
			continue;
		file[length] = '/';
		strcpy(file + length + (length > 0), name);
		return look_at(request);
	}
	request->in_folder = false;
	file[length] = '\0';
	rules_match(request->site->rules, request->match.site, file, true, &request->match);
	if (request_settings(request)->listing)
		return list(request);
	return found_nothing(request, -ENOENT);
}

/* Its index if it was asked for with a slash, else the way to the slash. */
static enum step_result found_folder(struct request *request)
{
	struct path *path = &request->path;
	char location[FIELDS_TARGET_MAX * 3];

	if (path->slash) {
		request->in_folder = true;
		request->directory_bytes = strlen(path->file);
		request->index = request_settings(request)->index;
		return next_index(request);
	}
	if (path_directory_location(path, location, sizeof(location)) != 0)
		return request_refuse(request, 404);
	reply_empty(&request->reply, 301);
	reply_header_format(&request->reply, "Location", "%s", location);
	return STEP_REPLY;
}

/* Relaxed: a flag that publishes nothing. It is written when it changes only, since all readers of the file share it.
 */
static void mark_append_only(struct file *file, bool append_only)
{
	if (atomic_load_explicit(&file->append_only, memory_order_relaxed) != append_only)
		atomic_store_explicit(&file->append_only, append_only, memory_order_relaxed);
}

static enum step_result step_found(struct request *request)
{
	int error;

	if (request->looking)
		return STEP_WAIT;
	error = request->lookup.error;
	if (error == -EISDIR && !request->inner)
		return found_folder(request);
	if (request->in_folder && error != 0 && status_of_error(error) == 404)
		return next_index(request);
	if (error != 0)
		return found_nothing(request, error);
	request->file = request->lookup.file;
	request->lookup.file = NULL;
	mark_append_only(request->file, request_settings(request)->append_only);
	if (request->path.slash && !request->inner)
		return request_refuse(request, 404);
	return STEP_NEXT;
}

static bool has_conditions(const struct precondition_fields *fields)
{
	return fields->if_match != NULL || fields->if_unmodified_since != NULL || fields->if_none_match != NULL ||
	       fields->if_modified_since != NULL || fields->if_range != NULL;
}

/* Nothing about this request is special: the server may have the reply at hand. */
static enum step_result step_ready(struct request *request)
{
	const struct request_site *site = request->site;

	if (request->fields.want_repr_digest != NULL && request->file->siblings.has_digest)
		request->not_reusable = true;
	if (request->method == METHOD_GET && !request->not_reusable && request->error_status == 0 &&
	    request->fields.ranges == 0 && !has_conditions(&request->fields.conditions) && site->ready != NULL &&
	    site->ready(site->prebuilt_context, request))
		return STEP_REPLY;
	return STEP_NEXT;
}

static enum step_result step_preconditions(struct request *request)
{
	const struct file *file = request->file;
	int64_t now_ns = clock_wall_ns();

	request->whole = true;
	if (request->error_status != 0)
		return STEP_NEXT;
	variant_validate(request, now_ns);
	switch (precondition_check(&request->fields.conditions, &request->validator,
				   now_ns / (int64_t)CLOCK_NS_PER_S)) {
	case PRECONDITION_FAILED:
		return request_refuse(request, 412);
	case PRECONDITION_NOT_MODIFIED:
		request->reply.status = 304;
		request->reply.body = REPLY_LENGTH_ONLY;
		request->reply.length = file->version.size;
		reply_validators(&request->reply, &request->validator);
		return STEP_REPLY;
	case PRECONDITION_WHOLE:
		return STEP_NEXT;
	case PRECONDITION_NONE:
		break;
	}
	request->whole = request->method == METHOD_HEAD || request->fields.ranges != 1;
	return STEP_NEXT;
}

static uint64_t ranges_length(const struct range_set *set)
{
	return set->ranges[0].last - set->ranges[0].first + 1;
}

static const char *coding_of(const struct request *request)
{
	return request->variant != NULL ? request->variant->coding : NULL;
}

/* Of all the bytes of the representation, whichever of them are sent (RFC 9530 section 3). */
static void add_digest(struct request *request)
{
	const struct file_siblings *siblings = &request->file->siblings;
	char text[DIGEST_FIELD_BYTES];

	if (siblings->has_digest && digest_wanted(request->fields.want_repr_digest))
		reply_header_format(&request->reply, "Repr-Digest", "%s", digest_format(siblings->digest, text));
}

static int reply_partial(struct request *request, const struct multipart_representation *kind)
{
	struct reply *reply = &request->reply;
	const struct byte_range *range = &request->ranges.ranges[0];
	int error;

	reply->status = 206;
	if (request->ranges.count == 1) {
		reply_header(reply, "Content-Type", kind->type);
		reply_header_format(reply, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first,
				    range->last, kind->size);
		reply->length = ranges_length(&request->ranges);
		return 0;
	}
	error = multipart_init(&request->multipart, &request->ranges, kind);
	if (error != 0)
		return error;
	reply_header_format(reply, "Content-Type", "multipart/byteranges; boundary=%s", request->multipart.boundary);
	reply->length = request->multipart.length;
	return 0;
}

static void reply_whole(struct request *request, const char *type)
{
	struct reply *reply = &request->reply;
	uint64_t size = request->file->version.size;

	reply->status = request->error_status != 0 ? request->error_status : 200;
	reply->length = size;
	reply_header(reply, "Content-Type", type);
	range_set_whole(&request->ranges, size);
}

/* What the Range field asks for. A multipart that is longer than the file is not worth it: then that is the whole, too.
 */
static enum range_verdict read_ranges(struct request *request, const struct multipart_representation *kind)
{
	const char *field = request->whole ? NULL : request->fields.range;
	enum range_verdict verdict;
	bool past_end;

	range_set_fini(&request->ranges);
	verdict = range_parse(field, kind->size, request->site->max_ranges, &request->ranges);
	if (verdict != RANGE_PARTIAL || request->ranges.count == 1 ||
	    multipart_length(&request->ranges, kind) <= kind->size)
		return verdict;
	past_end = request->ranges.past_end;
	range_set_fini(&request->ranges);
	request->ranges.past_end = past_end; /* for must_look_again() */
	return RANGE_WHOLE;
}

static enum step_result look_again(struct request *request);

/* A file may have grown since it was looked up, so "there are no such bytes" is not said without another look. */
static bool must_look_again(const struct request *request, enum range_verdict verdict)
{
	return request->since_ns == 0 &&
	       (verdict == RANGE_UNSATISFIABLE || (request_settings(request)->append_only && request->ranges.past_end));
}

static enum step_result step_range(struct request *request)
{
	struct reply *reply = &request->reply;
	struct answer answer = answer_of(request);
	const struct multipart_representation kind = { .size = request->file->version.size,
						       .type = answer_type(&answer, request->site->mime,
									   request->path.file),
						       .coding = coding_of(request) };
	const enum range_verdict verdict = read_ranges(request, &kind);
	int error = 0;

	if (must_look_again(request, verdict))
		return look_again(request);
	switch (verdict) {
	case RANGE_UNSATISFIABLE:
		request_refuse(request, 416);
		reply_validators(&request->reply, &request->validator);
		return STEP_REPLY;
	case RANGE_NO_MEMORY:
		error = -ENOMEM;
		break;
	case RANGE_PARTIAL:
		error = reply_partial(request, &kind);
		break;
	case RANGE_WHOLE:
		reply_whole(request, kind.type);
		break;
	}
	if (error != 0)
		return request_refuse_error(request, error, 0);
	if (kind.coding != NULL && request->ranges.count == 1) /* the parts of a multipart say it themselves */
		reply_header(reply, "Content-Encoding", kind.coding);
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	if (request->error_status != 0)
		return STEP_NEXT;
	reply_header(reply, "Accept-Ranges", "bytes");
	reply_validators(&request->reply, &request->validator);
	add_digest(request);
	return STEP_NEXT;
}

static enum step_result refuse_body(struct request *request, int error);

static enum step_result step_read(struct request *request)
{
	struct reply *reply = &request->reply;
	int error;

	if (request->method == METHOD_HEAD || request->dry || reply->length == 0) {
		reply->body = reply->length > 0 || request->method == METHOD_HEAD ? REPLY_LENGTH_ONLY : REPLY_EMPTY;
		return STEP_REPLY;
	}
	provenance_begin(request);
	error = request_want_body(request);
	return error == 0 ? STEP_NEXT : refuse_body(request, error);
}

static void let_go_of_file(struct request *request)
{
	request_drop_body(request);
	variant_drop(request);
}

/* Back to the lookup. Nothing is promised to the client yet. */
static enum step_result find_again(struct request *request)
{
	let_go_of_file(request);
	reply_fini(&request->reply);
	reply_init(&request->reply);
	return go_to(request, step_find);
}

static enum step_result look_again(struct request *request)
{
	request->since_ns = clock_now_ns();
	return find_again(request);
}

/* The file changed before its first byte went out, so the new version is served. */
static enum step_result changed(struct request *request)
{
	char path[VARIANT_PATH_BYTES];

	files_invalidate(request->files, variant_path(request, path), request->file);
	return find_again(request);
}

/* The first bytes are not available. */
static enum step_result refuse_body(struct request *request, int error)
{
	uint64_t offset = request_body_offset(request);

	if (error == -ESTALE && request->error_status == 0 && ++request->attempts < ATTEMPTS_MAX)
		return changed(request);
	request_drop_body(request);
	return request_refuse_error(request, error, offset);
}

static enum step_result step_bytes(struct request *request)
{
	int error = request_body_ready(request);

	if (error == -EAGAIN)
		return STEP_WAIT;
	if (error != 0)
		return refuse_body(request, error);
	provenance_add(request);
	return STEP_REPLY;
}

const struct request_step steps[] = {
	{ "target", step_target },	/* the path and the site that are meant */
	{ "rules", step_rules },	/* the blocks of the configuration that are about it */
	{ "redirect", step_redirect },	/* what needs no file */
	{ "address", gate_address },	/* which may come in */
	{ "limit", step_limit },	/* how often, and how fast: before anybody may guess */
	{ "signature", signing_check }, /* where one is needed */
	{ "password", gate_password },	/* likewise */
	{ "find", step_find },		/* asks the table of open files */
	{ "found", step_found },	/* a file, a folder, or nothing */
	{ "variant", variant_choose },	/* the file in a coding that the client likes better */
	{ "ready", step_ready },	/* a reply that was made before */
	{ "preconditions", step_preconditions },
	{ "range", step_range },	   /* 200, 206 or 416, and their headers */
	{ "read", step_read },		   /* asks the store */
	{ "bytes", step_bytes },	   /* the first of them are there */
	{ "listing", listing_reply_make }, /* of a folder instead: its first part is there */
};

/* An error has a page: the reply is made again, out of a file, and keeps the fields that the error has. */
static bool show_page(struct request *request)
{
	struct reply *reply = &request->reply;
	const char *page;

	if (reply->status < 400 || request->error_status != 0 || request->files == NULL)
		return false;
	page = answer_error_page(&request->match, reply->status);
	if (page == NULL || strlen(page) > PATH_BYTES)
		return false;
	let_go_of_file(request);
	request->error_status = reply->status;
	request->inner = true;
	request->in_folder = false;
	strcpy(request->path.file, page + 1);
	reply_remove(reply, "Content-Type");
	reply_remove(reply, "X-Content-Type-Options");
	reply->body = REPLY_EMPTY;
	reply->data = NULL;
	go_to(request, step_find);
	return true;
}

/* The small body of a refusal, as the client likes it best. */
static void dress(struct request *request)
{
	struct reply *reply = &request->reply;
	const struct error_page *page;

	if (reply->status < 400 || (reply->body != REPLY_TEXT && reply->body != REPLY_LENGTH_ONLY) ||
	    reply->data != status_body(reply->status))
		return;
	page = error_page_find(reply->status, request->fields.accept);
	reply->data = page->body;
	reply->length = page->length;
	reply->vary |= REPLY_VARY_ACCEPT;
	reply_remove(reply, "Content-Type");
	reply_header(reply, "Content-Type", page->type);
	if (page->policy != NULL)
		reply_header(reply, "Content-Security-Policy", page->policy);
}

static void finish(struct request *request)
{
	struct answer answer;

	if (request->reply.body == REPLY_READY)
		return;
	dress(request);
	answer = answer_of(request);
	if (answer_finish(&answer))
		request->not_reusable = true;
}

enum request_state steps_run(struct request *request)
{
	for (;;) {
		const struct request_step *step = request->step;
		enum step_result result = step->run(request);

		if (request->trace != NULL)
			request->trace(request, step, result);
		switch (result) {
		case STEP_NEXT:
			request->step++;
			break;
		case STEP_AGAIN:
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

void steps_refuse(struct request *request, unsigned status)
{
	match_refused(request);
	request_refuse(request, status);
	finish(request);
}
