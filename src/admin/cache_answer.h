/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON answers of the cache's resources. */
#ifndef ADMIN_CACHE_ANSWER_H
#define ADMIN_CACHE_ANSWER_H

#include <jansson.h>

#include "admin/admin_call.h"
#include "store/file.h"

/* A string of whatever bytes; of a path beneath a root with its slash in front. NULL: no memory, as all that jansson
 * makes. */
json_t *cache_answer_string(const char *bytes);
json_t *cache_answer_path(const char *path);

/* Takes the object over. */
void cache_answer_json(struct admin_call *call, unsigned status, json_t *object);
/* {"error": text} */
void cache_answer_error(struct admin_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Of -errno met with this path: 400, 403, 404 … */
void cache_answer_errno(struct admin_call *call, int error, const char *path);
/* What is said of an errno. */
const char *cache_answer_text(int error);

#endif
