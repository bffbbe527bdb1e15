/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports about known names. The functions have no state. They copy the reported values under the lock of a shard. */
#include "store/names_rank.h"

#include <stdlib.h>
#include <string.h>

static void copy_path(char path[NAMES_RANK_PATH_BYTES], const struct file *file)
{
	memccpy(path, file->path, '\0', NAMES_RANK_PATH_BYTES);
	path[NAMES_RANK_PATH_BYTES - 1] = '\0';
}

static uint64_t relaxed(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void walk_all(struct names *names, void (*visit)(const struct names_entry *entry, void *context), void *context)
{
	struct names_cursor cursor = { 0 };

	while (names_walk(names, &cursor, visit, context))
		;
}

struct top {
	struct names_rank *ranks;
	unsigned used, count;
};

/*
 * Returns the element of `ranks` for this number of bytes, after moving lower ranks down. Returns NULL if the number is
 * below all ranks and there is no room.
 */
static struct names_rank *rank_of(struct top *top, uint64_t bytes)
{
	unsigned at = top->used;

	while (at > 0 && top->ranks[at - 1].bytes < bytes)
		at--;
	if (at == top->count)
		return NULL;
	if (top->used < top->count)
		top->used++;
	memmove(&top->ranks[at + 1], &top->ranks[at], (top->used - at - 1) * sizeof(*top->ranks));
	return &top->ranks[at];
}

static void rank_entry(const struct names_entry *entry, void *context)
{
	uint64_t bytes = relaxed(&entry->file->sent_bytes);
	struct names_rank *rank = bytes > 0 ? rank_of(context, bytes) : NULL;

	if (rank == NULL)
		return;
	rank->root = entry->file->root;
	rank->bytes = bytes;
	rank->requests = relaxed(&entry->file->requests);
	copy_path(rank->path, entry->file);
}

unsigned names_rank_top(struct names *names, struct names_rank *ranks, unsigned count)
{
	struct top top = { .ranks = ranks, .count = count };

	walk_all(names, rank_entry, &top);
	return top.used;
}

static int most_bytes_first(const void *a, const void *b)
{
	const struct names_rank *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* A path that was truncated is not found. */
static void update(struct names *names, struct names_rank *rank)
{
	const struct names_key key = names_key(rank->root, rank->path);
	struct names_shard *shard = names_shard_of(names, &key);
	const struct names_entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = names_find(shard, &key);
	if (entry != NULL && entry->file != NULL) {
		rank->bytes = relaxed(&entry->file->sent_bytes);
		rank->requests = relaxed(&entry->file->requests);
	}
	pthread_mutex_unlock(&shard->lock);
}

void names_rank_update(struct names *names, struct names_rank *ranks, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		update(names, &ranks[i]);
	qsort(ranks, count, sizeof(*ranks), most_bytes_first);
}
