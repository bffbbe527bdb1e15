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

#define LISTEN_MAX 64
#define MIB (UINT64_C(1) << 20)
#define NAME_BYTES 64 /* of a key or a choice, as far as it is compared */

enum kind { TEXT, COUNT, SIZE, DURATION, SWITCH, CHOICE, LISTEN, LOCATION };

struct key {
	const char *name;
	enum kind kind;
	size_t place;
	const char *preset; /* NULL: unset */
	uint64_t min, max;
	bool or_zero; /* 0 is none of what min is about */
	const char *const *choices; /* in the order of their enum, then NULL */
};

static const char *const symlinks_choices[] = {"beneath", "none", NULL};
static const char *const log_level_choices[] = {"error", "warning", "info", "debug", NULL};
static const char *const cache_choices[] = {"auto", "never", "pin", NULL};
static const char *const switch_words[] = {"false", "no", "off", "true", "yes", "on"};

#define KEY(key_name, key_kind, member, ...) \
	{.name = key_name, .kind = key_kind, .place = offsetof(struct config, member), __VA_ARGS__}
#define MINUTE_MS UINT64_C(60000)

static const struct key keys[] = {
	KEY("root", TEXT, root),
	KEY("listen", LISTEN, listen, .preset = CONFIG_LISTEN_PRESET),
	KEY("workers", COUNT, workers, .preset = "0", .max = 256),
	KEY("cache_size", SIZE, cache_size_bytes, .preset = "256M", .min = 4 * MIB, .max = MIB << 24, .or_zero = true),
	KEY("offload_threads", COUNT, offload_threads, .preset = "4", .min = 1, .max = 64),
	KEY("disk_depth", COUNT, disk_depth, .preset = "0", .max = 4096),
	KEY("disk_bytes", SIZE, disk_bytes, .preset = "0", .min = MIB, .max = MIB << 12, .or_zero = true),
	KEY("disk_latency", DURATION, disk_latency_ms, .preset = "5s", .min = 10, .max = 60 * MINUTE_MS),
	KEY("open_files", COUNT, open_files, .preset = "1024", .min = 1, .max = 1000000),
	KEY("max_connections", COUNT, max_connections, .preset = "4096", .min = 1, .max = 1000000),
	KEY("max_connections_per_client", COUNT, max_connections_per_client, .preset = "256", .max = 1000000),
	KEY("header_timeout", DURATION, header_timeout_ms, .preset = "20s", .min = 100, .max = 60 * MINUTE_MS),
	KEY("idle_timeout", DURATION, idle_timeout_ms, .preset = "60s", .min = 100, .max = 24 * 60 * MINUTE_MS),
	KEY("stall_timeout", DURATION, stall_timeout_ms, .preset = "30s", .min = 100, .max = 24 * 60 * MINUTE_MS),
	KEY("drain_timeout", DURATION, drain_timeout_ms, .preset = "30s", .max = 24 * 60 * MINUTE_MS),
	KEY("min_rate", SIZE, min_rate_bytes, .preset = "1K", .max = MIB << 10),
	KEY("symlinks", CHOICE, symlinks, .preset = "beneath", .choices = symlinks_choices),
	KEY("dotfiles", SWITCH, dotfiles, .preset = "false"),
	KEY("mime_types", TEXT, mime_types, .preset = "/etc/mime.types"),
	KEY("access_log", TEXT, access_log),
	KEY("error_log", TEXT, error_log),
	KEY("log_level", CHOICE, log_level, .preset = "info", .choices = log_level_choices),
	KEY("address_file", TEXT, address_file),
	KEY("location", LOCATION, rules),
};
static const struct key rule_keys[] = {
	{.name = "cache", .kind = CHOICE, .place = offsetof(struct rule, cache), .choices = cache_choices},
};
_Static_assert(sizeof(keys) / sizeof(keys[0]) == CONFIG_KEY_COUNT, "the header says how many keys there are");
_Static_assert(sizeof(rule_keys) / sizeof(rule_keys[0]) == CONFIG_RULE_KEY_COUNT, "and how many of a rule");
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

static const char *nearest_choice(const char *text, const char *const *choices)
{
	const char *best = choices[0];
	for (size_t i = 1; choices[i] != NULL; i++)
		if (distance(text, choices[i]) < distance(text, best))
			best = choices[i];
	return best;
}

static const char *nearest_key(const char *text, const struct key *table, size_t count)
{
	const char *names[CONFIG_KEY_COUNT + 1] = {NULL};
	for (size_t i = 0; i < count; i++)
		names[i] = table[i].name;
	return nearest_choice(text, names);
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

static int set_text(char **place, const char *text)
{
	char *copy = NULL;
	if (text[0] != '\0' && (copy = strdup(text)) == NULL)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
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
		return refuse(fault, "%s: \"%.200s\" is not a duration (as 250ms, 30s, 5m or 2h)", key->name, text);
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

static int set_listen(struct config *config, const char *text, char *fault)
{
	struct config_address address;
	const char *problem = config_parse_address(text, &address);
	if (problem != NULL)
		return refuse(fault, "listen: \"%.200s\": %s", text, problem);
	if (config->listen_is_default)
		config->listen_count = 0;
	if (config->listen_count == LISTEN_MAX)
		return refuse(fault, "listen: \"%.200s\" is one more than the %d addresses there can be", text, LISTEN_MAX);
	config->listen[config->listen_count++] = address;
	config->listen_is_default = false;
	return 0;
}

static int set_location(struct rules *rules, const char *prefix, char *fault)
{
	const char *problem = rules_prefix_fault(prefix);
	if (problem != NULL)
		return refuse(fault, "location: \"%.200s\": %s", prefix, problem);
	if (rules->count == CONFIG_RULES_MAX)
		return refuse(fault, "location: \"%.200s\" is one more than the %d blocks there can be", prefix, CONFIG_RULES_MAX);
	return rules_add(rules, prefix) != NULL ? 0 : -ENOMEM;
}

/* `object` is the struct that the key is of. */
static int set_key(void *object, const struct key *key, const char *text, char *fault)
{
	void *place = (char *)object + key->place;
	switch (key->kind) {
	case TEXT:
		return set_text(place, text);
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
		return set_listen(object, text, fault);
	case LOCATION:
		return set_location(place, text, fault);
	}
	return -EINVAL;
}

/* -ENOENT leaves it to the caller to say so. */
static int set_named(void *object, const struct key *table, size_t count, const char *name, const char *text, char *fault)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, table[i].name) != 0)
			continue;
		int error = set_key(object, &table[i], text, fault);
		if (error == -ENOMEM)
			refuse(fault, "%s: out of memory", name);
		return error;
	}
	return -ENOENT;
}

int config_set(struct config *config, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	int error = set_named(config, keys, CONFIG_KEY_COUNT, key, text, fault);
	if (error == -ENOENT)
		refuse(fault, "unknown key \"%.200s\"; did you mean \"%s\"?", key, nearest_key(key, keys, CONFIG_KEY_COUNT));
	return error;
}

int config_set_rule(struct rule *rule, const char *key, const char *text, char fault[CONFIG_FAULT_BYTES])
{
	int error = set_named(rule, rule_keys, CONFIG_RULE_KEY_COUNT, key, text, fault);
	if (error == -ENOENT)
		refuse(fault, "unknown key \"%.200s\" in a location; did you mean \"%s\"?", key,
		       nearest_key(key, rule_keys, CONFIG_RULE_KEY_COUNT));
	return error;
}

const char *config_key(size_t index)
{
	return index < CONFIG_KEY_COUNT ? keys[index].name : NULL;
}

const char *config_rule_key(size_t index)
{
	return index < CONFIG_RULE_KEY_COUNT ? rule_keys[index].name : NULL;
}

int config_init(struct config *config)
{
	char fault[CONFIG_FAULT_BYTES];
	*config = (struct config){.listen = calloc(LISTEN_MAX, sizeof(struct config_address)), .listen_is_default = true};
	int error = config->listen != NULL ? 0 : -ENOMEM;
	for (size_t i = 0; i < CONFIG_KEY_COUNT && error == 0; i++)
		if (keys[i].preset != NULL)
			error = set_key(config, &keys[i], keys[i].preset, fault);
	config->listen_is_default = true;
	if (error != 0)
		config_fini(config);
	return error;
}

void config_fini(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (keys[i].kind == TEXT)
			free(*(char **)((char *)config + keys[i].place));
	free(config->listen);
	rules_fini(&config->rules);
	*config = (struct config){0};
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
	*address = (struct config_address){.kind = CONFIG_ADDRESS_TCP};
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
	if (address->kind == CONFIG_ADDRESS_UNIX)
		snprintf(text, text_bytes, "unix:%s", address->path);
	else if (strchr(address->host, ':') != NULL)
		snprintf(text, text_bytes, "[%s]:%s", address->host, address->port);
	else
		snprintf(text, text_bytes, "%s:%s", address->host, address->port);
	return text;
}
