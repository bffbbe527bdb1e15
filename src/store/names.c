/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entries of the table of names. Files are released only after the lock is released. The shards have equal shares
 * of the maximum, because the keyed hash distributes the names evenly. Therefore a full shard evicts one of its own
 * entries, and no thread takes two locks.
 */
#include "store/names.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyed_hash.h"

#define BUCKETS_MIN 16	       /* Minimum number of buckets in a shard; a power of two. */
#define BUCKETS_MAX (1u << 20) /* Maximum number of buckets in a shard. */
#define INSPECT_MAX 16	       /* Maximum number of entries that one eviction inspects. */
#define EVICT_MAX 2	       /* Maximum number of entries that one eviction removes. */
#define STEP_BUCKETS 64	       /* Number of buckets in one step of a walk. */

_Static_assert(sizeof(struct names_entry) + 8 <= NAMES_ENTRY_BYTES, "malloc() adds 8 bytes to an entry");

struct names_key names_key(const struct file_root *root, const char *path)
{
	uint64_t hash = keyed_hash(path, strlen(path));

	/* The secret of the hash is unknown to clients, so the address of the root only has to separate roots. */
	return (struct names_key){ .root = root,
				   .path = path,
				   .hash = hash ^ ((uintptr_t)root >> 6) * 0x9e3779b97f4a7c15 };
}

struct names_shard *names_shard_of(struct names *names, const struct names_key *key)
{
	return &names->shards[key->hash % NAMES_SHARDS];
}

static uint32_t upper_half(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static struct names_entry **bucket_of(struct names_shard *shard, uint32_t hash)
{
	return &shard->buckets[hash & shard->mask];
}

/* Compares the hash first, because the comparison of the path needs the memory of the file. */
static bool is_at(const struct names_entry *entry, const struct names_key *key)
{
	if (entry->hash != upper_half(key->hash))
		return false;
	if (entry->file == NULL)
		return entry->job->root == key->root && strcmp(entry->job->path, key->path) == 0;
	return entry->file->root == key->root && strcmp(entry->file->path, key->path) == 0;
}

struct names_entry *names_find(struct names_shard *shard, const struct names_key *key)
{
	struct names_entry *entry = *bucket_of(shard, upper_half(key->hash));

	while (entry != NULL && !is_at(entry, key))
		entry = entry->chain;
	return entry;
}

static void add_bytes(struct names_shard *shard, int64_t bytes)
{
	atomic_store_explicit(&shard->bytes,
			      atomic_load_explicit(&shard->bytes, memory_order_relaxed) + (uint64_t)bytes,
			      memory_order_relaxed);
}

static int64_t file_bytes(const struct file *file)
{
	return file != NULL ? (int64_t)file_memory_bytes(file) : 0;
}

struct names_entry *names_add(struct names_shard *shard, const struct names_key *key)
{
	struct names_entry *entry = calloc(1, sizeof(*entry)), **bucket;

	if (entry == NULL)
		return NULL;
	entry->hash = upper_half(key->hash);
	bucket = bucket_of(shard, entry->hash);
	entry->chain = *bucket;
	*bucket = entry;
	shard->count++;
	add_bytes(shard, NAMES_ENTRY_BYTES);
	return entry;
}

struct file *names_swap_file(struct names_shard *shard, struct names_entry *entry, struct file *file)
{
	struct file *before = entry->file;

	entry->file = file;
	add_bytes(shard, file_bytes(file) - file_bytes(before));
	return before;
}

static void unlink_from(struct names_shard *shard, struct names_entry **link, struct names_entry **unlinked)
{
	struct names_entry *entry = *link;

	assert(entry->job == NULL);
	*link = entry->chain;
	shard->count--;
	add_bytes(shard, -NAMES_ENTRY_BYTES - file_bytes(entry->file));
	entry->chain = *unlinked;
	*unlinked = entry;
}

void names_unlink(struct names_shard *shard, struct names_entry *entry, struct names_entry **unlinked)
{
	struct names_entry **link = bucket_of(shard, entry->hash);

	while (*link != entry)
		link = &(*link)->chain;
	unlink_from(shard, link, unlinked);
}

static unsigned share_of(const struct names_shard *shard)
{
	return atomic_load_explicit(&shard->names->max, memory_order_relaxed) / NAMES_SHARDS;
}

/* Inspects the entries of one bucket. Returns the number of inspected entries. */
static unsigned evict_from_bucket(struct names_shard *shard, const struct names_entry *keep, unsigned share,
				  struct names_entry **unlinked)
{
	struct names_entry **link = &shard->buckets[shard->hand];
	unsigned inspected = 0;

	while (*link != NULL && shard->count > share) {
		struct names_entry *entry = *link;

		inspected++;
		if (entry->job == NULL && !entry->used && entry != keep) {
			unlink_from(shard, link, unlinked);
			continue;
		}
		entry->used = false;
		link = &entry->chain;
	}
	return inspected;
}

void names_evict(struct names_shard *shard, const struct names_entry *keep, struct names_entry **unlinked)
{
	unsigned share = share_of(shard), least = shard->count > EVICT_MAX ? shard->count - EVICT_MAX : 0;

	/* The empty buckets count too, so that the time is bounded. */
	for (unsigned i = 0; i < INSPECT_MAX && shard->count > share && shard->count > least; i++) {
		unsigned inspected = evict_from_bucket(shard, keep, share > least ? share : least, unlinked);

		i += inspected > 0 ? inspected - 1 : 0;
		shard->hand = (shard->hand + 1) & shard->mask;
	}
}

void names_free_unlinked(struct names_entry *unlinked)
{
	for (struct names_entry *next; unlinked != NULL; unlinked = next) {
		next = unlinked->chain;
		file_unref(unlinked->file);
		free(unlinked);
	}
}

/* --- walks --- */

bool names_walk(struct names *names, struct names_cursor *cursor,
		void (*visit)(const struct names_entry *entry, void *context), void *context)
{
	struct names_shard *shard = &names->shards[cursor->shard];

	if (cursor->shard == NAMES_SHARDS)
		return false;
	pthread_mutex_lock(&shard->lock);
	for (unsigned i = 0; i < STEP_BUCKETS && cursor->bucket <= shard->mask; i++)
		for (const struct names_entry *entry = shard->buckets[cursor->bucket++]; entry != NULL;
		     entry = entry->chain)
			if (entry->file != NULL)
				visit(entry, context);
	pthread_mutex_unlock(&shard->lock);
	if (cursor->bucket > shard->mask)
		*cursor = (struct names_cursor){ .shard = cursor->shard + 1 };
	return true;
}

static void remove_root_step(struct names_shard *shard, uint32_t from, const struct file_root *root)
{
	struct names_entry *unlinked = NULL;

	pthread_mutex_lock(&shard->lock);
	/* An empty shard is skipped, so that the kernel need not provide its buckets. */
	for (uint32_t i = from; i < from + STEP_BUCKETS && i <= shard->mask && shard->count > 0; i++)
		for (struct names_entry **link = &shard->buckets[i]; *link != NULL;)
			if ((*link)->job == NULL && (*link)->file->root == root)
				unlink_from(shard, link, &unlinked);
			else
				link = &(*link)->chain;
	pthread_mutex_unlock(&shard->lock);
	names_free_unlinked(unlinked);
}

void names_remove_root(struct names *names, const struct file_root *root)
{
	for (unsigned i = 0; i < NAMES_SHARDS; i++)
		for (uint32_t from = 0; from <= names->shards[i].mask; from += STEP_BUCKETS)
			remove_root_step(&names->shards[i], from, root);
}

/* --- the table --- */

/*
 * Allocates a bucket for each name that the shard can have. Therefore chains are short, and the table never grows under
 * the lock. The kernel provides a page of the buckets when the first name needs it.
 */
static int init_shard(struct names *names, struct names_shard *shard, unsigned max)
{
	uint32_t count = BUCKETS_MIN;

	while (count < max / NAMES_SHARDS && count < BUCKETS_MAX)
		count *= 2;
	pthread_mutex_init(&shard->lock, NULL);
	shard->names = names;
	shard->mask = count - 1;
	shard->buckets = calloc(count, sizeof(struct names_entry *));
	return shard->buckets != NULL ? 0 : -ENOMEM;
}

int names_new(struct names **names, unsigned max)
{
	struct names *made = aligned_alloc(NAMES_CACHE_LINE_BYTES, sizeof(*made));
	int error = 0;

	if (made == NULL)
		return -ENOMEM;
	memset(made, 0, sizeof(*made));
	names_set_max(made, max);
	for (unsigned i = 0; i < NAMES_SHARDS; i++)
		if (init_shard(made, &made->shards[i], max) != 0)
			error = -ENOMEM;
	if (error != 0)
		names_free(made);
	else
		*names = made;
	return error;
}

void names_free(struct names *names)
{
	if (names == NULL)
		return;
	for (unsigned i = 0; i < NAMES_SHARDS; i++) {
		assert(names->shards[i].count == 0);
		free(names->shards[i].buckets);
		pthread_mutex_destroy(&names->shards[i].lock);
	}
	free(names);
}

void names_set_max(struct names *names, unsigned max)
{
	atomic_store_explicit(&names->max, max > NAMES_MIN ? max : NAMES_MIN, memory_order_relaxed);
}

void names_stats(struct names *names, struct names_stats *stats)
{
	*stats = (struct names_stats){ .max = atomic_load_explicit(&names->max, memory_order_relaxed) };
	for (unsigned i = 0; i < NAMES_SHARDS; i++) {
		struct names_shard *shard = &names->shards[i];

		pthread_mutex_lock(&shard->lock);
		stats->count += shard->count;
		pthread_mutex_unlock(&shard->lock);
		stats->bytes += atomic_load_explicit(&shard->bytes, memory_order_relaxed);
	}
}

void names_lookups(struct names *names, struct files_stats *stats)
{
	*stats = (struct files_stats){ 0 };
	for (unsigned i = 0; i < NAMES_SHARDS; i++) {
		struct names_shard *shard = &names->shards[i];

		pthread_mutex_lock(&shard->lock);
		stats->hits += shard->stats.hits;
		stats->inlined += shard->stats.inlined;
		stats->opens += shard->stats.opens;
		stats->revalidations += shard->stats.revalidations;
		stats->failures += shard->stats.failures;
		pthread_mutex_unlock(&shard->lock);
	}
}
