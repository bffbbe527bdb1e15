/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of open files knows what lies beside a file, so a file without variants costs a look at a field; and a
 * variant is found in that table as any other file is, so asking for it may wait. What the table knows may be a second
 * old: the variant that is found must still be no older than the file and the one that was checked, or the next best
 * one is looked for.
 */
#include "steps/variant.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/negotiate.h"
#include "http/status.h"

static const struct variant variants[SIBLING_VARIANTS] = {
	[SIBLING_ZST] = { SIBLING_ZST, "zstd", "zst" },
	[SIBLING_BR] = { SIBLING_BR, "br", "br" },
	[SIBLING_GZ] = { SIBLING_GZ, "gzip", "gz" },
};

const struct variant *variant_of(enum sibling sibling)
{
	return &variants[sibling];
}

const char *variant_path(const struct request *request, char *path)
{
	char *end = stpcpy(path, request->path.file);

	if (request->variant != NULL)
		strcpy(end, sibling_suffix(request->variant->sibling));
	return path;
}

void variant_validate(struct request *request, int64_t now_ns)
{
	const struct file *file = request->file;

	validator_make(&request->validator, file->version.mtime_ns, file->version.size, file->tag, now_ns);
	if (request_settings(request)->etag == RULE_ETAG_DIGEST && file->siblings.has_digest)
		validator_use_digest(&request->validator, file->siblings.digest, file->siblings.digest_settled);
	request->validator.shared_date = (request->reply.vary & REPLY_VARY_ACCEPT_ENCODING) != 0;
	if (request->variant != NULL)
		validator_append_suffix(&request->validator, request->variant->mark);
}

static unsigned quality_of(const struct request *request, const char *coding)
{
	return negotiate_encoding(request->fields.accept_encoding, coding);
}

/* Of those that were not looked for yet, the first of the best that is as good as `least`; NULL: none is. */
static const struct variant *best(const struct request *request, unsigned least)
{
	const struct variant *best = NULL;

	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		unsigned quality = request->variants >> i & 1 ? quality_of(request, variants[i].coding) : 0;

		if (quality >= least && quality > 0) {
			least = quality + 1;
			best = &variants[i];
		}
	}
	return best;
}

static bool is_what_was_checked(const struct file *found, const struct request *request)
{
	const struct file *file = request->file;

	return sibling_is_fresh(&found->version, &file->version) &&
	       sibling_is_checked(&file->siblings, request->variant->sibling, &found->version, file->version.size);
}

static void go_back_to_original(struct request *request)
{
	file_unref(request->file);
	request->file = request->original;
	request->original = NULL;
}

/* The lookup has ended. Returns whether the variant is in the place of the file. */
static bool take(struct request *request)
{
	struct file *found = request->lookup.file;
	int error = request->lookup.error;

	request->lookup.file = NULL;
	if (found != NULL && is_what_was_checked(found, request)) {
		request->original = request->file;
		request->file = found;
		if (!request->as_is)
			return true;
		variant_validate(request, clock_wall_ns());
		if (precondition_is_if_range_tag(request->fields.conditions.if_range, &request->validator))
			return true;
		go_back_to_original(request);
		return false;
	}
	if (error != 0 && status_of_error(error) >= 500) {
		request->variant_failed = true;
		log_fault(LOG_LEVEL_ERROR, "/%s%s: %s (the file is sent as it is)", request->path.file,
			  sibling_suffix(request->variant->sibling), strerror(-error));
	}
	file_unref(found);
	return false;
}

static enum step_result choose(struct request *request)
{
	const unsigned identity = quality_of(request, "identity"), least = request->as_is ? 0 : identity;
	char path[VARIANT_PATH_BYTES];

	while ((request->variant = best(request, least)) != NULL) {
		int error = request_look_up(request, variant_path(request, path));

		request->variants &= ~(1u << request->variant->sibling);
		if (error != 0)
			return request_refuse_error(request, error, 0);
		if (request->looking)
			return STEP_WAIT;
		if (take(request))
			return STEP_NEXT;
	}
	if (identity > 0)
		return STEP_NEXT;
	return request_refuse(request, request->variant_failed ? 503 : 406);
}

/* Whether the tag in an If-Range field may be one of this variant: it ends in its mark. */
static bool has_mark(const char *if_range, const struct variant *variant)
{
	char end[16];
	size_t length = if_range != NULL ? strlen(if_range) : 0, end_bytes;

	while (length > 0 && (if_range[length - 1] == ' ' || if_range[length - 1] == '\t'))
		length--;
	end_bytes = (size_t)snprintf(end, sizeof(end), "-%s\"", variant->mark);
	return length > end_bytes && memcmp(if_range + length - end_bytes, end, end_bytes) == 0;
}

/* Whether a Range field that is not ignored asks for the file as it is. */
static bool asks_as_is(const struct request *request)
{
	return request->method == METHOD_GET && request->fields.ranges == 1 && quality_of(request, "identity") > 0 &&
	       range_is_valid(request->fields.range, request->site->max_ranges);
}

/* Says once for each version of the file why what lies beside it is not sent to clients that would take it. */
static void log_refusals(struct request *request)
{
	struct file *file = request->file;
	bool said = false;

	/* Relaxed: at worst two threads log the same. */
	if (atomic_load_explicit(&file->faults_logged, memory_order_relaxed))
		return;
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		const enum encoding_fault fault = (enum encoding_fault)file->siblings.faults[i];

		if (fault == ENCODING_FINE || quality_of(request, variants[i].coding) == 0)
			continue;
		log_fault(LOG_LEVEL_INFO, "/%s%s is not sent in place of /%s: %s", request->path.file,
			  sibling_suffix((enum sibling)i), request->path.file, encoding_fault_text(fault));
		said = true;
	}
	if (said)
		atomic_store_explicit(&file->faults_logged, true, memory_order_relaxed);
}

bool variant_is_refused(const struct file_siblings *siblings)
{
	static const uint8_t none[SIBLING_VARIANTS];

	return memcmp(siblings->faults, none, sizeof(none)) != 0;
}

enum step_result variant_choose(struct request *request)
{
	if (request->looking)
		return STEP_WAIT;
	if (request->variant != NULL) /* it was looked for */
		return take(request) ? STEP_NEXT : choose(request);
	if (!request_settings(request)->precompressed || request->error_status != 0)
		return STEP_NEXT;
	if (request->fields.accept_encoding != NULL && variant_is_refused(&request->file->siblings))
		log_refusals(request);
	request->variants = request->file->siblings.variants;
	if (request->variants == 0)
		return STEP_NEXT;
	request->reply.vary |= REPLY_VARY_ACCEPT_ENCODING;
	if (request->fields.accept_encoding == NULL)
		return STEP_NEXT;
	request->as_is = asks_as_is(request);
	for (unsigned i = 0; i < SIBLING_VARIANTS && request->as_is; i++)
		if (!has_mark(request->fields.conditions.if_range, &variants[i]))
			request->variants &= ~(1u << i);
	return choose(request);
}

void variant_drop(struct request *request)
{
	file_unref(request->original);
	file_unref(request->file);
	request->original = request->file = NULL;
	request->variant = NULL;
	request->variant_failed = false;
	request->as_is = false;
}
