/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of spelling.c for directories, kept for one second. Thread-safe. */
#ifndef STORE_SPELLING_TABLE_H
#define STORE_SPELLING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define SPELLING_TABLE_NAMES_MAX (1u << 20) /* Maximum number of names of all directories together, 8 bytes each. */

/*
 * How a directory compares names, see spelling.c. SPELLING_TABLE_FINE: this name is valid, independently of other
 * names.
 */
enum spelling_kind {
	SPELLING_TABLE_NONE,
	SPELLING_TABLE_BYTES,
	SPELLING_TABLE_CASE,
	SPELLING_TABLE_LISTED,
	SPELLING_TABLE_FINE
};

/* The sorted hashes of all names of a directory, and the version of the directory. */
struct spelling_names {
	uint64_t *hashes;
	size_t count, room;
	uint64_t device, inode;
	struct statx_timestamp mtime, ctime;
	bool settled; /* Any later change alters the mtime. */
	/* After this time, the directory is read again, even if its times are the same. */
	uint64_t read_again_ns;
};

/* The content of the table for a directory, and for a name in it. */
struct spelling_known {
	enum spelling_kind kind; /* SPELLING_TABLE_NONE: the table has no result. */
	/*
	 * The result is younger than LIFETIME_NS. Otherwise only the names are valid, if the directory has not changed.
	 */
	bool fresh;
	bool listed;		     /* The names are known. */
	bool present;		     /* The name is in the directory. */
	struct spelling_names names; /* A copy whose hashes may not be accessed. */
};

/* Returns the content of the table for the directory with this key and the name with this hash. */
struct spelling_known spelling_table_find(uint64_t key, uint64_t hash);
/*
 * Stores the result for a directory for one second. Takes ownership of the hashes, and sorts them. Empties slots of
 * other directories in turn until all names fit.
 */
void spelling_table_store(uint64_t key, enum spelling_kind kind, struct spelling_names *names);
/* Keeps the names until one second after start_ns, because the directory had the same version at start_ns. */
void spelling_table_extend(uint64_t key, const struct spelling_names *names, uint64_t start_ns);
/* Returns true if both belong to the same directory and have the same times. */
bool spelling_table_same_version(const struct spelling_names *a, const struct spelling_names *b);

#endif
