/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds settings that have no effect: locations that other blocks override, locations whose paths are never served,
 * values that another value of a list replaces, and settings that need another one. Operators treat warnings as errors,
 * so a warning must be certain. Each test is a proof, and reports nothing in doubtful cases.
 *
 * The configuration owns the messages. Only the thread that reads the configuration runs these functions.
 */
#include "config/config_warnings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config_key.h"
#include "http/path.h"
#include "site/pattern.h"
#include "site/pattern_cover.h"

#define MESSAGE_BYTES 1024
#define STEPS_MAX 20000000U /* limits the comparisons of patterns to less than a second */
#define BIT(setting) (UINT64_C(1) << SETTING_##setting)
/* Settings that no later block overrides: lists to which each block adds elements, and roots. */
#define NOT_OVERRIDDEN (BIT(HEADER) | BIT(MIME) | BIT(HIDE) | BIT(ERROR_PAGE) | BIT(ROOT))

static unsigned steps_left; /* of the comparisons of patterns, see pattern_cover.h */

/* Adds a message. `line` is 0 for settings outside all blocks. */
static void warn(struct config *config, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void warn(struct config *config, unsigned line, const char *format, ...)
{
	char message[MESSAGE_BYTES], place[CONFIG_PLACE_BYTES] = "";
	size_t used = 0;
	va_list list;
	if (line != 0)
		used = (size_t)snprintf(message, sizeof(message),
					"%s: ", config_places_format(&config->places, line, place));
	va_start(list, format);
	vsnprintf(message + used, sizeof(message) - used, format, list);
	va_end(list);
	text_list_add(&config->warnings, message, NULL);
}

/* --- locations --- */

/* Returns true if the later block overrides the setting, so that a block before it has no effect. */
static bool overrides(const struct settings *later, enum setting setting)
{
	if (setting == SETTING_ALLOW || setting == SETTING_DENY)
		return later->allow.count > 0; /* an address that matches none of these networks is rejected */
	return settings_has(later, setting) && (NOT_OVERRIDDEN >> setting & 1) == 0;
}

/* Returns true if a location of the site from `first` on overrides the setting for all paths of the pattern. */
static bool location_overrides(const struct site *site, size_t first, const char *pattern, enum setting setting)
{
	for (size_t i = first; i < site->count; i++)
		if (overrides(&site->list[i].settings, setting) &&
		    pattern_cover(site->list[i].pattern, pattern, &steps_left))
			return true;
	return false;
}

/* Returns true if blocks of `site` or later locations of `owner` override all settings of the location. */
static bool is_overridden(const struct site *owner, size_t index, const struct site *site)
{
	const struct rule *rule = &owner->list[index];
	for (unsigned i = 0; i < SETTING_COUNT; i++) {
		enum setting setting = (enum setting)i;
		bool found = !settings_has(&rule->settings, setting) ||
			     location_overrides(owner, index + 1, rule->pattern, setting) ||
			     (site != owner && (overrides(&site->settings, setting) ||
						location_overrides(site, 0, rule->pattern, setting)));
		if (!found)
			return false;
	}
	return true;
}

/* Returns true if requests can select the top level itself, and not only other sites. */
static bool top_level_is_served(const struct rules *rules)
{
	if (rules->sites[0].root == NULL)
		return false;
	for (size_t i = 0; i < RULES_LISTENERS_MAX; i++) {
		bool is_covered = (rules->listeners[i] & 1) == 0;
		for (size_t j = 1; j < rules->site_count && !is_covered; j++) {
			const struct site *site = &rules->sites[j];
			is_covered = (rules->listeners[i] >> j & 1) != 0 && strcmp(site->host, "*") == 0;
			for (size_t k = 0; k < site->aliases.count && !is_covered; k++)
				is_covered = (rules->listeners[i] >> j & 1) != 0 &&
					     strcmp(site->aliases.list[k], "*") == 0;
		}
		if (!is_covered)
			return true;
	}
	return false;
}

static void check_overridden(struct config *config, const struct site *owner, size_t index)
{
	const struct rules *rules = &config->rules;
	const struct site *top = &rules->sites[0];
	bool all = (owner == top && !top_level_is_served(rules)) || is_overridden(owner, index, owner);
	for (size_t i = 1; owner == top && i < rules->site_count && all; i++)
		all = is_overridden(owner, index, &rules->sites[i]);
	if (all)
		warn(config, owner->list[index].line,
		     owner->list[index].settings.set == 0
			     ? "location \"%.200s\" has no effect: it has no settings"
			     : "location \"%.200s\" has no effect: other blocks override all its settings",
		     owner->list[index].pattern);
}

/* Returns the "hide" pattern of a block that hides all paths of the location, or NULL. */
static const char *find_hide(const struct settings *settings, const char *pattern)
{
	for (size_t i = 0; i < settings->hide.count; i++)
		if (pattern_cover_hides(settings->hide.list[i], pattern, &steps_left))
			return settings->hide.list[i];
	return NULL;
}

/* The settings of a location also apply to the response 404 of a hidden path, but only these have an effect on it. */
#define OF_ERRORS (BIT(HEADER) | BIT(ERROR_PAGE) | BIT(CORS) | BIT(HSTS) | BIT(ACCESS_LOG) | BIT(HTTPS_REDIRECT))

static void check_served(struct config *config, const struct site *owner, const struct rule *rule)
{
	const char *hide = find_hide(&config->rules.sites[0].settings, rule->pattern);
	size_t length = strlen(rule->pattern);
	bool is_dots = strcmp(rule->pattern, ".*") == 0 ||
		       (length >= 3 && strcmp(rule->pattern + length - 3, "/.*") == 0);
	if (hide == NULL)
		hide = find_hide(&owner->settings, rule->pattern);
	if ((rule->settings.set & OF_ERRORS) != 0)
		return;
	if (hide != NULL)
		warn(config, rule->line, "location \"%.200s\" has no effect: hide = \"%.200s\" hides all its paths",
		     rule->pattern, hide);
	else if (!config->dotfiles && is_dots)
		warn(config, rule->line,
		     "location \"%.200s\" matches only names that begin with a dot, which dotfiles = false hides, "
		     "except metadata of Zarr; to match all names, write \"%.*s*\"",
		     rule->pattern, (int)(length - 2), rule->pattern);
	else if (!config->dotfiles && pattern_cover_is_dotfile(rule->pattern))
		warn(config, rule->line, "location \"%.200s\" has no effect: dotfiles = false hides all its paths",
		     rule->pattern);
}

/* Warns of two locations that match the same paths, apart from a file with the name of the directory. */
static void check_spelling(struct config *config, const struct site *owner, size_t index)
{
	const struct rule *rule = &owner->list[index];
	for (size_t i = 0; i < index; i++) {
		const struct rule *other = &owner->list[i];
		size_t length = strlen(other->pattern);
		bool differ_in_slash = strncmp(rule->pattern, other->pattern, length) == 0 &&
				       strcmp(rule->pattern + length, "/") == 0 && !pattern_is_glob(rule->pattern);
		if (!differ_in_slash && !(pattern_cover(rule->pattern, other->pattern, &steps_left) &&
					  pattern_cover(other->pattern, rule->pattern, &steps_left)))
			continue;
		char place[CONFIG_PLACE_BYTES];
		warn(config, rule->line, "location \"%.200s\" matches the same paths as location \"%.200s\" in %s",
		     rule->pattern, other->pattern, config_places_format(&config->places, other->line, place));
		return;
	}
}

/* --- lists --- */

/* A list of networks may have tens of thousands of elements, so the lists are sorted before they are searched. */

/* Compares elements as texts. Equal elements keep the order of the list. */
static int compare_texts(const void *a, const void *b)
{
	char *const *one = *(char *const *const *)a, *const *other = *(char *const *const *)b;
	int order = strcmp(*one, *other);
	return order != 0 ? order : (one > other) - (one < other);
}

/* Compares the names of header fields, which follow a sign. Equal names keep the order of the list. */
static int compare_fields(const void *a, const void *b)
{
	char *const *one = *(char *const *const *)a, *const *other = *(char *const *const *)b;
	int order = strcasecmp(*one + 1, *other + 1);
	return order != 0 ? order : (one > other) - (one < other);
}

/* Returns pointers to the elements in sorted order. The caller frees them. Returns NULL if memory runs out. */
static char ***sort(const struct text_list *list, int (*compare)(const void *, const void *))
{
	char ***sorted = calloc(list->count + 1, sizeof(*sorted));
	for (size_t i = 0; sorted != NULL && i < list->count; i++)
		sorted[i] = &list->list[i];
	if (sorted != NULL)
		qsort(sorted, list->count, sizeof(*sorted), compare);
	return sorted;
}

static void check_repetition(struct config *config, unsigned line, const char *key, const struct text_list *list,
			     bool last_applies)
{
	char ***sorted = sort(list, compare_texts);
	for (size_t i = 1; sorted != NULL && i < list->count; i++) {
		if (**sorted[i] == '\0' || strcmp(*sorted[i - 1], *sorted[i]) != 0)
			continue;
		warn(config, line, "%s: \"%.200s\" is in the list twice; only the %s one has an effect", key,
		     *sorted[i], last_applies ? "last" : "first");
		break;
	}
	free(sorted);
}

/* Warns of elements of "header" that a later element of the list replaces or removes. */
static void check_headers(struct config *config, unsigned line, const struct text_list *list)
{
	char ***sorted = sort(list, compare_fields);
	for (size_t i = 1; sorted != NULL && i < list->count; i++) {
		const char *name = *sorted[i - 1] + 1, *later = *sorted[i];
		if (*later == '+' || strcasecmp(name, later + 1) != 0)
			continue;
		warn(config, line,
		     "header: an element for \"%.200s\" has no effect: a later one %s the field; to add a line, write "
		     "\"+%.200s: ...\"",
		     name, *later == '-' ? "removes" : "replaces", name);
		break;
	}
	free(sorted);
}

/* Warns of each network of "allow" that "deny" has, too. */
static void check_networks(struct config *config, unsigned line, const struct settings *settings)
{
	char ***allow = sort(&settings->allow, compare_texts), ***deny = sort(&settings->deny, compare_texts);
	for (size_t i = 0, j = 0;
	     allow != NULL && deny != NULL && i < settings->allow.count && j < settings->deny.count;) {
		int order = strcmp(*allow[i], *deny[j]);
		if (order == 0)
			warn(config, line, "allow: \"%.200s\" has no effect: deny has the same network", *allow[i]);
		i += order <= 0;
		j += order > 0;
	}
	free(allow);
	free(deny);
}

/* Warns of names in "hide" that are hidden in any case, because they may be meant as ends of names. */
static void check_hidden(struct config *config, unsigned line, const struct text_list *hide)
{
	for (size_t i = 0; i < hide->count && !config->dotfiles; i++) {
		const char *name = hide->list[i];
		if (name[0] == '.' && path_is_hidden(name) && strpbrk(name, "*?[/") == NULL)
			warn(config, line,
			     "hide: \"%.200s\" has no effect: dotfiles = false hides all names that begin with a dot; "
			     "to hide names that end with \"%.200s\", write \"*%.200s\"",
			     name, name, name);
	}
}

static void check_lists(struct config *config, unsigned line, const struct settings *settings)
{
	check_repetition(config, line, "mime", &settings->mime, true);
	check_repetition(config, line, "index", &settings->index, false);
	check_repetition(config, line, "try", &settings->try, false);
	check_repetition(config, line, "cors", &settings->cors, false);
	check_repetition(config, line, "hide", &settings->hide, false);
	check_repetition(config, line, "allow", &settings->allow, false);
	check_repetition(config, line, "deny", &settings->deny, false);
	check_headers(config, line, &settings->header);
	check_hidden(config, line, &settings->hide);
	for (size_t i = 0; i < settings->try.count; i++)
		if (strcmp(settings->try.list[i], "{path}") == 0)
			warn(config, line,
			     "try: \"{path}\" has no effect: the requested path itself is always looked up first");
	check_networks(config, line, settings);
}

/* --- settings that need another one --- */

/* A setting has no effect unless one of the others is set somewhere in the configuration. */
static const struct {
	enum setting setting;
	uint64_t needs;
	const char *text;
} needs[] = {
	{ SETTING_RATE_AFTER, BIT(RATE), "rate is not set" },
	{ SETTING_AUTH_REALM, BIT(AUTH_FILE), "auth_file is not set" },
	{ SETTING_LISTING_LIMIT, BIT(LISTING), "listing is not set" },
	{ SETTING_LIMITS_DRY_RUN,
	  BIT(REQUESTS_PER_CLIENT) | BIT(TRANSFERS_PER_CLIENT) | BIT(RATE) | BIT(RATE_FILE) | BIT(RATE_CLIENT),
	  "no limit is set" },
};

static void check_needs(struct config *config, unsigned line, const struct settings *settings, uint64_t set)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (settings_has(settings, needs[i].setting) && (set & needs[i].needs) == 0)
			for (size_t key = 0; key < CONFIG_KEY_COUNT; key++)
				if (config_key_setting(key) == needs[i].setting)
					warn(config, line, "%s has no effect: %s", config_key(key), needs[i].text);
	if (settings->satisfy == RULE_SATISFY_ANY && settings_has(settings, SETTING_SATISFY)) {
		if ((set & BIT(AUTH_FILE)) == 0)
			warn(config, line, "satisfy = any has no effect: auth_file is not set");
		else if ((set & (BIT(ALLOW) | BIT(DENY))) == 0)
			warn(config, line, "satisfy = any has no effect: neither allow nor deny is set");
	}
	if (settings->cache == RULE_CACHE_PIN && settings_has(settings, SETTING_CACHE) && config->cache_size_is_set &&
	    config->cache_size_bytes == 0 && config->cache_size_percent == 0)
		warn(config, line, "cache = pin has no effect: cache_size is 0");
}

/* Returns the settings that at least one block sets. */
static uint64_t find_set(const struct rules *rules)
{
	uint64_t set = 0;
	for (size_t i = 0; i < rules->site_count; i++) {
		set |= rules->sites[i].settings.set;
		for (size_t j = 0; j < rules->sites[i].count; j++)
			set |= rules->sites[i].list[j].settings.set;
	}
	return set;
}

/* Warns of a root outside all blocks that no site uses. */
static void check_top_root(struct config *config)
{
	const struct rules *rules = &config->rules;
	if (rules->sites[0].root == NULL || top_level_is_served(rules))
		return;
	for (size_t i = 1; i < rules->site_count; i++)
		if (rules->sites[i].root == NULL)
			return;
	warn(config, 0,
	     "root = \"%.200s\" outside all blocks has no effect: each site has its own root, and site \"*\" serves "
	     "all other hosts",
	     rules->sites[0].root);
}

/* Warns of a certificate without an address for HTTPS. Sockets of systemd are not known here. */
static void check_tls(struct config *config)
{
	for (size_t i = 0; i < config->listen_count; i++)
		if (config->listen[i].address.tls)
			return;
	if (config->listen_count > 0 && config->tls.count > 0)
		warn(config, 0, "tls has no effect: no address of listen begins with \"tls:\", as in \"tls::443\"");
}

static void check_files(struct config *config)
{
	const char *name = config->mime_types;
	if (name != NULL && strcmp(name, CONFIG_MIME_TYPES_PRESET) != 0 && access(name, F_OK) != 0 && errno == ENOENT)
		warn(config, 0, "mime_types: %.500s does not exist; only the built-in types are used", name);
}

static void check_site(struct config *config, const struct site *site, uint64_t set)
{
	check_lists(config, site->line, &site->settings);
	check_needs(config, site->line, &site->settings, set);
	for (size_t i = 0; i < site->count; i++) {
		check_lists(config, site->list[i].line, &site->list[i].settings);
		check_needs(config, site->list[i].line, &site->list[i].settings, set);
		check_spelling(config, site, i);
		check_overridden(config, site, i);
		check_served(config, site, &site->list[i]);
	}
}

void config_warnings_find(struct config *config)
{
	const struct rules *rules = &config->rules;
	uint64_t set = find_set(rules);
	steps_left = STEPS_MAX;
	for (size_t i = 0; i < rules->site_count; i++)
		check_site(config, &rules->sites[i], set);
	check_top_root(config);
	check_tls(config);
	check_files(config);
}

void config_warnings_log(const struct config *config)
{
	for (size_t i = 0; i < config->warnings.count; i++)
		log_warning("%s", config->warnings.list[i]);
}
