/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Negotiates Content-Encoding among the precompressed variants of a file. A struct file stores which variants of the
 * file exist, so a request for a file without variants only tests one field. A variant is looked up like any other
 * file, so the request may wait for the lookup.
 *
 * The information about variants may be two seconds old. The variant that is found must not be older than the file, and
 * must be the version whose contents were checked. Otherwise the next best variant is looked up. This file writes
 * request->selected. All functions run on the reactor's thread.
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

	if (request->selected.variant != NULL)
		strcpy(end, sibling_suffix(request->selected.variant->sibling));
	return path;
}

const struct file_siblings *variant_siblings(const struct request *request, const struct file *file)
{
	static const struct file_siblings none;

	return request_settings(request)->siblings ? file_siblings(file) : &none;
}

void variant_validate(struct request *request, int64_t now_ns)
{
	const struct file *file = request->selected.file;
	const struct file_siblings *siblings = variant_siblings(request, file);

	validator_make(&request->validator, file->version.mtime_ns, file->version.size, file_tag(file), now_ns);
	if (request_settings(request)->etag == RULE_ETAG_DIGEST && siblings->has_digest)
		validator_use_digest(&request->validator, siblings->digest, siblings->digest_settled);
	request->validator.shared_date = (request->reply.vary & REPLY_VARY_ACCEPT_ENCODING) != 0;
	if (request->selected.variant != NULL)
		validator_append_suffix(&request->validator, request->selected.variant->mark);
}

static unsigned quality_of(const struct request *request, const char *coding)
{
	return negotiate_encoding(request->input.fields.accept_encoding, coding);
}

/*
 * Returns the remaining variant with the highest quality, which must be at least `least`, or NULL. Of variants with
 * equal quality, the first one is returned.
 */
static const struct variant *best_remaining(const struct request *request, unsigned least)
{
	const struct variant *best = NULL;

	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		unsigned quality = request->selected.remaining >> i & 1 ? quality_of(request, variants[i].coding) : 0;

		if (quality >= least && quality > 0) {
			least = quality + 1;
			best = &variants[i];
		}
	}
	return best;
}

static bool is_checked(const struct file *found, const struct request *request)
{
	const struct file *file = request->selected.file;

	return sibling_is_fresh(&found->version, &file->version) &&
	       sibling_is_checked(file_siblings(file), request->selected.variant->sibling, &found->version,
				  file->version.size);
}

static void restore_original(struct request *request)
{
	file_unref(request->selected.file);
	request->selected.file = request->selected.original;
	request->selected.original = NULL;
}

/* Handles the result of the lookup. Returns true if the variant has replaced the file. */
static bool use_result(struct request *request)
{
	struct file *found = request->lookup.want.file;
	int error = request->lookup.want.error;

	request->lookup.want.file = NULL;
	if (found != NULL && is_checked(found, request)) {
		request->selected.original = request->selected.file;
		request->selected.file = found;
		if (!request->selected.as_is)
			return true;
		variant_validate(request, clock_wall_ns());
		if (precondition_is_if_range_tag(request->input.fields.conditions.if_range, &request->validator))
			return true;
		restore_original(request);
		return false;
	}
	if (error != 0 && status_of_error(error) >= 500) {
		request->selected.failed = true;
		log_fault(LOG_LEVEL_ERROR, "/%s%s: %s; sending the unencoded file", request->path.file,
			  sibling_suffix(request->selected.variant->sibling), strerror(-error));
	}
	file_unref(found);
	return false;
}

static enum step_result look_up_best(struct request *request)
{
	const unsigned identity = quality_of(request, "identity"), least = request->selected.as_is ? 0 : identity;
	char path[VARIANT_PATH_BYTES];

	while ((request->selected.variant = best_remaining(request, least)) != NULL) {
		int error = request_look_up(request, variant_path(request, path));

		request->selected.remaining &= ~(1u << request->selected.variant->sibling);
		if (error != 0)
			return request_fail_errno(request, error, 0);
		if (request->lookup.pending)
			return STEP_WAIT;
		if (use_result(request))
			return STEP_NEXT;
	}
	if (identity > 0)
		return STEP_NEXT;
	return request_fail(request, request->selected.failed ? 503 : 406);
}

/*
 * Returns true if the entity tag in If-Range ends in the mark of this variant. Only then can it be a tag of the
 * variant.
 */
static bool has_mark(const char *if_range, const struct variant *variant)
{
	char end[16];
	size_t length = if_range != NULL ? strlen(if_range) : 0, end_bytes;

	while (length > 0 && (if_range[length - 1] == ' ' || if_range[length - 1] == '\t'))
		length--;
	end_bytes = (size_t)snprintf(end, sizeof(end), "-%s\"", variant->mark);
	return length > end_bytes && memcmp(if_range + length - end_bytes, end, end_bytes) == 0;
}

/*
 * Returns true if the request has a valid Range field and accepts the unencoded file. The range then applies to the
 * unencoded file.
 */
static bool wants_as_is(const struct request *request)
{
	return request->input.method == METHOD_GET && request->input.fields.ranges == 1 &&
	       quality_of(request, "identity") > 0 &&
	       range_is_valid(request->input.fields.range, request->site->config.max_ranges);
}

/* Logs why existing variants are not sent to clients that accept them. Logs this once for each version of the file. */
static void log_rejected(struct request *request)
{
	struct file *file = request->selected.file;
	bool logged = false;

	/*
	 * The memory order is relaxed, because the flag publishes no other data. At worst two threads log the same
	 * message.
	 */
	if (atomic_load_explicit(&file->extra->faults_logged, memory_order_relaxed))
		return;
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		const enum encoding_fault fault = (enum encoding_fault)file->extra->siblings.faults[i];

		if (fault == ENCODING_FINE || quality_of(request, variants[i].coding) == 0)
			continue;
		log_fault(LOG_LEVEL_INFO, "/%s%s is not sent in place of /%s: %s", request->path.file,
			  sibling_suffix((enum sibling)i), request->path.file, encoding_fault_text(fault));
		logged = true;
	}
	if (logged)
		atomic_store_explicit(&file->extra->faults_logged, true, memory_order_relaxed);
}

bool variant_is_rejected(const struct file_siblings *siblings)
{
	static const uint8_t none[SIBLING_VARIANTS];

	return memcmp(siblings->faults, none, sizeof(none)) != 0;
}

enum step_result variant_choose(struct request *request)
{
	const struct file_siblings *siblings;

	if (request->lookup.pending)
		return STEP_WAIT;
	if (request->selected.variant != NULL) /* the variant was looked up */
		return use_result(request) ? STEP_NEXT : look_up_best(request);
	if (!request_settings(request)->precompressed || request->search.error_status != 0)
		return STEP_NEXT;
	siblings = variant_siblings(request, request->selected.file);
	if (request->input.fields.accept_encoding != NULL && variant_is_rejected(siblings))
		log_rejected(request);
	request->selected.remaining = siblings->variants;
	if (request->selected.remaining == 0)
		return STEP_NEXT;
	request->reply.vary |= REPLY_VARY_ACCEPT_ENCODING;
	if (request->input.fields.accept_encoding == NULL)
		return STEP_NEXT;
	request->selected.as_is = wants_as_is(request);
	for (unsigned i = 0; i < SIBLING_VARIANTS && request->selected.as_is; i++)
		if (!has_mark(request->input.fields.conditions.if_range, &variants[i]))
			request->selected.remaining &= ~(1u << i);
	return look_up_best(request);
}

void variant_drop(struct request *request)
{
	file_unref(request->selected.original);
	file_unref(request->selected.file);
	request->selected.original = request->selected.file = NULL;
	request->selected.variant = NULL;
	request->selected.failed = false;
	request->selected.as_is = false;
}
