/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verifies signed URLs. A signature is made for the requested path. An index or a path of "try" may replace the
 * requested path. The signature is also valid for the new path if the same key file protects both paths. If another key
 * file protects the new path, the request needs a valid signature of that key file. So a signature for one location
 * never gives access to the files of another location.
 *
 * struct signing holds the keys of one generation of the configuration. The struct is immutable and has a reference
 * count, so the reactor threads read the keys without a lock. Key files are found by a linear search, because there are
 * few of them.
 */
#include "steps/signing.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "auth/sign_keys.h"
#include "auth/signature.h"
#include "base/clock.h"
#include "base/log.h"
#include "steps/limit.h"

struct key_file {
	const char *path; /* owned by the configuration */
	struct sign_keys *keys;
};

struct signing {
	/*
	 * The memory order is the default, because the thread that drops the last reference must see all uses of the
	 * keys.
	 */
	atomic_uint refs;
	struct key_file *list;
	size_t count;
};

static const struct sign_keys *find(const struct signing *signing, const char *path)
{
	for (size_t i = 0; i < signing->count; i++)
		if (strcmp(signing->list[i].path, path) == 0)
			return signing->list[i].keys;
	return NULL;
}

static int load(struct key_file *file)
{
	char fault[SIGN_KEYS_FAULT_BYTES];
	int error = sign_keys_load(file->path, &file->keys, fault);

	if (error != 0)
		log_error("sign_keys: %s", fault);
	else if (file->keys->exposed)
		log_warning("%s: all users of this machine can read the key file; run chmod o-r on it", file->path);
	return error;
}

static int add(struct signing *signing, const struct settings *settings)
{
	struct key_file *longer, added = { .path = settings->sign_keys };
	int error;

	if (added.path == NULL || find(signing, added.path) != NULL)
		return 0;
	longer = reallocarray(signing->list, signing->count + 1, sizeof(*longer));
	if (longer == NULL)
		return -ENOMEM;
	signing->list = longer;
	error = load(&added);
	if (error == 0)
		signing->list[signing->count++] = added;
	return error;
}

int signing_new(struct signing **signing, const struct rules *rules)
{
	struct signing *made = calloc(1, sizeof(*made));
	int error = made != NULL ? 0 : -ENOMEM;

	if (made != NULL)
		atomic_init(&made->refs, 1);
	for (size_t i = 0; i < rules->site_count && error == 0; i++) {
		const struct site *site = &rules->sites[i];

		error = add(made, &site->settings);
		for (size_t j = 0; j < site->count && error == 0; j++)
			error = add(made, &site->list[j].settings);
	}
	if (error != 0)
		signing_unref(made);
	else
		*signing = made;
	return error;
}

struct signing *signing_ref(struct signing *signing)
{
	if (signing != NULL)
		atomic_fetch_add(&signing->refs, 1);
	return signing;
}

void signing_unref(struct signing *signing)
{
	if (signing == NULL || atomic_fetch_sub(&signing->refs, 1) > 1)
		return;
	for (size_t i = 0; i < signing->count; i++)
		sign_keys_free(signing->list[i].keys);
	free(signing->list);
	free(signing);
}

bool signing_is_empty(const struct signing *signing)
{
	return signing->count == 0;
}

static enum step_result verify(struct request *request, const char *key_file)
{
	int64_t now = clock_wall_ns() / (int64_t)CLOCK_NS_PER_S;
	struct signature signature;

	request->signature.required = true;
	request->signature.verdict = signature_check(find(request->site->config.signing, key_file), &request->path,
						     &request->origin.client_address, now, &signature);
	if (request->signature.verdict != SIGNATURE_GOOD) {
		log_debug("/%s: request rejected: %s", request->path.file,
			  signature_description(request->signature.verdict));
		request_note_rejection(request, request->signature.verdict == SIGNATURE_EXPIRED ? COUNTERS_EXPIRED
												: COUNTERS_ACCESS);
		return request_fail(request, signature_status(request->signature.verdict));
	}
	request->signature.key_file = key_file;
	if (signature.rate_bytes > 0) {
		request->signature.rate_bytes = signature.rate_bytes;
		limit_pace(request);
	}
	return STEP_NEXT;
}

enum step_result signing_check(struct request *request)
{
	const char *key_file = request_settings(request)->sign_keys;

	if (key_file == NULL) {
		/*
		 * This reply has "Cache-Control: private", because the requested path was signed. A direct request for
		 * the new path gets a reply without that field, so this reply must not be reused.
		 */
		request->not_reusable = request->not_reusable || request->signature.required;
		return STEP_NEXT;
	}
	if (request->signature.key_file != NULL && strcmp(request->signature.key_file, key_file) == 0)
		return STEP_NEXT;
	return verify(request, key_file);
}

const char *signing_links(struct request *request)
{
	struct signature signature;
	char text[SIGNATURE_QUERY_BYTES];

	if (request->signature.key_file == NULL || signature_parse(request->path.query, &signature) != SIGNATURE_GOOD ||
	    !signature.prefix || signature_format(&signature, text, sizeof(text)) != 0)
		return NULL;
	return reply_text_format(&request->reply, "%s", text);
}

/* Masks the signature in a copy of Referer, because the original is in memory of libmicrohttpd. */
static void mask_referer(struct request *request)
{
	const char *copy = reply_text_format(&request->reply, "%s", request->input.fields.referer);

	if (copy != NULL)
		signature_mask(strchr((char *)copy, '?') + 1);
	request->input.fields.referer = copy;
}

void signing_mask(struct request *request)
{
	char *query;

	if (request->site->config.signing == NULL || signing_is_empty(request->site->config.signing))
		return;
	/* Every target and Referer may contain a signature. For example, a signed page may link to an unsigned path. */
	query = strchr(request->input.target, '?');
	if (query != NULL)
		signature_mask(query + 1);
	if (request->input.fields.referer != NULL && strchr(request->input.fields.referer, '?') != NULL)
		mask_referer(request);
}
