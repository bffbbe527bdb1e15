/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves that one pattern matches all paths of another. Each location pattern is written as globs of slashed paths, in
 * which directories end in a slash: "/a/" is "a/" followed by anything. Inclusion of two globs is decided element by
 * element, which is sound: a "*" of the outer glob may absorb elements of the inner glob, but not the reverse.
 *
 * The functions are pure and thread-safe.
 */
#include "site/pattern_cover.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "http/path.h"
#include "site/pattern.h"

#define STEPS_MAX 20000 /* maximum number of compared elements of two globs */
#define SET_STEPS 500	/* cost of a comparison of two bracket expressions */
#define FORM_BYTES 600	/* longer patterns are not compared */

/* --- inclusion of globs --- */

/* Returns true if the element of the outer glob matches each byte that the element of the inner glob matches. */
static bool element_covers(const char *outer, const char *inner, unsigned *steps)
{
	size_t outer_bytes = (size_t)(pattern_element_end(outer) - outer);
	size_t inner_bytes = (size_t)(pattern_element_end(inner) - inner);
	char outer_text[FORM_BYTES], inner_text[FORM_BYTES];

	if (*outer == '?' || (outer_bytes == inner_bytes && memcmp(outer, inner, outer_bytes) == 0))
		return true;
	if (*inner == '?' || (outer_bytes == 1 && inner_bytes == 1) || *steps < SET_STEPS)
		return false;
	*steps -= SET_STEPS;
	memcpy(outer_text, outer, outer_bytes);
	memcpy(inner_text, inner, inner_bytes);
	outer_text[outer_bytes] = inner_text[inner_bytes] = '\0';
	for (int value = 1; value < 256; value++) {
		const char byte[] = { (char)value, '\0' };

		if (fnmatch(inner_text, byte, 0) == 0 && fnmatch(outer_text, byte, 0) != 0)
			return false;
	}
	return true;
}

static bool includes(const char *outer, const char *inner, unsigned *steps)
{
	for (;;) {
		if (*steps == 0)
			return false;
		--*steps;
		if (*outer == '\0')
			return *inner == '\0';
		if (*outer == '*') {
			if (includes(outer + 1, inner, steps))
				return true;
			if (*inner == '\0')
				return false;
			inner = pattern_element_end(inner);
			continue;
		}
		if (*inner == '\0' || *inner == '*' || !element_covers(outer, inner, steps))
			return false;
		outer = pattern_element_end(outer);
		inner = pattern_element_end(inner);
	}
}

static bool glob_includes(const char *outer, const char *inner, unsigned *steps)
{
	const unsigned granted = *steps < STEPS_MAX ? *steps : STEPS_MAX;
	unsigned left = granted;
	bool result = includes(outer, inner, &left);

	*steps -= granted - left;
	return result;
}

/* --- locations --- */

static bool is_name_glob(const char *pattern)
{
	return *pattern != '/';
}

/* Returns true if the outer glob of slashed paths includes all paths of the inner pattern. */
static bool path_glob_covers(const char *outer, const char *inner, unsigned *steps)
{
	char form[FORM_BYTES];
	size_t length = strlen(inner);

	if (is_name_glob(inner)) {
		for (unsigned i = 0; i < 4; i++) { /* at any depth, with and without the slash of a directory */
			snprintf(form, sizeof(form), "%s%s%s", (i & 1) != 0 ? "*/" : "", inner,
				 (i & 2) != 0 ? "/" : "");
			if (!glob_includes(outer, form, steps))
				return false;
		}
		return true;
	}
	if (pattern_is_glob(inner))
		return glob_includes(outer, inner + 1, steps);
	snprintf(form, sizeof(form), "%s%s", inner + 1, inner[length - 1] == '/' ? "*" : "/*");
	return glob_includes(outer, form, steps) &&
	       (inner[length - 1] == '/' || glob_includes(outer, inner + 1, steps));
}

/* Returns true if the glob of names matches the last name of each path that the inner pattern matches. */
static bool name_glob_covers(const char *outer, const char *inner, unsigned *steps)
{
	const char *name = strrchr(inner, '/');

	if (strspn(outer, "*") == strlen(outer))
		return true;
	if (is_name_glob(inner))
		return glob_includes(outer, inner, steps);
	if (!pattern_is_glob(inner) || strpbrk(inner, "?[") != NULL || inner[strlen(inner) - 1] == '*' ||
	    name[1] == '\0')
		return false;
	/* a "*" may match a slash, so the last name is the rest of the glob from its beginning or from any "*" on */
	for (const char *at = name + 1; at != NULL; at = strchr(at + 1, '*'))
		if (!glob_includes(outer, at, steps))
			return false;
	return true;
}

/* Returns true if the prefix matches all paths of the inner pattern. */
static bool prefix_covers(const char *outer, const char *inner)
{
	size_t length = strlen(outer);
	bool is_open = outer[length - 1] != '/'; /* also matches a file of this name */

	if (strcmp(outer, "/") == 0)
		return true;
	if (is_name_glob(inner) || strncmp(inner, outer, length) != 0)
		return false;
	return !is_open || inner[length] == '/' || inner[length] == '\0';
}

bool pattern_cover(const char *outer, const char *inner, unsigned *steps)
{
	if (strlen(outer) + 8 > FORM_BYTES || strlen(inner) + 8 > FORM_BYTES)
		return false;
	if (!pattern_is_glob(outer))
		return prefix_covers(outer, inner);
	return is_name_glob(outer) ? name_glob_covers(outer, inner, steps) : path_glob_covers(outer + 1, inner, steps);
}

/* --- paths that are never served --- */

/* Writes the directory that contains all paths of the pattern, without slashes at its ends. Returns false if none. */
static bool find_directory(const char *pattern, char directory[FORM_BYTES])
{
	size_t length = strcspn(pattern, "*?[");

	if (is_name_glob(pattern) || strlen(pattern) >= FORM_BYTES)
		return false;
	while (pattern[length] != '\0' && pattern[length - 1] != '/')
		length--;
	while (length > 1 && pattern[length - 1] == '/')
		length--;
	memcpy(directory, pattern + 1, length - 1);
	directory[length - 1] = '\0';
	return length > 1;
}

bool pattern_cover_hides(const char *hide, const char *pattern, unsigned *steps)
{
	char directory[FORM_BYTES];

	if (is_name_glob(pattern)) /* "*" also matches the root, which has no name */
		return is_name_glob(hide) && strspn(pattern, "*") < strlen(pattern) && strlen(hide) < FORM_BYTES &&
		       strlen(pattern) < FORM_BYTES && glob_includes(hide, pattern, steps);
	return find_directory(pattern, directory) && pattern_hides(hide, directory);
}

bool pattern_cover_is_dotfile(const char *pattern)
{
	const char *slash = strrchr(pattern, '/'), *name = slash != NULL ? slash + 1 : pattern;
	char directory[FORM_BYTES];
	size_t length = strcspn(name, "*?[");

	if (find_directory(pattern, directory) && path_is_hidden(directory))
		return true;
	/* the exceptions of path_is_hidden() are ".well-known" and names that begin with ".z" */
	return pattern_is_glob(pattern) && strcspn(pattern, "?[") >= (size_t)(name - pattern) && *name == '.' &&
	       length >= 2 && strncmp(".well-known", name, length) != 0 && strncmp(".z", name, 2) != 0;
}
