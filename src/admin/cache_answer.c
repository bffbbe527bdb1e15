/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds the JSON answers of /cache/warm, /cache/pin, /cache/evict and /cache/hot, and maps -errno to a message and an
 * HTTP status. If memory runs out, jansson returns NULL, and cache_answer_json() answers with 503.
 *
 * The functions run on the thread of the connection and keep no memory between calls.
 */
#include "admin/cache_answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "daemon/site_roots.h"
#include "http/status.h"

json_t *cache_answer_string(const char *bytes)
{
	struct text text = { 0 };
	json_t *made;

	text_utf8(&text, bytes, strlen(bytes));
	made = text.failed ? NULL : json_stringn_nocheck(text.bytes != NULL ? text.bytes : "", text.used);
	text_fini(&text);
	return made;
}

json_t *cache_answer_path(const struct rules_root *root, const char *path)
{
	char text[SITE_ROOTS_URL_PATH_BYTES];

	return cache_answer_string(site_roots_url_path(root, path, text, sizeof(text)));
}

void cache_answer_json(struct admin_call *call, unsigned status, json_t *object)
{
	char *text = escape_json_document(json_dumps(object, JSON_COMPACT)), *line = NULL;
	int length = text != NULL ? asprintf(&line, "%s\n", text) : -1;

	json_decref(object);
	free(text);
	admin_call_answer_owned(call, status, ADMIN_CALL_JSON, length > 0 ? line : NULL,
				length > 0 ? (size_t)length : 0);
}

void cache_answer_error(struct admin_call *call, unsigned status, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	cache_answer_json(call, status, json_pack("{s:o}", "error", cache_answer_string(text)));
}

const char *cache_answer_text(int error)
{
	switch (error) {
	case -ENOENT:
		return "no file is served at this path";
	case -EPERM:
		return "the configuration sets \"cache = never\" for this file";
	case -ESTALE:
		return "the file changed while it was read";
	case -ECANCELED:
		return "ranged is stopping";
	case -ENOBUFS:
		return "too many directories are being read for other cache commands; try again later";
	case -EINVAL:
		return "not a valid path; a path starts with a slash";
	default:
		return strerror(-error);
	}
}

static unsigned status_of(int error)
{
	switch (error) {
	case -EINVAL:
	case -ENAMETOOLONG:
		return 400;
	case -EPERM:
	case -ENOBUFS:
		return 409;
	default:
		return status_of_error(error);
	}
}

void cache_answer_errno(struct admin_call *call, int error, const char *path)
{
	cache_answer_error(call, status_of(error), "%s: %s", path, cache_answer_text(error));
}
