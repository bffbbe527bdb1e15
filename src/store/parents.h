/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The directories in which files lie. For each directory: whether names in it can be looked up on a reactor, and which
 * names have siblings such as NAME.gz. The results allow lookups that neither wait nor make a syscall for each missing
 * sibling. On filesystems with a server, they spare a request to the server for each missing sibling. The process owns
 * one struct parents, which all roots and reactors share.
 */
#ifndef STORE_PARENTS_H
#define STORE_PARENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/beneath.h"
#include "store/parents_scan.h"

struct parents;

/* A path, which identifies its directory. */
struct parents_place {
	int root_fd;
	const char *path; /* Relative and normalised. */
	enum file_symlinks symlinks;
	uint64_t root; /* Number of the root and of its replacement: part of the key. */
};

/* The properties of the directory of a path. */
struct parents_view {
	uint64_t device;  /* st_dev of the directory, as in struct file_version. */
	bool other_mount; /* The directory is on another mount than the root. */
	bool settled;	  /* `beside` is known. Otherwise `beside` is 0. */
	/*
	 * Bits 1 << enum parents_suffix: a name PATH.zst, ... may exist in the directory. If a bit is clear, there is
	 * no such name.
	 */
	unsigned beside;
};

/* Creates an empty table for at most max_directories directories. Returns 0 or -ENOMEM. */
int parents_new(struct parents **parents, unsigned max_directories);
/* NULL is allowed. */
void parents_free(struct parents *parents);

/*
 * Finds the directory of place->path. Never waits. The result is at most 1 s old. Thread-safe. Returns 0 and sets *view
 * if the directory is on a local filesystem, and if all directories from the root to it compare names as bytes. Returns
 * -ENOENT if the directory does not exist. Returns -EAGAIN if the result is not known. The job of the caller then calls
 * parents_learn(). If a directory must be read again, one caller gets -EAGAIN, and other callers get a view that is not
 * settled.
 */
int parents_find(struct parents *parents, const struct parents_place *place, uint64_t now_ns,
		 struct parents_view *view);

/*
 * Returns the st_dev of the directory of place->path, or of the nearest directory above it that is known, and sets
 * *length to the length of its path. The directory may be reached through a symbolic link. The result may be out of
 * date. Returns 0 if no directory is known. Never waits. Thread-safe.
 */
uint64_t parents_device(struct parents *parents, const struct parents_place *place, size_t *length);

/*
 * Finds the directory of place->path on a filesystem with a server (struct file, `remote`). Asks the server whether the
 * directory has changed, unless it was asked less than max_age_ns ago. Returns 0 and sets *view if the directory is
 * known. Returns -EAGAIN if not, or if the directory must be read again. The caller then looks the names up one by one
 * and calls parents_learn(). Blocks; runs only on offload threads. Thread-safe.
 */
int parents_find_remote(struct parents *parents, const struct parents_place *place, uint64_t max_age_ns,
			struct parents_view *view);

/*
 * Learns the directory of place->path, and the directories above it, if they are not known or have changed. May read
 * the whole directory, so callers first answer their requests. Blocks; runs only on offload threads. Thread-safe.
 */
void parents_learn(struct parents *parents, const struct parents_place *place);

#endif
