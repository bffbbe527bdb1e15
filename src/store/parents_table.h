/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of directories of parents.c: entries of fixed size in shards with a lock each. All functions are
 * thread-safe. No system call is made and no memory is allocated or freed under a lock.
 *
 * States of an entry:
 *
 *	UNKNOWN --claim--> claimed --store--> USABLE, REMOTE or UNUSABLE
 *	USABLE: a check shows another directory -> UNKNOWN; another ctime -> no longer confirmed, unless constant
 *	REMOTE: a check shows another directory -> UNKNOWN; until_ns as for UNUSABLE
 *	UNUSABLE: until until_ns; then the next claim succeeds
 *	any, not claimed: evicted (second chance) when its shard is full
 */
#ifndef STORE_PARENTS_TABLE_H
#define STORE_PARENTS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/file_version.h"
#include "store/parents_scan.h"

#define PARENTS_TABLE_FRESH_NS UINT64_C(1000000000) /* Age at which a directory must be checked. */

struct parents_table;

enum parents_state {
	PARENTS_UNKNOWN,
	PARENTS_USABLE,
	/* On a remote filesystem: only offload threads use the names, because a check asks the server. */
	PARENTS_REMOTE,
	/* Folds case, or could not be read. */
	PARENTS_UNUSABLE,
};

/* The identity and the times of a directory. */
struct parents_stamp {
	struct file_version version;
	uint64_t mount; /* Id of the mount, or 0. */
};

/* The properties of a directory in the table. */
struct parents_known {
	enum parents_state state;
	struct parents_stamp stamp;
	uint64_t checked_ns; /* Start of the last check, which found this stamp. */
	uint64_t since_ns;   /* Start of the first check that found this stamp. */
	uint64_t until_ns;   /* UNUSABLE and REMOTE: the directory may be learned again at this time. */
	bool other_mount;    /* The directory is on another mount than the root. */
	bool constant;	     /* The directory always compares names as bytes. */
	/* The directory compares names as bytes while it has this stamp. */
	bool confirmed;
	bool settled; /* `names` are the names with siblings while the directory has this stamp. */
	/* The directory is read again after this time, if it was asked for often enough. */
	uint64_t scan_after_ns;
	/* REMOTE: the names are read again after this time, even if the stamp is the same. */
	uint64_t names_until_ns;
	unsigned asks;	    /* Number of lookups since the last scan for which the names were not known. */
	bool scan_wanted;   /* A lookup has returned -EAGAIN to have the directory read. */
	unsigned changes;   /* Number of stores and of changed stamps. */
	size_t names_count; /* Number of hashes of names with siblings. */
};

/* Creates a table for max_directories directories. Returns 0 or -ENOMEM. */
int parents_table_new(struct parents_table **table, unsigned max_directories);
void parents_table_free(struct parents_table *table);

/*
 * Returns the properties of the directory with this key. If `beside` is not NULL, sets *beside to the siblings of the
 * name with this hash, or counts that the names are not known.
 */
struct parents_known parents_table_find(struct parents_table *table, uint64_t key, uint64_t name_hash,
					unsigned *beside);

/*
 * Applies a check that started at start_ns and found this stamp. `known` is the state before the check. Returns true if
 * the directory is the one that is known, and still compares names as bytes.
 */
bool parents_table_check(struct parents_table *table, uint64_t key, const struct parents_known *known,
			 uint64_t start_ns, const struct parents_stamp *stamp);

/*
 * Marks the directory as wanted for a scan, because its names are not known or are due to be read again. Returns true
 * for the first caller, and again after retry_ns if no scan has followed.
 */
bool parents_table_want_scan(struct parents_table *table, uint64_t key, uint64_t now_ns, uint64_t retry_ns);

/*
 * Claims the directory for learning. Creates an entry if necessary. Returns false if another thread has claimed it, or
 * if no entry can be evicted. Sets *known to the properties before the claim.
 */
bool parents_table_claim(struct parents_table *table, uint64_t key, struct parents_known *known);

/*
 * Stores the properties of a claimed directory and ends the claim. Takes ownership of the hashes in *names. If `names`
 * is NULL and known->settled is true, the entry keeps its names, unless the directory has changed meanwhile. If the
 * table has no room for the names, the entry is not settled.
 */
void parents_table_store(struct parents_table *table, uint64_t key, const struct parents_known *known,
			 struct parents_names *names);

/* Returns the number of directories in the table, and of the hashes of all names. */
void parents_table_count(struct parents_table *table, uint64_t *directories, uint64_t *hashes);

#endif
