/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps from the selected file to the first bytes of the body. The order of the steps is that of RFC 9110 section
 * 13.2.2: preconditions, then ranges, then bytes. The steps write request->content and the header of the reply, and run
 * on the reactor's thread.
 *
 * The header is not sent before the first bytes are available. If the file changes before that time, the request
 * returns to the lookup (STEP_TO_FIND) and serves the new version. A request makes at most ATTEMPTS_MAX attempts.
 */
#include "steps/content.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "http/digest.h"
#include "steps/provenance.h"
#include "steps/target.h"
#include "steps/variant.h"

#define ATTEMPTS_MAX 3 /* maximum number of attempts to read a file that changes meanwhile */

static bool has_conditions(const struct precondition_fields *fields)
{
	return fields->if_match != NULL || fields->if_unmodified_since != NULL || fields->if_none_match != NULL ||
	       fields->if_modified_since != NULL || fields->if_range != NULL;
}

enum step_result content_prebuilt(struct request *request)
{
	const struct request_site_worker *worker = &request->site->worker;
	const struct request_input *input = &request->input;

	if (input->fields.want_repr_digest != NULL && variant_siblings(request, request->selected.file)->has_digest)
		request->not_reusable = true;
	if (input->method == METHOD_GET && !request->not_reusable && request->search.error_status == 0 &&
	    input->fields.ranges == 0 && !has_conditions(&input->fields.conditions) && worker->find_prebuilt != NULL &&
	    worker->find_prebuilt(worker->prebuilt_context, request))
		return STEP_REPLY;
	return STEP_NEXT;
}

enum step_result content_preconditions(struct request *request)
{
	const struct file *file = request->selected.file;
	int64_t now_ns = clock_wall_ns();

	request->content.whole = true;
	if (request->search.error_status != 0)
		return STEP_NEXT;
	variant_validate(request, now_ns);
	switch (precondition_check(&request->input.fields.conditions, &request->validator,
				   now_ns / (int64_t)CLOCK_NS_PER_S)) {
	case PRECONDITION_FAILED:
		return request_fail(request, 412);
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
	request->content.whole = request->input.method == METHOD_HEAD || request->input.fields.ranges != 1;
	return STEP_NEXT;
}

static uint64_t ranges_length(const struct range_set *set)
{
	return set->ranges[0].last - set->ranges[0].first + 1;
}

static const char *coding_of(const struct request *request)
{
	return request->selected.variant != NULL ? request->selected.variant->coding : NULL;
}

/* Adds Repr-Digest. The digest covers the whole representation, even if only a range is sent (RFC 9530 section 3). */
static void add_digest(struct request *request)
{
	const struct file_siblings *siblings = variant_siblings(request, request->selected.file);
	char text[DIGEST_FIELD_BYTES];

	if (siblings->has_digest && digest_wanted(request->input.fields.want_repr_digest))
		reply_header_format(&request->reply, "Repr-Digest", "%s", digest_format(siblings->digest, text));
}

static int reply_partial(struct request *request, const struct multipart_representation *kind)
{
	struct reply *reply = &request->reply;
	struct request_content *content = &request->content;
	const struct byte_range *range = &content->ranges.ranges[0];
	int error;

	reply->status = 206;
	if (content->ranges.count == 1) {
		reply_header(reply, "Content-Type", kind->type);
		reply_header_format(reply, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first,
				    range->last, kind->size);
		reply->length = ranges_length(&content->ranges);
		return 0;
	}
	error = multipart_init(&content->multipart, &content->ranges, kind);
	if (error != 0)
		return error;
	reply_header_format(reply, "Content-Type", "multipart/byteranges; boundary=%s", content->multipart.boundary);
	reply->length = content->multipart.length;
	return 0;
}

static void reply_whole(struct request *request, const char *type)
{
	struct reply *reply = &request->reply;
	const unsigned error_status = request->search.error_status;
	uint64_t size = request->selected.file->version.size;

	reply->status = error_status != 0 ? error_status : 200;
	reply->length = size;
	reply_header(reply, "Content-Type", type);
	range_set_whole(&request->content.ranges, size);
}

/* Parses the Range field. If the multipart body would be longer than the file, the whole file is sent instead. */
static enum range_verdict read_ranges(struct request *request, const struct multipart_representation *kind)
{
	struct range_set *ranges = &request->content.ranges;
	const char *field = request->content.whole ? NULL : request->input.fields.range;
	enum range_verdict verdict;
	bool past_end;

	range_set_fini(ranges);
	verdict = range_parse(field, kind->size, request->site->config.max_ranges, ranges);
	if (verdict != RANGE_PARTIAL || ranges->count == 1 || multipart_length(ranges, kind) <= kind->size)
		return verdict;
	past_end = ranges->past_end;
	range_set_fini(ranges);
	ranges->past_end = past_end; /* must_revalidate() tests this flag */
	return RANGE_WHOLE;
}

/* Returns true if the file must be looked up again, because it may have grown. A 416 needs the current size. */
static bool must_revalidate(const struct request *request, enum range_verdict verdict)
{
	return request->lookup.since_ns == 0 &&
	       (verdict == RANGE_UNSATISFIABLE ||
		(request_settings(request)->append_only && request->content.ranges.past_end));
}

void content_drop(struct request *request)
{
	request_drop_body(request);
	variant_drop(request);
}

/* Returns to the lookup. The request may return to this step, because the header of the reply has not been sent. */
static enum step_result find_again(struct request *request)
{
	content_drop(request);
	reply_fini(&request->reply);
	reply_init(&request->reply);
	return STEP_TO_FIND;
}

static enum step_result revalidate(struct request *request)
{
	request->lookup.since_ns = clock_now_ns();
	return find_again(request);
}

enum step_result content_range(struct request *request)
{
	struct reply *reply = &request->reply;
	struct reply_rules rules = target_reply_rules(request);
	const struct multipart_representation kind = { .size = request->selected.file->version.size,
						       .type = reply_rules_type(&rules, request->site->config.mime,
										request->path.file),
						       .coding = coding_of(request) };
	const enum range_verdict verdict = read_ranges(request, &kind);
	int error = 0;

	if (must_revalidate(request, verdict))
		return revalidate(request);
	switch (verdict) {
	case RANGE_UNSATISFIABLE:
		request_fail(request, 416);
		reply_validators(reply, &request->validator);
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
		return request_fail_errno(request, error, 0);
	if (kind.coding != NULL && request->content.ranges.count == 1) /* parts of a multipart have their own */
		reply_header(reply, "Content-Encoding", kind.coding);
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	if (request->search.error_status != 0)
		return STEP_NEXT;
	reply_header(reply, "Accept-Ranges", "bytes");
	reply_validators(reply, &request->validator);
	add_digest(request);
	return STEP_NEXT;
}

/* Handles a failed read of the first bytes. Looks the file up again if it has changed. */
static enum step_result first_bytes_failed(struct request *request, int error)
{
	uint64_t offset = request_body_offset(request);
	char path[VARIANT_PATH_BYTES];

	if (error == -ESTALE && request->search.error_status == 0 && ++request->search.attempts < ATTEMPTS_MAX) {
		files_invalidate(request->lookup.files, request_path_below_root(request, variant_path(request, path)),
				 request->selected.file);
		return find_again(request);
	}
	request_drop_body(request);
	return request_fail_errno(request, error, offset);
}

enum step_result content_read(struct request *request)
{
	struct reply *reply = &request->reply;
	const bool head = request->input.method == METHOD_HEAD;
	int error;

	if (head || request->dry || reply->length == 0) {
		reply->body = reply->length > 0 || head ? REPLY_LENGTH_ONLY : REPLY_EMPTY;
		return STEP_REPLY;
	}
	provenance_begin(request);
	error = request_want_body(request);
	return error == 0 ? STEP_NEXT : first_bytes_failed(request, error);
}

enum step_result content_bytes(struct request *request)
{
	int error = request_body_ready(request);

	if (error == -EAGAIN)
		return STEP_WAIT;
	if (error != 0)
		return first_bytes_failed(request, error);
	provenance_add(request);
	return STEP_REPLY;
}
