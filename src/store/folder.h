/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in a folder, in order, read on the offload threads in short steps and with bounded memory. What fits is one chunk; of a
 * larger folder each pass over it keeps the next chunk: the first entries, in the order asked for, that come after the last one
 * of the chunk before. Two folders are read at a time, whatever their number, a step of each in turn: opens come in between.
 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/offload.h"
#include "engine/reactor.h"
#include "store/entries.h"
#include "store/file.h"

/* The folders that are being read: of the process. */
struct folder_table;

struct folder_table_options {
	struct offload *offload;
	size_t memory_bytes; /* of all folders together (0: 64 MiB); once it is used up each further one has ENTRIES_BYTES_MIN */
	size_t chunk_bytes;  /* of one, at most (0: 8 MiB); it is less while many are read */
};

struct folder_options {
	struct reactor *reactor;
	int root_fd;	  /* stays the caller's, open as long as the table lives */
	const char *path; /* beneath it, as for file_open(); copied */
	enum file_symlinks symlinks;
	enum entries_key sort;
	bool descending;
	uint64_t offset, limit; /* leave out so many, then give so many at most (UINT64_MAX: all) */
	/* Whether this name is in it for the asker (folder: it is one, as far as that is known yet). On an offload thread. NULL: all are. */
	bool (*shows)(void *context, const char *name, bool folder);
	/* The chunk has come, or an error: once after folder_new() and once after each folder_next(). On the reactor. */
	void (*ready)(void *context);
	/* Nothing of the folder is left, and `context` may go. Any thread; once, after folder_free(). May be NULL. */
	void (*freed)(void *context);
	void *context;
};

/* 0 or -ENOMEM. */
int folder_table_new(struct folder_table **table, const struct folder_table_options *options);
/* What is being read ends with -ECANCELED at its next step. Before offload_stop(). Any thread. */
void folder_table_stop(struct folder_table *table);
/* After offload_stop(), and after folder_free() of all folders. NULL is fine. */
void folder_table_free(struct folder_table *table);

struct folder;

/* Begins to read its first chunk. 0 or -ENOMEM. On the reactor's thread, as all below. */
int folder_new(struct folder **folder, struct folder_table *table, const struct folder_options *options);
/* At any time; ready() will not run any more. NULL is fine. */
void folder_free(struct folder *folder);

/* 0: a chunk is there. -EAGAIN: ready() will run. -errno: what opening or reading it said (-ENOTDIR, -EACCES, -ENOENT, -EIO …). */
int folder_state(const struct folder *folder);

/* All of what follows only while a chunk is there. */

/* How many entries it has, and each of them, in order, until the next folder_next() or folder_free(). What is `gone` does not count. */
size_t folder_count(const struct folder *folder);
const struct entry *folder_entry(const struct folder *folder, size_t index);
/* Whether this chunk, from the first on, is all that was asked for: no other one came before, and none comes after it. */
bool folder_is_whole(const struct folder *folder);
/* A hash of all in this chunk. */
uint64_t folder_hash(const struct folder *folder);
/* True: the next chunk is being read, and this one is gone. False: there is none. */
bool folder_next(struct folder *folder);
/* How many folders and files there are in all, as counted in the first pass, whatever offset and limit are. */
void folder_totals(const struct folder *folder, uint64_t *folders, uint64_t *files);

#endif
