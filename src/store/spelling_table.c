/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of fixed size with one slot per hash of a directory, under one mutex. No system call is made and no memory is
 * allocated or freed while it is locked. A slot contains the kind of the directory and, if the directory was read, the
 * sorted hashes of its names.
 *
 * The process has one table. All functions are thread-safe.
 */
#include "store/spelling_table.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

#define LIFETIME_NS CLOCK_NS_PER_S
#define SLOTS 1024

/* A directory in the table. */
struct slot {
	uint64_t key;
	uint64_t until_ns;
	enum spelling_kind kind;
	struct spelling_names names; /* `hashes` is NULL if the directory was not read. */
};

static struct {
	pthread_mutex_t lock;
	struct slot slots[SLOTS];
	size_t names; /* Number of names in all slots. */
	unsigned hand;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool has_name(const struct spelling_names *names, uint64_t hash)
{
	return bsearch(&hash, names->hashes, names->count, sizeof(hash), compare_hashes) != NULL;
}

/* Empties a slot and returns its hashes, which the caller frees. The caller holds the lock. */
static uint64_t *empty_slot(struct slot *slot)
{
	uint64_t *hashes = slot->names.hashes;

	table.names -= slot->names.count;
	*slot = (struct slot){ .kind = SPELLING_TABLE_NONE };
	return hashes;
}

void spelling_table_store(uint64_t key, enum spelling_kind kind, struct spelling_names *names)
{
	uint64_t *freed[SLOTS];
	unsigned count = 0;
	struct slot *slot = &table.slots[key % SLOTS];

	if (names->count > 0)
		qsort(names->hashes, names->count, sizeof(*names->hashes), compare_hashes);
	pthread_mutex_lock(&table.lock);
	freed[count++] = empty_slot(slot);
	while (names->count > 0 && table.names + names->count > SPELLING_TABLE_NAMES_MAX && count < SLOTS)
		freed[count++] = empty_slot(&table.slots[table.hand++ % SLOTS]);
	*slot = (struct slot){ .key = key, .until_ns = clock_now_ns() + LIFETIME_NS, .kind = kind, .names = *names };
	table.names += names->count;
	pthread_mutex_unlock(&table.lock);
	while (count > 0)
		free(freed[--count]);
}

struct spelling_known spelling_table_find(uint64_t key, uint64_t hash)
{
	const struct slot *slot = &table.slots[key % SLOTS];
	struct spelling_known known = { .kind = SPELLING_TABLE_NONE };
	uint64_t now_ns = clock_now_ns();

	pthread_mutex_lock(&table.lock);
	if (slot->kind != SPELLING_TABLE_NONE && slot->key == key) {
		known.fresh = now_ns < slot->until_ns;
		known.listed = slot->names.hashes != NULL && (known.fresh || now_ns < slot->names.read_again_ns);
		known.present = known.listed && has_name(&slot->names, hash);
		known.names = slot->names;
		if (known.fresh || known.listed)
			known.kind = slot->kind;
	}
	pthread_mutex_unlock(&table.lock);
	return known;
}

static bool is_same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool spelling_table_same_version(const struct spelling_names *a, const struct spelling_names *b)
{
	return a->device == b->device && a->inode == b->inode && is_same_time(&a->mtime, &b->mtime) &&
	       is_same_time(&a->ctime, &b->ctime);
}

void spelling_table_extend(uint64_t key, const struct spelling_names *names, uint64_t start_ns)
{
	struct slot *slot = &table.slots[key % SLOTS];
	uint64_t until_ns = start_ns + LIFETIME_NS < names->read_again_ns ? start_ns + LIFETIME_NS
									  : names->read_again_ns;

	pthread_mutex_lock(&table.lock);
	if (slot->key == key && slot->names.hashes != NULL && slot->names.read_again_ns == names->read_again_ns &&
	    spelling_table_same_version(&slot->names, names) && slot->until_ns < until_ns)
		slot->until_ns = until_ns;
	pthread_mutex_unlock(&table.lock);
}
