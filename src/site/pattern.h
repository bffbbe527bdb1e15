/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The patterns of the configuration, which select paths: those of "location" and "hide". The functions are pure and
 * thread-safe.
 *
 * - A pattern with a leading slash and without "*", "?" and "[" is a prefix of paths, made of whole names: "/a" matches
 *   "a" and "a/b" but not "ab". "/a/" matches the directory "a" and all paths below it.
 * - Any other pattern with a leading slash is a glob of paths, in which "*" matches any bytes, including slashes.
 * - A pattern without a leading slash is a glob of names.
 */
#ifndef SITE_PATTERN_H
#define SITE_PATTERN_H

#include <stdbool.h>

/* Returns true for a glob, and false for a prefix. */
bool pattern_is_glob(const char *pattern);

/*
 * Returns the end of the element of a glob at `at`, which is a bracket expression, a backslash with the next byte, or
 * one byte. A "[" without its "]" is one byte.
 */
const char *pattern_element_end(const char *at);

/*
 * Returns true if the pattern of a location matches the path. The path has the form of struct path: decoded,
 * normalised, without leading and trailing slashes. is_directory is true if the target ended in a slash. A glob of
 * names is compared with the last name.
 */
bool pattern_matches(const char *pattern, const char *path, bool is_directory);

/*
 * Returns true if the pattern of "hide" matches the path. A glob of names is compared with each name of the path. A
 * pattern with a leading slash is compared with the path and with each of its parent directories.
 */
bool pattern_hides(const char *glob, const char *path);

#endif
