/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the file of the key cache_state. cache_list.h describes its format. One thread uses a writer. All
 * functions block, so they are never called on a reactor.
 */
#ifndef DAEMON_CACHE_LIST_WRITER_H
#define DAEMON_CACHE_LIST_WRITER_H

#include "daemon/cache_list.h"

struct cache_list_writer;

/*
 * Creates a temporary file beside `path`, with mode 0600. `on_progress` is called after each write to the disk. Returns
 * 0 or -errno.
 */
int cache_list_writer_new(struct cache_list_writer **writer, const char *path, void (*on_progress)(void *context),
			  void *context);
/* Writes the line of a root. Roots are added before entries, in the order of their numbers. */
void cache_list_writer_add_root(struct cache_list_writer *writer, const char *path);
/* Writes an entry. `span_count` may exceed CACHE_LIST_SPANS. Returns 0 or the -errno of the first write that failed. */
int cache_list_writer_add(struct cache_list_writer *writer, const struct cache_list_entry *entry,
			  const struct span *spans, size_t span_count);
/*
 * Completes the list, and renames the temporary file to `path`. The bytes are on the disk before, so a crash leaves
 * either the former list or the new one. Returns 0 or -errno. Frees the writer.
 */
int cache_list_writer_commit(struct cache_list_writer *writer);
/* Removes the temporary file, and frees the writer. NULL is allowed. */
void cache_list_writer_discard(struct cache_list_writer *writer);

#endif
