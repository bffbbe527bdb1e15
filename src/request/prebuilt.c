/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table with one slot for each hash value. If the slot of a new response has an entry that was used since the
 * last sweep, the new response is not added, and is built for each request. An entry belongs to the table until it is
 * dropped, and then to its response. All functions run on the reactor's thread.
 *
 * Each version of a file has its own struct file, so prebuilt_find() does not return an entry of an old version. The
 * next sweeps drop that entry.
 */
#include "request/prebuilt.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define SLOTS PREBUILT_MAX

struct prebuilt_table {
	struct store *store;
	void (*drop)(void *response);
	size_t pinned_bytes, pinned_max_bytes;
	struct prebuilt *slots[SLOTS];
};

int prebuilt_table_new(struct prebuilt_table **table, struct store *store, size_t pinned_max_bytes,
		       void (*drop)(void *response))
{
	struct prebuilt_table *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->store = store;
	made->drop = drop;
	made->pinned_max_bytes = pinned_max_bytes;
	*table = made;
	return 0;
}

void prebuilt_table_free(struct prebuilt_table *table)
{
	free(table);
}

static struct prebuilt **slot_of(struct prebuilt_table *table, const struct file *file, uint64_t key)
{
	return &table->slots[(((uintptr_t)file ^ key) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SLOTS];
}

struct prebuilt *prebuilt_find(struct prebuilt_table *table, const struct file *file, uint64_t key)
{
	struct prebuilt *entry = *slot_of(table, file, key);

	if (entry == NULL || entry->file != file || entry->key != key)
		return NULL;
	entry->used = true;
	return entry;
}

/* Returns the pinned memory in bytes, which is at least one page. */
static size_t entry_bytes(const struct store_want *want)
{
	return arena_block_bytes(want->length);
}

static void drop(struct prebuilt_table *table, struct prebuilt **slot)
{
	struct prebuilt *entry = *slot;

	*slot = NULL;
	table->drop(entry->response);
}

struct prebuilt *prebuilt_add(struct prebuilt_table *table, struct file *file, uint64_t key, struct store_want *want)
{
	struct prebuilt **slot = slot_of(table, file, key), *entry;

	if (table->pinned_bytes + entry_bytes(want) > table->pinned_max_bytes || (*slot != NULL && (*slot)->used))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	if (*slot != NULL)
		drop(table, slot);
	entry->table = table;
	entry->file = file_ref(file);
	entry->key = key;
	entry->used = true;
	entry->want = *want;
	entry->want.file = entry->file;
	*want = (struct store_want){ 0 };
	table->pinned_bytes += entry_bytes(&entry->want);
	*slot = entry;
	return entry;
}

void prebuilt_free(struct prebuilt *entry)
{
	struct prebuilt_table *table = entry->table;

	if (*slot_of(table, entry->file, entry->key) == entry) /* the entry never had a response */
		*slot_of(table, entry->file, entry->key) = NULL;
	table->pinned_bytes -= entry_bytes(&entry->want);
	store_release(table->store, &entry->want);
	file_unref(entry->file);
	free(entry);
}

void prebuilt_resize(struct prebuilt_table *table, size_t pinned_max_bytes)
{
	table->pinned_max_bytes = pinned_max_bytes;
}

void prebuilt_sweep(struct prebuilt_table *table, bool all)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct prebuilt *entry = table->slots[i];

		if (entry == NULL)
			continue;
		if (all || !entry->used)
			drop(table, &table->slots[i]);
		else
			entry->used = false;
	}
}
