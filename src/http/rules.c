/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which location block a path falls under. There are few of them and most are told apart within their first bytes, so they are
 * looked at one after the other; without any, a request pays for one comparison. struct config owns the list; once the reactors
 * run it does not change.
 */
#include "http/rules.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct rule no_block;

const char *rules_prefix_fault(const char *prefix)
{
	if (prefix[0] == '\0')
		return "the prefix is empty";
	if (prefix[0] != '/')
		return "a prefix begins with a slash";
	for (const char *slash = prefix; slash != NULL; slash = strchr(slash + 1, '/')) {
		const char *name = slash + 1;
		size_t length = strcspn(name, "/");
		if (length == 0 && *name == '/')
			return "no path has two slashes in a row when it is compared";
		if ((length == 1 || length == 2) && strncmp(name, "..", length) == 0)
			return "no path has \".\" or \"..\" in it when it is compared";
	}
	return NULL;
}

struct rule *rules_add(struct rules *rules, const char *prefix)
{
	struct rule *list = reallocarray(rules->list, rules->count + 1, sizeof(*list));
	if (list == NULL)
		return NULL;
	rules->list = list;
	char *copy = strdup(prefix);
	if (copy == NULL)
		return NULL;
	list[rules->count] = (struct rule){.prefix = copy};
	return &list[rules->count++];
}

void rules_fini(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->list[i].prefix);
	free(rules->list);
	*rules = (struct rules){0};
}

/* How many bytes of the path, its slash included, this prefix covers; 0: it is none of it. */
static size_t covered(const char *prefix, const char *path)
{
	const char *at = prefix + 1;
	for (; *at != '\0' && *at == *path; at++)
		path++;
	bool whole_names = at[-1] == '/' || *path == '/' || *path == '\0';
	return *at == '\0' && whole_names ? (size_t)(at - prefix) : 0;
}

const struct rule *rules_match(const struct rules *rules, const char *path)
{
	const struct rule *best = &no_block;
	size_t longest = 0;
	for (size_t i = 0; i < rules->count; i++) {
		size_t length = covered(rules->list[i].prefix, path);
		if (length <= longest)
			continue;
		longest = length;
		best = &rules->list[i];
	}
	return best;
}
