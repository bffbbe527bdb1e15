/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table with one place a hash: what finds its place taken by an entry that is in use is simply made anew each time. A
 * file that was replaced is another struct file, so its old reply is found no more, and goes with the next sweep.
 */
#include "request/prebuilt.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define PLACES PREBUILT_MAX

struct prebuilt_table {
	struct store *store;
	void (*drop)(void *response);
	size_t pinned_bytes, pinned_max_bytes;
	struct prebuilt *places[PLACES];
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

static struct prebuilt **place_of(struct prebuilt_table *table, const struct file *file, uint64_t key)
{
	return &table->places[(((uintptr_t)file ^ key) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % PLACES];
}

struct prebuilt *prebuilt_find(struct prebuilt_table *table, const struct file *file, uint64_t key)
{
	struct prebuilt *ready = *place_of(table, file, key);

	if (ready == NULL || ready->file != file || ready->key != key)
		return NULL;
	ready->used = true;
	return ready;
}

/* A page at least, however short the file. */
static size_t held_bytes(const struct store_want *want)
{
	return arena_block_bytes(want->length);
}

static void drop(struct prebuilt_table *table, struct prebuilt **place)
{
	struct prebuilt *ready = *place;

	*place = NULL;
	table->drop(ready->response);
}

struct prebuilt *prebuilt_add(struct prebuilt_table *table, struct file *file, uint64_t key, struct store_want *want)
{
	struct prebuilt **place = place_of(table, file, key), *ready;

	if (table->pinned_bytes + held_bytes(want) > table->pinned_max_bytes || (*place != NULL && (*place)->used))
		return NULL;
	ready = calloc(1, sizeof(*ready));
	if (ready == NULL)
		return NULL;
	if (*place != NULL)
		drop(table, place);
	ready->table = table;
	ready->file = file_ref(file);
	ready->key = key;
	ready->used = true;
	ready->want = *want;
	ready->want.file = ready->file;
	*want = (struct store_want){ 0 };
	table->pinned_bytes += held_bytes(&ready->want);
	*place = ready;
	return ready;
}

void prebuilt_free(struct prebuilt *ready)
{
	struct prebuilt_table *table = ready->table;

	if (*place_of(table, ready->file, ready->key) == ready) /* it never had a response */
		*place_of(table, ready->file, ready->key) = NULL;
	table->pinned_bytes -= held_bytes(&ready->want);
	store_release(table->store, &ready->want);
	file_unref(ready->file);
	free(ready);
}

void prebuilt_resize(struct prebuilt_table *table, size_t pinned_max_bytes)
{
	table->pinned_max_bytes = pinned_max_bytes;
}

void prebuilt_sweep(struct prebuilt_table *table, bool all)
{
	for (unsigned i = 0; i < PLACES; i++) {
		struct prebuilt *ready = table->places[i];

		if (ready == NULL)
			continue;
		if (all || !ready->used)
			drop(table, &table->places[i]);
		else
			ready->used = false;
	}
}
