/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configuration says of some paths only (its location blocks). Immutable after the start: every thread reads it. */
#ifndef HTTP_RULES_H
#define HTTP_RULES_H

#include <stddef.h>

/* Whether the blocks of a file stay in memory: as they are asked for, not at all, or before those of others. */
enum rule_cache { RULE_CACHE_AUTO, RULE_CACHE_NEVER, RULE_CACHE_PIN };

/* All zero is the rule for what no block covers. */
struct rule {
	char *prefix; /* begins with a slash; NULL in that rule */
	enum rule_cache cache;
};

struct rules {
	struct rule *list; /* in the order of the file */
	size_t count;
};

/* NULL, or why no path can begin with this (a static string). */
const char *rules_prefix_fault(const char *prefix);

/* A rule for this prefix, which is copied; what else is in it is zero. It moves with the next one. NULL: no memory. */
struct rule *rules_add(struct rules *rules, const char *prefix);
void rules_fini(struct rules *rules);

/*
 * The rule with the longest prefix of this path, which is as in struct path: decoded, normalised, without the slash it begins
 * with. Prefixes are made of whole names: "/a" is one of "a" and "a/b", not of "ab"; "/a/" only of what is below "a". Never NULL.
 */
const struct rule *rules_match(const struct rules *rules, const char *path);

#endif
