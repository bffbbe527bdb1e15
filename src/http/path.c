/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the request target (RFC 9112 section 3.2, RFC 3986), and formats paths as references. The functions are pure
 * and thread-safe. The target belongs to the request.
 *
 * The main idea: parsing has three steps.
 * - find_path() splits the target into authority, path and query.
 * - check_bytes() rejects invalid bytes and escapes.
 * - resolve() decodes the path name by name, once. It relies on the checks of check_bytes().
 *
 * Dot segments are resolved after decoding, so "%2e%2e" is "..". Slashes are split before decoding, so "%2F" is not a
 * separator. The result is unambiguous for the log, the rule of hidden files and redirects. Confinement to the root
 * does not depend on this code: openat2(RESOLVE_BENEATH) guarantees it.
 */
#include "http/path.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Returns the value of the two hexadecimal digits at `at`, or -1. */
static int escape_value(const char *at)
{
	int high = hex_value(at[0]);
	int low = high < 0 ? -1 : hex_value(at[1]);
	return low < 0 ? -1 : high << 4 | low;
}

static bool is_target_byte(char byte)
{
	return (unsigned char)byte > ' ' && byte != 0x7f && byte != '#';
}

/*
 * Checks all bytes, and the escapes of the path. The escapes of the query are not checked, because the query is never
 * decoded.
 */
static int check_bytes(const char *target, const char *path_end)
{
	bool slash_escaped = false;
	for (const char *at = target; *at != '\0'; at++) {
		if (!is_target_byte(*at))
			return -EINVAL;
		if (*at != '%' || at > path_end)
			continue;
		int value = escape_value(at + 1);
		if (value <= 0)
			return -EINVAL;
		slash_escaped = slash_escaped || value == '/';
	}
	return slash_escaped ? -ENOENT : 0;
}

/* Returns the text after "http://" or "https://", in upper or lower case. Returns NULL for another scheme. */
static const char *skip_scheme(const char *target)
{
	const char *at = target;
	for (const char *scheme = "http"; *scheme != '\0'; scheme++, at++)
		if ((*at | 0x20) != *scheme)
			return NULL;
	if ((*at | 0x20) == 's')
		at++;
	return strncmp(at, "://", 3) == 0 ? at + 3 : NULL;
}

/*
 * Returns the start of the path, after an authority if there is one. Returns NULL if the target is neither an
 * origin-form nor an absolute-form.
 */
static const char *find_path(const char *target, const char **authority, size_t *authority_length)
{
	*authority = NULL;
	*authority_length = 0;
	if (*target == '/')
		return target;
	const char *start = skip_scheme(target);
	if (start == NULL)
		return NULL;
	size_t length = strcspn(start, "/?");
	if (length == 0)
		return NULL;
	*authority = start;
	*authority_length = length;
	return start + length;
}

/* Decodes one name of the raw path into name[PATH_NAME_MAX + 1]. Returns its length, or -ENAMETOOLONG. */
static int decode_name(const char *at, const char *end, char *name)
{
	int length = 0;
	while (at < end) {
		if (length == PATH_NAME_MAX)
			return -ENAMETOOLONG;
		bool escaped = *at == '%';
		name[length++] = escaped ? (char)escape_value(at + 1) : *at;
		at += escaped ? 3 : 1;
	}
	name[length] = '\0';
	return length;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes the last name of file[*used]. Has no effect at the root. */
static void remove_name(char *file, size_t *used)
{
	const char *slash = memrchr(file, '/', *used);
	*used = slash != NULL ? (size_t)(slash - file) : 0;
}

static int append_name(char *file, size_t *used, const char *name, size_t length)
{
	if (*used + 1 + length >= PATH_BYTES)
		return -ENAMETOOLONG;
	if (*used > 0)
		file[(*used)++] = '/';
	memcpy(file + *used, name, length);
	*used += length;
	return 0;
}

/* Decodes the raw path from `at` to `end` into path->file, and sets path->slash from its last segment. */
static int resolve(const char *at, const char *end, struct path *path)
{
	char name[PATH_NAME_MAX + 1];
	size_t used = 0;
	path->slash = true;
	while (at < end) {
		const char *name_end = memchr(at, '/', (size_t)(end - at));
		if (name_end == NULL)
			name_end = end;
		int length = decode_name(at, name_end, name);
		if (length < 0)
			return length;
		path->slash = length == 0 || is_dots(name) || name_end < end;
		if (strcmp(name, "..") == 0)
			remove_name(path->file, &used);
		else if (length > 0 && !is_dots(name) && append_name(path->file, &used, name, (size_t)length) < 0)
			return -ENAMETOOLONG;
		at = name_end < end ? name_end + 1 : end;
	}
	path->file[used] = '\0';
	return 0;
}

/*
 * Returns true for the name of a metadata file of Zarr version 2. Clients request these names in every array and group.
 */
static bool is_zarr_metadata(const char *name)
{
	static const char *const names[] = { ".zarray", ".zattrs", ".zgroup", ".zmetadata" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool path_is_hidden(const char *file)
{
	for (const char *name = file; *name != '\0'; name += strspn(name, "/")) {
		size_t length = strcspn(name, "/");
		bool well_known = name == file && length == strlen(".well-known") &&
				  strncmp(name, ".well-known", length) == 0;
		if (*name == '.' && !well_known && !is_zarr_metadata(name))
			return true;
		name += length;
	}
	return false;
}

int path_parse(const char *target, struct path *path, const char **authority, size_t *authority_length)
{
	const char *skipped;
	size_t skipped_length;
	const char *start = find_path(target, &skipped, &skipped_length);
	if (start == NULL)
		return -EINVAL;
	if (authority != NULL)
		*authority = skipped;
	if (authority_length != NULL)
		*authority_length = skipped_length;
	const char *end = strchrnul(start, '?');
	int result = check_bytes(target, end);
	if (result == 0)
		result = resolve(start, end, path);
	if (result < 0)
		return result;
	path->hidden = path_is_hidden(path->file);
	path->query = *end == '?' ? end + 1 : NULL;
	return 0;
}

/* Returns true for pchar of RFC 3986: unreserved, sub-delims, ":" and "@". */
static bool is_pchar(char byte)
{
	if ((byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'))
		return true;
	return byte != '\0' && strchr("-._~!$&'()*+,;=:@", byte) != NULL;
}

static void put_encoded(struct writer *writer, const char *name)
{
	for (; *name != '\0'; name++) {
		if (is_pchar(*name))
			writer_put(writer, *name);
		else
			writer_escape(writer, *name);
	}
}

int path_directory_location(const struct path *path, char *text, size_t text_bytes)
{
	struct writer writer = { text, text_bytes, 0 };
	const char *slash = strrchr(path->file, '/');
	const char *name = slash != NULL ? slash + 1 : path->file;
	if (*name == '\0')
		writer_put(&writer, '.');
	else if (strchr(name, ':') != NULL)
		writer_text(&writer, "./");
	put_encoded(&writer, name);
	writer_put(&writer, '/');
	if (path->query != NULL) {
		writer_put(&writer, '?');
		writer_text(&writer, path->query);
	}
	return writer_end(&writer);
}

int path_escape(const char *file, char *text, size_t text_bytes)
{
	struct writer writer = { text, text_bytes, 0 };
	for (const char *at = file; *at != '\0';) {
		char name[PATH_NAME_MAX + 1];
		size_t length = strcspn(at, "/");
		if (length > PATH_NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, at, length);
		name[length] = '\0';
		put_encoded(&writer, name);
		if (at[length] == '/')
			writer_put(&writer, '/');
		at += length + (at[length] == '/');
	}
	return writer_end(&writer);
}
