/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets the fields of struct config. The configuration file and the command line both use config_set() and the similar
 * functions, so both accept the same values and report the same errors.
 *
 * The table in config_key.c has the kind, the bounds, the default and the field of each key. For each kind, one
 * function in this file parses the value. config_finish() checks the conditions that involve several keys.
 *
 * The caller owns the struct. Only the main thread and the thread of a reload run these functions.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "base/networks.h"
#include "base/units.h"
#include "config/config_foreign.h"
#include "config/config_key.h"
#include "config/config_spelling.h"
#include "config/listen_overlap.h"
#include "site/pattern.h"
#include "site/pattern_fault.h"

#define MIB (UINT64_C(1) << 20)
#define MINUTE_MS UINT64_C(60000)
#define PERCENT_MAX 90 /* the rest is needed for connections, names and the index of the cache */

static int reject(char *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Formats the error message. Returns -EINVAL. */
static int reject(char *fault, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(fault, CONFIG_FAULT_BYTES, format, list);
	va_end(list);
	return -EINVAL;
}

/*
 * Reports the result of a parse function, which is NULL, text_list_no_memory or a description of the problem. Returns 0
 * or -errno.
 */
static int report(const struct config_key *key, const char *text, const char *problem, char *fault)
{
	if (problem == NULL || problem == text_list_no_memory)
		return problem == NULL ? 0 : -ENOMEM;
	return reject(fault, "%s: \"%.200s\": %s", key->name, text, problem);
}

/* Sets a text. An empty text unsets the key unless the key allows an empty value. */
static int set_text(const struct config_key *key, char **place, const char *text, char *fault)
{
	char found[SETTINGS_FAULT_BYTES];
	const char *problem = text[0] != '\0' && key->check != NULL ? key->check(text, found) : NULL;
	if (problem != NULL)
		return report(key, text, problem, fault);
	if (text[0] != '\0' || key->keeps_empty)
		return report(key, text, text_list_set(place, text, key->parse), fault);
	free(*place);
	*place = NULL;
	return 0;
}

/* Appends a text to a list. A list of one empty text is an empty list, which overrides the list of an outer block. */
static int add_text(const struct config_key *key, struct text_list *place, const char *text, char *fault)
{
	if (text[0] == '\0' && place->count == 0 &&
	    (key->parse != networks_parse || key->off != NULL) && /* empty networks are ambiguous */
	    !key->keeps_empty)
		return 0;
	char found[SETTINGS_FAULT_BYTES];
	const char *problem = key->check != NULL ? key->check(text, found) : NULL;
	return report(key, text, problem != NULL ? problem : text_list_add(place, text, key->parse), fault);
}

static int set_count(const struct config_key *key, unsigned *place, const char *text, char *fault)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < key->min || value > key->max)
		return reject(fault, "%s: \"%.200s\" is not a whole number from %" PRIu64 " to %" PRIu64, key->name,
			      text, key->min, key->max);
	*place = (unsigned)value;
	return 0;
}

static int set_size(const struct config_key *key, uint64_t *place, const char *text, char *fault)
{
	uint64_t value;
	char bound[32];
	int error = units_parse_size(text, &value);
	if (error == -EINVAL)
		return reject(fault, "%s: \"%.200s\" is not a valid size (examples: 65536, 64K, 256M, 2G)", key->name,
			      text);
	if (error == 0 && value < key->min && !(key->or_zero && value == 0))
		return reject(fault, "%s: \"%.200s\" is less than the minimum, %s", key->name, text,
			      units_format_size(key->min, bound, sizeof(bound)));
	if (error != 0 || value > key->max)
		return reject(fault, "%s: \"%.200s\" is more than the maximum, %s", key->name, text,
			      units_format_size(key->max, bound, sizeof(bound)));
	*place = key->min >= MIB ? align_down(value, MIB) : value;
	return 0;
}

/* Sets cache_size to a size or to a percentage of the memory. */
static int set_cache_size(const struct config_key *key, struct config *config, const char *text, char *fault)
{
	const size_t length = strlen(text);
	char *end;
	if (length == 0 || text[length - 1] != '%') {
		int error = set_size(key, &config->cache_size_bytes, text, fault);
		config->cache_size_percent = error == 0 ? 0 : config->cache_size_percent;
		config->cache_size_is_set |= error == 0;
		return error;
	}
	unsigned long percent = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || end != text + length - 1 || percent < 1 || percent > PERCENT_MAX)
		return reject(fault, "%s: \"%.200s\" is not a whole percentage from 1%% to %d%%", key->name, text,
			      PERCENT_MAX);
	config->cache_size_percent = (unsigned)percent;
	config->cache_size_is_set = true;
	return 0;
}

static int set_duration(const struct config_key *key, uint64_t *place, const char *text, char *fault)
{
	uint64_t value;
	int error = units_parse_duration(text, &value);
	if (error == -EINVAL)
		return reject(fault, "%s: \"%.200s\" is not a valid duration (examples: 250ms, 30s, 5m, 2h, 7d)",
			      key->name, text);
	if (error == 0 && value < key->min)
		return reject(fault, "%s: \"%.200s\" is less than the minimum, %" PRIu64 "ms", key->name, text,
			      key->min);
	if (error != 0 || value > key->max)
		return reject(fault, "%s: \"%.200s\" is more than the maximum, %" PRIu64 "m", key->name, text,
			      key->max / MINUTE_MS);
	*place = value;
	return 0;
}

static const char *const switch_words[] = { "false", "no", "off", "true", "yes", "on" };

static int set_switch(const struct config_key *key, bool *place, const char *text, char *fault)
{
	for (unsigned i = 0; i < 6; i++) {
		if (strcasecmp(text, switch_words[i]) != 0)
			continue;
		*place = i >= 3;
		return 0;
	}
	return reject(fault, "%s: \"%.200s\" is neither true nor false", key->name, text);
}

_Static_assert(sizeof(enum file_symlinks) == sizeof(int) && sizeof(enum log_level) == sizeof(int) &&
		       sizeof(enum rule_cache) == sizeof(int) && sizeof(enum rule_etag) == sizeof(int) &&
		       sizeof(enum line_style) == sizeof(int) && sizeof(enum rule_satisfy) == sizeof(int) &&
		       sizeof(enum rule_log) == sizeof(int),
	       "set_choice() writes an int");

/* Reports the valid values. */
static int reject_choice(const struct config_key *key, const char *text, char *fault)
{
	char words[200] = "";
	for (size_t i = 0; key->choices[i] != NULL; i++) {
		const char *separator = i == 0 ? "" : key->choices[i + 1] != NULL ? ", " : " or ";
		size_t length = strlen(words);
		snprintf(words + length, sizeof(words) - length, "%s%s", separator, key->choices[i]);
	}
	return reject(fault, "%s: \"%.200s\" is not a valid value; write %s", key->name, text, words);
}

static int set_choice(const struct config_key *key, int *place, const char *text, char *fault)
{
	for (int i = 0; key->choices[i] != NULL; i++) {
		if (strcmp(text, key->choices[i]) != 0)
			continue;
		*place = i;
		return 0;
	}
	const char *nearest = config_key_nearest_choice(key, text);
	if (nearest != NULL)
		return reject(fault, "%s: \"%.200s\" is not a valid value (did you mean \"%s\"?)", key->name, text,
			      nearest);
	return reject_choice(key, text, fault);
}

/* Statuses for which a reply can be made without a file, a password or another address. 0: the key has no effect. */
static const unsigned statuses[] = { 0, 204, 400, 403, 404, 410, 451, 503 };

static int set_status(const struct config_key *key, unsigned *place, const char *text, char *fault)
{
	char status[12];
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(status, sizeof(status), "%u", statuses[i]);
		if (strcmp(text, status) != 0)
			continue;
		*place = statuses[i];
		return 0;
	}
	return reject(fault, "%s: \"%.200s\" is not valid; use 204, 400, 403, 404, 410, 451 or 503, or 0 for none%s",
		      key->name, text, text[0] == '3' ? "; for a redirect, use the key redirect" : "");
}

static bool same_address(const struct listen_address *a, const struct listen_address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Adds the site to the listener of this address. Sites with the same address share one listener. */
static int add_listener(struct config *config, size_t site, const char *text, char *fault)
{
	struct listen_address address;
	const char *problem = listen_address_parse(text, &address);
	size_t i = 0;
	if (problem != NULL)
		return reject(fault, "listen: \"%.200s\": %s", text, problem);
	while (i < config->listen_count &&
	       (strcmp(address.port, "0") == 0 || !same_address(&config->listen[i].address, &address)))
		i++;
	if (i == CONFIG_LISTEN_MAX)
		return reject(fault, "listen: \"%.200s\": too many addresses; the maximum is %d", text,
			      CONFIG_LISTEN_MAX);
	if (i == config->listen_count)
		config->listen[config->listen_count++] = (struct listen_address_sites){ .address = address };
	config->listen[i].sites |= UINT64_C(1) << site;
	return 0;
}

/* Removes the top level from all listeners. A listener that other sites use as well is kept for them. */
static void drop_default_listen(struct config *config)
{
	size_t kept = 0;
	for (size_t i = 0; i < config->listen_count; i++) {
		config->listen[i].sites &= ~UINT64_C(1);
		if (config->listen[i].sites != 0)
			config->listen[kept++] = config->listen[i];
	}
	config->listen_count = kept;
	config->listen_is_default = false;
}

static int set_listen(struct config *config, size_t site, const char *text, char *fault)
{
	struct listen_address ignored;
	if (site == 0 && config->listen_is_default && listen_address_parse(text, &ignored) == NULL)
		drop_default_listen(config);
	config->listen_is_set = true;
	return add_listener(config, site, text, fault);
}

/*
 * Sets the field of the key in `object`, which is a struct config, site or settings. The caller handles
 * CONFIG_KIND_LISTEN.
 */
static int set_key(void *object, const struct config_key *key, const char *text, char *fault)
{
	void *place = (char *)object + key->place;
	const char *advice = config_foreign_value(key->name, config_key_text(key, text));
	if (advice != NULL)
		return reject(fault, "%s: \"%.200s\" is not a valid value; %s", key->name, text, advice);
	text = config_key_text(key, text);
	switch (key->kind) {
	case CONFIG_KIND_TEXT:
		return set_text(key, place, text, fault);
	case CONFIG_KIND_LIST:
		return add_text(key, place, text, fault);
	case CONFIG_KIND_COUNT:
		return set_count(key, place, text, fault);
	case CONFIG_KIND_SIZE:
		return set_size(key, place, text, fault);
	case CONFIG_KIND_CACHE_SIZE:
		return set_cache_size(key, object, text, fault);
	case CONFIG_KIND_DURATION:
		return set_duration(key, place, text, fault);
	case CONFIG_KIND_SWITCH:
		return set_switch(key, place, text, fault);
	case CONFIG_KIND_CHOICE:
		return set_choice(key, place, text, fault);
	case CONFIG_KIND_INCLUDE:
		return reject(fault, "include: \"%.200s\": only a configuration file can include other files", text);
	case CONFIG_KIND_STATUS:
		return set_status(key, place, text, fault);
	case CONFIG_KIND_LISTEN:
		break;
	}
	return -EINVAL;
}

static int set_setting(struct settings *settings, const struct config_key *key, const char *text, char *fault)
{
	if (key->kind == CONFIG_KIND_LIST && !settings_has(settings, key->setting))
		text_list_clear((struct text_list *)((char *)settings + key->place)); /* clears the default */
	int error = set_key(settings, key, text, fault);
	const char *status = key->setting == SETTING_ERROR_PAGE ? settings_repeated_status(&settings->error_page)
								: NULL;
	if (error == 0 && status != NULL)
		return reject(fault, "%s: \"%.200s\": the status %.3s already has a page in this block", key->name,
			      text, status);
	if (error == 0)
		settings->set |= UINT64_C(1) << key->setting;
	return error;
}

bool config_unknown(const char *name, enum config_scope scope, char fault[CONFIG_FAULT_BYTES])
{
	static const char *const places[] = { "", " in a site", " in a location" };
	const char *new_name = config_key_new_name(name);
	const char *advice = config_foreign_advice(name);
	const char *nearest = config_key_nearest(name, scope);
	if (new_name != NULL)
		reject(fault, "\"%s\" was renamed to \"%s\"", name, new_name);
	else if (advice != NULL)
		reject(fault, "unknown key \"%.200s\"%s; %s", name, places[scope], advice);
	else if (nearest != NULL)
		reject(fault, "unknown key \"%.200s\"%s (did you mean \"%s\"?)", name, places[scope], nearest);
	else
		reject(fault, "unknown key \"%.200s\"%s", name, places[scope]);
	return new_name != NULL || advice != NULL || nearest != NULL;
}

/* Returns the key of this name. If the scope has no such key, writes the error message and returns NULL. */
static const struct config_key *find_key(const char *name, enum config_scope scope, char *fault)
{
	static const char *const places[] = { "", " in a site", " in a location" };
	const struct config_key *other = NULL;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key_at(i);
		if (strcmp(name, key->name) != 0)
			continue;
		if (config_key_is_of(i, scope))
			return key;
		other = key;
	}
	if (other != NULL) {
		reject(fault, "%s is not allowed%s; set it %s", name, places[scope],
		       other->home == CONFIG_OF_SITE ? "in a site or outside all blocks" : "outside all blocks");
		return NULL;
	}
	config_unknown(name, scope, fault);
	return NULL;
}

/* Sets a key in the struct to which the key belongs: struct config, struct site or struct settings. */
static int set_at_home(struct config *config, struct site *site, const struct config_key *key, const char *text,
		       char *fault)
{
	int error;
	if (key->kind == CONFIG_KIND_LISTEN)
		error = set_listen(config, (size_t)(site - config->rules.sites), text, fault);
	else if (key->home >= CONFIG_OF_SETTINGS)
		error = set_setting(&site->settings, key, text, fault);
	else
		error = set_key(key->home == CONFIG_OF_SITE ? (void *)site : config, key, text, fault);
	return error;
}

static int end_set(int error, const char *name, char *fault)
{
	if (error == -ENOMEM)
		reject(fault, "%s: out of memory", name);
	return error;
}

/* Ends the setting of a key. Appends the probably intended value to the error message. */
static int end_set_key(int error, const struct config_key *key, const char *text, char *fault)
{
	char advice[CONFIG_SPELLING_BYTES];
	size_t length = strlen(fault);
	bool has_advice = strstr(fault, "write ") != NULL || strstr(fault, "did you mean") != NULL ||
			  strstr(fault, "is not a valid value; ") != NULL;
	char same[CONFIG_SPELLING_BYTES];
	snprintf(same, sizeof(same), "write %s = \"%s\"", key->name, text);
	if (error == -EINVAL && !has_advice && config_spelling(key, text, advice) && strcmp(advice, same) != 0)
		snprintf(fault + length, CONFIG_FAULT_BYTES - length, "; %s", advice);
	return end_set(error, key->name, fault);
}

int config_set(struct config *config, const char *name, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	const struct config_key *key = find_key(name, CONFIG_TOP, fault);
	return key == NULL
		       ? -ENOENT
		       : end_set_key(set_at_home(config, &config->rules.sites[0], key, text, fault), key, text, fault);
}

int config_set_site(struct config *config, struct site *site, const char *name, const char *text,
		    char fault[CONFIG_FAULT_BYTES])
{
	const struct config_key *key = find_key(name, CONFIG_SITE, fault);
	return key == NULL ? -ENOENT : end_set_key(set_at_home(config, site, key, text, fault), key, text, fault);
}

int config_set_rule(struct settings *settings, const char *name, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	const struct config_key *key = find_key(name, CONFIG_LOCATION, fault);
	return key == NULL ? -ENOENT : end_set_key(set_setting(settings, key, text, fault), key, text, fault);
}

int config_add_site(struct config *config, const char *host, struct site **site, char fault[CONFIG_FAULT_BYTES])
{
	const char *problem = rules_host_fault(host);
	if (problem != NULL)
		return reject(fault, "site: \"%.200s\": %s", host, problem);
	if (config->rules.site_count == RULES_SITES_MAX)
		return reject(fault, "site: \"%.200s\": too many sites; the maximum is %d", host, RULES_SITES_MAX - 1);
	*site = rules_add_site(&config->rules, host);
	return *site != NULL ? 0 : end_set(-ENOMEM, "site", fault);
}

int config_add_alias(struct site *site, const char *host, char fault[CONFIG_FAULT_BYTES])
{
	const char *problem = rules_host_fault(host);
	if (problem != NULL)
		return reject(fault, "site: \"%.200s\": %s", host, problem);
	if (site->aliases.count == RULES_ALIASES_MAX)
		return reject(fault, "site: \"%.200s\": too many names; a site may have %d", host,
			      RULES_ALIASES_MAX + 1);
	return text_list_add(&site->aliases, host, NULL) == NULL ? 0 : end_set(-ENOMEM, "site", fault);
}

int config_add_rule(struct site *site, const char *pattern, struct rule **rule, char fault[CONFIG_FAULT_BYTES])
{
	char found[PATTERN_FAULT_BYTES];
	const char *problem = pattern_fault(PATTERN_LOCATION, pattern, found);
	if (problem != NULL)
		return reject(fault, "location: \"%.200s\": %s", pattern, problem);
	if (site->count == CONFIG_RULES_MAX)
		return reject(fault, "location: \"%.200s\": too many locations; the maximum is %d", pattern,
			      CONFIG_RULES_MAX);
	*rule = rules_add(site, pattern);
	return *rule != NULL ? 0 : end_set(-ENOMEM, "location", fault);
}

/*
 * Sets the default of a key at the top level. The key does not count as set, so a configured list replaces a default
 * list.
 */
static int set_default(struct config *config, const struct config_key *key)
{
	char fault[CONFIG_FAULT_BYTES];
	struct site *top = &config->rules.sites[0];
	int error = key->preset != NULL ? set_at_home(config, top, key, key->preset, fault) : 0;
	top->settings.set = 0;
	return error;
}

int config_init(struct config *config)
{
	*config = (struct config){ .listen = calloc(CONFIG_LISTEN_MAX, sizeof(struct listen_address_sites)) };
	rules_init(&config->rules);
	int error = config->listen != NULL ? 0 : -ENOMEM;
	for (size_t i = 0; i < CONFIG_KEY_COUNT && error == 0; i++)
		error = set_default(config, config_key_at(i));
	config->listen_is_default = true;
	config->listen_is_set = false;
	config->cache_size_is_set = false;
	if (error != 0)
		config_fini(config);
	return error;
}

void config_fini(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key_at(i);
		void *place = (char *)config + key->place;
		if (key->home == CONFIG_OF_CONFIG && key->kind == CONFIG_KIND_TEXT)
			free(*(char **)place);
		else if (key->home == CONFIG_OF_CONFIG && key->kind == CONFIG_KIND_LIST)
			text_list_clear(place);
	}
	text_list_clear(&config->resolved);
	text_list_clear(&config->warnings);
	config_places_clear(&config->places);
	free(config->listen);
	rules_fini(&config->rules);
	*config = (struct config){ 0 };
}

/* Returns a bit for each site without a listen key. These sites use the addresses of the top level. */
static uint64_t sites_without_listen(const struct config *config)
{
	uint64_t all = config->rules.site_count == 64 ? UINT64_MAX : (UINT64_C(1) << config->rules.site_count) - 1;
	for (size_t i = 0; i < config->listen_count; i++)
		all &= ~(config->listen[i].sites & ~UINT64_C(1));
	return all;
}

/* Returns the first site whose access log exceeds the maximum number of access logs, or NULL. */
static const struct site *find_excess_log(const struct rules *rules)
{
	unsigned count = 0;
	for (size_t i = 0; i < rules->site_count; i++) {
		const char *target = rules->sites[i].access_log;
		bool known = target == NULL || *target == '\0';
		for (size_t j = 0; j < i && !known; j++)
			known = rules->sites[j].access_log != NULL && strcmp(rules->sites[j].access_log, target) == 0;
		if (!known && count++ == LOG_REQUESTS_MAX)
			return &rules->sites[i];
	}
	return NULL;
}

/* Checks the locations with a root. Returns 0, or writes the error message and returns -EINVAL. */
static int check_location_roots(const struct config *config, char *fault)
{
	const struct rules *rules = &config->rules;
	char place[CONFIG_PLACE_BYTES];
	unsigned count = 0;
	for (size_t i = 0; i < rules->site_count; i++)
		for (size_t j = 0; j < rules->sites[i].count; j++) {
			const struct rule *rule = &rules->sites[i].list[j];
			if (rule->settings.root == NULL)
				continue;
			if (pattern_is_glob(rule->pattern))
				return reject(fault,
					      "root: the location \"%.200s\" in %s is a glob; the root of a "
					      "location replaces a path prefix, such as \"/isos/\"",
					      rule->pattern, config_places_format(&config->places, rule->line, place));
			if (++count > RULES_LOCATION_ROOTS_MAX)
				return reject(fault,
					      "root: the location \"%.200s\" in %s: too many locations with a "
					      "root; the maximum is %d",
					      rule->pattern, config_places_format(&config->places, rule->line, place),
					      RULES_LOCATION_ROOTS_MAX);
		}
	return 0;
}

int config_finish(struct config *config, char fault[CONFIG_FAULT_BYTES])
{
	struct rules *rules = &config->rules;
	char place[CONFIG_PLACE_BYTES];
	bool any_root = rules->sites[0].root != NULL;
	for (size_t i = 1; i < rules->site_count; i++) {
		any_root = true;
		if (rules->sites[i].root == NULL && rules->sites[0].root == NULL)
			return reject(fault,
				      "the site \"%.200s\" in %s has no root, and no root is set outside all blocks",
				      rules->sites[i].host,
				      config_places_format(&config->places, rules->sites[i].line, place));
	}
	if (!any_root)
		return reject(fault, "no root is set; set root at the top level or in each site");
	if (check_location_roots(config, fault) != 0)
		return -EINVAL;
	const struct site *excess = find_excess_log(rules);
	if (excess != NULL)
		return reject(fault,
			      "access_log: \"%.200s\" of the site in %s: too many access logs; the maximum is %d",
			      excess->access_log, config_places_format(&config->places, excess->line, place),
			      LOG_REQUESTS_MAX);
	uint64_t without_listen = sites_without_listen(config);
	if (without_listen == 1 && config->listen_is_default && rules->sites[0].root == NULL)
		drop_default_listen(config);
	if (listen_overlap_find(config, fault, CONFIG_FAULT_BYTES))
		return -EINVAL;
	for (size_t i = 0; i < config->listen_count; i++) {
		if ((config->listen[i].sites & 1) != 0)
			config->listen[i].sites |= without_listen;
		rules->listeners[i] = config->listen[i].sites;
	}
	for (size_t i = config->listen_count; i-- > 0;)
		for (size_t j = 0; j < rules->site_count && config->listen[i].address.tls; j++)
			if ((rules->listeners[i] >> j & 1) != 0)
				rules->sites[j].https_port = (unsigned)atoi(config->listen[i].address.port);
	if (config_needs_certificates(config) && config->tls.count == 0)
		return reject(fault,
			      "%s: an address with \"tls:\" needs a certificate; set tls = \"certificate.pem key.pem\"",
			      config_tls_listeners(config) != 0 ? "listen" : "monitor");
	rules_finish(rules);
	return 0;
}

uint64_t config_tls_listeners(const struct config *config)
{
	uint64_t listeners = 0;
	for (size_t i = 0; i < config->listen_count; i++)
		listeners |= (uint64_t)config->listen[i].address.tls << i;
	return listeners;
}

bool config_needs_certificates(const struct config *config)
{
	bool needed = config_tls_listeners(config) != 0;
	for (size_t i = 0; i < config->monitor.count; i++)
		needed = needed || strncmp(config->monitor.list[i], "tls:", 4) == 0;
	return needed;
}

bool config_names_passed(const struct config *config, const char *name)
{
	struct listen_address address;
	for (size_t i = 0; i < config->listen_count; i++)
		if (listen_address_names_passed(&config->listen[i].address, name))
			return true;
	for (size_t i = 0; i < config->monitor.count; i++)
		if (listen_address_parse(config->monitor.list[i], &address) == NULL &&
		    listen_address_names_passed(&address, name))
			return true;
	return false;
}

unsigned config_workers(const struct config *config)
{
	cpu_set_t cpus;
	if (config->workers > 0)
		return config->workers;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&cpus);
}
