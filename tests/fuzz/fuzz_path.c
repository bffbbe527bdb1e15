/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of path_parse() and path_directory_location(). The input is the target. The result must be a
 * normalised relative path within its limits. The location of its directory must be a valid target with the same last
 * name.
 */
#include "http/path.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *last_name(const struct path *path)
{
	const char *slash = strrchr(path->file, '/');
	return slash != NULL ? slash + 1 : path->file;
}

static bool is_zarr(const char *last)
{
	return strcmp(last, ".zarray") == 0 || strcmp(last, ".zattrs") == 0 || strcmp(last, ".zgroup") == 0 ||
	       strcmp(last, ".zmetadata") == 0;
}

static void check_file(const struct path *path)
{
	const char *name = path->file;
	bool hidden = false, first = true;
	assert(memchr(path->file, '\0', PATH_BYTES) != NULL);
	while (*name != '\0') {
		size_t length = strcspn(name, "/");
		assert(length > 0 && length <= PATH_NAME_MAX);
		assert(!(length == 1 && name[0] == '.') && !(length == 2 && name[0] == '.' && name[1] == '.'));
		bool well_known = first && length == 11 && memcmp(name, ".well-known", 11) == 0;
		hidden = hidden || (name[0] == '.' && !well_known && !is_zarr(name));
		name += length;
		assert(name[0] == '\0' || name[1] != '\0');
		name += *name == '/';
		first = false;
	}
	assert(hidden == path->hidden);
	assert(path->file[0] != '\0' || path->slash);
}

static void check_location(const struct path *path, size_t size)
{
	static struct path again;
	size_t text_bytes = 3 * size + 8;
	char *text = malloc(text_bytes + 1);
	text[0] = '/';
	assert(path_directory_location(path, text + 1, text_bytes) == 0);
	assert(path_parse(text, &again, NULL, NULL) == 0);
	assert(again.slash);
	assert(strcmp(again.file, last_name(path)) == 0);
	assert((again.query == NULL) == (path->query == NULL));
	assert(again.query == NULL || strcmp(again.query, path->query) == 0);
	assert(path_directory_location(path, text, strlen(text + 1)) == -ENAMETOOLONG);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct path path;
	const char *authority;
	size_t authority_length;
	char *target = strndup((const char *)data, size);
	if (path_parse(target, &path, &authority, &authority_length) == 0) {
		check_file(&path);
		check_location(&path, size);
		assert((authority != NULL) == (authority_length > 0));
		assert(authority == NULL ||
		       (authority > target && authority + authority_length <= target + strlen(target)));
		assert(path.query == NULL || path.query[-1] == '?');
	}
	free(target);
	return 0;
}
