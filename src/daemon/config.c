/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys of ranged.conf. One table says of each key what it holds, where it goes, its default and its bounds; config_set() is
 * the only way into the struct, for the file and for the command line alike.
 */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "base/units.h"
#include "http/access_format.h"
#include "http/fields.h"

#define MIB (UINT64_C(1) << 20)
#define NAME_BYTES 64 /* of a key or a choice, as far as it is compared */

enum kind { TEXT, COUNT, SIZE, DURATION, SWITCH, CHOICE, LIST, LISTEN };

/* Whose place it is: a key of a site may also stand at the top level, one of the settings also in a location. */
enum home { OF_CONFIG, OF_SITE, OF_SETTINGS };

struct key {
	const char *name;
	enum kind kind;
	enum home home;
	size_t place;
	enum setting setting; /* of the settings */
	settings_parse_fn parse; /* of TEXT and LIST */
	bool keeps_empty; /* of TEXT: "" is a value like others */
	const char *preset; /* NULL: unset */
	uint64_t min, max;
	bool or_zero; /* 0 is none of what min is about */
	const char *const *choices; /* in the order of their enum, then NULL */
};

static const char *const symlinks_choices[] = {"beneath", "none", NULL};
static const char *const log_level_choices[] = {"error", "warning", "info", "debug", NULL};
static const char *const cache_choices[] = {"auto", "never", "pin", NULL};
static const char *const switch_words[] = {"false", "no", "off", "true", "yes", "on"};

/* What the text means is for daemon/logs.c; here it must mean something. */
static const char *parse_access_format(char *text)
{
	static char fault[ACCESS_FORMAT_FAULT_BYTES];
	struct access_format *format;
	int error = access_format_new(text, &format, fault);
	if (error == -ENOMEM)
		return settings_no_memory;
	if (error == 0)
		access_format_free(format);
	return error != 0 ? fault : NULL;
}

#define KEY(key_name, key_kind, member, ...) \
	{.name = key_name, .kind = key_kind, .place = offsetof(struct config, member), __VA_ARGS__}
#define SITE_KEY(key_name, key_kind, member, ...) \
	{.name = key_name, .kind = key_kind, .home = OF_SITE, .place = offsetof(struct site, member), __VA_ARGS__}
#define SETTING(key_name, key_setting, key_kind, member, ...) \
	{.name = key_name, .kind = key_kind, .home = OF_SETTINGS, .setting = SETTING_##key_setting, \
	 .place = offsetof(struct settings, member), __VA_ARGS__}
#define MINUTE_MS UINT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define RATE_MAX (MIB << 20)

static const struct key keys[] = {
	SITE_KEY("root", TEXT, root),
	{.name = "listen", .kind = LISTEN, .home = OF_SITE, .preset = CONFIG_LISTEN_PRESET},
	SITE_KEY("access_log", TEXT, access_log, .keeps_empty = true),
	SITE_KEY("access_format", TEXT, access_format, .keeps_empty = true, .parse = parse_access_format, .preset = "timing"),
	KEY("workers", COUNT, workers, .preset = "0", .max = 256),
	KEY("cache_size", SIZE, cache_size_bytes, .preset = "256M", .min = 4 * MIB, .max = MIB << 24, .or_zero = true),
	KEY("offload_threads", COUNT, offload_threads, .preset = "4", .min = 1, .max = 64),
	KEY("disk_depth", COUNT, disk_depth, .preset = "0", .max = 4096),
	KEY("disk_bytes", SIZE, disk_bytes, .preset = "0", .min = MIB, .max = MIB << 12, .or_zero = true),
	KEY("disk_latency", DURATION, disk_latency_ms, .preset = "5s", .min = 10, .max = 60 * MINUTE_MS),
	KEY("open_files", COUNT, open_files, .preset = "1024", .min = 1, .max = 1000000),
	KEY("max_connections", COUNT, max_connections, .preset = "4096", .min = 1, .max = 1000000),
	KEY("max_connections_per_client", COUNT, max_connections_per_client, .preset = "256", .max = 1000000),
	KEY("max_headers", COUNT, max_headers, .preset = "100", .min = 8, .max = 1000),
	KEY("max_header_bytes", SIZE, max_header_bytes, .preset = "12K", .min = 1024, .max = FIELDS_HEADER_MAX),
	KEY("max_target_bytes", SIZE, max_target_bytes, .preset = "8K", .min = 256, .max = FIELDS_TARGET_MAX),
	KEY("max_ranges", COUNT, max_ranges, .preset = "128", .min = 1, .max = 128),
	KEY("header_timeout", DURATION, header_timeout_ms, .preset = "20s", .min = 100, .max = 60 * MINUTE_MS),
	KEY("idle_timeout", DURATION, idle_timeout_ms, .preset = "60s", .min = 100, .max = DAY_MS),
	KEY("stall_timeout", DURATION, stall_timeout_ms, .preset = "30s", .min = 100, .max = DAY_MS),
	KEY("drain_timeout", DURATION, drain_timeout_ms, .preset = "30s", .max = DAY_MS),
	KEY("min_rate", SIZE, min_rate_bytes, .preset = "1K", .max = MIB << 10),
	KEY("rate_total", SIZE, rate_total_bytes, .preset = "0", .max = RATE_MAX),
	KEY("trusted_proxies", LIST, trusted_proxies, .parse = settings_parse_cidr),
	KEY("proxy_protocol", LIST, proxy_protocol, .parse = settings_parse_cidr),
	KEY("tls", LIST, tls),
	KEY("symlinks", CHOICE, symlinks, .preset = "beneath", .choices = symlinks_choices),
	KEY("dotfiles", SWITCH, dotfiles, .preset = "false"),
	KEY("mime_types", TEXT, mime_types, .preset = "/etc/mime.types"),
	KEY("error_log", TEXT, error_log),
	KEY("log_level", CHOICE, log_level, .preset = "info", .choices = log_level_choices),
	KEY("address_file", TEXT, address_file),
	SETTING("cache", CACHE, CHOICE, cache, .choices = cache_choices),
	SETTING("header", HEADER, LIST, header, .parse = settings_parse_header),
	SETTING("cache_control", CACHE_CONTROL, TEXT, cache_control),
	SETTING("expires", EXPIRES, DURATION, expires_ms, .preset = "0", .max = 3660 * DAY_MS),
	SETTING("mime", MIME, LIST, mime, .parse = settings_parse_mime),
	SETTING("charset", CHARSET, TEXT, charset, .preset = "utf-8"),
	SETTING("cors", CORS, LIST, cors, .parse = settings_parse_cors),
	SETTING("index", INDEX, LIST, index, .preset = "index.html", .parse = settings_parse_index),
	SETTING("listing", LISTING, SWITCH, listing, .preset = "false"),
	SETTING("hide", HIDE, LIST, hide),
	SETTING("try", TRY, LIST, try, .parse = settings_parse_path),
	SETTING("error_page", ERROR_PAGE, LIST, error_page, .parse = settings_parse_error_page),
	SETTING("redirect", REDIRECT, TEXT, redirect, .parse = settings_parse_redirect),
	SETTING("download", DOWNLOAD, SWITCH, download, .preset = "false"),
	SETTING("precompressed", PRECOMPRESSED, SWITCH, precompressed, .preset = "true"),
	SETTING("cache_status", CACHE_STATUS, SWITCH, cache_status, .preset = "false"),
	SETTING("server_timing", SERVER_TIMING, SWITCH, server_timing, .preset = "false"),
	SETTING("auth_file", AUTH_FILE, TEXT, auth_file),
	SETTING("auth_realm", AUTH_REALM, TEXT, auth_realm, .preset = "files", .parse = settings_parse_realm),
	SETTING("allow", ALLOW, LIST, allow, .parse = settings_parse_cidr),
	SETTING("deny", DENY, LIST, deny, .parse = settings_parse_cidr),
	SETTING("sign_keys", SIGN_KEYS, TEXT, sign_keys),
	SETTING("rate", RATE, SIZE, rate_bytes, .preset = "0", .max = RATE_MAX),
	SETTING("rate_after", RATE_AFTER, SIZE, rate_after_bytes, .preset = "0", .max = RATE_MAX),
	SETTING("rate_file", RATE_FILE, SIZE, rate_file_bytes, .preset = "0", .max = RATE_MAX),
	SETTING("rate_client", RATE_CLIENT, SIZE, rate_client_bytes, .preset = "0", .max = RATE_MAX),
	SETTING("requests_per_client", REQUESTS_PER_CLIENT, COUNT, requests_per_client, .preset = "0", .max = 1000000),
	SETTING("transfers_per_client", TRANSFERS_PER_CLIENT, COUNT, transfers_per_client, .preset = "0", .max = 1000000),
	SETTING("limits_dry_run", LIMITS_DRY_RUN, SWITCH, limits_dry_run, .preset = "false"),
	SETTING("max_transfer_time", MAX_TRANSFER_TIME, DURATION, max_transfer_time_ms, .preset = "0", .max = 366 * DAY_MS),
	SETTING("hsts", HSTS, DURATION, hsts_ms, .preset = "0", .max = 3660 * DAY_MS),
	SETTING("https_redirect", HTTPS_REDIRECT, SWITCH, https_redirect, .preset = "false"),
};
_Static_assert(sizeof(keys) / sizeof(keys[0]) == CONFIG_KEY_COUNT, "the header says how many keys there are");
_Static_assert(FILE_SYMLINKS_BENEATH == 0 && FILE_SYMLINKS_NONE == 1, "symlinks_choices is in the order of its enum");
_Static_assert(LOG_LEVEL_ERROR == 0 && LOG_LEVEL_DEBUG == 3, "log_level_choices is in the order of its enum");
_Static_assert(RULE_CACHE_AUTO == 0 && RULE_CACHE_NEVER == 1 && RULE_CACHE_PIN == 2, "cache_choices is in the order of its enum");
_Static_assert(sizeof(enum file_symlinks) == sizeof(int) && sizeof(enum log_level) == sizeof(int) &&
		       sizeof(enum rule_cache) == sizeof(int),
	       "set_choice() writes an int");

/* --- what was meant --- */

/* Levenshtein's distance between the first NAME_BYTES of both. */
static unsigned distance(const char *a, const char *b)
{
	size_t a_length = strnlen(a, NAME_BYTES), b_length = strnlen(b, NAME_BYTES);
	unsigned row[NAME_BYTES + 1];
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned replaced = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
			unsigned shifted = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
			diagonal = row[j];
			row[j] = replaced < shifted ? replaced : shifted;
		}
	}
	return row[b_length];
}

/* How far off: nothing if it is the beginning of the choice. */
static unsigned misfit(const char *text, const char *choice)
{
	return strlen(text) >= 3 && strncmp(text, choice, strlen(text)) == 0 ? 0 : distance(text, choice);
}

static const char *nearest_choice(const char *text, const char *const *choices)
{
	const char *best = choices[0];
	for (size_t i = 1; choices[i] != NULL; i++)
		if (misfit(text, choices[i]) < misfit(text, best))
			best = choices[i];
	return best;
}

/* NULL: nothing there is like it. */
static const char *nearest_key(const char *text, enum config_scope scope)
{
	const char *names[CONFIG_KEY_COUNT + 3] = {NULL};
	size_t count = 0;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (config_key_is_of(i, scope))
			names[count++] = keys[i].name;
	if (scope != CONFIG_LOCATION)
		names[count++] = "location";
	if (scope == CONFIG_TOP)
		names[count++] = "site";
	const char *nearest = nearest_choice(text, names);
	return misfit(text, nearest) <= strnlen(text, NAME_BYTES) / 2 ? nearest : NULL;
}

/* --- values --- */

static int refuse(char *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int refuse(char *fault, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(fault, CONFIG_FAULT_BYTES, format, list);
	va_end(list);
	return -EINVAL;
}

static int say(const struct key *key, const char *text, const char *problem, char *fault)
{
	if (problem == NULL || problem == settings_no_memory)
		return problem == NULL ? 0 : -ENOMEM;
	return refuse(fault, "%s: \"%.200s\": %s", key->name, text, problem);
}

/* An empty text is none, of most keys. */
static int set_text(const struct key *key, char **place, const char *text, char *fault)
{
	if (text[0] != '\0' || key->keeps_empty)
		return say(key, text, settings_keep(place, text, key->parse), fault);
	free(*place);
	*place = NULL;
	return 0;
}

/* A list that is empty text alone is empty: what an outer block says does not hold. */
static int add_text(const struct key *key, struct text_list *place, const char *text, char *fault)
{
	if (text[0] == '\0' && place->count == 0)
		return 0;
	return say(key, text, settings_add(place, text, key->parse), fault);
}

static int set_count(const struct key *key, unsigned *place, const char *text, char *fault)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < key->min || value > key->max)
		return refuse(fault, "%s: \"%.200s\" is not a whole number from %" PRIu64 " to %" PRIu64, key->name, text, key->min,
			      key->max);
	*place = (unsigned)value;
	return 0;
}

static int set_size(const struct key *key, uint64_t *place, const char *text, char *fault)
{
	uint64_t value;
	char bound[32];
	int error = units_parse_size(text, &value);
	if (error == -EINVAL)
		return refuse(fault, "%s: \"%.200s\" is not a size (as 65536, 64K, 256M or 2G)", key->name, text);
	if (error == 0 && value < key->min && !(key->or_zero && value == 0))
		return refuse(fault, "%s: \"%.200s\" is less than %s", key->name, text, units_format_size(key->min, bound, sizeof(bound)));
	if (error != 0 || value > key->max)
		return refuse(fault, "%s: \"%.200s\" is more than %s", key->name, text, units_format_size(key->max, bound, sizeof(bound)));
	*place = key->min >= MIB ? align_down(value, MIB) : value;
	return 0;
}

static int set_duration(const struct key *key, uint64_t *place, const char *text, char *fault)
{
	uint64_t value;
	int error = units_parse_duration(text, &value);
	if (error == -EINVAL)
		return refuse(fault, "%s: \"%.200s\" is not a duration (as 250ms, 30s, 5m, 2h or 7d)", key->name, text);
	if (error == 0 && value < key->min)
		return refuse(fault, "%s: \"%.200s\" is less than %" PRIu64 "ms", key->name, text, key->min);
	if (error != 0 || value > key->max)
		return refuse(fault, "%s: \"%.200s\" is more than %" PRIu64 "m", key->name, text, key->max / MINUTE_MS);
	*place = value;
	return 0;
}

static int set_switch(const struct key *key, bool *place, const char *text, char *fault)
{
	for (unsigned i = 0; i < 6; i++) {
		if (strcasecmp(text, switch_words[i]) != 0)
			continue;
		*place = i >= 3;
		return 0;
	}
	return refuse(fault, "%s: \"%.200s\" is neither true nor false", key->name, text);
}

static int set_choice(const struct key *key, int *place, const char *text, char *fault)
{
	for (int i = 0; key->choices[i] != NULL; i++) {
		if (strcmp(text, key->choices[i]) != 0)
			continue;
		*place = i;
		return 0;
	}
	const char *nearest = nearest_choice(text, key->choices);
	return refuse(fault, "%s: \"%.200s\" is none of its values; did you mean \"%s\"?", key->name, text, nearest);
}

static bool same_address(const struct config_address *a, const struct config_address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* An address that two sites have is one listener of both. */
static int listen_for(struct config *config, size_t site, const char *text, char *fault)
{
	struct config_address address;
	const char *problem = config_parse_address(text, &address);
	size_t i = 0;
	if (problem != NULL)
		return refuse(fault, "listen: \"%.200s\": %s", text, problem);
	while (i < config->listen_count && (strcmp(address.port, "0") == 0 || !same_address(&config->listen[i].address, &address)))
		i++;
	if (i == CONFIG_LISTEN_MAX)
		return refuse(fault, "listen: \"%.200s\" is one more than the %d addresses there can be", text, CONFIG_LISTEN_MAX);
	if (i == config->listen_count)
		config->listen[config->listen_count++] = (struct config_listen){.address = address};
	config->listen[i].sites |= UINT64_C(1) << site;
	return 0;
}

/* What the top level has so far gives way; what it shares with a site stays that site's. */
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
	struct config_address ignored;
	if (site == 0 && config->listen_is_default && config_parse_address(text, &ignored) == NULL)
		drop_default_listen(config);
	return listen_for(config, site, text, fault);
}

/* `object` is the struct that the key is of; a listen is its caller's business. */
static int set_key(void *object, const struct key *key, const char *text, char *fault)
{
	void *place = (char *)object + key->place;
	switch (key->kind) {
	case TEXT:
		return set_text(key, place, text, fault);
	case LIST:
		return add_text(key, place, text, fault);
	case COUNT:
		return set_count(key, place, text, fault);
	case SIZE:
		return set_size(key, place, text, fault);
	case DURATION:
		return set_duration(key, place, text, fault);
	case SWITCH:
		return set_switch(key, place, text, fault);
	case CHOICE:
		return set_choice(key, place, text, fault);
	case LISTEN:
		break;
	}
	return -EINVAL;
}

static int set_setting(struct settings *settings, const struct key *key, const char *text, char *fault)
{
	if (key->kind == LIST && !settings_has(settings, key->setting))
		settings_clear((struct text_list *)((char *)settings + key->place)); /* a preset gives way */
	int error = set_key(settings, key, text, fault);
	if (error == 0)
		settings->set |= UINT64_C(1) << key->setting;
	return error;
}

static const struct key *find_key(const char *name, enum config_scope scope, char *fault)
{
	static const char *const places[] = {"", " in a site", " in a location"};
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (strcmp(name, keys[i].name) != 0)
			continue;
		if (config_key_is_of(i, scope))
			return &keys[i];
		refuse(fault, "%s: this can't be said%s, only %s", name, places[scope],
		       keys[i].home == OF_SITE ? "in a site or outside of all blocks" : "outside of all blocks");
		return NULL;
	}
	const char *nearest = nearest_key(name, scope);
	if (nearest != NULL)
		refuse(fault, "unknown key \"%.200s\"%s; did you mean \"%s\"?", name, places[scope], nearest);
	else
		refuse(fault, "unknown key \"%.200s\"%s", name, places[scope]);
	return NULL;
}

static int set_at_home(struct config *config, struct site *site, const struct key *key, const char *text, char *fault)
{
	int error;
	if (key->kind == LISTEN)
		error = set_listen(config, (size_t)(site - config->rules.sites), text, fault);
	else if (key->home == OF_SETTINGS)
		error = set_setting(&site->settings, key, text, fault);
	else
		error = set_key(key->home == OF_SITE ? (void *)site : config, key, text, fault);
	return error;
}

static int end_set(int error, const char *name, char *fault)
{
	if (error == -ENOMEM)
		refuse(fault, "%s: out of memory", name);
	return error;
}

int config_set(struct config *config, const char *name, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	const struct key *key = find_key(name, CONFIG_TOP, fault);
	return key == NULL ? -ENOENT : end_set(set_at_home(config, &config->rules.sites[0], key, text, fault), name, fault);
}

int config_set_site(struct config *config, struct site *site, const char *name, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	const struct key *key = find_key(name, CONFIG_SITE, fault);
	return key == NULL ? -ENOENT : end_set(set_at_home(config, site, key, text, fault), name, fault);
}

int config_set_rule(struct settings *settings, const char *name, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	const struct key *key = find_key(name, CONFIG_LOCATION, fault);
	return key == NULL ? -ENOENT : end_set(set_setting(settings, key, text, fault), name, fault);
}

int config_add_site(struct config *config, const char *host, struct site **site, char fault[CONFIG_FAULT_BYTES])
{
	const char *problem = rules_host_fault(host);
	if (problem != NULL)
		return refuse(fault, "site: \"%.200s\": %s", host, problem);
	if (config->rules.site_count == RULES_SITES_MAX)
		return refuse(fault, "site: \"%.200s\" is one more than the %d sites there can be", host, RULES_SITES_MAX - 1);
	*site = rules_add_site(&config->rules, host);
	return *site != NULL ? 0 : end_set(-ENOMEM, "site", fault);
}

int config_add_rule(struct site *site, const char *pattern, struct rule **rule, char fault[CONFIG_FAULT_BYTES])
{
	const char *problem = rules_pattern_fault(pattern);
	if (problem != NULL)
		return refuse(fault, "location: \"%.200s\": %s", pattern, problem);
	if (site->count == CONFIG_RULES_MAX)
		return refuse(fault, "location: \"%.200s\" is one more than the %d blocks there can be", pattern, CONFIG_RULES_MAX);
	*rule = rules_add(site, pattern);
	return *rule != NULL ? 0 : end_set(-ENOMEM, "location", fault);
}

const char *config_key(size_t index)
{
	return index < CONFIG_KEY_COUNT ? keys[index].name : NULL;
}

bool config_key_is_of(size_t index, enum config_scope scope)
{
	return scope == CONFIG_TOP || keys[index].home == OF_SETTINGS || (scope == CONFIG_SITE && keys[index].home == OF_SITE);
}

bool config_key_is_list(size_t index)
{
	return keys[index].kind == LIST || keys[index].kind == LISTEN;
}

enum setting config_key_setting(size_t index)
{
	return keys[index].home == OF_SETTINGS ? keys[index].setting : SETTING_COUNT;
}

/* A preset is there for the top level alone, and gives way to what is said: of a list, too. */
static int set_preset(struct config *config, const struct key *key)
{
	char fault[CONFIG_FAULT_BYTES];
	struct site *top = &config->rules.sites[0];
	int error = key->preset != NULL ? set_at_home(config, top, key, key->preset, fault) : 0;
	top->settings.set = 0;
	return error;
}

int config_init(struct config *config)
{
	*config = (struct config){.listen = calloc(CONFIG_LISTEN_MAX, sizeof(struct config_listen))};
	rules_init(&config->rules);
	int error = config->listen != NULL ? 0 : -ENOMEM;
	for (size_t i = 0; i < CONFIG_KEY_COUNT && error == 0; i++)
		error = set_preset(config, &keys[i]);
	config->listen_is_default = true;
	if (error != 0)
		config_fini(config);
	return error;
}

void config_fini(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		void *place = (char *)config + keys[i].place;
		if (keys[i].home == OF_CONFIG && keys[i].kind == TEXT)
			free(*(char **)place);
		else if (keys[i].home == OF_CONFIG && keys[i].kind == LIST)
			settings_clear(place);
	}
	free(config->listen);
	rules_fini(&config->rules);
	*config = (struct config){0};
}

/* Sites that say nowhere are served where the top level is. */
static uint64_t homeless_sites(const struct config *config)
{
	uint64_t all = config->rules.site_count == 64 ? UINT64_MAX : (UINT64_C(1) << config->rules.site_count) - 1;
	for (size_t i = 0; i < config->listen_count; i++)
		all &= ~(config->listen[i].sites & ~UINT64_C(1));
	return all;
}

/* The first that is one too many, or NULL. */
static const struct site *site_of_too_many_logs(const struct rules *rules)
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

int config_finish(struct config *config, char fault[CONFIG_FAULT_BYTES])
{
	struct rules *rules = &config->rules;
	bool any_root = rules->sites[0].root != NULL;
	for (size_t i = 1; i < rules->site_count; i++) {
		any_root = true;
		if (rules->sites[i].root == NULL && rules->sites[0].root == NULL)
			return refuse(fault, "the site \"%.200s\" of line %u has no root", rules->sites[i].host, rules->sites[i].line);
	}
	if (!any_root)
		return refuse(fault, "no folder to serve");
	const struct site *too_many = site_of_too_many_logs(rules);
	if (too_many != NULL)
		return refuse(fault, "access_log: \"%.200s\" of the site of line %u is one more than the %d logs there can be", too_many->access_log,
			      too_many->line, LOG_REQUESTS_MAX);
	uint64_t homeless = homeless_sites(config);
	if (homeless == 1 && config->listen_is_default && rules->sites[0].root == NULL)
		drop_default_listen(config);
	for (size_t i = 0; i < config->listen_count; i++) {
		if ((config->listen[i].sites & 1) != 0)
			config->listen[i].sites |= homeless;
		rules->listeners[i] = config->listen[i].sites;
	}
	for (size_t i = config->listen_count; i-- > 0;)
		for (size_t j = 0; j < rules->site_count && config->listen[i].address.tls; j++)
			if ((rules->listeners[i] >> j & 1) != 0)
				rules->sites[j].https_port = (unsigned)atoi(config->listen[i].address.port);
	if (config_tls_listeners(config) != 0 && config->tls.count == 0)
		return refuse(fault, "listen: \"tls:\" needs a certificate: set tls = \"certificate.pem key.pem\"");
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

unsigned config_workers(const struct config *config)
{
	cpu_set_t cpus;
	if (config->workers > 0)
		return config->workers;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&cpus);
}

/* --- addresses --- */

static const char *parse_port(const char *text, char port[6])
{
	size_t length = strspn(text, "0123456789");
	if (length == 0 || text[length] != '\0')
		return "the port is not a number";
	if (length > 5 || strtoul(text, NULL, 10) > 65535)
		return "the port is more than 65535";
	memcpy(port, text, length + 1);
	return NULL;
}

static const char *parse_bracketed(const char *text, struct config_address *address)
{
	const char *end = strchr(text, ']');
	if (end == NULL || end[1] != ':')
		return "an IPv6 address is written [address]:port";
	size_t length = (size_t)(end - text) - 1;
	if (length >= sizeof(address->host))
		return "the address is too long";
	memcpy(address->host, text + 1, length);

	char plain[sizeof(address->host)];
	struct in6_addr ignored;
	memcpy(plain, address->host, sizeof(plain));
	plain[strcspn(plain, "%")] = '\0'; /* the scope of a link-local address */
	if (inet_pton(AF_INET6, plain, &ignored) != 1)
		return "what is in brackets is not an IPv6 address";
	return parse_port(end + 2, address->port);
}

static const char *parse_unix(const char *path, struct config_address *address)
{
	if (path[0] != '/')
		return "the path of a unix socket begins with a slash";
	if (strlen(path) >= sizeof(address->path))
		return "the path of a unix socket is at most 107 bytes long";
	address->kind = CONFIG_ADDRESS_UNIX;
	strcpy(address->path, path);
	return NULL;
}

const char *config_parse_address(const char *text, struct config_address *address)
{
	static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	*address = (struct config_address){.kind = CONFIG_ADDRESS_TCP, .tls = strncmp(text, "tls:", 4) == 0};
	text += address->tls ? 4 : 0;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, address);
	if (text[0] == '[')
		return parse_bracketed(text, address);

	const char *colon = strchr(text, ':');
	if (colon == NULL)
		return "the port is missing (host:port, [v6]:port, :port or unix:/path)";
	if (strchr(colon + 1, ':') != NULL)
		return "an IPv6 address is written [address]:port";
	size_t length = (size_t)(colon - text);
	if (strspn(text, host_bytes) != length)
		return "the host is neither a name nor an address";
	if (length >= sizeof(address->host))
		return "the host is too long";
	memcpy(address->host, text, length);
	return parse_port(colon + 1, address->port);
}

char *config_format_address(const struct config_address *address, char *text, size_t text_bytes)
{
	const char *tls = address->tls ? "tls:" : "";
	if (address->kind == CONFIG_ADDRESS_UNIX)
		snprintf(text, text_bytes, "%sunix:%s", tls, address->path);
	else if (strchr(address->host, ':') != NULL)
		snprintf(text, text_bytes, "%s[%s]:%s", tls, address->host, address->port);
	else
		snprintf(text, text_bytes, "%s%s:%s", tls, address->host, address->port);
	return text;
}
