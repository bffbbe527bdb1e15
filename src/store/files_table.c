/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries of the table of open files. Jobs are started, messages are posted and files are released only after the lock
 * is released, so no syscall is made and no callback runs under a lock. All functions are thread-safe.
 *
 * The limit on open files applies to the whole table, not to a shard. Each shard keeps its entries in LRU order and
 * publishes the time when the first entry was last used. Therefore only one lock must be taken to find the least
 * recently used entry of the whole table.
 */
#include "store/files_table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "base/clock.h"

#define BUCKETS_MIN 8 /* Minimum number of buckets in a shard; a power of two. */

struct files_shard *files_table_shard(struct files *files, uint64_t hash)
{
	return &files->shards[hash % FILES_SHARDS];
}

static struct files_entry **bucket_of(struct files_shard *shard, uint64_t hash)
{
	return &shard->buckets[(uint32_t)(hash >> 32) & shard->mask];
}

struct files_entry *files_table_find(struct files_shard *shard, uint64_t hash, const char *path)
{
	struct files_entry *entry = *bucket_of(shard, hash);

	while (entry != NULL && (entry->hash != hash || strcmp(entry->path, path) != 0))
		entry = entry->chain;
	return entry;
}

static void publish_oldest(struct files_shard *shard)
{
	/* Relaxed: the value only selects a shard. The entry itself is read under the lock. */
	atomic_store_explicit(&shard->oldest_ns, shard->lru != NULL ? shard->lru->used_ns : FILES_NEVER_NS,
			      memory_order_relaxed);
}

struct files_entry *files_table_add(struct files_shard *shard, uint64_t hash, const char *path)
{
	size_t length = strlen(path);
	struct files_entry *entry = calloc(1, sizeof(*entry) + length + 1);

	if (!entry)
		return NULL;
	entry->shard = shard;
	entry->hash = hash;
	memcpy(entry->path, path, length + 1);
	entry->chain = *bucket_of(shard, hash);
	*bucket_of(shard, hash) = entry;
	DL_APPEND(shard->lru, entry);
	return entry;
}

static void remove_from_bucket(struct files_entry *entry)
{
	struct files_shard *shard = entry->shard;
	struct files_entry **link = bucket_of(shard, entry->hash);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	DL_DELETE(shard->lru, entry);
	publish_oldest(shard);
}

void files_table_use(struct files_entry *entry, uint64_t now_ns)
{
	struct files_shard *shard = entry->shard;

	DL_DELETE(shard->lru, entry);
	DL_APPEND(shard->lru, entry);
	entry->used_ns = now_ns;
	publish_oldest(shard);
}

/* Relaxed: each thread that exceeds the limit evicts entries itself. */
unsigned files_table_open_count(struct files *files)
{
	return atomic_load_explicit(&files->open, memory_order_relaxed);
}

static void count_open(struct files *files, int change)
{
	atomic_fetch_add_explicit(&files->open, (unsigned)change, memory_order_relaxed);
}

struct file *files_table_swap_file(struct files_entry *entry, struct file *file)
{
	struct file *before = entry->file;

	entry->file = file;
	count_open(entry->shard->files, (file != NULL) - (before != NULL));
	return before;
}

void files_table_unlink(struct files_entry *entry, struct files_entry **unlinked)
{
	assert(!entry->busy && !entry->wants);
	remove_from_bucket(entry);
	if (entry->file != NULL)
		count_open(entry->shard->files, -1);
	entry->next = *unlinked;
	*unlinked = entry;
}

/* The caller must hold no lock, because releasing a file may close it. */
static void free_unlinked_with(struct files_entry *unlinked, void (*unref)(struct file *))
{
	for (struct files_entry *next; unlinked; unlinked = next) {
		next = unlinked->next;
		unref(unlinked->file);
		free(unlinked);
	}
}

void files_table_free_unlinked(struct files_entry *unlinked)
{
	free_unlinked_with(unlinked, file_unref);
}

/*
 * Returns the shard whose first entry was used least recently, by the published times, or NULL if all shards are empty.
 * Takes no lock.
 */
static struct files_shard *oldest_shard(struct files *files)
{
	struct files_shard *oldest = NULL;
	uint64_t least_ns = FILES_NEVER_NS;

	for (unsigned i = 0; i < FILES_SHARDS; i++) {
		uint64_t ns = atomic_load_explicit(&files->shards[i].oldest_ns, memory_order_relaxed);

		if (ns < least_ns) {
			least_ns = ns;
			oldest = &files->shards[i];
		}
	}
	return oldest;
}

/*
 * Unlinks the least recently used entry. If the entry is in use, it becomes the most recently used entry instead, so
 * that the next attempt inspects another entry.
 */
static void evict_oldest(struct files_shard *shard, bool unused_only, struct files_entry **unlinked)
{
	struct files_entry *entry = shard->lru;

	if (entry == NULL)
		return;
	if (entry->busy || (unused_only && atomic_load(&entry->file->references) > 1))
		files_table_use(entry, clock_now_ns());
	else
		files_table_unlink(entry, unlinked);
}

void files_table_evict(struct files *files, unsigned keep, bool unused_only, unsigned max_inspected,
		       struct files_entry **unlinked)
{
	struct files_shard *shard;

	for (; max_inspected > 0 && files_table_open_count(files) > keep && (shard = oldest_shard(files)) != NULL;
	     max_inspected--) {
		pthread_mutex_lock(&shard->lock);
		evict_oldest(shard, unused_only, unlinked);
		pthread_mutex_unlock(&shard->lock);
	}
}

void files_table_close_unused(struct files *files)
{
	struct files_entry *unlinked = NULL;
	unsigned open = files_table_open_count(files);

	files_table_evict(files, open - (open + 3) / 4, true, open, &unlinked);
	/* The files are closed at once, because the caller needs the descriptors now. */
	free_unlinked_with(unlinked, file_unref_here);
}

void files_table_note_superseded(struct files *files, struct file *file)
{
	struct files_superseded *item = files->options.superseded != NULL ? malloc(sizeof(*item)) : NULL;

	atomic_store(&file->outdated, true);
	if (item == NULL)
		return;
	item->version = file->version;
	item->next = atomic_load_explicit(&files->superseded, memory_order_relaxed);
	/* Release: the thread that takes the stack sees the version and the link. */
	while (!atomic_compare_exchange_weak_explicit(&files->superseded, &item->next, item, memory_order_release,
						      memory_order_relaxed))
		;
}

void files_table_report_superseded(struct files *files)
{
	struct files_superseded *item = atomic_exchange_explicit(&files->superseded, NULL, memory_order_acquire), *next;

	for (; item != NULL; item = next) {
		next = item->next;
		files->options.superseded(files->options.context, &item->version);
		free(item);
	}
}

static void free_shard(struct files_shard *shard)
{
	struct files_entry *entry, *next, *unlinked = NULL;

	DL_FOREACH_SAFE(shard->lru, entry, next)
	files_table_unlink(entry, &unlinked);
	files_table_free_unlinked(unlinked);
	free(shard->buckets);
	pthread_mutex_destroy(&shard->lock);
}

static void free_table(struct files *files)
{
	for (unsigned i = 0; i < FILES_SHARDS; i++)
		free_shard(&files->shards[i]);
	files_table_report_superseded(files);
	close(files->options.root_fd);
	free(files);
}

void files_table_unref(struct files *files)
{
	/*
	 * Release: the changes that this thread made to the table come before the decrement. Acquire: the thread that
	 * frees the table sees the changes of all other threads.
	 */
	if (atomic_fetch_sub_explicit(&files->references, 1, memory_order_acq_rel) == 1)
		free_table(files);
}

/*
 * Allocates a bucket for each file that the shard can have. Therefore chains are short, and the table never grows under
 * the lock.
 */
static int init_shard(struct files *files, struct files_shard *shard)
{
	uint32_t count = BUCKETS_MIN;

	while (count < files->options.max_files / FILES_SHARDS)
		count *= 2;
	pthread_mutex_init(&shard->lock, NULL);
	shard->files = files;
	shard->mask = count - 1;
	shard->oldest_ns = FILES_NEVER_NS;
	shard->buckets = calloc(count, sizeof(struct files_entry *));
	return shard->buckets != NULL ? 0 : -ENOMEM;
}

int files_table_new(struct files **files, const struct files_options *options)
{
	struct files *made = aligned_alloc(FILES_CACHE_LINE_BYTES, sizeof(*made));
	int error = 0;

	if (!made)
		return -ENOMEM;
	memset(made, 0, sizeof(*made));
	made->options = *options;
	made->options.root_fd = fcntl(options->root_fd, F_DUPFD_CLOEXEC, 0);
	if (made->options.root_fd < 0) {
		error = -errno;
		free(made);
		return error;
	}
	made->references = 1;
	made->revalidate_ns = options->revalidate_ms * CLOCK_NS_PER_MS;
	for (unsigned i = 0; i < FILES_SHARDS; i++)
		if (init_shard(made, &made->shards[i]) != 0)
			error = -ENOMEM;
	if (error != 0)
		free_table(made);
	else
		*files = made;
	return error;
}
