/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A walk over all entries iterates over the buckets or the LRU list, and handles a bounded number of entries each time
 * it takes a lock. A step takes a reference to each file that it uses without the lock. A walk may skip entries that
 * are added or evicted between two steps, because they were used just now or have been closed.
 */
#include "store/files_walk.h"

#include <stdlib.h>
#include <string.h>

#include "store/files_table.h"

#define STEP_FILES 64	    /* Maximum number of files in one step. */
#define TOP_INSPECT_MAX 512 /* Maximum number of entries of a shard that a report inspects. */

/*
 * Lists the open files of the buckets from *next on, with a reference to each file, until the list is full or the shard
 * ends. Sets *next to the first bucket of the next step. The files of one bucket are listed in the same step. If a
 * bucket has more files than the list has elements, its remaining files are skipped. The caller holds the lock.
 */
static unsigned ref_next_files(struct files_shard *shard, uint32_t *next, struct file *list[STEP_FILES])
{
	unsigned count = 0, before = 0;

	for (unsigned inspected = 0; *next <= shard->mask && inspected < STEP_FILES; ++*next, inspected++) {
		struct files_entry *entry = shard->buckets[*next];

		before = count;
		for (; entry != NULL && count < STEP_FILES; entry = entry->chain)
			if (entry->file != NULL)
				list[count++] = entry->file;
		/* This bucket is the first of the next step. */
		if (entry != NULL && before > 0) {
			count = before;
			break;
		}
	}
	for (unsigned i = 0; i < count; i++)
		file_ref(list[i]);
	return count;
}

static void unlink_deleted(struct files_shard *shard, uint32_t from, uint32_t to, struct files_entry **unlinked)
{
	struct files_entry *entry, *next;

	for (uint32_t i = from; i < to; i++)
		for (entry = shard->buckets[i]; entry != NULL; entry = next) {
			next = entry->chain;
			if (entry->file && !entry->busy &&
			    (entry->file->deleted || entry->validated_ns < atomic_load(&shard->files->root_since_ns)))
				files_table_unlink(entry, unlinked);
		}
}

/* Runs one step of files_walk_close_deleted(). The statx() calls run without the lock. */
static void close_deleted_step(struct files_shard *shard, uint32_t *next)
{
	struct file *list[STEP_FILES];
	struct files_entry *unlinked = NULL;
	uint32_t from = *next;
	unsigned count;

	pthread_mutex_lock(&shard->lock);
	count = ref_next_files(shard, next, list);
	pthread_mutex_unlock(&shard->lock);
	for (unsigned i = 0; i < count; i++)
		list[i]->deleted = file_is_deleted(list[i]);
	pthread_mutex_lock(&shard->lock);
	unlink_deleted(shard, from, *next, &unlinked);
	pthread_mutex_unlock(&shard->lock);
	for (unsigned i = 0; i < count; i++)
		file_unref(list[i]);
	files_table_free_unlinked(unlinked);
}

void files_walk_close_deleted(struct files *files)
{
	for (unsigned i = 0; i < FILES_SHARDS; i++)
		for (uint32_t next = 0; next <= files->shards[i].mask;)
			close_deleted_step(&files->shards[i], &next);
}

/* Calls visit() for the most recently used entries of the shard, in order. */
static void visit_recent(struct files_shard *shard, void (*visit)(const struct files_entry *entry, void *context),
			 void *context)
{
	struct files_entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = shard->lru != NULL ? shard->lru->prev : NULL;
	for (unsigned inspected = 0; entry != NULL && inspected < TOP_INSPECT_MAX; inspected++) {
		if (entry->file != NULL)
			visit(entry, context);
		entry = entry != shard->lru ? entry->prev : NULL;
	}
	pthread_mutex_unlock(&shard->lock);
}

static void visit_recent_of_all(struct files *files, void (*visit)(const struct files_entry *entry, void *context),
				void *context)
{
	for (unsigned i = 0; i < FILES_SHARDS; i++)
		visit_recent(&files->shards[i], visit, context);
}

/*
 * Returns the element of `ranks` for this number of bytes, after moving lower ranks down. Returns NULL if the number is
 * below all ranks and there is no room.
 */
static struct files_rank *rank_of(uint64_t bytes, struct files_rank *ranks, unsigned *used, unsigned count)
{
	unsigned at = *used;

	while (at > 0 && ranks[at - 1].bytes < bytes)
		at--;
	if (at == count)
		return NULL;
	if (*used < count)
		++*used;
	memmove(&ranks[at + 1], &ranks[at], (*used - at - 1) * sizeof(*ranks));
	return &ranks[at];
}

struct top {
	struct files_rank *ranks;
	unsigned used, count, table;
};

static void rank_entry(const struct files_entry *entry, void *context)
{
	struct top *top = context;
	uint64_t bytes = atomic_load_explicit(&entry->file->sent_bytes, memory_order_relaxed);
	struct files_rank *rank = bytes > 0 ? rank_of(bytes, top->ranks, &top->used, top->count) : NULL;

	if (rank == NULL)
		return;
	rank->table = top->table;
	rank->bytes = bytes;
	rank->requests = atomic_load_explicit(&entry->file->requests, memory_order_relaxed);
	memccpy(rank->path, entry->path, '\0', sizeof(rank->path));
	rank->path[sizeof(rank->path) - 1] = '\0';
}

unsigned files_walk_top(struct files *files, unsigned table, struct files_rank *ranks, unsigned used, unsigned count)
{
	struct top top = { .ranks = ranks, .used = used, .count = count, .table = table };

	visit_recent_of_all(files, rank_entry, &top);
	return top.used;
}

int files_walk_compare_names(const void *a, const void *b)
{
	return memcmp(&((const struct files_name *)a)->version, &((const struct files_name *)b)->version,
		      sizeof(struct file_version));
}

struct naming {
	struct files_name *names;
	size_t count;
	unsigned table;
};

static void name_entry(const struct files_entry *entry, void *context)
{
	const struct naming *naming = context;
	const struct files_name key = { .version = entry->file->version };
	struct files_name *found = bsearch(&key, naming->names, naming->count, sizeof(key), files_walk_compare_names);

	if (found == NULL || found->path[0] != '\0')
		return;
	found->table = naming->table;
	found->requests = atomic_load_explicit(&entry->file->requests, memory_order_relaxed);
	memccpy(found->path, entry->path, '\0', sizeof(found->path));
	found->path[sizeof(found->path) - 1] = '\0';
}

void files_walk_names(struct files *files, unsigned table, struct files_name *names, size_t count)
{
	struct naming naming = { .names = names, .count = count, .table = table };

	visit_recent_of_all(files, name_entry, &naming);
}
