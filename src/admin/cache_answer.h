/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON answers of the cache resources. Functions that return json_t return NULL if memory runs out, as jansson does. */
#ifndef ADMIN_CACHE_ANSWER_H
#define ADMIN_CACHE_ANSWER_H

#include <jansson.h>

#include "admin/admin_call.h"
#include "site/rules.h"
#include "store/file.h"

/* Returns a string. Bytes that are not valid UTF-8 become U+FFFD. */
json_t *cache_answer_string(const char *bytes);
/* Returns the path of the URL of a path below a root. The root may be NULL. */
json_t *cache_answer_path(const struct rules_root *root, const char *path);

/* Answers with an object and frees the object. If object is NULL, answers with status 503. */
void cache_answer_json(struct admin_call *call, unsigned status, json_t *object);
/* Answers with {"error": text}. */
void cache_answer_error(struct admin_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Answers with the message of an -errno that concerns this path. The errno determines the status (400, 403, 404, ...).
 */
void cache_answer_errno(struct admin_call *call, int error, const char *path);
/* Returns the message of an -errno. */
const char *cache_answer_text(int error);

#endif
