/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares two patterns with each other, for warnings about locations that have no effect. Thread-safe. */
#ifndef SITE_PATTERN_COVER_H
#define SITE_PATTERN_COVER_H

#include <stdbool.h>

/*
 * Returns true if each path that matches the location pattern `inner` also matches the location pattern `outer`. The
 * result is sound but not complete: it is false if the proof would be expensive. Both patterns must be valid. *steps is
 * the number of comparisons that this call and the following calls may make. It is reduced by those of this call. If it
 * is too low, the result is false.
 */
bool pattern_cover(const char *outer, const char *inner, unsigned *steps);

/* Returns true if the pattern of "hide" hides each path that matches the location pattern. Sound but not complete. */
bool pattern_cover_hides(const char *hide, const char *pattern, unsigned *steps);

/* Returns true if path_is_hidden() is true for each path that matches the location pattern. Sound but not complete. */
bool pattern_cover_is_dotfile(const char *pattern);

#endif
