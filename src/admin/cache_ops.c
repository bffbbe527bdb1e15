/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warming and pinning read one file after the other. Each file is read by one worker, with struct warm. The files are
 * distributed over the workers in turn. Meanwhile the thread of the connection waits and reports the progress as lines
 * of JSON. The thread of the connection owns the operation. read_progress() is the callback that produces the lines.
 *
 * The operation ends early if the client disconnects, if the process stops, or if a reload changes cache_size. The
 * operation also ends when it has filled its share of the cache, because further files would evict the files read
 * first.
 */
#include "admin/cache_ops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/cache_answer.h"
#include "admin/cache_target.h"
#include "base/clock.h"
#include "daemon/worker.h"
#include "store/cache_content.h"
#include "store/warm.h"

#define PROGRESS_MS 250	  /* time between two lines */
#define WALK_ROOM 256	  /* maximum number of extents in one step of a walk */
#define FITS_EIGHTHS 7	  /* share of the cache to fill, in eighths; not 8, because shards fill unevenly */
#define LINE_PATH_MAX 600 /* bytes of a path in a line; JSON escapes can make the path six times as long */

struct operation {
	struct cache_target target;
	struct warm *warm; /* the operation on the current file; NULL between two files */
	bool pin;
	bool over;		     /* true: no further file is read */
	bool reported;		     /* true: the last line was produced */
	struct file_version version; /* version of the current file */
	uint64_t room_bytes;	     /* number of bytes that may still be read or pinned */
	size_t cache_bytes;	     /* size of the cache when room_bytes was computed */
	uint64_t done_bytes, total_bytes;
	unsigned files, left_out;
	unsigned worker;	 /* incremented for each file, to distribute the files over the workers */
	char path[PATH_BYTES];	 /* path of the current file, relative to the root */
	char fault[256];	 /* message of the first error; "" if there was no error */
	char *line;		 /* the current line, terminated by a newline instead of a NUL */
	size_t line_bytes, sent; /* length of the line; number of bytes sent */
};

static void free_operation(void *context)
{
	struct operation *operation = context;

	warm_free(operation->warm);
	cache_target_close(&operation->target);
	free(operation->line);
	free(operation);
}

/* Returns the number of bytes of this version that are pinned in the cache. */
static uint64_t pinned_bytes(struct cache *cache, const struct file_version *version)
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

/* --- warm and pin --- */

/* Called on the reactor before each read. */
static bool may_continue(void *context)
{
	return process_state(context) < PROCESS_DRAINING;
}

static void fault(struct operation *operation, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Records the first error. Later errors are ignored. */
static void fault(struct operation *operation, const char *format, ...)
{
	va_list list;

	if (operation->fault[0] != '\0')
		return;
	va_start(list, format);
	vsnprintf(operation->fault, sizeof(operation->fault), format, list);
	va_end(list);
}

/* Returns the maximum number of bytes that the operation may pin, or read into the cache. */
static uint64_t room_of(const struct operation *operation)
{
	struct cache_stats stats;
	uint64_t half;

	cache_content_stats(operation->target.process->cache, &stats);
	half = stats.bytes / 2;
	if (!operation->pin)
		return stats.bytes / 8 * FITS_EIGHTHS;
	return half > stats.sums.pinned_bytes ? half - stats.sums.pinned_bytes : 0;
}

static void start_file(struct operation *operation, uint64_t max_bytes)
{
	struct process *process = operation->target.process;
	const struct worker *worker = process->workers[operation->worker++ % process->count];
	const struct warm_options options = { .reactor = worker_reactor(worker),
					      .store = worker_store(worker),
					      .cache = process->cache,
					      .files = operation->target.site->files,
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

/*
 * Returns the number of bytes of the current file that may be read. A file is either pinned completely or not pinned.
 * Bytes of the file that are already pinned count as free. A file that is only warmed may be read partially.
 */
static uint64_t room_for_file(struct operation *operation)
{
	const uint64_t size = operation->version.size;

	if (size > operation->room_bytes && operation->pin)
		operation->room_bytes += pinned_bytes(operation->target.process->cache, &operation->version);
	if (size <= operation->room_bytes)
		return size;
	if (operation->pin) {
		fault(operation,
		      "/%s has %" PRIu64 " bytes, but only %" PRIu64
		      " bytes can still be pinned (at most half of cache_size)",
		      operation->path, size, operation->room_bytes);
		return 0;
	}
	fault(operation, "the cache is full: only the first %" PRIu64 " of %" PRIu64 " bytes of /%s were read",
	      operation->room_bytes, size, operation->path);
	return operation->room_bytes;
}

/* Starts to read the next file. Ends the operation if there is no next file or not enough room for the file. */
static void next_file(struct operation *operation)
{
	struct file_version version;
	const char *path = cache_walk_next(operation->target.walk, &version, &operation->left_out);
	const bool resized = cache_bytes(operation->target.process->cache) != operation->cache_bytes;
	uint64_t max_bytes;

	if (path != NULL && resized)
		fault(operation, "a reload changed cache_size; repeat the operation");
	if (path == NULL || resized) {
		operation->over = true;
		return;
	}
	strcpy(operation->path, path);
	operation->version = version;
	operation->total_bytes += version.size;
	max_bytes = room_for_file(operation);
	if (max_bytes < version.size && max_bytes == 0) {
		operation->over = true;
		return;
	}
	operation->room_bytes -= max_bytes;
	operation->files++;
	start_file(operation, max_bytes);
}

/*
 * Checks that the whole file is pinned. Each shard can pin at most half of its own memory, so part of the file may not
 * be pinned if the shards fill unevenly.
 */
static void check_pinned(struct operation *operation)
{
	uint64_t bytes;

	if (!operation->pin || !cache_walk_is_file(operation->target.walk))
		return;
	bytes = pinned_bytes(operation->target.process->cache, &operation->version);
	if (bytes < operation->version.size)
		fault(operation, "only %" PRIu64 " of %" PRIu64 " bytes could be pinned; increase cache_size", bytes,
		      operation->version.size);
}

static void end_file(struct operation *operation, int error)
{
	operation->done_bytes += warm_done_bytes(operation->warm);
	warm_free(operation->warm);
	operation->warm = NULL;
	if (error == 0) {
		check_pinned(operation);
		operation->over = operation->room_bytes == 0 && operation->fault[0] != '\0';
		return;
	}
	operation->left_out++;
	fault(operation, "/%s: %s", operation->path, cache_answer_text(error));
	operation->over = error == -ECANCELED;
}

/* Continues until the next line is due or the operation is over. */
static void proceed(struct operation *operation)
{
	const uint64_t until_ns = clock_now_ns() + PROGRESS_MS * CLOCK_NS_PER_MS;

	while (!operation->over) {
		uint64_t now_ns = clock_now_ns();
		int result;

		if (cache_target_is_stopping(&operation->target)) {
			fault(operation, "%s", cache_answer_text(-ECANCELED));
			operation->over = true;
		} else if (now_ns >= until_ns) {
			return;
		} else if (operation->warm == NULL) {
			next_file(operation);
		} else {
			result = warm_wait(operation->warm, (until_ns - now_ns) / CLOCK_NS_PER_MS + 1);
			if (result != -EINPROGRESS)
				end_file(operation, result);
		}
	}
}

/* Returns the path of the current file, shortened. For the last line, returns the path as requested. */
static json_t *line_path(const struct operation *operation)
{
	char shortened[LINE_PATH_MAX];

	if (operation->over)
		return cache_answer_string(operation->target.path);
	snprintf(shortened, sizeof(shortened), "%.*s", (int)sizeof(shortened) - 1, operation->path);
	return cache_answer_path(shortened);
}

/* Replaces the current line. Returns false if memory runs out. */
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

/* See admin_call_read_fn. */
static ssize_t read_progress(void *context, char *buffer, size_t bytes)
{
	struct operation *operation = context;
	size_t left = operation->line_bytes - operation->sent, n;

	if (left == 0) {
		if (operation->reported)
			return 0;
		proceed(operation);
		operation->reported = operation->over;
		if (!make_line(operation))
			return -ENOMEM;
		left = operation->line_bytes;
	}
	n = left < bytes ? left : bytes;
	memcpy(buffer, operation->line + operation->sent, n);
	operation->sent += n;
	return (ssize_t)n;
}

/*
 * Returns true if the file fits into the memory that may be pinned, or if the path is a directory. Otherwise sets an
 * error answer and returns false.
 */
static bool can_pin(struct admin_call *call, struct operation *operation)
{
	const struct cache_target *target = &operation->target;
	struct file_version version;
	struct cache_walk *walk;
	unsigned left_out = 0;
	const char *path;
	uint64_t room;
	int error;

	if (!operation->pin || !cache_walk_is_file(target->walk))
		return true;
	error = cache_walk_open(&walk, target->generation, target->site, target->path);
	if (error != 0) {
		cache_answer_errno(call, error, target->path);
		return false;
	}
	path = cache_walk_next(walk, &version, &left_out);
	cache_walk_free(walk);
	room = operation->room_bytes + (path != NULL ? pinned_bytes(target->process->cache, &version) : 0);
	if (path == NULL || version.size <= room)
		return true;
	cache_answer_error(call, 409,
			   "%s has %" PRIu64 " bytes, but only %" PRIu64
			   " bytes can still be pinned (at most half of cache_size)",
			   target->path, version.size, room);
	return false;
}

static void warm(struct admin_call *call, bool pin)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (operation == NULL) {
		cache_answer_error(call, 503, "out of memory");
		return;
	}
	if (!cache_target_open(&operation->target, call)) {
		free(operation);
		return;
	}
	operation->pin = pin;
	operation->room_bytes = room_of(operation);
	operation->cache_bytes = cache_bytes(call->process->cache);
	if (!cache_retains(call->process->cache)) {
		cache_answer_error(call, 409, "cache_size is 0, so no file is kept in memory");
		free_operation(operation);
	} else if (!can_pin(call, operation)) {
		free_operation(operation);
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
	struct cache_target target;
	struct file_version version;
	unsigned files = 0, left_out = 0;
	uint64_t bytes = 0;

	if (!cache_target_open(&target, call))
		return;
	while (!cache_target_is_stopping(&target) && cache_walk_next(target.walk, &version, &left_out) != NULL) {
		bytes += cache_content_invalidate(call->process->cache, &version);
		files++;
	}
	cache_answer_json(call, 200,
			  json_pack("{s:I, s:I}", "evicted_bytes", (json_int_t)bytes, "files", (json_int_t)files));
	cache_target_close(&target);
}
