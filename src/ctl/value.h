/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values in the JSON of /status, addressed by a dotted path such as "connections.now". A value that is missing or of
 * another type reads as 0, "" or false, so that ranged-ctl works with older and newer versions of ranged. The functions
 * have no side effects. The JSON owns the returned texts.
 */
#ifndef CTL_VALUE_H
#define CTL_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns the value at the path, or NULL. The path "" is the JSON itself. */
const json_t *ctl_value_at(const json_t *json, const char *path);

/* Return the value at the path: as a non-negative integer, as a real number, as a string, and as a boolean. */
uint64_t ctl_value_count(const json_t *json, const char *path);
double ctl_value_number(const json_t *json, const char *path);
const char *ctl_value_text(const json_t *json, const char *path);
bool ctl_value_true(const json_t *json, const char *path);

/* Returns the sum of all numbers in the object at the path. */
uint64_t ctl_value_sum(const json_t *json, const char *path);

/* Returns the increase of a counter since `before`. Returns 0 if the counter has decreased because it was reset. */
uint64_t ctl_value_gain(const json_t *now, const json_t *before, const char *path);

/*
 * Returns the object in `list` whose texts in the fields `field` and `other` equal those of `like`, or NULL if there is
 * no such object. `other` may be NULL.
 */
const json_t *ctl_value_same(const json_t *list, const json_t *like, const char *field, const char *other);

#endif
