/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Up to FILES_MAX files are read at a time, because a disk reads many small files faster together than one after
 * another. A file of IN_FLIGHT_BYTES or more is read alone, so that a hard disk reads it sequentially. Each file is
 * read by one worker, with struct warm. The files are distributed over the workers in turn.
 *
 * A reload may change the configuration meanwhile, so each file is started with the current generation. The thread of
 * the restore owns all objects.
 */
#include "daemon/cache_restore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/generation.h"
#include "daemon/site_roots.h"
#include "daemon/worker.h"
#include "store/cache_content.h"
#include "store/warm.h"

#define FILES_MAX 32			    /* maximum number of files that are read at a time */
#define IN_FLIGHT_BYTES ((uint64_t)1 << 20) /* maximum size of these files together, unless there is only one */
#define FITS_EIGHTHS 7	    /* share of the cache to fill, in eighths; not 8, because shards fill unevenly */
#define FREE_SHARE 16	    /* the restore ends if less than this part of the cache is free */
#define FREE_CHECK_FILES 32 /* files between two checks of the free memory */
#define WAIT_MS 100

/* A file that is being read. */
struct slot {
	struct warm *warm; /* NULL: the slot is free */
	uint64_t bytes;
};

struct restore {
	const struct cache_restore_options *options;
	struct warm_group *group;
	struct slot slots[FILES_MAX];
	unsigned busy;
	uint64_t in_flight_bytes; /* sum of `bytes` of the busy slots */
	uint64_t room_bytes;	  /* memory of the cache that may still be filled */
	unsigned started;	  /* incremented for each file, to distribute the files over the workers */
	/* The next entry, which is started as soon as there is room in IN_FLIGHT_BYTES. */
	struct cache_list_entry next;
	uint64_t next_bytes; /* bytes to read; 0: there is no next entry */
	int end;	     /* 1: no further file is started, the result is 0; or the result */
	struct match match;
	char *fault;
};

static void count(_Atomic uint64_t *number, uint64_t more)
{
	atomic_fetch_add_explicit(number, more, memory_order_relaxed);
}

/* Called on the reactor before each read. */
static bool may_continue(void *context)
{
	return process_state(context) < PROCESS_DRAINING;
}

static void free_slot(struct restore *restore, struct slot *slot)
{
	if (slot->warm == NULL)
		return;
	warm_free(slot->warm);
	slot->warm = NULL;
	restore->busy--;
	restore->in_flight_bytes -= slot->bytes;
}

static void note_failure(struct restore *restore, const char *path, int error)
{
	count(&restore->options->counts->failed, 1);
	if (restore->fault[0] == '\0')
		snprintf(restore->fault, CACHE_RESTORE_FAULT_BYTES, "/%.*s: %s", CACHE_RESTORE_FAULT_BYTES - 128, path,
			 strerror(-error));
}

/* Returns true if the error means that the path leads to no file that may be sent. */
static bool is_absence(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -ESTALE || error == -EACCES ||
	       error == -ELOOP || error == -EXDEV || error == -ENAMETOOLONG;
}

static void end_file(struct restore *restore, struct slot *slot, int error)
{
	struct cache_restore_counts *counts = restore->options->counts;

	if (error == 0) {
		count(&counts->restored, 1);
		count(&counts->bytes, warm_done_bytes(slot->warm));
	} else if (is_absence(error)) {
		count(&counts->skipped, 1);
	} else if (error == -ECANCELED) {
		restore->end = -ECANCELED;
	} else {
		note_failure(restore, warm_path(slot->warm), error);
	}
	free_slot(restore, slot);
}

static void end_files(struct restore *restore)
{
	for (unsigned i = 0; i < FILES_MAX; i++) {
		struct slot *slot = &restore->slots[i];
		const int result = slot->warm != NULL ? warm_result(slot->warm) : -EINPROGRESS;

		if (result != -EINPROGRESS)
			end_file(restore, slot, result);
	}
}

/* Returns the first root with this path, or NULL. */
static const struct rules_root *root_of(const struct rules *rules, const char *path)
{
	for (size_t i = 0; path != NULL && i < rules->root_count; i++)
		if (strcmp(rules->roots[i].path, path) == 0)
			return &rules->roots[i];
	return NULL;
}

/* Returns true if the configuration serves and caches the file. */
static bool is_cached(struct restore *restore, const struct config *config, const struct rules_root *root)
{
	char url_path[SITE_ROOTS_URL_PATH_BYTES];
	const char *path = site_roots_url_path(root, restore->next.path, url_path, sizeof(url_path)) + 1;

	return strlen(path) < PATH_BYTES &&
	       rules_match(&config->rules, root->site, path, false, &restore->match) == 0 &&
	       restore->match.root == root && restore->match.settings->cache != RULE_CACHE_NEVER &&
	       !rules_hides(&restore->match, path) && (config->dotfiles || !path_is_hidden(restore->next.path));
}

static int start_warm(struct restore *restore, struct slot *slot, const struct rules_root *root)
{
	const struct cache_list_entry *entry = &restore->next;
	struct process *process = restore->options->process;
	const struct worker *worker = process->workers[restore->started++ % process->count];
	const struct warm_expected expected = { .size = entry->size, .mtime_ns = entry->mtime_ns };
	const struct warm_options options = { .group = restore->group,
					      .reactor = worker_reactor(worker),
					      .store = worker_store(worker),
					      .cache = process->cache,
					      .files = root->files,
					      .max_bytes = entry->size,
					      .spans = entry->spans,
					      .span_count = entry->span_count,
					      .expected = &expected,
					      .pinned = restore->match.settings->cache == RULE_CACHE_PIN,
					      .may_continue = may_continue,
					      .context = process };

	return warm_new(&slot->warm, &options, entry->path);
}

/* Starts the next entry in a free slot, or skips it. */
static void start(struct restore *restore, struct slot *slot)
{
	const struct cache_restore_options *options = restore->options;
	struct generation *generation = generation_current(options->process);
	const struct config *config = generation_config(generation);
	const struct rules_root *root = root_of(&config->rules, cache_list_root(options->list, restore->next.root));
	int error = 0;

	if (root == NULL || !is_cached(restore, config, root))
		count(&options->counts->skipped, 1);
	else
		error = start_warm(restore, slot, root);
	generation_unref(generation);
	if (error != 0)
		restore->end = error;
	if (slot->warm == NULL)
		return;
	slot->bytes = restore->next_bytes;
	restore->busy++;
	restore->in_flight_bytes += slot->bytes;
}

/* Returns the bytes that the entry reads. The memory that they need is at most one block more for each part. */
static uint64_t bytes_of(const struct cache_list_entry *entry)
{
	uint64_t bytes = entry->span_count == 0 ? entry->size : 0;

	for (size_t i = 0; i < entry->span_count; i++)
		bytes += entry->spans[i].length;
	return bytes;
}

/* Returns true if the cache has room for the next entry. */
static bool fits(struct restore *restore)
{
	const uint64_t need = restore->next_bytes + (restore->next.span_count + 1) * ARENA_BLOCK_MIN_BYTES;
	struct cache_stats stats;

	if (need > restore->room_bytes)
		return false;
	restore->room_bytes -= need;
	if (restore->started % FREE_CHECK_FILES != 0)
		return true;
	cache_content_stats(restore->options->process->cache, &stats);
	return stats.free_bytes > stats.bytes / FREE_SHARE;
}

/* Sets the next entry, unless it is set already. Returns false if no further entry is to be started. */
static bool find_next(struct restore *restore)
{
	if (restore->end != 0)
		return false;
	if (restore->next_bytes > 0)
		return true;
	if (!cache_list_next(restore->options->list, &restore->next)) {
		restore->end = 1;
		return false;
	}
	restore->next_bytes = bytes_of(&restore->next);
	if (fits(restore))
		return true;
	restore->end = -ENOSPC;
	return false;
}

static struct slot *find_free_slot(struct restore *restore)
{
	for (unsigned i = 0; i < FILES_MAX; i++)
		if (restore->slots[i].warm == NULL)
			return &restore->slots[i];
	return NULL;
}

/* Starts or skips the next entry. Returns false if it cannot be started now, or if there is none. */
static bool start_next(struct restore *restore)
{
	struct slot *slot = find_free_slot(restore);

	if (slot == NULL || !warm_group_may_start(restore->group) || !find_next(restore))
		return false;
	if (restore->busy > 0 && restore->in_flight_bytes + restore->next_bytes > IN_FLIGHT_BYTES)
		return false;
	start(restore, slot);
	restore->next_bytes = 0;
	return true;
}

static bool is_stopped(const struct restore *restore)
{
	return restore->options->stopped(restore->options->context);
}

int cache_restore_run(const struct cache_restore_options *options, char fault[CACHE_RESTORE_FAULT_BYTES])
{
	struct restore restore = { .options = options, .fault = fault };

	fault[0] = '\0';
	restore.room_bytes = cache_bytes(options->process->cache) / 8 * FITS_EIGHTHS;
	if (warm_group_new(&restore.group) != 0)
		return -ENOMEM;
	while (restore.end >= 0 || restore.busy > 0) {
		end_files(&restore);
		if (is_stopped(&restore))
			restore.end = -ECANCELED;
		if (restore.end == -ECANCELED)
			break;
		while (start_next(&restore))
			;
		if (restore.end != 0 && restore.busy == 0)
			break;
		warm_group_wait(restore.group, WAIT_MS);
	}
	for (unsigned i = 0; i < FILES_MAX; i++)
		free_slot(&restore, &restore.slots[i]);
	warm_group_free(restore.group);
	return restore.end < 0 ? restore.end : 0;
}
