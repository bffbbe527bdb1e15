/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warming: one file after the other, each by one worker, while the connection's thread waits and says how far it is. It
 * ends early when the client leaves, when the process stops, and when the cache is as full with it as it may be: more
 * would push out what came first.
 */
#include "admin/cache_ops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/cache_answer.h"
#include "admin/cache_walk.h"
#include "base/clock.h"
#include "daemon/worker.h"
#include "store/cache_content.h"
#include "store/warm.h"

#define PROGRESS_MS 250
#define WALK_ROOM 256	  /* extents at a time */
#define FITS_EIGHTHS 7	  /* of the cache: shards don't fill up evenly */
#define LINE_PATH_MAX 600 /* bytes of a path in a line: the JSON of it is six times that at worst */

struct operation {
	struct process *process;
	const atomic_bool *stopping;
	struct generation *generation; /* a reference */
	const struct site *site;
	struct cache_walk *walk;
	struct warm *warm; /* of the file that it is at */
	bool pin, over, said;
	struct file_version version; /* of that file */
	uint64_t room_bytes;	     /* how much more may be read, or pinned, */
	size_t cache_bytes;	     /* of a cache of this size */
	uint64_t done_bytes, total_bytes;
	unsigned files, left_out;
	unsigned worker; /* whose turn it is */
	char path[PATH_BYTES];
	char *asked;
	char fault[256]; /* why it ends early, or one file failed */
	char *line;	 /* to be sent */
	size_t line_bytes, sent;
};

/* --- what all have in common --- */

static bool is_stopping(const struct operation *operation)
{
	return atomic_load(operation->stopping) || process_state(operation->process) >= PROCESS_DRAINING;
}

static void end(struct operation *operation)
{
	warm_free(operation->warm);
	cache_walk_free(operation->walk);
	generation_unref(operation->generation);
	free(operation->asked);
	free(operation->line);
	free(operation);
}

/* NULL: the call was answered. */
static struct operation *begin(struct admin_call *call)
{
	const char *path = admin_call_argument(call, "path"), *host = admin_call_argument(call, "site");
	struct operation *made;
	int error;

	if (path == NULL || path[0] == '\0') {
		cache_answer_error(call, 400, "path= is missing");
		return NULL;
	}
	if (process_state(call->process) == PROCESS_STARTING || process_state(call->process) >= PROCESS_DRAINING) {
		cache_answer_error(call, 503, "not now: %s", process_state_name(process_state(call->process)));
		return NULL;
	}
	made = calloc(1, sizeof(*made));
	if (made == NULL || (made->asked = strdup(path)) == NULL) {
		free(made);
		cache_answer_error(call, 503, "out of memory");
		return NULL;
	}
	made->process = call->process;
	made->stopping = call->stopping;
	made->generation = generation_current(call->process);
	made->site = cache_walk_site(made->generation, host);
	if (made->site == NULL) {
		cache_answer_error(call, 404, "%s: there is no such site", host != NULL ? host : "");
		end(made);
		return NULL;
	}
	error = cache_walk_open(&made->walk, made->generation, made->site, path);
	if (error != 0) {
		cache_answer_errno(call, error, path);
		end(made);
		return NULL;
	}
	return made;
}

/* How much of this version is kept for good. */
static uint64_t sticky_bytes(struct cache *cache, const struct file_version *version)
{
	struct cache_resident list[WALK_ROOM];
	struct cache_cursor cursor = { 0 };
	uint64_t bytes = 0;
	size_t count;

	while ((count = cache_content_walk(cache, &cursor, list, WALK_ROOM)) > 0)
		for (size_t i = 0; i < count; i++)
			if (list[i].pinned && file_version_equal(&list[i].version, version))
				bytes += list[i].bytes;
	return bytes;
}

/* --- warm, pin --- */

static bool may_continue(void *context)
{
	return process_state(context) < PROCESS_DRAINING;
}

static void fault(struct operation *operation, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first one is the one that counts. */
static void fault(struct operation *operation, const char *format, ...)
{
	va_list list;

	if (operation->fault[0] != '\0')
		return;
	va_start(list, format);
	vsnprintf(operation->fault, sizeof(operation->fault), format, list);
	va_end(list);
}

/* Most of what may be sticky, or be there at all. */
static uint64_t room_of(const struct operation *operation)
{
	struct cache_stats stats;
	uint64_t half;

	cache_content_stats(operation->process->cache, &stats);
	half = stats.bytes / 2;
	if (!operation->pin)
		return stats.bytes / 8 * FITS_EIGHTHS;
	return half > stats.sums.pinned_bytes ? half - stats.sums.pinned_bytes : 0;
}

static void start_file(struct operation *operation, uint64_t max_bytes)
{
	struct process *process = operation->process;
	const struct worker *worker = process->workers[operation->worker++ % process->count];
	const struct warm_options options = { .reactor = worker_reactor(worker),
					      .store = worker_store(worker),
					      .cache = process->cache,
					      .files = operation->site->files,
					      .max_bytes = max_bytes,
					      .pinned = operation->pin,
					      .may_continue = may_continue,
					      .context = process };
	int error = warm_new(&operation->warm, &options, operation->path);

	if (error == 0)
		return;
	fault(operation, "%s", cache_answer_text(error));
	operation->over = true;
}

/* Another file, unless there is none, or no room for it. */
static void next_file(struct operation *operation)
{
	struct file_version version;
	const char *path = cache_walk_next(operation->walk, &version, &operation->left_out);
	uint64_t most;

	if (path != NULL && cache_bytes(operation->process->cache) != operation->cache_bytes)
		fault(operation, "cache_size is another one now");
	if (path == NULL || cache_bytes(operation->process->cache) != operation->cache_bytes) {
		operation->over = true;
		return;
	}
	strcpy(operation->path, path);
	operation->version = version;
	operation->total_bytes += version.size;
	most = version.size;
	if (most > operation->room_bytes && operation->pin)
		operation->room_bytes += sticky_bytes(operation->process->cache, &version); /* it is counted already */
	if (most > operation->room_bytes) {
		fault(operation,
		      operation->pin
			      ? "it would be more than the half of cache_size that may be pinned: room for %" PRIu64
				" bytes more"
			      : "it is more than the cache can hold: room for %" PRIu64 " bytes more",
		      operation->room_bytes);
		most = operation->pin ? 0 : operation->room_bytes;
	}
	if (most < version.size && most == 0) {
		operation->over = true;
		return;
	}
	operation->room_bytes -= most;
	operation->files++;
	start_file(operation, most);
}

/* Each shard has a half of its own: when they fill up unevenly it is less than what was asked for. */
static void note_pinned(struct operation *operation)
{
	uint64_t bytes;

	if (!operation->pin || !cache_walk_is_file(operation->walk))
		return;
	bytes = sticky_bytes(operation->process->cache, &operation->version);
	if (bytes < operation->version.size)
		fault(operation, "no more than %" PRIu64 " bytes of it could be pinned", bytes);
}

static void file_over(struct operation *operation, int error)
{
	operation->done_bytes += warm_done_bytes(operation->warm);
	warm_free(operation->warm);
	operation->warm = NULL;
	if (error == 0) {
		note_pinned(operation);
		operation->over = operation->room_bytes == 0 && operation->fault[0] != '\0';
		return;
	}
	operation->left_out++;
	fault(operation, "/%s: %s", operation->path, cache_answer_text(error));
	operation->over = error == -ECANCELED;
}

/* Until something is to be said. */
static void proceed(struct operation *operation)
{
	const uint64_t until_ns = clock_now_ns() + PROGRESS_MS * CLOCK_NS_PER_MS;

	while (!operation->over) {
		uint64_t now_ns = clock_now_ns();
		int result;

		if (is_stopping(operation)) {
			fault(operation, "%s", cache_answer_text(-ECANCELED));
			operation->over = true;
		} else if (now_ns >= until_ns) {
			return;
		} else if (operation->warm == NULL) {
			next_file(operation);
		} else {
			result = warm_wait(operation->warm, (until_ns - now_ns) / CLOCK_NS_PER_MS + 1);
			if (result != -EINPROGRESS)
				file_over(operation, result);
		}
	}
}

static json_t *line_path(const struct operation *operation)
{
	char cut[LINE_PATH_MAX];

	if (operation->over)
		return cache_answer_string(operation->asked);
	snprintf(cut, sizeof(cut), "%.*s", (int)sizeof(cut) - 1, operation->path);
	return cache_answer_path(cut);
}

static bool make_line(struct operation *operation)
{
	uint64_t done_bytes = operation->done_bytes + (operation->warm != NULL ? warm_done_bytes(operation->warm) : 0);
	json_t *object = json_pack("{s:o, s:I, s:I, s:I}", "path", line_path(operation), "done_bytes",
				   (json_int_t)done_bytes, "total_bytes", (json_int_t)operation->total_bytes, "files",
				   (json_int_t)operation->files);
	char *text;

	if (operation->over) {
		json_object_set_new(object, "done", json_true());
		if (operation->left_out > 0)
			json_object_set_new(object, "left_out", json_integer(operation->left_out));
		if (operation->fault[0] != '\0')
			json_object_set_new(object, "error", cache_answer_string(operation->fault));
	}
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	free(operation->line);
	operation->line = text;
	if (text == NULL)
		return false;
	operation->line_bytes = strlen(text) + 1;
	text[operation->line_bytes - 1] = '\n';
	operation->sent = 0;
	return true;
}

static ssize_t read_progress(void *context, char *buffer, size_t bytes)
{
	struct operation *operation = context;
	size_t left = operation->line_bytes - operation->sent, n;

	if (left == 0) {
		if (operation->said)
			return 0;
		proceed(operation);
		operation->said = operation->over;
		if (!make_line(operation))
			return -ENOMEM;
		left = operation->line_bytes;
	}
	n = left < bytes ? left : bytes;
	memcpy(buffer, operation->line + operation->sent, n);
	operation->sent += n;
	return (ssize_t)n;
}

static void free_operation(void *context)
{
	end(context);
}

/* One file that can't be pinned is refused before anything is read. */
static bool can_pin(struct admin_call *call, struct operation *operation)
{
	struct file_version version;
	unsigned left_out = 0;
	const char *path;
	struct cache_walk *look;
	uint64_t room;
	int error;

	if (!operation->pin || !cache_walk_is_file(operation->walk))
		return true;
	error = cache_walk_open(&look, operation->generation, operation->site, operation->asked);
	if (error != 0) {
		cache_answer_errno(call, error, operation->asked);
		return false;
	}
	path = cache_walk_next(look, &version, &left_out);
	cache_walk_free(look);
	room = operation->room_bytes + (path != NULL ? sticky_bytes(operation->process->cache, &version) : 0);
	if (path == NULL || version.size <= room)
		return true;
	cache_answer_error(call, 409,
			   "%s has %" PRIu64 " bytes: half of cache_size may be pinned, and %" PRIu64
			   " bytes of that are left",
			   operation->asked, version.size, room);
	return false;
}

static void warm(struct admin_call *call, bool pin)
{
	struct operation *operation = begin(call);

	if (operation == NULL)
		return;
	operation->pin = pin;
	operation->room_bytes = room_of(operation);
	operation->cache_bytes = cache_bytes(call->process->cache);
	if (!cache_retains(call->process->cache)) {
		cache_answer_error(call, 409, "cache_size is 0: nothing is kept");
		end(operation);
	} else if (!can_pin(call, operation)) {
		end(operation);
	} else {
		admin_call_stream(call, 200, ADMIN_CALL_LINES, read_progress, free_operation, operation);
	}
}

void cache_ops_warm(struct admin_call *call)
{
	warm(call, false);
}

void cache_ops_pin(struct admin_call *call)
{
	warm(call, true);
}

/* --- evict --- */

void cache_ops_evict(struct admin_call *call)
{
	struct operation *operation = begin(call);
	struct file_version version;
	uint64_t bytes = 0;

	if (operation == NULL)
		return;
	while (!is_stopping(operation) && cache_walk_next(operation->walk, &version, &operation->left_out) != NULL) {
		bytes += cache_content_invalidate(call->process->cache, &version);
		operation->files++;
	}
	cache_answer_json(
		call, 200,
		json_pack("{s:I, s:I}", "evicted_bytes", (json_int_t)bytes, "files", (json_int_t)operation->files));
	end(operation);
}
