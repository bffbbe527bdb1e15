/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warming and pinning walk over the files of the target and read up to FILES_MAX of them at a time, because a disk
 * reads many small files faster together than one after another. A file of IN_FLIGHT_BYTES or more is read alone, so
 * that a hard disk reads it sequentially. Each file is read by one worker, with struct warm. The files are distributed
 * over the workers in turn. Meanwhile the thread of the connection, which owns the operation, waits.
 *
 * The operation ends early if the client disconnects, if the process stops, or if a reload changes cache_size. The
 * operation also ends when it has filled its share of the cache, because further files would evict the files read
 * first.
 */
#include "admin/cache_warm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/cache_answer.h"
#include "admin/cache_lines.h"
#include "admin/cache_target.h"
#include "base/align.h"
#include "base/clock.h"
#include "daemon/site_roots.h"
#include "daemon/worker.h"
#include "store/cache_content.h"
#include "store/warm.h"

#define FILES_MAX 32			    /* maximum number of files that are read at a time */
#define IN_FLIGHT_BYTES ((uint64_t)1 << 20) /* maximum size of these files together, unless there is only one */
#define FITS_EIGHTHS 7 /* share of the cache to fill, in eighths; not 8, because shards fill unevenly */

/* A file that is being read. */
struct slot {
	struct warm *warm; /* NULL: the slot is free */
	uint64_t max_bytes;
	bool repeated; /* the file has changed while it was read, and is read for the second time */
};

struct operation {
	struct cache_target target;
	struct warm_group *group;
	struct slot slots[FILES_MAX];
	unsigned busy;		  /* number of slots in use */
	uint64_t in_flight_bytes; /* sum of max_bytes of these slots */
	bool pin;
	bool last_started; /* true: no further file is started */
	/* The next file of the walk, which is started as soon as there is room in IN_FLIGHT_BYTES. */
	char next_path[PATH_BYTES];		  /* relative to the root; "": there is no next file */
	char url_path[SITE_ROOTS_URL_PATH_BYTES]; /* result of url_path() */
	uint64_t next_bytes;			  /* number of bytes to be read */
	uint64_t room_bytes;			  /* memory of the cache that may still be filled or pinned */
	size_t cache_bytes;			  /* size of the cache when room_bytes was computed */
	uint64_t done_bytes, total_bytes;
	uint64_t files; /* number of completed files, except deleted ones */
	unsigned left_out;
	unsigned worker; /* incremented for each file, to distribute the files over the workers */
	char shown_path[CACHE_LINES_PATH_BYTES]; /* the file that was started last, shortened */
	char fault[256];			 /* message of the first error; "" if there was no error */
};

static void free_slot(struct operation *operation, struct slot *slot)
{
	if (slot->warm == NULL)
		return;
	warm_free(slot->warm);
	slot->warm = NULL;
	operation->busy--;
	operation->in_flight_bytes -= slot->max_bytes;
}

static void free_operation(void *context)
{
	struct operation *operation = context;

	for (unsigned i = 0; i < FILES_MAX; i++)
		free_slot(operation, &operation->slots[i]);
	warm_group_free(operation->group);
	cache_target_close(&operation->target);
	free(operation);
}

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

/* Returns the path of the URL of a file, which is valid until the next call. */
static const char *url_path(struct operation *operation, const char *path)
{
	return site_roots_url_path(cache_walk_root(operation->target.walk), path, operation->url_path,
				   sizeof(operation->url_path));
}

/* --- the room in the cache --- */

/* Returns the memory that the operation may pin, or fill. */
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

/*
 * Returns the memory that the file needs. Extents of the file that are already pinned need no more memory to be pinned.
 */
static uint64_t need_of(const struct operation *operation, const struct file_version *version)
{
	struct cache *cache = operation->target.process->cache;
	const uint64_t bytes = cache_content_memory_of(version);
	uint64_t pinned_bytes;

	if (!operation->pin)
		return bytes;
	cache_content_bytes(cache, version, &pinned_bytes);
	return bytes - align_up(pinned_bytes, ARENA_BLOCK_MIN_BYTES);
}

/*
 * Decides how many bytes of the next file are read. A file is either pinned completely or not pinned. A file that is
 * only warmed may be read partially. Returns false if no byte of the file may be read, which ends the operation.
 */
static bool reserve_room(struct operation *operation, const struct file_version *version)
{
	const uint64_t size = version->size, need = need_of(operation, version);

	operation->next_bytes = size;
	if (need <= operation->room_bytes) {
		operation->room_bytes -= need;
		return true;
	}
	if (operation->pin) {
		fault(operation,
		      "%s has %" PRIu64 " bytes, but only %" PRIu64
		      " bytes can still be pinned (at most half of cache_size)",
		      url_path(operation, operation->next_path), size, operation->room_bytes);
		return false;
	}
	operation->last_started = true;
	if (size <= SHARD_WHOLE_MAX_BYTES || operation->room_bytes == 0) {
		fault(operation, "the cache is full: %s and the files after it were not read",
		      url_path(operation, operation->next_path));
		return false;
	}
	operation->next_bytes = operation->room_bytes;
	fault(operation, "the cache is full: only the first %" PRIu64 " of %" PRIu64 " bytes of %s were read",
	      operation->room_bytes, size, url_path(operation, operation->next_path));
	return true;
}

/* --- the files --- */

/* Starts to read the file of the slot. */
static void start(struct operation *operation, struct slot *slot, const char *path)
{
	struct process *process = operation->target.process;
	const struct worker *worker = process->workers[operation->worker++ % process->count];
	const struct warm_options options = { .group = operation->group,
					      .reactor = worker_reactor(worker),
					      .store = worker_store(worker),
					      .cache = process->cache,
					      .files = cache_walk_root(operation->target.walk)->files,
					      .max_bytes = slot->max_bytes,
					      .pinned = operation->pin,
					      .may_continue = may_continue,
					      .context = process };
	int error = warm_new(&slot->warm, &options, path);

	if (error == 0) {
		operation->busy++;
		operation->in_flight_bytes += slot->max_bytes;
		return;
	}
	fault(operation, "%s", cache_answer_text(error));
	operation->last_started = true;
}

/* Sets the next file, unless it is known already. Returns false if no further file is to be read. */
static bool find_next(struct operation *operation)
{
	struct file_version version;
	const char *path;

	if (operation->last_started || operation->next_path[0] != '\0')
		return operation->next_path[0] != '\0';
	path = cache_walk_next(operation->target.walk, &version, &operation->left_out);
	operation->last_started = path == NULL;
	if (path == NULL)
		return false;
	if (cache_bytes(operation->target.process->cache) != operation->cache_bytes) {
		fault(operation, "a reload changed cache_size; repeat the operation");
		operation->last_started = true;
		return false;
	}
	snprintf(operation->next_path, sizeof(operation->next_path), "%s", path);
	operation->total_bytes += version.size;
	if (reserve_room(operation, &version))
		return true;
	operation->next_path[0] = '\0';
	operation->last_started = true;
	return false;
}

static struct slot *free_slot_of(struct operation *operation)
{
	for (unsigned i = 0; i < FILES_MAX; i++)
		if (operation->slots[i].warm == NULL)
			return &operation->slots[i];
	return NULL;
}

/* Starts the next file. Returns false if it cannot be started now, or if there is no next file. */
static bool start_next(struct operation *operation)
{
	struct slot *slot = free_slot_of(operation);

	if (slot == NULL || !warm_group_may_start(operation->group) || !find_next(operation))
		return false;
	if (operation->busy > 0 && operation->in_flight_bytes + operation->next_bytes > IN_FLIGHT_BYTES)
		return false;
	*slot = (struct slot){ .max_bytes = operation->next_bytes };
	snprintf(operation->shown_path, sizeof(operation->shown_path), "%.*s", (int)sizeof(operation->shown_path) - 1,
		 operation->next_path);
	start(operation, slot, operation->next_path);
	operation->next_path[0] = '\0';
	return true;
}

/*
 * Checks that the whole version that was read is pinned. Each shard can pin at most half of its own memory, so part of
 * the file may not be pinned if the shards fill unevenly.
 */
static void check_pinned(struct operation *operation, const struct slot *slot)
{
	const struct file_version *version = warm_version(slot->warm);
	uint64_t pinned_bytes;

	if (!operation->pin)
		return;
	cache_content_bytes(operation->target.process->cache, version, &pinned_bytes);
	if (pinned_bytes < version->size)
		fault(operation, "only %" PRIu64 " of %" PRIu64 " bytes of %s could be pinned; increase cache_size",
		      pinned_bytes, version->size, url_path(operation, warm_path(slot->warm)));
}

/*
 * Completes a file with the result of its reads. If the target is a directory, a file that was deleted after the
 * walk had returned it is ignored.
 */
static void end_file(struct operation *operation, struct slot *slot, int error)
{
	const bool deleted = error == -ENOENT && !cache_walk_is_file(operation->target.walk);

	operation->done_bytes += warm_done_bytes(slot->warm);
	operation->files += !deleted;
	if (error == 0) {
		check_pinned(operation, slot);
	} else if (!deleted) {
		operation->left_out++;
		fault(operation, "%s: %s", url_path(operation, warm_path(slot->warm)), cache_answer_text(error));
	}
	if (error == -ECANCELED)
		operation->last_started = true;
	free_slot(operation, slot);
}

/* Reads a file again because it has changed while it was read. Returns false if it was read again before. */
static bool repeat(struct operation *operation, struct slot *slot)
{
	struct warm *before = slot->warm;

	if (slot->repeated)
		return false;
	operation->busy--;
	operation->in_flight_bytes -= slot->max_bytes;
	slot->warm = NULL;
	slot->repeated = true;
	start(operation, slot, warm_path(before));
	warm_free(before);
	return true;
}

static void end_files(struct operation *operation)
{
	for (unsigned i = 0; i < FILES_MAX; i++) {
		struct slot *slot = &operation->slots[i];
		const int result = slot->warm != NULL ? warm_result(slot->warm) : -EINPROGRESS;

		if (result == -EINPROGRESS || (result == -ESTALE && repeat(operation, slot)))
			continue;
		end_file(operation, slot, result);
	}
}

static void stop(struct operation *operation)
{
	fault(operation, "%s", cache_answer_text(-ECANCELED));
	operation->last_started = true;
	operation->next_path[0] = '\0';
	for (unsigned i = 0; i < FILES_MAX; i++)
		free_slot(operation, &operation->slots[i]);
}

/* --- the answer --- */

static bool proceed(void *context, uint64_t until_ns)
{
	struct operation *operation = context;

	for (;;) {
		uint64_t now_ns = clock_now_ns();

		if (cache_target_is_stopping(&operation->target))
			stop(operation);
		end_files(operation);
		while (now_ns < until_ns && start_next(operation))
			now_ns = clock_now_ns();
		if (operation->busy == 0 && operation->next_path[0] == '\0' && operation->last_started)
			return true;
		if (now_ns >= until_ns)
			return false;
		warm_group_wait(operation->group, (until_ns - now_ns) / CLOCK_NS_PER_MS + 1);
	}
}

static json_t *describe(void *context, bool done)
{
	const struct operation *operation = context;
	json_t *path = done ? cache_answer_string(operation->target.path)
			    : cache_answer_path(cache_walk_root(operation->target.walk), operation->shown_path);
	uint64_t done_bytes = operation->done_bytes;
	json_t *object;

	for (unsigned i = 0; i < FILES_MAX; i++)
		if (operation->slots[i].warm != NULL)
			done_bytes += warm_done_bytes(operation->slots[i].warm);
	object = json_pack("{s:o, s:I, s:I, s:I}", "path", path, "done_bytes", (json_int_t)done_bytes, "total_bytes",
			   (json_int_t)operation->total_bytes, "files", (json_int_t)operation->files);
	if (done && operation->left_out > 0)
		json_object_set_new(object, "left_out", json_integer(operation->left_out));
	if (done && operation->fault[0] != '\0')
		json_object_set_new(object, "error", cache_answer_string(operation->fault));
	return object;
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
	bool found;
	int error;

	if (!operation->pin || !cache_walk_is_file(target->walk))
		return true;
	error = cache_walk_open(&walk, target->generation, target->site, target->path);
	if (error != 0) {
		cache_answer_errno(call, error, target->path);
		return false;
	}
	found = cache_walk_next(walk, &version, &left_out) != NULL;
	cache_walk_free(walk);
	if (!found || need_of(operation, &version) <= operation->room_bytes)
		return true;
	cache_answer_error(call, 409,
			   "%s has %" PRIu64 " bytes, but only %" PRIu64
			   " bytes can still be pinned (at most half of cache_size)",
			   target->path, version.size, operation->room_bytes);
	return false;
}

static void answer(struct admin_call *call, bool pin)
{
	static const struct cache_lines_functions functions = { proceed, describe, free_operation };
	struct operation *operation = calloc(1, sizeof(*operation));

	if (operation == NULL || warm_group_new(&operation->group) != 0) {
		free(operation);
		cache_answer_error(call, 503, "out of memory");
		return;
	}
	if (!cache_target_open(&operation->target, call)) {
		warm_group_free(operation->group);
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
		cache_lines_answer(call, &functions, operation);
	}
}

void cache_warm_answer(struct admin_call *call)
{
	answer(call, false);
}

void cache_warm_answer_pinned(struct admin_call *call)
{
	answer(call, true);
}
