/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in the JSON of /status, by a dotted path: "connections.now". What is not there, or of another kind, is 0
 * or "": a newer or an older ranged is no reason to show nothing. Pure; texts are the JSON's.
 */
#ifndef CTL_VALUE_H
#define CTL_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* NULL: it is not there. */
const json_t *ctl_value_at(const json_t *json, const char *path);

uint64_t ctl_value_count(const json_t *json, const char *path);
double ctl_value_number(const json_t *json, const char *path);
const char *ctl_value_text(const json_t *json, const char *path);
bool ctl_value_true(const json_t *json, const char *path);

/* The sum of all numbers of an object. */
uint64_t ctl_value_sum(const json_t *json, const char *path);

/* How much more it is than before; 0 where it is less: it was counted anew. */
uint64_t ctl_value_gain(const json_t *now, const json_t *before, const char *path);

/* Of a list of objects, the one that has the same texts as `like` in these two fields; the second may be NULL. NULL:
 * none. */
const json_t *ctl_value_same(const json_t *list, const json_t *like, const char *field, const char *other);

#endif
