/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of keys are found by their names, as the configuration has them: there are few. A signature is for the path
 * that was asked for; a folder's index, or what "try" names, may then be had with it as far as the same keys guard it.
 * What other keys guard needs a signature of its own, so no block gives away what another one keeps. Reactor threads
 * read, none of them writes.
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

struct key_file {
	const char *path; /* the configuration's */
	struct sign_keys *keys;
};

struct signing {
	atomic_uint holders;
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
		log_warning("%s: everybody on this machine may read the keys in it (chmod o-r)", file->path);
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
		atomic_init(&made->holders, 1);
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
		atomic_fetch_add(&signing->holders, 1);
	return signing;
}

void signing_unref(struct signing *signing)
{
	if (signing == NULL || atomic_fetch_sub(&signing->holders, 1) > 1)
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

	request->guarded = true;
	request->verdict = signature_check(find(request->site->signing, key_file), &request->path,
					   &request->client_address, now, &signature);
	if (request->verdict != SIGNATURE_GOOD) {
		log_debug("/%s: refused: %s", request->path.file, signature_words(request->verdict));
		counters_reject(request->site->counters,
				request->verdict == SIGNATURE_EXPIRED ? COUNTERS_EXPIRED : COUNTERS_ACCESS);
		return request_refuse(request, signature_status(request->verdict));
	}
	request->signed_by = key_file;
	if (signature.rate_bytes > 0) {
		request->rate_bytes = signature.rate_bytes;
		request->limited = request->not_reusable = true;
	}
	return STEP_NEXT;
}

enum step_result signing_check(struct request *request)
{
	const char *key_file = request_settings(request)->sign_keys;

	if (key_file == NULL) {
		request->not_reusable = request->not_reusable ||
					request->guarded; /* a reply to others is not marked private */
		return STEP_NEXT;
	}
	if (request->signed_by != NULL && strcmp(request->signed_by, key_file) == 0)
		return STEP_NEXT;
	return verify(request, key_file);
}

const char *signing_links(struct request *request)
{
	struct signature signature;
	char text[SIGNATURE_QUERY_BYTES];

	if (request->signed_by == NULL || signature_parse(request->path.query, &signature) != SIGNATURE_GOOD ||
	    !signature.prefix || signature_format(&signature, text, sizeof(text)) != 0)
		return NULL;
	return reply_text_format(&request->reply, "%s", text);
}

/* Its memory is the library's: a copy is masked. */
static void mask_referer(struct request *request)
{
	const char *copy = reply_text_format(&request->reply, "%s", request->fields.referer);

	if (copy != NULL)
		signature_mask(strchr((char *)copy, '?') + 1);
	request->fields.referer = copy;
}

void signing_mask(struct request *request)
{
	char *query;

	if (request->site->signing == NULL || signing_is_empty(request->site->signing))
		return; /* else a signature may stand in any of them: where a link led out of what it is for, too */
	query = strchr(request->target, '?');
	if (query != NULL)
		signature_mask(query + 1);
	if (request->fields.referer != NULL && strchr(request->fields.referer, '?') != NULL)
		mask_referer(request);
}
