/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All known names are ranked for each request, see store/resident.h, and the requested part of the ranking is returned.
 * Rankings run one at a time, so their memory is bounded, and several live pages use no more processor time than one
 * thread. A cached file without a known name is omitted.
 *
 * Runs on the thread of the connection.
 */
#include "admin/cache_hot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "admin/cache_answer.h"
#include "base/clock.h"
#include "daemon/generation.h"
#include "daemon/site_roots.h"
#include "store/resident.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000
#define NAMES_MAX 1000000 /* maximum of offset + limit */
#define LOCK_STEP_MS 20	  /* time between two attempts to take the lock */

/* Held by the thread that ranks. */
static pthread_mutex_t ranking_lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_stopping(void *context)
{
	const struct admin_call *call = context;

	return atomic_load_explicit(call->stopping, memory_order_relaxed);
}

/* Waits for the lock. Returns false if the process stops. */
static bool lock_ranking(struct admin_call *call)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * CLOCK_NS_PER_MS };

	while (pthread_mutex_trylock(&ranking_lock) != 0) {
		if (is_stopping(call))
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

/* Returns the object of one file. */
static json_t *describe(const struct rules *rules, const struct resident_name *name)
{
	const uint64_t size = name->file->version.size, bytes = name->bytes < size ? name->bytes : size;
	const struct rules_root *root = site_roots_find(rules, name->file->root);
	const char *host = root != NULL ? root->site->host : NULL;

	return json_pack("{s:o, s:o, s:I, s:I, s:b, s:I, s:I}", "path", cache_answer_path(root, name->file->path),
			 "site", host != NULL ? cache_answer_string(host) : json_null(), "size", (json_int_t)size,
			 "resident_bytes", (json_int_t)bytes, "pinned", name->pinned_bytes > 0, "pinned_bytes",
			 (json_int_t)name->pinned_bytes, "requests", (json_int_t)name->requests);
}

/* Returns the answer. */
static json_t *describe_all(struct process *process, const struct resident_ranking *ranking, size_t offset)
{
	struct generation *generation = generation_current(process);
	const struct rules *rules = &generation_config(generation)->rules;
	json_t *array = json_array();

	for (size_t i = 0; i < ranking->count; i++)
		json_array_append_new(array, describe(rules, &ranking->names[i]));
	generation_unref(generation);
	return json_pack("{s:o, s:I, s:I}", "files", array, "offset", (json_int_t)offset, "total",
			 (json_int_t)ranking->total);
}

static void rank(struct admin_call *call, size_t offset, size_t limit)
{
	const struct resident_options options = { .names = call->process->names,
						  .cache = call->process->cache,
						  .offset = offset,
						  .limit = limit,
						  .stopped = is_stopping,
						  .context = call };
	struct resident_ranking ranking;
	int error = resident_rank(&ranking, &options);

	if (error == 0)
		cache_answer_json(call, 200, describe_all(call->process, &ranking, offset));
	else
		cache_answer_error(call, 503, "%s", cache_answer_text(error));
	resident_fini(&ranking);
}

/*
 * Reads an argument that must be a number from least to most. Otherwise sets an error answer and returns false. Does
 * not change *number if the argument is absent.
 */
static bool read_number(struct admin_call *call, const char *name, unsigned long least, unsigned long most,
			unsigned long *number)
{
	const char *text = admin_call_argument(call, name);
	unsigned long value;
	char *rest;

	if (text == NULL)
		return true;
	value = strtoul(text, &rest, 10);
	if (text[0] < '0' || text[0] > '9' || *rest != '\0' || value < least || value > most) {
		cache_answer_error(call, 400, "%s: \"%s\" is not a number from %lu to %lu", name, text, least, most);
		return false;
	}
	*number = value;
	return true;
}

void cache_hot_answer(struct admin_call *call)
{
	unsigned long limit = LIMIT_DEFAULT, offset = 0;

	if (!read_number(call, "limit", 1, LIMIT_MAX, &limit) ||
	    !read_number(call, "offset", 0, NAMES_MAX - limit, &offset))
		return;
	if (process_state(call->process) == PROCESS_STARTING) {
		cache_answer_error(call, 503, "the process is still starting; try again later");
		return;
	}
	if (!lock_ranking(call)) {
		cache_answer_error(call, 503, "%s", cache_answer_text(-ECANCELED));
		return;
	}
	rank(call, offset, limit);
	pthread_mutex_unlock(&ranking_lock);
}
