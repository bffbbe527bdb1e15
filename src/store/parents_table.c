/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A shard has an array of entries, chained by the hash of their key, and a hand for second-chance eviction. The keys
 * come from a keyed hash, so clients cannot build long chains. Under a lock, the hand inspects at most INSPECT_MAX
 * entries.
 *
 * The arrays are allocated at the start. The kernel provides their pages when they are first used.
 */
#include "store/parents_table.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SHARDS_MAX 16
#define SHARD_ENTRIES_MIN 64 /* A smaller table has fewer shards. */
#define INSPECT_MAX 16
#define HASHES_MAX PARENTS_SCAN_HASHES_MAX /* Maximum number of hashes of all directories. */
#define NONE UINT32_MAX

struct entry {
	uint64_t key;
	uint32_t next; /* Index of the next entry of the chain, or NONE. */
	bool claimed, referenced;
	struct parents_known known;
	struct parents_names names;
};

struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct entry *entries;
	uint32_t *chains; /* Index of the first entry, or NONE. */
	uint32_t room, count, hand, sweep;
};

struct parents_table {
	struct shard *shards;
	unsigned shard_count;
	atomic_uint shard_hand;	 /* Shard whose names are dropped next. Relaxed: publishes no other data. */
	_Atomic uint64_t hashes; /* Number of hashes in all entries. Relaxed. */
};

static struct shard *shard_of(struct parents_table *table, uint64_t key)
{
	return &table->shards[(key >> 32) % table->shard_count];
}

static int shard_init(struct shard *shard, uint32_t room)
{
	shard->room = room;
	shard->entries = calloc(room, sizeof(*shard->entries));
	shard->chains = malloc(room * sizeof(*shard->chains));
	if (shard->entries == NULL || shard->chains == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < room; i++)
		shard->chains[i] = NONE;
	return 0;
}

static void shard_fini(struct shard *shard)
{
	for (uint32_t i = 0; i < shard->count; i++)
		free(shard->entries[i].names.hashes);
	free(shard->entries);
	free(shard->chains);
	pthread_mutex_destroy(&shard->lock);
}

int parents_table_new(struct parents_table **result, unsigned max_directories)
{
	struct parents_table *table = calloc(1, sizeof(*table));
	int error = 0;

	if (table == NULL)
		return -ENOMEM;
	table->shard_count = 1;
	while (table->shard_count < SHARDS_MAX && max_directories / table->shard_count / 2 >= SHARD_ENTRIES_MIN)
		table->shard_count *= 2;
	table->shards = aligned_alloc(_Alignof(struct shard), table->shard_count * sizeof(*table->shards));
	if (table->shards == NULL) {
		free(table);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < table->shard_count; i++) {
		table->shards[i] = (struct shard){ 0 };
		pthread_mutex_init(&table->shards[i].lock, NULL);
	}
	for (unsigned i = 0; error == 0 && i < table->shard_count; i++)
		error = shard_init(&table->shards[i], max_directories / table->shard_count + (max_directories == 0));
	if (error < 0)
		parents_table_free(table);
	else
		*result = table;
	return error;
}

void parents_table_free(struct parents_table *table)
{
	for (unsigned i = 0; i < table->shard_count; i++)
		shard_fini(&table->shards[i]);
	free(table->shards);
	free(table);
}

static struct entry *find(const struct shard *shard, uint64_t key)
{
	for (uint32_t i = shard->chains[key % shard->room]; i != NONE; i = shard->entries[i].next)
		if (shard->entries[i].key == key)
			return &shard->entries[i];
	return NULL;
}

/* Removes the names of an entry. Returns the hashes, which the caller frees without the lock. */
static uint64_t *drop_names(struct parents_table *table, struct entry *entry)
{
	uint64_t *hashes = entry->names.hashes;

	atomic_fetch_sub_explicit(&table->hashes, entry->names.count, memory_order_relaxed);
	entry->names = (struct parents_names){ 0 };
	entry->known.names_count = 0;
	entry->known.settled = false;
	return hashes;
}

struct parents_known parents_table_find(struct parents_table *table, uint64_t key, uint64_t name_hash, unsigned *beside)
{
	struct shard *shard = shard_of(table, key);
	struct parents_known known = { .state = PARENTS_UNKNOWN };
	struct entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, key);
	if (entry != NULL) {
		entry->referenced = true;
		known = entry->known;
		if (beside != NULL && entry->known.settled)
			*beside = parents_scan_find(&entry->names, name_hash);
		else if (beside != NULL && entry->known.asks < UINT32_MAX)
			entry->known.asks++;
	}
	pthread_mutex_unlock(&shard->lock);
	return known;
}

static bool is_same_directory(const struct parents_stamp *a, const struct parents_stamp *b)
{
	return a->version.device == b->version.device && a->version.inode == b->version.inode && a->mount == b->mount;
}

/* Sets the stamp that a check has found. Returns the names that have become invalid, which the caller frees. */
static uint64_t *apply_change(struct parents_table *table, struct entry *entry, uint64_t start_ns,
			      const struct parents_stamp *stamp)
{
	struct parents_known *known = &entry->known;

	known->changes++;
	if (!is_same_directory(&known->stamp, stamp)) {
		known->state = PARENTS_UNKNOWN;
		known->scan_after_ns = 0;
	}
	known->since_ns = start_ns;
	known->confirmed = known->constant ||
			   (known->confirmed && known->stamp.version.ctime_ns == stamp->version.ctime_ns);
	known->stamp = *stamp;
	return drop_names(table, entry);
}

bool parents_table_check(struct parents_table *table, uint64_t key, const struct parents_known *before,
			 uint64_t start_ns, const struct parents_stamp *stamp)
{
	struct shard *shard = shard_of(table, key);
	uint64_t *freed = NULL;
	struct entry *entry;
	bool usable;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, key);
	usable = entry != NULL && entry->known.state == before->state && entry->known.changes == before->changes &&
		 (before->state == PARENTS_USABLE || before->state == PARENTS_REMOTE);
	if (usable && (!is_same_directory(&entry->known.stamp, stamp) ||
		       !file_version_equal(&entry->known.stamp.version, &stamp->version))) {
		freed = apply_change(table, entry, start_ns, stamp);
		usable = entry->known.state == before->state;
	}
	usable = usable && (before->state == PARENTS_REMOTE || entry->known.constant || entry->known.confirmed);
	if (usable && entry->known.checked_ns < start_ns)
		entry->known.checked_ns = start_ns;
	pthread_mutex_unlock(&shard->lock);
	free(freed);
	return usable;
}

bool parents_table_want_scan(struct parents_table *table, uint64_t key, uint64_t now_ns, uint64_t retry_ns)
{
	struct shard *shard = shard_of(table, key);
	struct entry *entry;
	bool first;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, key);
	first = entry != NULL && now_ns >= entry->known.scan_after_ns &&
		(!entry->known.settled ||
		 (entry->known.state == PARENTS_REMOTE && now_ns >= entry->known.names_until_ns));
	if (first) {
		entry->known.scan_wanted = true;
		entry->known.scan_after_ns = now_ns + retry_ns;
	}
	pthread_mutex_unlock(&shard->lock);
	return first;
}

static void unlink_entry(struct shard *shard, struct entry *entry)
{
	uint32_t *at = &shard->chains[entry->key % shard->room];

	while (&shard->entries[*at] != entry)
		at = &shard->entries[*at].next;
	*at = entry->next;
}

/* Returns an entry for a new directory, or NULL if all inspected entries are claimed. */
static struct entry *evict(struct parents_table *table, struct shard *shard, uint64_t **freed)
{
	struct entry *victim = NULL;

	for (unsigned i = 0; i < INSPECT_MAX; i++) {
		struct entry *entry = &shard->entries[shard->hand++ % shard->room];

		if (entry->claimed)
			continue;
		victim = entry;
		if (!entry->referenced)
			break;
		entry->referenced = false;
	}
	if (victim != NULL) {
		*freed = drop_names(table, victim);
		unlink_entry(shard, victim);
	}
	return victim;
}

static struct entry *add(struct parents_table *table, struct shard *shard, uint64_t key, uint64_t **freed)
{
	struct entry *entry = shard->count < shard->room ? &shard->entries[shard->count++] : evict(table, shard, freed);

	if (entry == NULL)
		return NULL;
	*entry = (struct entry){ .key = key, .next = shard->chains[key % shard->room], .referenced = true };
	shard->chains[key % shard->room] = (uint32_t)(entry - shard->entries);
	return entry;
}

bool parents_table_claim(struct parents_table *table, uint64_t key, struct parents_known *known)
{
	struct shard *shard = shard_of(table, key);
	uint64_t *freed = NULL;
	struct entry *entry;
	bool claimed;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, key);
	if (entry == NULL)
		entry = add(table, shard, key, &freed);
	claimed = entry != NULL && !entry->claimed;
	if (claimed) {
		entry->claimed = true;
		*known = entry->known;
	}
	pthread_mutex_unlock(&shard->lock);
	free(freed);
	return claimed;
}

/* Drops the names of directories of a shard that were not asked for since the last time. */
static void drop_unused_names(struct parents_table *table, struct shard *shard)
{
	uint64_t *freed[INSPECT_MAX];
	unsigned count = 0;

	pthread_mutex_lock(&shard->lock);
	for (unsigned i = 0; i < INSPECT_MAX && shard->count > 0; i++) {
		struct entry *entry = &shard->entries[shard->sweep++ % shard->count];

		if (entry->names.hashes != NULL && !entry->referenced && !entry->claimed)
			freed[count++] = drop_names(table, entry);
		entry->referenced = entry->referenced && entry->names.hashes == NULL;
	}
	pthread_mutex_unlock(&shard->lock);
	while (count > 0)
		free(freed[--count]);
}

static bool reserve(struct parents_table *table, uint64_t count)
{
	if (atomic_fetch_add_explicit(&table->hashes, count, memory_order_relaxed) + count <= HASHES_MAX)
		return true;
	atomic_fetch_sub_explicit(&table->hashes, count, memory_order_relaxed);
	return false;
}

/* Reserves room for the names. If there is no room, drops names that are not in use, and tries again. */
static bool make_room(struct parents_table *table, uint64_t count)
{
	if (reserve(table, count))
		return true;
	for (unsigned i = 0; i < 4 * table->shard_count; i++) {
		unsigned hand = atomic_fetch_add_explicit(&table->shard_hand, 1, memory_order_relaxed);

		drop_unused_names(table, &table->shards[hand % table->shard_count]);
		if (reserve(table, count))
			return true;
	}
	return false;
}

/*
 * Moves the result of learning into the entry. Returns hashes that the caller frees. Without new names, the entry keeps
 * its names, unless a check has found a change meanwhile.
 */
static uint64_t *apply_learned(struct parents_table *table, struct entry *entry, const struct parents_known *known,
			       struct parents_names *names)
{
	bool changed = entry->known.changes != known->changes;
	bool keeps = names == NULL && known->settled && entry->known.settled && !changed;
	uint64_t *freed = keeps ? NULL : drop_names(table, entry);
	unsigned changes = entry->known.changes + 1;

	entry->known = *known;
	entry->known.changes = changes;
	entry->known.settled = keeps || (names != NULL && known->settled);
	if (changed)
		entry->known.checked_ns = 0; /* The next lookup finds the newer stamp again. */
	if (names != NULL)
		entry->names = *names;
	entry->known.names_count = entry->names.count;
	entry->claimed = false;
	return freed;
}

void parents_table_store(struct parents_table *table, uint64_t key, const struct parents_known *known,
			 struct parents_names *names)
{
	struct shard *shard = shard_of(table, key);
	uint64_t *freed;

	if (names != NULL && !make_room(table, names->count)) {
		free(names->hashes);
		names = NULL;
	}
	pthread_mutex_lock(&shard->lock);
	freed = apply_learned(table, find(shard, key), known, names); /* A claimed entry is not evicted. */
	pthread_mutex_unlock(&shard->lock);
	free(freed);
}

void parents_table_count(struct parents_table *table, uint64_t *directories, uint64_t *hashes)
{
	*directories = 0;
	for (unsigned i = 0; i < table->shard_count; i++) {
		struct shard *shard = &table->shards[i];

		pthread_mutex_lock(&shard->lock);
		*directories += shard->count;
		pthread_mutex_unlock(&shard->lock);
	}
	*hashes = atomic_load_explicit(&table->hashes, memory_order_relaxed);
}
