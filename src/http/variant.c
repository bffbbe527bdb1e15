/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of open files knows what lies beside a file, so a file without variants costs a look at a field; and a variant is found
 * in that table as any other file is, so asking for it may wait. What the table knows may be a second old: the variant that is found
 * must still be no older than the file, or the next best one is looked for.
 */
#include "http/variant.h"

#include <string.h>

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

/* Of those that were not looked for yet, the first of the best; NULL: none is better than the file as it is, nor as good. */
static const struct variant *best(const struct request *request, unsigned identity)
{
	const struct variant *best = NULL;
	unsigned most = identity > 0 ? identity - 1 : 0;

	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		unsigned quality = request->variants >> i & 1 ? negotiate_encoding(request->fields.accept_encoding, variants[i].coding) : 0;

		if (quality > most) {
			most = quality;
			best = &variants[i];
		}
	}
	return best;
}

/* The lookup has ended: true: with the variant. */
static bool take(struct request *request)
{
	struct file *found = request->lookup.file;
	int error = request->lookup.error;

	request->lookup.file = NULL;
	if (found != NULL && sibling_is_fresh(&found->version, &request->file->version)) {
		request->original = request->file;
		request->file = found;
		return true;
	}
	if (error != 0 && status_of_error(error) >= 500)
		log_fault(LOG_LEVEL_ERROR, "/%s%s: %s (the file is sent as it is)", request->path.file,
			  sibling_suffix(request->variant->sibling), strerror(-error));
	file_unref(found);
	return false;
}

static enum step_result choose(struct request *request)
{
	unsigned identity = negotiate_encoding(request->fields.accept_encoding, "identity");
	char path[VARIANT_PATH_BYTES];

	while ((request->variant = best(request, identity)) != NULL) {
		int error = request_look_up(request, variant_path(request, path));

		request->variants &= ~(1u << request->variant->sibling);
		if (error != 0)
			return request_refuse_error(request, error, 0);
		if (request->looking)
			return STEP_WAIT;
		if (take(request))
			return STEP_NEXT;
	}
	return identity > 0 ? STEP_NEXT : request_refuse(request, 406);
}

enum step_result variant_choose(struct request *request)
{
	if (request->looking)
		return STEP_WAIT;
	if (request->variant != NULL) /* it was looked for */
		return take(request) ? STEP_NEXT : choose(request);
	request->variants = request->file->siblings.variants;
	if (request->variants == 0 || !request_settings(request)->precompressed || request->error_status != 0)
		return STEP_NEXT;
	request->reply.vary |= REPLY_VARY_ACCEPT_ENCODING;
	return request->fields.accept_encoding != NULL ? choose(request) : STEP_NEXT;
}

void variant_drop(struct request *request)
{
	file_unref(request->original);
	file_unref(request->file);
	request->original = request->file = NULL;
	request->variant = NULL;
}
