/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries are stored contiguously in `records`, and `order` contains their offsets. Sorting is a bottom-up merge sort
 * that can stop after each level, so that it never occupies an offload thread for long. To keep the first entries, one
 * walk over the records moves them together; the rank of a record is its index in `order`.
 *
 * The caller owns the entries. One thread at a time may use them.
 */
#include "store/entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Entries that are sorted at once. Each later step merges all runs into runs of twice the length. */
#define RUN 4096
#define RUNS_A_STEP 2
#define FIRST_BYTES 4096
#define RECORD_MAX ((sizeof(struct entry) + 7) & ~(size_t)7)
#define DROPPED UINT32_MAX

static size_t record_bytes(const struct entry *entry)
{
	return (offsetof(struct entry, name) + entry->length + 1 + 7) & ~(size_t)7;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static int fold(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + 32 : (unsigned char)byte;
}

/* Compares two runs of digits by value, ignoring leading zeros. Moves *a and *b past the digits. */
static int compare_numbers(const char **a, const char *a_end, const char **b, const char *b_end)
{
	const char *x, *y;
	int difference = 0;

	while (*a < a_end && **a == '0')
		(*a)++;
	while (*b < b_end && **b == '0')
		(*b)++;
	for (x = *a; *a < a_end && is_digit(**a); (*a)++)
		;
	for (y = *b; *b < b_end && is_digit(**b); (*b)++)
		;
	if (*a - x != *b - y)
		return *a - x < *b - y ? -1 : 1;
	while (x < *a && difference == 0)
		difference = *x++ - *y++;
	return difference;
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int difference = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return difference != 0 ? difference : (a_length > b_length) - (a_length < b_length);
}

int entries_compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
	const char *x = a, *y = b, *a_end = a + a_length, *b_end = b + b_length;
	int difference = 0;

	while (x < a_end && y < b_end && difference == 0) {
		if (is_digit(*x) && is_digit(*y))
			difference = compare_numbers(&x, a_end, &y, b_end);
		else
			difference = fold(*x++) - fold(*y++);
	}
	if (difference != 0)
		return difference;
	if (x < a_end || y < b_end)
		return x < a_end ? 1 : -1;
	return compare_bytes(a, a_length, b, b_length);
}

int entries_compare(const struct entries *entries, const struct entry *a, const struct entry *b)
{
	int difference = 0, names;

	if (a->directory != b->directory)
		return a->directory ? -1 : 1;
	if (entries->key == ENTRIES_BY_SIZE)
		difference = (a->size > b->size) - (a->size < b->size);
	else if (entries->key == ENTRIES_BY_TIME)
		difference = (a->mtime_ns > b->mtime_ns) - (a->mtime_ns < b->mtime_ns);
	if (difference != 0)
		return entries->descending ? -difference : difference;
	names = entries_compare_names(a->name, a->length, b->name, b->length);
	return entries->descending && entries->key == ENTRIES_BY_NAME ? -names : names;
}

void entries_init(struct entries *entries, enum entries_key key, bool descending, size_t limit_bytes)
{
	*entries = (struct entries){ .key = key, .descending = descending, .limit_bytes = limit_bytes };
}

void entries_fini(struct entries *entries)
{
	free(entries->records);
	free(entries->order);
	entries->records = NULL;
	entries->order = NULL;
}

void entries_clear(struct entries *entries)
{
	entries->used_bytes = 0;
	entries->count = 0;
	entries->runs = 0;
	entries->width = 0;
}

/* Grows `records`, to at most three quarters of the memory. The last quarter is for `order` and its scratch space. */
static int grow_records(struct entries *entries)
{
	size_t limit = entries->limit_bytes / 4 * 3;
	size_t size = entries->size_bytes == 0 ? FIRST_BYTES : entries->size_bytes * 2;
	char *records;

	if (size > limit)
		size = limit;
	if (size < entries->used_bytes + RECORD_MAX)
		return -ENOBUFS;
	records = realloc(entries->records, size);
	if (records == NULL)
		return -ENOMEM;
	entries->records = records;
	entries->size_bytes = size;
	return 0;
}

static int grow_order(struct entries *entries)
{
	size_t limit = entries->limit_bytes / 4 / (2 * sizeof(*entries->order));
	size_t room = entries->room == 0 ? FIRST_BYTES / 64 : entries->room * 2;
	uint32_t *order;

	if (room > limit)
		room = limit;
	if (room <= entries->count)
		return -ENOBUFS;
	order = reallocarray(entries->order, room, 2 * sizeof(*order));
	if (order == NULL)
		return -ENOMEM;
	entries->order = order;
	entries->room = room;
	return 0;
}

int entries_make_room(struct entries *entries)
{
	int error = 0;

	if (entries->used_bytes + RECORD_MAX > entries->size_bytes)
		error = grow_records(entries);
	if (error == 0 && entries->count == entries->room)
		error = grow_order(entries);
	return error;
}

void entries_copy(struct entry *to, const struct entry *from)
{
	memcpy(to, from, offsetof(struct entry, name) + from->length + 1);
}

void entries_add(struct entries *entries, const struct entry *entry)
{
	entries_copy((struct entry *)(entries->records + entries->used_bytes), entry);
	entries->order[entries->count++] = (uint32_t)entries->used_bytes;
	entries->used_bytes += record_bytes(entry);
	entries->runs = 0;
	entries->width = 0;
}

struct entry *entries_at(const struct entries *entries, size_t index)
{
	return (struct entry *)(entries->records + entries->order[index]);
}

static int compare_order(const void *a, const void *b, void *context)
{
	const struct entries *entries = context;

	return entries_compare(entries, (const struct entry *)(entries->records + *(const uint32_t *)a),
			       (const struct entry *)(entries->records + *(const uint32_t *)b));
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Merges two adjacent runs of `order` through the scratch space. */
static void merge(struct entries *entries, size_t first, size_t middle, size_t end)
{
	uint32_t *from = entries->order, *scratch = entries->order + entries->room;
	size_t left = first, right = middle, to = first;

	if (compare_order(&from[middle - 1], &from[middle], entries) <= 0)
		return;
	while (left < middle && right < end)
		scratch[to++] = compare_order(&from[left], &from[right], entries) <= 0 ? from[left++] : from[right++];
	while (left < middle)
		scratch[to++] = from[left++];
	memcpy(from + first, scratch + first, (to - first) * sizeof(*from));
}

bool entries_sort(struct entries *entries)
{
	if (entries->runs < entries->count) {
		for (int i = 0; i < RUNS_A_STEP && entries->runs < entries->count; i++) {
			size_t count = least(RUN, entries->count - entries->runs);

			qsort_r(entries->order + entries->runs, count, sizeof(*entries->order), compare_order, entries);
			entries->runs += count;
		}
		entries->width = RUN;
	} else if (entries->width < entries->count) {
		size_t width = entries->width;

		for (size_t first = 0; first + width < entries->count; first += 2 * width)
			merge(entries, first, first + width, least(first + 2 * width, entries->count));
		entries->width = 2 * width;
	}
	return entries->runs == entries->count && entries->width >= entries->count;
}

void entries_keep(struct entries *entries, size_t count)
{
	size_t to = 0, bytes;

	if (count >= entries->count)
		return;
	for (size_t i = 0; i < entries->count; i++)
		entries_at(entries, i)->rank = i < count ? (uint32_t)i : DROPPED;
	for (size_t from = 0; from < entries->used_bytes; from += bytes) {
		struct entry *entry = (struct entry *)(entries->records + from);

		bytes = record_bytes(entry);
		if (entry->rank == DROPPED)
			continue;
		entries->order[entry->rank] = (uint32_t)to;
		memmove(entries->records + to, entry, bytes);
		to += bytes;
	}
	entries->used_bytes = to;
	entries->count = count;
	entries->runs = count;
	entries->width = count > RUN ? count : RUN;
}

size_t entries_shrink(struct entries *entries)
{
	char *records = realloc(entries->records, entries->used_bytes + 1);
	uint32_t *order;

	if (records != NULL) {
		entries->records = records;
		entries->size_bytes = entries->used_bytes + 1;
	}
	order = reallocarray(entries->order, entries->count + 1, sizeof(*order));
	if (order != NULL) {
		entries->order = order;
		entries->room = entries->count;
	}
	return entries->size_bytes + (entries->count + 1) * sizeof(*order);
}
