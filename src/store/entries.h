/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries of a directory in a fixed amount of memory, and their sort order. If the memory is full, the caller sorts the
 * entries and keeps the first ones. The caller allocates the struct. One thread at a time may use the struct. The
 * functions make no system calls.
 */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRIES_NAME_MAX 255
/* Minimum limit of memory, which is enough for a useful number of entries. */
#define ENTRIES_BYTES_MIN ((size_t)32 * 1024)

enum entries_key { ENTRIES_BY_NAME, ENTRIES_BY_SIZE, ENTRIES_BY_TIME };

struct entry {
	int64_t mtime_ns;
	uint64_t size;
	uint32_t rank; /* Private. */
	bool directory;
	bool known;    /* Size and mtime are set. */
	bool vanished; /* The file was removed or replaced after its name was read. */
	uint8_t length;
	char name[ENTRIES_NAME_MAX + 1]; /* Name and NUL. A stored entry ends after the NUL. */
};

struct entries {
	enum entries_key key;
	bool descending;
	size_t limit_bytes;
	char *records;
	size_t used_bytes, size_bytes;
	/* Array of `room` offsets in `records`, followed by scratch space of the same size for merging. */
	uint32_t *order;
	size_t count, room;
	size_t runs, width; /* Progress of the sort. */
};

/* Initialises an empty list of entries. limit_bytes must be at least ENTRIES_BYTES_MIN. */
void entries_init(struct entries *entries, enum entries_key key, bool descending, size_t limit_bytes);
void entries_clear(struct entries *entries);
void entries_fini(struct entries *entries);

/*
 * Makes room for one more entry with any name. Returns 0, -ENOBUFS if the caller must sort and keep fewer entries, or
 * -ENOMEM.
 */
int entries_make_room(struct entries *entries);
/* Adds a copy of the entry. entries_make_room() must have succeeded before. */
void entries_add(struct entries *entries, const struct entry *entry);
struct entry *entries_at(const struct entries *entries, size_t index);

/* Copies an entry to storage that the caller provides. */
void entries_copy(struct entry *to, const struct entry *from);

/* Continues sorting for some milliseconds. Returns true if all entries are in order. */
bool entries_sort(struct entries *entries);
/* Removes all entries except the first `count`, which stay in order. */
void entries_keep(struct entries *entries, size_t count);
/* Frees unused memory after sorting. Returns the number of bytes that remain allocated. */
size_t entries_shrink(struct entries *entries);

/*
 * Compares two entries: directories first, then by the key, then by name. Returns a number that is less than, equal to
 * or greater than 0.
 */
int entries_compare(const struct entries *entries, const struct entry *a, const struct entry *b);

/*
 * Compares two names, ignoring the case of letters. Runs of digits are compared by value ("9" before "10"). Names that
 * are equal in this order are compared by their bytes, so only identical names are equal.
 */
int entries_compare_names(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
