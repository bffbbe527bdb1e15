/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the file of the key cache_state: a list of files that were in the cache, the most requested ones
 * first. The file is text, and each line has fields that are separated by one blank:
 *
 *	ranged-cache 1
 *	root NUMBER PATH
 *	file ROOT SIZE MTIME PARTS PATH
 *	end COUNT
 *
 * The first line has the version of the format. The roots are numbered from 0. SIZE is in bytes, MTIME in nanoseconds
 * since 1970. PARTS is "*" for the complete file, or ranges such as "0-4095,262144-524287", in ascending order. A file
 * with many parts has several lines. COUNT is the number of lines that begin with "file". In a path, each byte except
 * printable ASCII, and each "%", is written as "%" and two hexadecimal digits. PATH of a file is relative to its root.
 *
 * cache_list_writer.h writes the file. A list is used by one thread. All functions block, so they are never called on a
 * reactor.
 */
#ifndef DAEMON_CACHE_LIST_H
#define DAEMON_CACHE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/path.h"
#include "store/span.h"

#define CACHE_LIST_ROOTS 128
#define CACHE_LIST_SPANS 32 /* Maximum number of parts on one line. */
#define CACHE_LIST_FAULT_BYTES 256

/* One line of a file. */
struct cache_list_entry {
	unsigned root;
	uint64_t size;
	int64_t mtime_ns;
	struct span spans[CACHE_LIST_SPANS];
	size_t span_count; /* 0: the complete file */
	const char *path;  /* Valid until the next call. */
};

struct cache_list_reader;

/*
 * Opens and checks a list, so that a damaged list is rejected before its first entry is used. stopped() is called now
 * and then; if it returns true, the function ends with -ECANCELED. Returns:
 *
 * - 0: *reader is at the first entry. The caller closes it.
 * - -ENOENT: there is no file, or it is empty.
 * - -EPROTO: the file is not a list. `fault` has the message, with the file and the line.
 * - -EBADMSG: the list is damaged, of another version, or too large. `fault` has the message.
 * - another -errno, with the message in `fault`.
 */
int cache_list_open(struct cache_list_reader **reader, const char *path, bool (*stopped)(void *context), void *context,
		    char fault[CACHE_LIST_FAULT_BYTES]);
/* Returns the number of entries, and the sum of the sizes of their parts. */
uint64_t cache_list_count(const struct cache_list_reader *reader, uint64_t *bytes);
/* Returns the path of a root, or NULL if the list has no root of this number. */
const char *cache_list_root(const struct cache_list_reader *reader, unsigned number);
/* Reads the next entry. Returns false at the end, or if the file has changed since it was opened. */
bool cache_list_next(struct cache_list_reader *reader, struct cache_list_entry *entry);
/* Closes the list. NULL is allowed. */
void cache_list_close(struct cache_list_reader *reader);

/*
 * Returns 0 if the file may be replaced by a list, because there is no file, it is empty, or it is a list of any
 * version. Returns -EPROTO if the file is of another kind, or another -errno.
 */
int cache_list_check_target(const char *path);

#endif
