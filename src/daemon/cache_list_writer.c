/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the list of cache_state. The lines are collected in a buffer, and the buffer is flushed to the disk each time
 * it is full. So the write at the end of the process makes visible progress, and leaves little to flush at its end.
 *
 * The temporary file has a fixed name, so an interrupted write leaves one file at most. A file of this name is removed
 * before, because another user may have created it.
 */
#include "daemon/cache_list_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 20)
#define LINE_MAX_BYTES (3 * PATH_BYTES + CACHE_LIST_SPANS * 42 + 128)

struct cache_list_writer {
	int fd, error;
	unsigned roots;
	uint64_t count;
	size_t used;
	void (*on_progress)(void *context);
	void *context;
	char *path, *temporary;
	char buffer[BUFFER_BYTES];
};

int cache_list_writer_new(struct cache_list_writer **writer, const char *path, void (*on_progress)(void *context),
			  void *context)
{
	struct cache_list_writer *made = malloc(sizeof(*made));
	int error = -ENOMEM;

	if (made == NULL)
		return error;
	made->path = strdup(path);
	made->temporary = NULL;
	if (made->path == NULL || asprintf(&made->temporary, "%s.new", path) < 0)
		goto free_writer;
	unlink(made->temporary);
	made->fd = open(made->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	error = made->fd >= 0 ? 0 : -errno;
	if (error != 0)
		goto free_writer;
	made->error = 0;
	made->roots = 0;
	made->count = 0;
	made->on_progress = on_progress;
	made->context = context;
	made->used = (size_t)sprintf(made->buffer, "ranged-cache 1\n");
	*writer = made;
	return 0;

free_writer:
	free(made->path);
	free(made->temporary);
	free(made);
	return error;
}

/* Writes the buffer to the disk. */
static void flush(struct cache_list_writer *writer)
{
	for (size_t done = 0; done < writer->used && writer->error == 0;) {
		ssize_t count = write(writer->fd, writer->buffer + done, writer->used - done);

		if (count >= 0)
			done += (size_t)count;
		else if (errno != EINTR)
			writer->error = -errno;
	}
	if (writer->error == 0 && fdatasync(writer->fd) != 0)
		writer->error = -errno;
	writer->used = 0;
	writer->on_progress(writer->context);
}

/* Returns the place for a line of at most LINE_MAX_BYTES. */
static char *room(struct cache_list_writer *writer)
{
	if (writer->used + LINE_MAX_BYTES > BUFFER_BYTES)
		flush(writer);
	return writer->buffer + writer->used;
}

/* Ends the line that ends at this position with a path. */
static void end_line(struct cache_list_writer *writer, char *to, const char *path)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++) {
		if (*at > ' ' && *at < 0x7f && *at != '%') {
			*to++ = (char)*at;
			continue;
		}
		*to++ = '%';
		*to++ = digits[*at >> 4];
		*to++ = digits[*at & 15];
	}
	*to++ = '\n';
	writer->used = (size_t)(to - writer->buffer);
}

void cache_list_writer_add_root(struct cache_list_writer *writer, const char *path)
{
	char *to = room(writer);

	if (strlen(path) < PATH_BYTES)
		end_line(writer, to + sprintf(to, "root %u ", writer->roots++), path);
}

/* Writes a line with the next parts. Returns their number. */
static size_t add_line(struct cache_list_writer *writer, const struct cache_list_entry *entry, const struct span *spans,
		       size_t span_count)
{
	const bool whole = span_count == 1 && spans[0].offset == 0 && spans[0].length == entry->size;
	size_t count = span_count < CACHE_LIST_SPANS ? span_count : CACHE_LIST_SPANS;
	char *to = room(writer);

	to += sprintf(to, "file %u %" PRIu64 " %" PRId64 " ", entry->root, entry->size, entry->mtime_ns);
	if (whole)
		*to++ = '*';
	for (size_t i = 0; i < count && !whole; i++)
		to += sprintf(to, "%s%" PRIu64 "-%" PRIu64, i > 0 ? "," : "", spans[i].offset,
			      spans[i].offset + spans[i].length - 1);
	*to++ = ' ';
	end_line(writer, to, entry->path);
	writer->count++;
	return count;
}

int cache_list_writer_add(struct cache_list_writer *writer, const struct cache_list_entry *entry,
			  const struct span *spans, size_t span_count)
{
	if (strlen(entry->path) >= PATH_BYTES)
		return 0;
	for (size_t done = 0; done < span_count && writer->error == 0;)
		done += add_line(writer, entry, spans + done, span_count - done);
	return writer->error;
}

static void free_writer(struct cache_list_writer *writer)
{
	close(writer->fd);
	free(writer->path);
	free(writer->temporary);
	free(writer);
}

/* Makes the rename permanent. An error does not matter: the former list would be read. */
static void sync_directory(char *path)
{
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int cache_list_writer_commit(struct cache_list_writer *writer)
{
	int error;

	room(writer);
	writer->used += (size_t)sprintf(writer->buffer + writer->used, "end %" PRIu64 "\n", writer->count);
	flush(writer);
	if (writer->error == 0 && rename(writer->temporary, writer->path) != 0)
		writer->error = -errno;
	error = writer->error;
	if (error != 0)
		unlink(writer->temporary);
	else
		sync_directory(writer->path);
	free_writer(writer);
	return error;
}

void cache_list_writer_discard(struct cache_list_writer *writer)
{
	if (writer == NULL)
		return;
	unlink(writer->temporary);
	free_writer(writer);
}
