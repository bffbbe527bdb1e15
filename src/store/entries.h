/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries of a folder within a fixed amount of memory, and their order. What does not fit is made to: sort, and keep
 * the first ones. The caller's storage, one thread at a time. Knows no system calls.
 */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRIES_NAME_MAX 255
#define ENTRIES_BYTES_MIN ((size_t)32 * 1024) /* less would not hold enough of them to get on */

enum entries_key { ENTRIES_BY_NAME, ENTRIES_BY_SIZE, ENTRIES_BY_TIME };

struct entry {
	int64_t mtime_ns;
	uint64_t size;
	uint32_t rank; /* private */
	bool directory;
	bool known;    /* size and mtime are */
	bool vanished; /* since its name was read */
	uint8_t length;
	char name[ENTRIES_NAME_MAX + 1]; /* with its NUL; what lies in memory ends there */
};

struct entries {
	enum entries_key key;
	bool descending;
	size_t limit_bytes;
	char *records;
	size_t used_bytes, size_bytes;
	uint32_t *order; /* where each begins in records; behind the `room` of them, room for merging */
	size_t count, room;
	size_t runs, width; /* how far sorting has come */
};

/* Holds nothing yet. limit_bytes: at least ENTRIES_BYTES_MIN. */
void entries_init(struct entries *entries, enum entries_key key, bool descending, size_t limit_bytes);
void entries_clear(struct entries *entries);
void entries_fini(struct entries *entries);

/* Whether one more fits, whatever its name. 0, -ENOBUFS (sort, and keep fewer), -ENOMEM. */
int entries_make_room(struct entries *entries);
/* Copies it; after entries_make_room(). */
void entries_add(struct entries *entries, const struct entry *entry);
struct entry *entries_at(const struct entries *entries, size_t index);

/* A copy outside of them. */
void entries_copy(struct entry *to, const struct entry *from);

/* Sorts a little further: some milliseconds. True: all are in order. */
bool entries_sort(struct entries *entries);
/* Forgets all but the first `count`; they stay in order. */
void entries_keep(struct entries *entries, size_t count);
/* Gives back what is not used, once all are sorted; how many bytes are. */
size_t entries_shrink(struct entries *entries);

/* Folders first, then by the key, then by name. Less than, equal to or greater than 0. */
int entries_compare(const struct entries *entries, const struct entry *a, const struct entry *b);

/*
 * Letters without their case, runs of digits by their value ("9" before "10"); names that are the same in that by their
 * bytes. Only a name equals itself.
 */
int entries_compare_names(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
