/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The check of the patterns and paths of the configuration. Thread-safe. */
#ifndef SITE_PATTERN_FAULT_H
#define SITE_PATTERN_FAULT_H

/*
 * LOCATION and HIDE: a pattern of these keys. PATH: not a pattern but the path of a file below the root, as in "try"
 * and "error_page"; it begins with a slash or with "{path}".
 */
enum pattern_use { PATTERN_LOCATION, PATTERN_HIDE, PATTERN_PATH };

#define PATTERN_FAULT_BYTES 512

/*
 * Returns NULL if the pattern is valid, which includes that it matches at least one path. Otherwise returns a
 * description of the error with the right spelling, which is in `fault` or a static string.
 */
const char *pattern_fault(enum pattern_use use, const char *pattern, char fault[PATTERN_FAULT_BYTES]);

#endif
