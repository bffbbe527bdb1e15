/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Eviction walks over the files of the target and invalidates the version of each file. The thread of the connection
 * does all of the work and owns the eviction. The eviction ends early if the client disconnects or the process stops.
 */
#include "admin/cache_evict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/cache_answer.h"
#include "admin/cache_lines.h"
#include "admin/cache_target.h"
#include "base/clock.h"
#include "store/cache_content.h"

struct eviction {
	struct cache_target target;
	char path[CACHE_LINES_PATH_BYTES]; /* the current file, shortened; relative to the root */
	uint64_t files, bytes;
	unsigned left_out;
	bool stopped;
};

static bool proceed(void *context, uint64_t until_ns)
{
	struct eviction *eviction = context;
	struct cache_target *target = &eviction->target;
	struct file_version version;
	const char *path;

	while (clock_now_ns() < until_ns) {
		eviction->stopped = cache_target_is_stopping(target);
		path = eviction->stopped ? NULL : cache_walk_next(target->walk, &version, &eviction->left_out);
		if (path == NULL)
			return true;
		eviction->bytes += cache_content_invalidate(target->process->cache, &version);
		eviction->files++;
		snprintf(eviction->path, sizeof(eviction->path), "%s", path);
	}
	return false;
}

static json_t *describe(void *context, bool done)
{
	const struct eviction *eviction = context;
	json_t *path = done ? cache_answer_string(eviction->target.path)
			    : cache_answer_path(cache_walk_root(eviction->target.walk), eviction->path);
	json_t *object = json_pack("{s:o, s:I, s:I}", "path", path, "evicted_bytes", (json_int_t)eviction->bytes,
				   "files", (json_int_t)eviction->files);

	if (done && eviction->left_out > 0)
		json_object_set_new(object, "left_out", json_integer(eviction->left_out));
	if (done && eviction->stopped)
		json_object_set_new(object, "error", cache_answer_string(cache_answer_text(-ECANCELED)));
	return object;
}

static void free_eviction(void *context)
{
	struct eviction *eviction = context;

	cache_target_close(&eviction->target);
	free(eviction);
}

void cache_evict_answer(struct admin_call *call)
{
	static const struct cache_lines_functions functions = { proceed, describe, free_eviction };
	struct eviction *eviction = calloc(1, sizeof(*eviction));

	if (eviction == NULL) {
		cache_answer_error(call, 503, "out of memory");
		return;
	}
	if (cache_target_open(&eviction->target, call))
		cache_lines_answer(call, &functions, eviction);
	else
		free(eviction);
}
