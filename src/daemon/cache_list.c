/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the list of cache_state. A list is read twice: cache_list_open() checks all lines, and cache_list_next()
 * returns the entries. The list comes from a directory that other programs may write to, so no line is trusted: its
 * length, its numbers and its path are checked, and the path must have the form that lookups require.
 */
#include "daemon/cache_list.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((off_t)4 << 30)
#define LINE_MAX_BYTES (3 * PATH_BYTES + CACHE_LIST_SPANS * 42 + 128)
#define MAGIC "ranged-cache "
#define LIST_VERSION 1
#define STOP_LINES 4096 /* lines between two calls of stopped() */

struct cache_list_reader {
	FILE *file;
	unsigned long line;
	char *roots[CACHE_LIST_ROOTS];
	unsigned root_count;
	uint64_t count, bytes;
	char text[LINE_MAX_BYTES];
};

/* Reads a line without its newline. Returns 1, 0 at the end of the file, or -EBADMSG. */
static int read_line(struct cache_list_reader *reader)
{
	char *end;

	reader->line++;
	if (fgets(reader->text, sizeof(reader->text), reader->file) == NULL)
		return 0;
	end = strchr(reader->text, '\n'); /* a NUL byte in the line hides its end */
	if (end == NULL)
		return -EBADMSG;
	*end = '\0';
	return 1;
}

/* Parses a number that ends with `after`. Moves *at behind it. Returns false if there is no such number. */
static bool parse_number(char **at, char after, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoull(*at, &end, 10);
	if (errno != 0 || *end != after)
		return false;
	*at = after != '\0' ? end + 1 : end;
	return true;
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes a path in place. Returns false if it is not a valid path. */
static bool decode(char *path)
{
	char *to = path;

	for (const char *at = path; *at != '\0'; at++) {
		int high, low;

		if (*at != '%') {
			*to++ = *at;
			continue;
		}
		high = hex_digit(at[1]);
		low = high >= 0 ? hex_digit(at[2]) : -1;
		if (low < 0 || high * 16 + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		at += 2;
	}
	*to = '\0';
	return *path != '\0' && to - path < PATH_BYTES;
}

/* Returns true if the path consists of names, without "." and "..", and without a slash at its ends. */
static bool is_normalised(const char *path)
{
	for (const char *name = path; name != NULL; name = strchr(name, '/')) {
		size_t length;

		name += name != path;
		length = strcspn(name, "/");
		if (length == 0 || length > PATH_NAME_MAX || (name[0] == '.' && length == 1) ||
		    (length == 2 && name[0] == '.' && name[1] == '.'))
			return false;
	}
	return true;
}

/* Parses "FIRST-LAST,...". Moves *at behind the blank after it. */
static bool parse_spans(char **at, struct cache_list_entry *entry)
{
	uint64_t first, last, next = 0;
	bool more = true;

	entry->span_count = 0;
	if (strncmp(*at, "* ", 2) == 0) {
		*at += 2;
		return true;
	}
	while (more && entry->span_count < CACHE_LIST_SPANS) {
		if (!parse_number(at, '-', &first))
			return false;
		more = (*at)[strspn(*at, "0123456789")] == ',';
		if (!parse_number(at, more ? ',' : ' ', &last) || first < next || last < first || last >= entry->size)
			return false;
		entry->spans[entry->span_count++] = (struct span){ .offset = first, .length = last - first + 1 };
		next = last + 1;
	}
	return !more;
}

/* Parses the fields after "file ". */
static bool parse_entry(const struct cache_list_reader *reader, char *at, struct cache_list_entry *entry)
{
	uint64_t root, mtime;
	bool before_1970;

	if (!parse_number(&at, ' ', &root) || root >= reader->root_count || !parse_number(&at, ' ', &entry->size) ||
	    entry->size == 0)
		return false;
	before_1970 = *at == '-';
	at += before_1970;
	if (!parse_number(&at, ' ', &mtime) || mtime > INT64_MAX || !parse_spans(&at, entry) || !decode(at) ||
	    !is_normalised(at))
		return false;
	entry->root = (unsigned)root;
	entry->mtime_ns = before_1970 ? -(int64_t)mtime : (int64_t)mtime;
	entry->path = at;
	return true;
}

/* Parses the fields after "root ". Returns 0, -EBADMSG or -ENOMEM. */
static int add_root(struct cache_list_reader *reader, char *at)
{
	uint64_t number;

	if (!parse_number(&at, ' ', &number) || number != reader->root_count || number >= CACHE_LIST_ROOTS ||
	    reader->count > 0 || !decode(at))
		return -EBADMSG;
	reader->roots[number] = strdup(at);
	if (reader->roots[number] == NULL)
		return -ENOMEM;
	reader->root_count++;
	return 0;
}

static int add_entry(struct cache_list_reader *reader, char *at)
{
	struct cache_list_entry entry;

	if (!parse_entry(reader, at, &entry))
		return -EBADMSG;
	reader->count++;
	reader->bytes += entry.span_count == 0 ? entry.size : 0;
	for (size_t i = 0; i < entry.span_count; i++)
		reader->bytes += entry.spans[i].length;
	return 0;
}

/* Checks a line after the first. Returns 1, 0 if it is the last line of the list, or -errno. */
static int check_line(struct cache_list_reader *reader)
{
	char *text = reader->text;
	uint64_t count;
	int error;

	if (strncmp(text, "file ", 5) == 0)
		error = add_entry(reader, text + 5);
	else if (strncmp(text, "root ", 5) == 0)
		error = add_root(reader, text + 5);
	else if (strncmp(text, "end ", 4) == 0) {
		text += 4;
		return parse_number(&text, '\0', &count) && count == reader->count ? 0 : -EBADMSG;
	} else {
		error = -EBADMSG;
	}
	return error == 0 ? 1 : error;
}

/* Checks all lines after the first. Returns 0 or -errno. */
static int check_lines(struct cache_list_reader *reader, bool (*stopped)(void *context), void *context)
{
	int result = 1;

	while (result == 1) {
		if (reader->line % STOP_LINES == 0 && stopped(context))
			return -ECANCELED;
		result = read_line(reader);
		if (result == 0)
			return -EBADMSG; /* truncated */
		if (result == 1)
			result = check_line(reader);
	}
	if (result == 0 && read_line(reader) != 0)
		result = -EBADMSG;
	return result;
}

/* Checks the first line. Returns 0, -EPROTO, or -EBADMSG if the list has another version. */
static int check_first(struct cache_list_reader *reader)
{
	char *version = reader->text + strlen(MAGIC);
	uint64_t number;

	if (read_line(reader) != 1 || strncmp(reader->text, MAGIC, strlen(MAGIC)) != 0 ||
	    !parse_number(&version, '\0', &number))
		return -EPROTO;
	return number == LIST_VERSION ? 0 : -EBADMSG;
}

/* Opens the file. Does not block if it is a FIFO. */
static int open_file(struct cache_list_reader *reader, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		error = -errno;
	else if (!S_ISREG(st.st_mode))
		error = -EPROTO;
	else if (st.st_size == 0)
		error = -ENOENT;
	else if (st.st_size > FILE_MAX_BYTES)
		error = -EFBIG;
	if (error == 0) {
		reader->file = fdopen(fd, "r");
		error = reader->file != NULL ? 0 : -errno;
	}
	if (error != 0)
		close(fd);
	return error;
}

static void write_fault(char *fault, const char *path, unsigned long line, int error)
{
	if (error == -EPROTO)
		snprintf(fault, CACHE_LIST_FAULT_BYTES, "%s:1: this is not a list of cached files", path);
	else if (error == -EBADMSG && line == 1)
		snprintf(fault, CACHE_LIST_FAULT_BYTES, "%s:1: the list has another version", path);
	else if (error == -EBADMSG)
		snprintf(fault, CACHE_LIST_FAULT_BYTES, "%s:%lu: the list is damaged or truncated", path, line);
	else if (error == -EFBIG)
		snprintf(fault, CACHE_LIST_FAULT_BYTES, "%s: the list has more than %llu GiB", path,
			 (unsigned long long)FILE_MAX_BYTES >> 30);
	else
		snprintf(fault, CACHE_LIST_FAULT_BYTES, "%s: %s", path, strerror(-error));
}

int cache_list_open(struct cache_list_reader **reader, const char *path, bool (*stopped)(void *context), void *context,
		    char fault[CACHE_LIST_FAULT_BYTES])
{
	struct cache_list_reader *made = calloc(1, sizeof(*made));
	int error = made != NULL ? open_file(made, path) : -ENOMEM;

	if (error == 0)
		error = check_first(made);
	if (error == 0)
		error = check_lines(made, stopped, context);
	if (error == 0) {
		rewind(made->file);
		made->line = 0;
		*reader = made;
		return 0;
	}
	write_fault(fault, path, made != NULL ? made->line : 0, error);
	cache_list_close(made);
	return error == -EFBIG ? -EBADMSG : error;
}

int cache_list_check_target(const char *path)
{
	struct cache_list_reader reader = { 0 };
	int error = open_file(&reader, path);

	if (error == 0)
		error = check_first(&reader);
	if (reader.file != NULL)
		fclose(reader.file);
	return error == -ENOENT || error == -EBADMSG || error == -EFBIG ? 0 : error;
}

uint64_t cache_list_count(const struct cache_list_reader *reader, uint64_t *bytes)
{
	*bytes = reader->bytes;
	return reader->count;
}

const char *cache_list_root(const struct cache_list_reader *reader, unsigned number)
{
	return number < reader->root_count ? reader->roots[number] : NULL;
}

bool cache_list_next(struct cache_list_reader *reader, struct cache_list_entry *entry)
{
	while (read_line(reader) == 1) {
		if (strncmp(reader->text, "file ", 5) == 0)
			return parse_entry(reader, reader->text + 5, entry);
		if (strncmp(reader->text, "end ", 4) == 0)
			return false;
	}
	return false;
}

void cache_list_close(struct cache_list_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->file != NULL)
		fclose(reader->file);
	for (unsigned i = 0; i < reader->root_count; i++)
		free(reader->roots[i]);
	free(reader);
}
