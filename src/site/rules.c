/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Selects the site of a request and merges the blocks that match its path. The configuration owns the rules. Workers
 * only read the rules. The result belongs to the request.
 *
 * The main idea: a configuration has few blocks, and most differ in their first bytes, so all blocks are compared one
 * after the other. If there are no blocks, a request costs only a comparison and a pointer. Settings are copied and
 * merged only if a block matches. Later blocks override earlier blocks. The order of the blocks is the top level, the
 * locations of the top level, the site, and the locations of the site. Locations are in the order of prefixes from
 * short to long, and then globs in the order of the file.
 */
#include "site/rules.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "site/pattern.h"

void rules_init(struct rules *rules)
{
	*rules = (struct rules){ .site_count = 1 };
	rules->sites[0].served = RULES_NO_ROOT;
}

static void site_fini(struct site *site)
{
	for (size_t i = 0; i < site->count; i++) {
		free(site->list[i].pattern);
		settings_fini(&site->list[i].settings);
	}
	free(site->list);
	free(site->host);
	text_list_clear(&site->aliases);
	free(site->root);
	text_list_clear(&site->require);
	free(site->access_log);
	free(site->access_format);
	settings_fini(&site->settings);
}

void rules_fini(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++)
		site_fini(&rules->sites[i]);
	rules_init(rules);
}

const char *rules_host_fault(const char *host)
{
	static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";
	const char *name = strncmp(host, "*.", 2) == 0 ? host + 2 : host;

	if (strcmp(host, "*") == 0)
		return NULL;
	if (*name == '\0')
		return "the name is empty";
	if (strcmp(host, "_") == 0 || strcmp(host, "_default_") == 0 || strcmp(host, "default_server") == 0)
		return "write site \"*\" for all names that no other site has";
	if (strpbrk(name, " \t,") != NULL)
		return "write several names as site {\"a.example\", \"b.example\"} { ... }";
	if (strstr(name, "://") != NULL)
		return "the name of a site has no scheme: \"www.example.org\"";
	if (*name == '.')
		return "for a name and all names below it, write site {\"example.org\", \"*.example.org\"} { ... }";
	if (name[strlen(name) - 1] == '.' || strstr(name, "..") != NULL)
		return "the name of a host does not end with a dot, and has no two dots in a row";
	if (name[strspn(name, host_bytes)] != '\0')
		return "expected a name (\"www.example.org\", \"*.example.org\", \"*\") or an address";
	if (strlen(host) > 255)
		return "the name is too long: at most 255 bytes are allowed";
	if (*name != '[' && strchr(name, ':') != NULL)
		return "the name of a site must not contain a port; set \"listen\" in the site to choose the port";
	return NULL;
}

const struct site *rules_find_name(const struct rules *rules, const char *host)
{
	for (size_t i = 1; i < rules->site_count; i++) {
		const struct site *site = &rules->sites[i];

		if (strcasecmp(site->host, host) == 0)
			return site;
		for (size_t j = 0; j < site->aliases.count; j++)
			if (strcasecmp(site->aliases.list[j], host) == 0)
				return site;
	}
	return NULL;
}

struct rule *rules_add(struct site *site, const char *pattern)
{
	struct rule *list = reallocarray(site->list, site->count + 1, sizeof(*list));
	char *copy;

	if (list == NULL)
		return NULL;
	site->list = list;
	copy = strdup(pattern);
	if (copy == NULL)
		return NULL;
	list[site->count] = (struct rule){ .pattern = copy };
	return &list[site->count++];
}

struct site *rules_add_site(struct rules *rules, const char *host)
{
	struct site *site = &rules->sites[rules->site_count];
	char *copy = strdup(host);

	if (copy == NULL)
		return NULL;
	*site = (struct site){ .host = copy, .served = RULES_NO_ROOT };
	rules->site_count++;
	return site;
}

/*
 * Returns the sort key, which orders prefixes by their length, and globs after prefixes. Blocks with equal keys stay in
 * the order of the file.
 */
static size_t rank(const struct rule *rule)
{
	return pattern_is_glob(rule->pattern) ? SIZE_MAX : strlen(rule->pattern);
}

static void sort(struct site *site)
{
	struct rule *list = site->list;

	/* insertion sort, because there are few blocks, which are mostly sorted */
	for (size_t i = 1; i < site->count; i++)
		for (size_t j = i; j > 0 && rank(&list[j - 1]) > rank(&list[j]); j--) {
			struct rule swapped = list[j];

			list[j] = list[j - 1];
			list[j - 1] = swapped;
		}
}

static unsigned add_root(struct rules *rules, const char *path, const struct site *site, const struct rule *location)
{
	assert(rules->root_count < RULES_ROOTS_MAX);
	rules->roots[rules->root_count] =
		(struct rules_root){ .path = path, .site = site, .location = location, .fd = -1 };
	return (unsigned)rules->root_count++;
}

/* Lists the roots of a site and of its locations. */
static void list_roots(struct rules *rules, struct site *site)
{
	site->served = site->root != NULL ? add_root(rules, site->root, site, NULL) : rules->sites[0].served;
	for (size_t i = 0; i < site->count; i++) {
		struct rule *rule = &site->list[i];

		if (rule->settings.root == NULL)
			continue;
		rule->root = add_root(rules, rule->settings.root, site, rule);
		rules->has_location_roots = true;
	}
}

void rules_finish(struct rules *rules)
{
	rules->root_count = 0;
	rules->has_location_roots = false;
	rules->sites[0].served = RULES_NO_ROOT;
	for (size_t i = 0; i < rules->site_count; i++) {
		sort(&rules->sites[i]);
		list_roots(rules, &rules->sites[i]);
	}
}

/* --- the site --- */

/* Returns the length of the host without trailing blanks, its port and a trailing dot. */
static size_t name_length(const char *host, size_t length)
{
	const char *colon;

	while (length > 0 && (host[length - 1] == ' ' || host[length - 1] == '\t'))
		length--;
	colon = length > 0 && host[0] == '[' ? memrchr(host, ']', length) : memchr(host, ':', length);

	if (colon != NULL)
		length = (size_t)(colon - host) + (*colon == ']');
	return length > 1 && host[length - 1] == '.' ? length - 1 : length;
}

/* Returns how specifically the name of a site matches: its length, SIZE_MAX for an exact match, 0 for no match. */
static size_t specificity(const char *name, const char *host, size_t length)
{
	size_t name_bytes = strlen(name);

	if (strcmp(name, "*") == 0)
		return 1;
	if (name[0] != '*')
		return name_bytes == length && strncasecmp(name, host, length) == 0 ? SIZE_MAX : 0;
	return length >= name_bytes && strncasecmp(name + 1, host + length - (name_bytes - 1), name_bytes - 1) == 0
		       ? name_bytes
		       : 0;
}

/* Returns the specificity of the name of the site that matches best. */
static size_t site_specificity(const struct site *site, const char *host, size_t length)
{
	size_t best = specificity(site->host, host, length);

	for (size_t i = 0; i < site->aliases.count; i++) {
		size_t this_match = specificity(site->aliases.list[i], host, length);

		best = this_match > best ? this_match : best;
	}
	return best;
}

const struct site *rules_find_site(const struct rules *rules, unsigned listener, const char *host, size_t host_length)
{
	const struct site *best = rules->listeners[listener] & 1 && rules->sites[0].root != NULL ? &rules->sites[0]
												 : NULL;
	size_t best_match = 0, length;

	if (rules->site_count == 1)
		return best;
	length = host != NULL ? name_length(host, host_length) : 0;
	for (size_t i = 1; i < rules->site_count; i++) {
		bool served = (rules->listeners[listener] >> i & 1) != 0;
		size_t this_match = served ? site_specificity(&rules->sites[i], host, length) : 0;

		if (this_match > best_match) {
			best_match = this_match;
			best = &rules->sites[i];
		}
	}
	return best;
}

const struct site *rules_log_of_strangers(const struct rules *rules, unsigned listener)
{
	const struct site *top = &rules->sites[0];

	for (size_t i = 1; top->log == 0 && i < rules->site_count; i++)
		if ((rules->listeners[listener] >> i & 1) != 0 && rules->sites[i].log != 0)
			return &rules->sites[i];
	return top;
}

/* --- the blocks --- */

static int link_block(struct match *match, const struct settings *settings, const struct rule *rule, uint64_t number)
{
	if (match->count == RULES_CHAIN_MAX)
		return -E2BIG;
	match->chain[match->count] = settings;
	match->rules[match->count++] = rule;
	/* the FNV-1a hash, over numbers instead of bytes */
	match->key = (match->key ^ number) * UINT64_C(0x100000001b3);
	return 0;
}

static int link_rules(struct match *match, const struct site *site, const char *path, bool is_directory,
		      uint64_t number)
{
	int error = 0;

	for (size_t i = 0; i < site->count && error == 0; i++)
		if (pattern_matches(site->list[i].pattern, path, is_directory || site->list[i].settings.root != NULL))
			error = link_block(match, &site->list[i].settings, &site->list[i], number + i + 1);
	return error;
}

/* Returns the length of the path of a location without slashes at its ends, which begins at pattern + 1. */
static size_t root_prefix_bytes(const struct rule *location)
{
	size_t length = strlen(location->pattern) - 1;

	return length > 0 && location->pattern[length] == '/' ? length - 1 : length;
}

/* Sets the root of the innermost block that has one. */
static void find_root(const struct rules *rules, struct match *match)
{
	unsigned i = match->count - 1;
	const struct rule *location;

	while (i > 0 && match->chain[i]->root == NULL &&
	       (match->chain[i] != &match->site->settings || match->site->root == NULL))
		i--;
	location = match->rules[i];
	if (location == NULL || match->chain[i]->root == NULL)
		return;
	match->root = &rules->roots[location->root];
	match->root_prefix_bytes = root_prefix_bytes(location);
}

int rules_match(const struct rules *rules, const struct site *site, const char *path, bool is_directory,
		struct match *match)
{
	const struct site *top = &rules->sites[0];
	int error;

	match->site = site;
	match->settings = &top->settings;
	match->root = site->served != RULES_NO_ROOT ? &rules->roots[site->served] : NULL;
	match->root_prefix_bytes = 0;
	match->count = 0;
	match->key = UINT64_C(0xcbf29ce484222325);
	link_block(match, &top->settings, NULL, 0);
	if (site == top && top->count == 0)
		return 0;
	error = link_rules(match, top, path, is_directory, 0);
	if (site != top) {
		uint64_t number = (uint64_t)(site - top) << 32;

		if (error == 0)
			error = link_block(match, &site->settings, NULL, number);
		if (error == 0)
			error = link_rules(match, site, path, is_directory, number);
	}
	if (error != 0 || match->count == 1)
		return error;
	match->merged = top->settings;
	for (unsigned i = 1; i < match->count; i++)
		settings_override(&match->merged, match->chain[i]);
	match->settings = &match->merged;
	if (rules->has_location_roots)
		find_root(rules, match);
	return 0;
}

bool rules_hides(const struct match *match, const char *path)
{
	for (unsigned i = 0; i < match->count; i++)
		for (size_t j = 0; j < match->chain[i]->hide.count; j++)
			if (pattern_hides(match->chain[i]->hide.list[j], path))
				return true;
	return false;
}

/* Returns the index of the innermost block that has the setting, or 0. */
static unsigned innermost(const struct match *match, enum setting setting)
{
	unsigned i = match->count - 1;

	while (i > 0 && !settings_has(match->chain[i], setting))
		i--;
	return i;
}

bool rules_prefers(const struct match *match, enum setting setting, enum setting other)
{
	return innermost(match, setting) >= innermost(match, other);
}

size_t rules_root_prefix(const struct rules_root *root, const char **prefix)
{
	*prefix = root->location != NULL ? root->location->pattern + 1 : "";
	return root->location != NULL ? root_prefix_bytes(root->location) : 0;
}

size_t rules_prefix_bytes(const struct match *match, enum setting setting)
{
	const struct rule *rule = match->rules[innermost(match, setting)];

	return rule != NULL && !pattern_is_glob(rule->pattern) ? strlen(rule->pattern) : 0;
}
