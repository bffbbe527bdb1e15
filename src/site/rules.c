/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * There are few blocks and most are told apart within their first bytes, so they are looked at one after the other;
 * without any, a request pays for a comparison and a pointer. Only where some block is about the path are settings
 * copied and laid over each other: what the top level says, its locations, the site, the site's locations, and of
 * locations the prefixes, from short to long, then the globs in the order of the file.
 */
#include "site/rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/path.h"

#define GLOB_BYTES "*?["

void rules_init(struct rules *rules)
{
	*rules = (struct rules){ .site_count = 1 };
	for (size_t i = 0; i < RULES_SITES_MAX; i++)
		rules->sites[i].root_fd = -1;
}

static void site_fini(struct site *site)
{
	for (size_t i = 0; i < site->count; i++) {
		free(site->list[i].pattern);
		settings_fini(&site->list[i].settings);
	}
	free(site->list);
	free(site->host);
	free(site->root);
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

static bool is_glob(const char *pattern)
{
	return *pattern != '/' || strpbrk(pattern, GLOB_BYTES) != NULL;
}

const char *rules_pattern_fault(const char *pattern)
{
	if (pattern[0] == '\0')
		return "the prefix is empty";
	if (is_glob(pattern))
		return pattern[0] == '/' || strpbrk(pattern, GLOB_BYTES) != NULL
			       ? NULL
			       : "a prefix begins with a slash, and a glob of names has a \"*\", \"?\" or \"[\" in it";
	for (const char *slash = pattern; slash != NULL; slash = strchr(slash + 1, '/')) {
		const char *name = slash + 1;
		size_t length = strcspn(name, "/");

		if (length == 0 && *name == '/')
			return "no path has two slashes in a row when it is compared";
		if ((length == 1 || length == 2) && strncmp(name, "..", length) == 0)
			return "no path has \".\" or \"..\" in it when it is compared";
	}
	return NULL;
}

const char *rules_host_fault(const char *host)
{
	static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";
	const char *name = strncmp(host, "*.", 2) == 0 ? host + 2 : host;

	if (strcmp(host, "*") == 0)
		return NULL;
	if (*name == '\0')
		return "the name is empty";
	if (name[strspn(name, host_bytes)] != '\0')
		return "this is neither a name (\"www.example.org\", \"*.example.org\", \"*\") nor an address";
	if (strlen(host) > 255)
		return "the name is too long";
	if (*name != '[' && strchr(name, ':') != NULL)
		return "a name has no port here; listen in the site says where it is served";
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
	*site = (struct site){ .host = copy, .root_fd = -1 };
	rules->site_count++;
	return site;
}

/* Prefixes by their length, then globs; among equals the order of the file stays. */
static size_t rank(const struct rule *rule)
{
	return is_glob(rule->pattern) ? SIZE_MAX : strlen(rule->pattern);
}

void rules_finish(struct rules *rules)
{
	for (size_t s = 0; s < rules->site_count; s++) {
		struct rule *list = rules->sites[s].list;

		for (size_t i = 1; i < rules->sites[s].count; i++) /* few, and mostly in order */
			for (size_t j = i; j > 0 && rank(&list[j - 1]) > rank(&list[j]); j--) {
				struct rule swapped = list[j];

				list[j] = list[j - 1];
				list[j - 1] = swapped;
			}
	}
}

/* --- the site --- */

/* The length of the host without its port and without the dot that may end it. */
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

/* How well the name of a site fits: its length, more for an exact one; 0: not at all. */
static size_t fit(const char *name, const char *host, size_t length)
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

const struct site *rules_find_site(const struct rules *rules, unsigned listener, const char *host, size_t host_length)
{
	const struct site *best = rules->listeners[listener] & 1 && rules->sites[0].root != NULL ? &rules->sites[0]
												 : NULL;
	size_t best_fit = 0, length;

	if (rules->site_count == 1)
		return best;
	length = host != NULL ? name_length(host, host_length) : 0;
	for (size_t i = 1; i < rules->site_count; i++) {
		size_t this_fit = rules->listeners[listener] >> i & 1 ? fit(rules->sites[i].host, host, length) : 0;

		if (this_fit > best_fit) {
			best_fit = this_fit;
			best = &rules->sites[i];
		}
	}
	return best;
}

/* --- the blocks --- */

static bool is_prefix(const char *prefix, const char *path, bool folder)
{
	const char *at = prefix + 1;

	for (; *at != '\0' && *at == *path; at++)
		path++;
	if (folder && *path == '\0' && strcmp(at, "/") == 0)
		return true;
	return *at == '\0' && (at[-1] == '/' || *path == '/' || *path == '\0');
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A pattern may begin with the slash that paths here are without. */
static bool glob_fits(const char *glob, const char *path, bool folder)
{
	char slashed[PATH_BYTES + 1];

	if (*glob != '/')
		return fnmatch(glob, last_name(path), 0) == 0;
	if (folder && *path != '\0' && strlen(path) + 1 < sizeof(slashed))
		path = strcat(strcpy(slashed, path), "/");
	return fnmatch(glob + 1, path, 0) == 0;
}

static bool fits(const struct rule *rule, const char *path, bool folder)
{
	return is_glob(rule->pattern) ? glob_fits(rule->pattern, path, folder) : is_prefix(rule->pattern, path, folder);
}

static int link_block(struct match *match, const struct settings *settings, const struct rule *rule, uint64_t number)
{
	if (match->count == RULES_CHAIN_MAX)
		return -E2BIG;
	match->chain[match->count] = settings;
	match->rules[match->count++] = rule;
	match->key = (match->key ^ number) * UINT64_C(0x100000001b3); /* FNV-1a, a number at a time */
	return 0;
}

static int link_rules(struct match *match, const struct site *site, const char *path, bool folder, uint64_t number)
{
	int error = 0;

	for (size_t i = 0; i < site->count && error == 0; i++)
		if (fits(&site->list[i], path, folder))
			error = link_block(match, &site->list[i].settings, &site->list[i], number + i + 1);
	return error;
}

int rules_match(const struct rules *rules, const struct site *site, const char *path, bool folder, struct match *match)
{
	const struct site *top = &rules->sites[0];
	int error;

	match->site = site;
	match->settings = &top->settings;
	match->count = 0;
	match->key = UINT64_C(0xcbf29ce484222325);
	link_block(match, &top->settings, NULL, 0);
	if (site == top && top->count == 0)
		return 0;
	error = link_rules(match, top, path, folder, 0);
	if (site != top) {
		uint64_t number = (uint64_t)(site - top) << 32;

		if (error == 0)
			error = link_block(match, &site->settings, NULL, number);
		if (error == 0)
			error = link_rules(match, site, path, folder, number);
	}
	if (error != 0 || match->count == 1)
		return error;
	match->merged = top->settings;
	for (unsigned i = 1; i < match->count; i++)
		settings_lay_over(&match->merged, match->chain[i]);
	match->settings = &match->merged;
	return 0;
}

/* The path, or a folder that it is in. */
static bool hides_whole(const char *glob, const char *path)
{
	char folder[PATH_BYTES + 1];

	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		if (length >= sizeof(folder))
			break;
		memcpy(folder, path, length);
		folder[length] = '\0';
		if (fnmatch(glob + 1, folder, 0) == 0)
			return true;
	}
	return fnmatch(glob + 1, path, 0) == 0;
}

static bool hides(const char *glob, const char *path)
{
	char name[256];

	if (*glob == '/')
		return hides_whole(glob, path);
	for (const char *at = path; *at != '\0';) {
		size_t length = strcspn(at, "/");

		if (length < sizeof(name)) {
			memcpy(name, at, length);
			name[length] = '\0';
			if (fnmatch(glob, name, 0) == 0)
				return true;
		}
		at += length + (at[length] == '/');
	}
	return false;
}

bool rules_hides(const struct match *match, const char *path)
{
	for (unsigned i = 0; i < match->count; i++)
		for (size_t j = 0; j < match->chain[i]->hide.count; j++)
			if (hides(match->chain[i]->hide.list[j], path))
				return true;
	return false;
}

size_t rules_prefix_bytes(const struct match *match, enum setting setting)
{
	unsigned i = match->count - 1;
	const struct rule *rule;

	while (i > 0 && !settings_has(match->chain[i], setting))
		i--;
	rule = match->rules[i];
	return rule != NULL && !is_glob(rule->pattern) ? strlen(rule->pattern) : 0;
}
