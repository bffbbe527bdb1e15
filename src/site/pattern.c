/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares the patterns of the configuration with paths. The functions are pure: they keep no state, and any thread may
 * call them. fnmatch() compares bytes, because ranged keeps the locale "C".
 */
#include "site/pattern.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "http/path.h"

#define GLOB_BYTES "*?["

bool pattern_is_glob(const char *pattern)
{
	return *pattern != '/' || strpbrk(pattern, GLOB_BYTES) != NULL;
}

/* Returns the "]" that closes the bracket expression at `open`, or NULL. Agrees with fnmatch() of glibc. */
static const char *find_bracket_end(const char *open)
{
	const char *at = open + 1;

	at += *at == '!' || *at == '^';
	at += *at == ']';
	while (*at != '\0' && *at != ']') {
		if (*at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
			const char close[] = { at[1], ']', '\0' }, *end = strstr(at + 2, close);

			at = end != NULL ? end + 2 : at + 1;
		} else {
			at += *at == '\\' && at[1] != '\0' ? 2 : 1;
		}
	}
	return *at == ']' ? at : NULL;
}

const char *pattern_element_end(const char *at)
{
	const char *end = *at == '[' ? find_bracket_end(at) : NULL;

	if (end != NULL)
		return end + 1;
	return *at == '\\' && at[1] != '\0' ? at + 2 : at + 1;
}

/* --- comparisons --- */

static bool is_prefix(const char *prefix, const char *path, bool is_directory)
{
	const char *at = prefix + 1;

	for (; *at != '\0' && *at == *path; at++)
		path++;
	if (is_directory && *path == '\0' && strcmp(at, "/") == 0)
		return true;
	return *at == '\0' && (at[-1] == '/' || *path == '/' || *path == '\0');
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Returns true if the glob matches the path. A glob of paths begins with a slash, but the path does not. */
static bool glob_matches(const char *glob, const char *path, bool is_directory)
{
	char slashed[PATH_BYTES + 1];

	if (*glob != '/')
		return fnmatch(glob, last_name(path), 0) == 0;
	if (is_directory && *path != '\0' && strlen(path) + 1 < sizeof(slashed))
		path = strcat(strcpy(slashed, path), "/");
	return fnmatch(glob + 1, path, 0) == 0;
}

bool pattern_matches(const char *pattern, const char *path, bool is_directory)
{
	return pattern_is_glob(pattern) ? glob_matches(pattern, path, is_directory)
					: is_prefix(pattern, path, is_directory);
}

/* Returns true if a glob of paths matches the path or one of its parent directories. */
static bool hides_path(const char *glob, const char *path)
{
	char parent[PATH_BYTES + 1];

	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		if (length >= sizeof(parent))
			break;
		memcpy(parent, path, length);
		parent[length] = '\0';
		if (fnmatch(glob + 1, parent, 0) == 0)
			return true;
	}
	return fnmatch(glob + 1, path, 0) == 0;
}

bool pattern_hides(const char *glob, const char *path)
{
	char name[256];

	if (*glob == '/')
		return hides_path(glob, path);
	for (const char *at = path; *at != '\0';) {
		size_t length = strcspn(at, "/");

		if (length < sizeof(name)) {
			memcpy(name, at, length);
			name[length] = '\0';
			if (fnmatch(glob, name, 0) == 0)
				return true;
		}
		at += length + (at[length] == '/');
	}
	return false;
}
