/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread first loads the files of the list. It waits until the process is ready, because a root that is not mounted
 * yet would make all files of the list disappear. No list is written before all files were loaded, so a restart during
 * the restore does not lose the rest of the list.
 *
 * Afterwards the thread checks each CHECK_MS whether a new list is due: after PERIOD_MS if the cache was used, or after
 * BUSY_MS if a quarter of its extents was loaded meanwhile. The last list is written while the process drains, so that
 * the write is usually complete when the last connection has ended.
 *
 * The main thread owns struct cache_state. The lock protects `file`. The thread of a reload may set the file.
 */
#include "daemon/cache_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/cache_list_writer.h"
#include "daemon/cache_restore.h"
#include "daemon/generation.h"
#include "daemon/readiness.h"
#include "daemon/site_roots.h"
#include "store/cache_content.h"
#include "store/heat.h"

#define CHECK_MS 10000
#define READY_MS 500	       /* interval of the checks whether the process is ready */
#define PERIOD_MS (10 * 60000) /* maximum age of the list while the cache is used */
#define BUSY_MS 60000	       /* minimum time between two lists */
#define BUSY_EXTENTS 64
#define BUSY_SHARE 4 /* a list is due early if this part of the extents was loaded */
#define STOP_CHECK_MS 20
#define STOP_IDLE_MS 1000 /* maximum time at the end of the process without progress */
#define STOP_MAX_MS 10000 /* maximum time at the end of the process */

struct cache_state {
	struct process *process;
	pthread_t thread;
	bool started, restore; /* constant once the thread runs, except that the lock protects the start */
	pthread_mutex_t lock;
	char *file;	       /* NULL: none */
	unsigned file_changes; /* incremented when `file` changes */
	sem_t wake;
	/* Relaxed: the flags publish no other data. */
	atomic_bool stopping;  /* cancel the restore, then write the last list */
	atomic_bool abandoned; /* the main thread does not wait for the list any more */
	atomic_bool ended;     /* release: publishes all that the thread has done */
	atomic_bool restoring;
	_Atomic uint64_t progress; /* changes while the thread makes progress; relaxed */
	struct cache_restore_counts counts;
	_Atomic uint64_t writes, write_failures, written_files, written_s; /* relaxed */
	/* The members below are used only by the thread. */
	bool complete;		 /* the cache has what the list had, so the list may be replaced */
	unsigned seen_changes;	 /* file_changes at the last write */
	uint64_t checked_ns;	 /* time of the last write, or of the last attempt */
	uint64_t loads, lookups; /* totals of the cache at that time */
	int last_error;		 /* of the last write, which was logged */
};

static bool is_set(const atomic_bool *flag)
{
	return atomic_load_explicit(flag, memory_order_relaxed);
}

static void set(atomic_bool *flag, bool value)
{
	atomic_store_explicit(flag, value, memory_order_relaxed);
}

static void note_progress(void *context)
{
	struct cache_state *state = context;

	atomic_fetch_add_explicit(&state->progress, 1, memory_order_relaxed);
}

static bool is_stopping(void *context)
{
	return is_set(&((struct cache_state *)context)->stopping);
}

/* Returns a copy of the name of the file, or NULL if there is none. Stores the number of changes. */
static char *copy_file(struct cache_state *state, unsigned *changes)
{
	char *file;

	pthread_mutex_lock(&state->lock);
	file = state->file != NULL ? strdup(state->file) : NULL;
	*changes = state->file_changes;
	pthread_mutex_unlock(&state->lock);
	return file;
}

/* Waits until the main thread or a reload wakes the thread, or the time has passed. */
static void wait_ms(struct cache_state *state, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000 * CLOCK_NS_PER_MS);
	if (until.tv_nsec >= (long)CLOCK_NS_PER_S) {
		until.tv_sec++;
		until.tv_nsec -= (long)CLOCK_NS_PER_S;
	}
	while (sem_clockwait(&state->wake, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
}

/* --- writing the list --- */

struct writing {
	struct cache_state *state;
	struct cache_list_writer *list;
	struct generation *generation;
	bool last;			   /* the last list, at the end of the process */
	unsigned root_count;		   /* number of roots in the list, in the order of the rules */
	const struct file_root *last_root; /* result of the last search: the number of this root */
	unsigned last_number;
	uint64_t files;
};

/* Adds the roots of the configuration. */
static void add_roots(struct writing *writing)
{
	const struct rules *rules = &generation_config(writing->generation)->rules;

	while (writing->root_count < rules->root_count && writing->root_count < CACHE_LIST_ROOTS)
		cache_list_writer_add_root(writing->list, rules->roots[writing->root_count++].path);
}

/* Finds the number of a root. Returns false if the configuration does not have it any more. */
static bool find_root(struct writing *writing, const struct file_root *root, unsigned *number)
{
	const struct rules *rules = &generation_config(writing->generation)->rules;

	if (root == writing->last_root) {
		*number = writing->last_number;
		return true;
	}
	for (unsigned i = 0; i < writing->root_count; i++) {
		if (!files_is_below(rules->roots[i].files, root))
			continue;
		writing->last_root = root;
		*number = writing->last_number = i;
		return true;
	}
	return false;
}

static int add_file(const struct heat_item *item, void *context)
{
	struct writing *writing = context;
	const struct file *file = item->file;
	struct cache_list_entry entry = { .size = file->version.size,
					  .mtime_ns = file->version.mtime_ns,
					  .path = file->path };

	if (!find_root(writing, file->root, &entry.root))
		return 0;
	writing->files++;
	return cache_list_writer_add(writing->list, &entry, item->spans, item->count);
}

/*
 * Returns true if the list is not needed any more: the process stops, so the last list is to be written instead, or the
 * process has waited too long for the last list.
 */
static bool is_obsolete(void *context)
{
	struct writing *writing = context;
	struct cache_state *state = writing->state;

	note_progress(state);
	return is_set(writing->last ? &state->abandoned : &state->stopping);
}

static int write_files(struct writing *writing)
{
	struct process *process = writing->state->process;
	const struct heat_options options = { .names = process->names,
					      .cache = process->cache,
					      .paced = !writing->last,
					      .visit = add_file,
					      .stopped = is_obsolete,
					      .context = writing };

	int error;

	writing->generation = generation_current(process);
	add_roots(writing);
	error = heat_walk(&options);
	generation_unref(writing->generation);
	return error;
}

/* Writes the list to a file. Stores the number of files in it. */
static int write_list(struct cache_state *state, const char *file, uint64_t *files)
{
	struct writing writing = { .state = state, .last = is_stopping(state) };
	int error = cache_list_check_target(file);

	if (error == 0)
		error = cache_list_writer_new(&writing.list, file, note_progress, state);
	if (error != 0)
		return error;
	error = write_files(&writing);
	*files = writing.files;
	if (error == 0)
		return cache_list_writer_commit(writing.list);
	cache_list_writer_discard(writing.list);
	return error;
}

static const char *hint_of(int error)
{
	if (error == -EPROTO)
		return "the file is not a list of cached files; it is not replaced";
	if (error == -EACCES || error == -EPERM || error == -EROFS)
		return "the user of the process must be able to create files in this directory, and the sandbox of the "
		       "service must allow it (StateDirectory= or ReadWritePaths=)";
	return "the former list is kept";
}

/* Logs the result of a write. The same error is logged once in a row. */
static void report_write(struct cache_state *state, const char *file, int error)
{
	if (error != 0 && error != state->last_error)
		log_error("cache_state: cannot write %s: %s; %s", file, strerror(-error), hint_of(error));
	else if (error == 0 && state->last_error != 0)
		log_info("cache_state: %s was written", file);
	state->last_error = error;
}

static void note_written(struct cache_state *state, uint64_t files)
{
	atomic_fetch_add_explicit(&state->writes, 1, memory_order_relaxed);
	atomic_store_explicit(&state->written_files, files, memory_order_relaxed);
	atomic_store_explicit(&state->written_s, (uint64_t)(clock_wall_ns() / (int64_t)CLOCK_NS_PER_S),
			      memory_order_relaxed);
}

static void write_now(struct cache_state *state)
{
	uint64_t files = 0;
	char *file = copy_file(state, &state->seen_changes);
	int error = file != NULL ? write_list(state, file, &files) : 0;

	if (file != NULL && error == 0)
		note_written(state, files);
	else if (error != -ECANCELED && file != NULL)
		atomic_fetch_add_explicit(&state->write_failures, 1, memory_order_relaxed);
	if (file != NULL && error != -ECANCELED)
		report_write(state, file, error);
	free(file);
}

/* Returns true if a list is due, and begins a new period. */
static bool is_due(struct cache_state *state)
{
	const uint64_t now_ns = clock_now_ns(), age_ms = (now_ns - state->checked_ns) / CLOCK_NS_PER_MS;
	struct cache_stats stats;
	uint64_t lookups, loads;
	bool busy, changed;

	pthread_mutex_lock(&state->lock);
	changed = state->file_changes != state->seen_changes;
	pthread_mutex_unlock(&state->lock);
	if (!changed && age_ms < BUSY_MS)
		return false;
	cache_content_stats(state->process->cache, &stats);
	loads = stats.sums.loads - state->loads;
	lookups = stats.sums.hits + stats.sums.coalesced + stats.sums.loads;
	busy = loads >= BUSY_EXTENTS && loads >= stats.sums.extents / BUSY_SHARE;
	if (!changed && !busy && (age_ms < PERIOD_MS || lookups == state->lookups))
		return false;
	state->checked_ns = now_ns;
	state->loads = stats.sums.loads;
	state->lookups = lookups;
	return true;
}

/* --- the restore --- */

/* Waits until the process is ready. Returns false if it stops. */
static bool wait_until_ready(struct cache_state *state)
{
	char reason[READINESS_REASON_BYTES];

	while (!readiness_check(state->process, reason, sizeof(reason))) {
		if (is_stopping(state))
			return false;
		wait_ms(state, READY_MS);
	}
	return !is_stopping(state);
}

static void log_result(struct cache_state *state, uint64_t begun_ns, int result, const char *fault)
{
	const struct cache_restore_counts *counts = &state->counts;
	const uint64_t failed = counts->failed;
	char size[16];

	log_info("cache_state: restored %" PRIu64 " of %" PRIu64 " file%s, %s, in %.1f s; skipped %" PRIu64
		 " of them, because they have changed or are not served any more%s",
		 counts->restored, counts->listed, units_plural(counts->listed),
		 units_format_size(counts->bytes, size, sizeof(size)),
		 (double)(clock_now_ns() - begun_ns) / (double)CLOCK_NS_PER_S, counts->skipped,
		 result == -ENOSPC	? "; the cache is full"
		 : result == -ECANCELED ? "; the restore ended early, because the process stops"
		 : result == -ENOMEM	? "; the restore ended early, because there is no memory"
					: "");
	if (failed > 0)
		log_warning("cache_state: %" PRIu64 " file%s could not be read (%s)", failed, units_plural(failed),
			    fault);
}

static void restore_from(struct cache_state *state, struct cache_list_reader *list, const char *file)
{
	const struct cache_restore_options options = { .process = state->process,
						       .list = list,
						       .counts = &state->counts,
						       .stopped = is_stopping,
						       .context = state };
	char fault[CACHE_RESTORE_FAULT_BYTES], size[16];
	const uint64_t begun_ns = clock_now_ns();
	uint64_t bytes, listed = cache_list_count(list, &bytes);
	int result;

	atomic_store_explicit(&state->counts.listed, listed, memory_order_relaxed);
	log_info("cache_state: restoring %" PRIu64 " file%s, %s, from %s", listed, units_plural(listed),
		 units_format_size(bytes, size, sizeof(size)), file);
	result = cache_restore_run(&options, fault);
	state->complete = result != -ECANCELED;
	log_result(state, begun_ns, result, fault);
}

static void restore(struct cache_state *state)
{
	struct cache_list_reader *list = NULL;
	char fault[CACHE_LIST_FAULT_BYTES];
	unsigned changes;
	char *file = copy_file(state, &changes);
	int error = file != NULL ? cache_list_open(&list, file, is_stopping, state, fault) : -ENOENT;

	if (error == 0) {
		restore_from(state, list, file);
	} else {
		state->complete = error != -ECANCELED;
		if (error != -ENOENT && error != -ECANCELED)
			log_warning("cache_state: %s; the list is ignored", fault);
	}
	cache_list_close(list);
	free(file);
}

/* Reports a directory without write permission at the start, instead of after some minutes. */
static void check_directory(struct cache_state *state)
{
	char *file = copy_file(state, &state->seen_changes), *copy = file != NULL ? strdup(file) : NULL;

	if (copy != NULL && faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS) != 0)
		report_write(state, file, -errno);
	free(copy);
	free(file);
}

/* --- the thread --- */

static void *run(void *context)
{
	struct cache_state *state = context;

	pthread_setname_np(pthread_self(), "cache-state");
	check_directory(state);
	if (state->restore && cache_retains(state->process->cache) && wait_until_ready(state))
		restore(state);
	else
		state->complete = !state->restore || !cache_retains(state->process->cache);
	set(&state->restoring, false);
	state->checked_ns = clock_now_ns();
	while (!is_stopping(state)) {
		wait_ms(state, CHECK_MS);
		if (!is_stopping(state) && cache_retains(state->process->cache) && is_due(state))
			write_now(state);
	}
	if (state->complete && cache_retains(state->process->cache))
		write_now(state);
	atomic_store_explicit(&state->ended, true, memory_order_release);
	return NULL;
}

/* --- functions of other threads --- */

int cache_state_new(struct cache_state **state, struct process *process)
{
	struct cache_state *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->process = process;
	pthread_mutex_init(&made->lock, NULL);
	sem_init(&made->wake, 0, 0);
	*state = made;
	return 0;
}

/* Starts the thread. The lock is held, so that only one call starts it. */
static int start_thread(struct cache_state *state, bool restore)
{
	int error;

	if (state->started || is_set(&state->stopping))
		return 0;
	state->restore = restore;
	set(&state->restoring, restore);
	error = pthread_create(&state->thread, NULL, run, state);
	state->started = error == 0;
	return -error;
}

void cache_state_set_file(struct cache_state *state, const char *file, bool restore)
{
	char *copy = file != NULL ? strdup(file) : NULL;
	int error = file != NULL && copy == NULL ? -ENOMEM : 0;
	bool changed;

	pthread_mutex_lock(&state->lock);
	changed = (copy == NULL) != (state->file == NULL) || (copy != NULL && strcmp(copy, state->file) != 0);
	if (error == 0 && changed) {
		free(state->file);
		state->file = copy;
		copy = NULL;
		state->file_changes++;
	}
	if (error == 0 && state->file != NULL)
		error = start_thread(state, restore);
	pthread_mutex_unlock(&state->lock);
	free(copy);
	if (error != 0)
		log_failure("cache_state: cannot start the thread that writes the list", error);
	else if (changed)
		sem_post(&state->wake);
}

void cache_state_begin_stop(struct cache_state *state)
{
	if (state == NULL)
		return;
	pthread_mutex_lock(&state->lock);
	set(&state->stopping, true);
	pthread_mutex_unlock(&state->lock);
	sem_post(&state->wake);
}

bool cache_state_end_stop(struct cache_state *state)
{
	const struct timespec step = { .tv_nsec = STOP_CHECK_MS * CLOCK_NS_PER_MS };
	uint64_t progress = 0, before;
	unsigned idle_ms = 0, all_ms = 0;

	if (state == NULL || !state->started)
		return true;
	cache_state_begin_stop(state);
	while (!atomic_load_explicit(&state->ended, memory_order_acquire)) {
		if (idle_ms > STOP_IDLE_MS || all_ms > STOP_MAX_MS) {
			log_warning("cache_state: the last list could not be written in time; the former list is kept");
			set(&state->abandoned, true);
			return false;
		}
		nanosleep(&step, NULL);
		before = progress;
		progress = atomic_load_explicit(&state->progress, memory_order_relaxed);
		idle_ms = progress == before ? idle_ms + STOP_CHECK_MS : 0;
		all_ms += STOP_CHECK_MS;
	}
	pthread_join(state->thread, NULL);
	state->started = false;
	return true;
}

void cache_state_free(struct cache_state *state)
{
	if (state == NULL)
		return;
	sem_destroy(&state->wake);
	pthread_mutex_destroy(&state->lock);
	free(state->file);
	free(state);
}

static uint64_t read_count(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

void cache_state_stats(const struct cache_state *state, struct cache_state_stats *stats)
{
	const struct cache_restore_counts *counts;

	*stats = (struct cache_state_stats){ 0 };
	if (state == NULL)
		return;
	counts = &state->counts;
	*stats = (struct cache_state_stats){ .restoring = is_set(&state->restoring),
					     .listed = read_count(&counts->listed),
					     .restored = read_count(&counts->restored),
					     .restored_bytes = read_count(&counts->bytes),
					     .skipped = read_count(&counts->skipped),
					     .failed = read_count(&counts->failed),
					     .writes = read_count(&state->writes),
					     .write_failures = read_count(&state->write_failures),
					     .written_files = read_count(&state->written_files),
					     .written_s = read_count(&state->written_s) };
}
