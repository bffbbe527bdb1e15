/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys of ranged.conf. A constant table has the kind, the field, the default and the bounds of each key. config.c
 * sets the fields.
 *
 * A new key needs a line in this table, a field in struct config, struct site or struct settings, and entries in the
 * manual and in conf/ranged.conf.
 */
#include "config/config_key.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/networks.h"
#include "config/config_values.h"
#include "http/fields.h"
#include "http/path.h"
#include "http/range.h"
#include "site/access_format.h"

#define MIB (UINT64_C(1) << 20)
#define NAME_BYTES 64 /* longer names are not compared */

static const char *const symlinks_choices[] = { "beneath", "none", NULL };
static const char *const log_level_choices[] = { "error", "warning", "info", "debug", NULL };
static const char *const log_format_choices[] = { "text", "json", NULL };
static const char *const cache_choices[] = { "auto", "never", "pin", NULL };
static const char *const etag_choices[] = { "mtime", "digest", NULL };
static const char *const satisfy_choices[] = { "all", "any", NULL };
static const char *const access_log_choices[] = { "on", "off", NULL };

/* Checks an access_format. daemon/logs.c parses the format again when it opens the log. */
static const char *parse_access_format(char *text)
{
	static char fault[ACCESS_FORMAT_FAULT_BYTES];
	struct access_format *format;
	int error = access_format_new(text, &format, fault);
	if (error == -ENOMEM)
		return text_list_no_memory;
	if (error == 0)
		access_format_free(format);
	return error != 0 ? fault : NULL;
}

static const char *check_require(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	return *text == '/' && text[1] != '\0' ? pattern_fault(PATTERN_PATH, text, fault) : NULL;
}

/* Checks a path below the root. "" is valid, because it overrides the list of the top level. */
static const char *parse_require(char *text)
{
	const char *name = text;

	if (*text == '\0')
		return NULL;
	if (*text != '/' || text[1] == '\0')
		return "not the path of a file below the root; it must begin with a slash, as in \"/.mounted\"";
	while (*name == '/') {
		size_t length = strcspn(++name, "/");

		if (length == 0 || (length <= 2 && strncmp(name, "..", length) == 0))
			return "the path must not end in a slash, and must not contain \"//\", \".\" or \"..\"";
		name += length;
	}
	return NULL;
}

static const char *parse_admin(char *text)
{
	return listen_address_admin_fault(text);
}

static const char *parse_monitor(char *text)
{
	struct listen_address ignored;
	return listen_address_parse(text, &ignored);
}

/* Checks the path of health checks. The path has the form of struct path, so it can be compared with paths. */
static const char *parse_health(char *text)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	struct path path;

	if (*text != '/' || strspn(text, bytes) != strlen(text))
		return "expected a path that begins with a slash and has only letters, digits and - . _ ~";
	if (path_parse(text, &path, NULL, NULL) != 0 || path.slash || strcmp(path.file, text + 1) != 0)
		return "expected the path of a file, without empty names, dot segments, or a slash at the end";
	return NULL;
}

/*
 * Rejects words that other servers have in place of the name of a file. Without this check, "auto" would be a file of
 * this name.
 */
static const char *parse_file(char *text)
{
	static const char *const words[] = { "on",     "off",	   "true",    "false",	  "yes",     "no",
					     "none",   "default",  "auto",    "disabled", "enabled", "null",
					     "stderr", "journald", "console", "syslog:*", "file:*",  "|*" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (fnmatch(words[i], text, FNM_CASEFOLD) == 0)
			return "expected the path of a file or directory, such as \"/srv/files\"";
	return NULL;
}

#define KEY(key_name, key_kind, member, ...)                                                                \
	{                                                                                                   \
		.name = key_name, .kind = CONFIG_KIND_##key_kind, .place = offsetof(struct config, member), \
		__VA_ARGS__                                                                                 \
	}
#define SITE_KEY(key_name, key_kind, member, ...)                                         \
	{                                                                                 \
		.name = key_name, .kind = CONFIG_KIND_##key_kind, .home = CONFIG_OF_SITE, \
		.place = offsetof(struct site, member), __VA_ARGS__                       \
	}
#define SETTING(key_name, key_setting, key_kind, member, ...)                                             \
	{                                                                                                 \
		.name = key_name, .kind = CONFIG_KIND_##key_kind, .home = CONFIG_OF_SETTINGS,             \
		.setting = SETTING_##key_setting, .place = offsetof(struct settings, member), __VA_ARGS__ \
	}
#define LOCATION_KEY(key_name, key_setting, key_kind, member, ...)                                        \
	{                                                                                                 \
		.name = key_name, .kind = CONFIG_KIND_##key_kind, .home = CONFIG_OF_LOCATION,             \
		.setting = SETTING_##key_setting, .place = offsetof(struct settings, member), __VA_ARGS__ \
	}
#define MINUTE_MS UINT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define RATE_MAX (MIB << 20)

static const struct config_key keys[] = {
	{ .name = "include", .kind = CONFIG_KIND_INCLUDE, .home = CONFIG_OF_SETTINGS, .setting = SETTING_COUNT },
	SITE_KEY("root", TEXT, root, .parse = parse_file),
	SITE_KEY("require", LIST, require, .keeps_empty = true, .check = check_require, .parse = parse_require,
		 .off = ""),
	{ .name = "listen", .kind = CONFIG_KIND_LISTEN, .home = CONFIG_OF_SITE, .preset = CONFIG_LISTEN_PRESET },
	SITE_KEY("access_log", TEXT, access_log, .keeps_empty = true, .off = "", .parse = parse_file),
	SITE_KEY("access_format", TEXT, access_format, .keeps_empty = true, .parse = parse_access_format,
		 .preset = "timing"),
	KEY("workers", COUNT, workers, .preset = "0", .max = 256, .automatic = "0"),
	KEY("cache_size", CACHE_SIZE, cache_size_bytes, .preset = "256M", .min = 4 * MIB, .max = MIB << 24,
	    .or_zero = true, .off = "0"),
	KEY("cache_state", TEXT, cache_state, .off = "", .parse = parse_file),
	KEY("offload_threads", COUNT, offload_threads, .preset = "4", .min = 1, .max = 64),
	KEY("disk_depth", COUNT, disk_depth, .preset = "0", .max = 4096, .automatic = "0"),
	KEY("disk_inflight_bytes", SIZE, disk_inflight_bytes, .preset = "0", .min = MIB, .max = MIB << 12,
	    .or_zero = true, .automatic = "0"),
	KEY("disk_queue_timeout", DURATION, disk_queue_timeout_ms, .preset = "5s", .min = 10, .max = 60 * MINUTE_MS),
	KEY("open_file_cache", COUNT, open_file_cache, .preset = "1024", .min = 1, .max = 1000000),
	KEY("name_cache", COUNT, name_cache, .preset = "1000000", .min = 1024, .max = 100000000),
	KEY("max_connections", COUNT, max_connections, .preset = "4096", .min = 1, .max = 1000000),
	KEY("max_connections_per_client", COUNT, max_connections_per_client, .preset = "1024", .max = 1000000,
	    .off = "0", .unlimited = "0"),
	KEY("max_headers", COUNT, max_headers, .preset = "100", .min = 8, .max = 1000),
	KEY("max_header_bytes", SIZE, max_header_bytes, .preset = "12K", .min = 1024, .max = FIELDS_HEADER_MAX),
	KEY("max_target_bytes", SIZE, max_target_bytes, .preset = "8K", .min = 256, .max = FIELDS_TARGET_MAX),
	KEY("max_ranges", COUNT, max_ranges, .preset = "256", .min = 1, .max = RANGE_COUNT_MAX),
	KEY("header_timeout", DURATION, header_timeout_ms, .preset = "20s", .min = 100, .max = 60 * MINUTE_MS),
	KEY("idle_timeout", DURATION, idle_timeout_ms, .preset = "75s", .min = 100, .max = DAY_MS),
	KEY("stall_timeout", DURATION, stall_timeout_ms, .preset = "30s", .min = 100, .max = DAY_MS),
	KEY("drain_timeout", DURATION, drain_timeout_ms, .preset = "30s", .max = DAY_MS),
	KEY("drain_delay", DURATION, drain_delay_ms, .preset = "0", .max = DAY_MS, .off = "0"),
	KEY("min_rate", SIZE, min_rate_bytes, .preset = "1K", .max = MIB << 10, .off = "0"),
	KEY("rate_total", SIZE, rate_total_bytes, .preset = "0", .max = RATE_MAX, .off = "0", .unlimited = "0"),
	KEY("trusted_proxies", LIST, trusted_proxies, .parse = networks_parse, .off = ""),
	KEY("proxy_protocol", LIST, proxy_protocol, .parse = networks_parse, .off = ""),
	KEY("tls", LIST, tls, .off = ""),
	KEY("admin", LIST, admin, .parse = parse_admin, .off = ""),
	KEY("monitor", LIST, monitor, .parse = parse_monitor, .off = ""),
	KEY("monitor_allow", LIST, monitor_allow, .parse = networks_parse),
	KEY("health", TEXT, health, .parse = parse_health, .off = ""),
	KEY("symlinks", CHOICE, symlinks, .preset = "beneath", .choices = symlinks_choices, .off = "none"),
	KEY("dotfiles", SWITCH, dotfiles, .preset = "false"),
	KEY("mime_types", TEXT, mime_types, .preset = CONFIG_MIME_TYPES_PRESET, .off = "", .parse = parse_file),
	KEY("error_log", TEXT, error_log, .parse = parse_file),
	KEY("log_level", CHOICE, log_level, .preset = "info", .choices = log_level_choices),
	KEY("log_format", CHOICE, log_format, .preset = "text", .choices = log_format_choices),
	KEY("address_file", TEXT, address_file, .off = "", .parse = parse_file),
	KEY("user", TEXT, user),
	SETTING("cache", CACHE, CHOICE, cache, .choices = cache_choices, .off = "never"),
	SETTING("stale", STALE, DURATION, stale_ms, .preset = "0", .max = 3660 * DAY_MS, .off = "0"),
	SETTING("append_only", APPEND_ONLY, SWITCH, append_only, .preset = "false"),
	SETTING("revalidate", REVALIDATE, DURATION, revalidate_ms, .preset = "1s", .min = 1000, .max = DAY_MS),
	SETTING("siblings", SIBLINGS, SWITCH, siblings, .preset = "true"),
	SETTING("header", HEADER, LIST, header, .parse = settings_parse_header),
	SETTING("cache_control", CACHE_CONTROL, TEXT, cache_control, .off = "", .parse = settings_parse_cache_control),
	SETTING("expires", EXPIRES, DURATION, expires_ms, .preset = "0", .max = 3660 * DAY_MS, .off = "0"),
	SETTING("mime", MIME, LIST, mime, .check = settings_check_mime, .parse = settings_parse_mime),
	SETTING("charset", CHARSET, TEXT, charset, .preset = "utf-8", .off = "", .parse = settings_parse_charset),
	SETTING("cors", CORS, LIST, cors, .parse = settings_parse_cors, .off = ""),
	SETTING("index", INDEX, LIST, index, .preset = "index.html", .check = settings_check_index,
		.parse = settings_parse_index, .off = ""),
	SETTING("listing", LISTING, SWITCH, listing, .preset = "false"),
	SETTING("listing_limit", LISTING_LIMIT, COUNT, listing_limit, .preset = "10000", .max = 1000000000, .off = "0",
		.unlimited = "0"),
	SETTING("hide", HIDE, LIST, hide, .check = settings_check_hide, .parse = settings_parse_hide),
	SETTING("try", TRY, LIST, try, .check = settings_check_try, .parse = settings_parse_path, .off = ""),
	SETTING("error_page", ERROR_PAGE, LIST, error_page, .check = settings_check_error_page,
		.parse = settings_parse_error_page),
	SETTING("redirect", REDIRECT, TEXT, redirect, .check = settings_check_redirect,
		.parse = settings_parse_redirect, .off = ""),
	SETTING("download", DOWNLOAD, SWITCH, download, .preset = "false"),
	SETTING("precompressed", PRECOMPRESSED, SWITCH, precompressed, .preset = "true"),
	SETTING("etag", ETAG, CHOICE, etag, .preset = "mtime", .choices = etag_choices),
	SETTING("cache_status", CACHE_STATUS, SWITCH, cache_status, .preset = "false"),
	SETTING("server_timing", SERVER_TIMING, SWITCH, server_timing, .preset = "false"),
	SETTING("auth_file", AUTH_FILE, TEXT, auth_file, .off = "", .parse = parse_file),
	SETTING("auth_realm", AUTH_REALM, TEXT, auth_realm, .preset = "files", .parse = settings_parse_realm),
	SETTING("allow", ALLOW, LIST, allow, .parse = networks_parse),
	SETTING("deny", DENY, LIST, deny, .parse = networks_parse),
	SETTING("sign_keys", SIGN_KEYS, TEXT, sign_keys, .off = "", .parse = parse_file),
	SETTING("rate", RATE, SIZE, rate_bytes, .preset = "0", .max = RATE_MAX, .off = "0", .unlimited = "0"),
	SETTING("rate_after", RATE_AFTER, SIZE, rate_after_bytes, .preset = "0", .max = RATE_MAX, .off = "0"),
	SETTING("rate_file", RATE_FILE, SIZE, rate_file_bytes, .preset = "0", .max = RATE_MAX, .off = "0",
		.unlimited = "0"),
	SETTING("rate_client", RATE_CLIENT, SIZE, rate_client_bytes, .preset = "0", .max = RATE_MAX, .off = "0",
		.unlimited = "0"),
	SETTING("requests_per_client", REQUESTS_PER_CLIENT, COUNT, requests_per_client, .preset = "0", .max = 1000000,
		.off = "0", .unlimited = "0"),
	SETTING("transfers_per_client", TRANSFERS_PER_CLIENT, COUNT, transfers_per_client, .preset = "0",
		.max = 1000000, .off = "0", .unlimited = "0"),
	SETTING("limits_dry_run", LIMITS_DRY_RUN, SWITCH, limits_dry_run, .preset = "false"),
	SETTING("max_transfer_time", MAX_TRANSFER_TIME, DURATION, max_transfer_time_ms, .preset = "0",
		.max = 366 * DAY_MS, .off = "0", .unlimited = "0"),
	SETTING("hsts", HSTS, DURATION, hsts_ms, .preset = "0", .max = 3660 * DAY_MS, .off = "0"),
	SETTING("https_redirect", HTTPS_REDIRECT, SWITCH, https_redirect, .preset = "false"),
	SETTING("satisfy", SATISFY, CHOICE, satisfy, .preset = "all", .choices = satisfy_choices),
	SETTING("status", STATUS, STATUS, status),
	LOCATION_KEY("access_log", ACCESS_LOG, CHOICE, access_log, .choices = access_log_choices),
	LOCATION_KEY("root", ROOT, TEXT, root),
};
_Static_assert(sizeof(keys) / sizeof(keys[0]) == CONFIG_KEY_COUNT, "CONFIG_KEY_COUNT is the number of keys");
_Static_assert(FILE_SYMLINKS_BENEATH == 0 && FILE_SYMLINKS_NONE == 1, "symlinks_choices is in the order of its enum");
_Static_assert(LOG_LEVEL_ERROR == 0 && LOG_LEVEL_DEBUG == 3, "log_level_choices is in the order of its enum");
_Static_assert(LINE_STYLE_TEXT == 0 && LINE_STYLE_JSON == 1, "log_format_choices is in the order of its enum");
_Static_assert(RULE_CACHE_AUTO == 0 && RULE_CACHE_NEVER == 1 && RULE_CACHE_PIN == 2,
	       "cache_choices is in the order of its enum");
_Static_assert(RULE_SATISFY_ALL == 0 && RULE_SATISFY_ANY == 1, "satisfy_choices is in the order of its enum");
_Static_assert(RULE_LOG_ON == 0 && RULE_LOG_OFF == 1, "access_log_choices is in the order of its enum");
_Static_assert(RULE_ETAG_MTIME == 0 && RULE_ETAG_DIGEST == 1, "etag_choices is in the order of its enum");

/* Former names of keys. An old name is rejected with a message that names the new one. */
static const struct {
	const char *old_name, *new_name;
} renamed_keys[] = {
	{ "disk_latency", "disk_queue_timeout" },
	{ "disk_bytes", "disk_inflight_bytes" },
	{ "open_files", "open_file_cache" },
};

const struct config_key *config_key_at(size_t index)
{
	return index < CONFIG_KEY_COUNT ? &keys[index] : NULL;
}

const char *config_key(size_t index)
{
	return index < CONFIG_KEY_COUNT ? keys[index].name : NULL;
}

bool config_key_is_of(size_t index, enum config_scope scope)
{
	switch (scope) {
	case CONFIG_TOP:
		return keys[index].home != CONFIG_OF_LOCATION;
	case CONFIG_SITE:
		return keys[index].home == CONFIG_OF_SITE || keys[index].home == CONFIG_OF_SETTINGS;
	case CONFIG_LOCATION:
		return keys[index].home == CONFIG_OF_SETTINGS || keys[index].home == CONFIG_OF_LOCATION;
	}
	return false;
}

bool config_key_is_list(size_t index)
{
	enum config_kind kind = keys[index].kind;
	return kind == CONFIG_KIND_LIST || kind == CONFIG_KIND_LISTEN || kind == CONFIG_KIND_INCLUDE;
}

enum setting config_key_setting(size_t index)
{
	return keys[index].home >= CONFIG_OF_SETTINGS ? keys[index].setting : SETTING_COUNT;
}

/*
 * Returns the number of inserted, removed, replaced and transposed letters between two words of at most NAME_BYTES
 * bytes, ignoring case (optimal string alignment).
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][NAME_BYTES + 1], *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_length; j++)
		above[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
			unsigned best = above[j - 1] + !same;
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 2]) &&
			    tolower((unsigned char)a[i - 2]) == tolower((unsigned char)b[j - 1]) &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		unsigned *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_length];
}

#define WORD_SEPARATORS "_-. "
#define FAR UINT_MAX

static bool has_same_letters(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int counts[UCHAR_MAX + 1] = { 0 };
	for (size_t i = 0; i < a_length; i++)
		counts[tolower((unsigned char)a[i])]++;
	for (size_t i = 0; i < b_length; i++)
		if (counts[tolower((unsigned char)b[i])]-- == 0)
			return false;
	return a_length == b_length;
}

/*
 * Returns the distance if each word of one name is similar to the same word of the other, otherwise FAR. Two words are
 * similar if they differ by one mistake, or by two if they consist of the same letters. So "max_rate" is not similar to
 * "min_rate", although only two letters differ.
 */
static unsigned distance_by_words(const char *a, const char *b)
{
	unsigned sum = 0;
	while (*a != '\0' && *b != '\0') {
		size_t a_length = strcspn(a, WORD_SEPARATORS), b_length = strcspn(b, WORD_SEPARATORS);
		unsigned one = distance(a, a_length, b, b_length);
		if (one > 2 || (one == 2 && !has_same_letters(a, a_length, b, b_length)) ||
		    (one == 1 && a_length + b_length <= 4))
			return FAR;
		sum += one;
		a += a_length + (a[a_length] != '\0');
		b += b_length + (b[b_length] != '\0');
	}
	return *a == *b ? sum : FAR;
}

/* Copies a name without separators. Returns its length. */
static size_t join_words(const char *name, char joined[NAME_BYTES])
{
	size_t length = 0;
	for (; *name != '\0' && length < NAME_BYTES; name++)
		if (strchr(WORD_SEPARATORS, *name) == NULL)
			joined[length++] = *name;
	return length;
}

/*
 * Returns how far a mistyped name is from another one, or FAR if they are not similar. The first letters must be equal,
 * because a prefix such as "no" turns a name into its opposite.
 */
static unsigned distance_of_names(const char *a, const char *b)
{
	char a_joined[NAME_BYTES], b_joined[NAME_BYTES];
	if (strnlen(a, NAME_BYTES) >= NAME_BYTES || tolower((unsigned char)*a) != tolower((unsigned char)*b))
		return FAR;
	unsigned by_words = distance_by_words(a, b);
	size_t a_length = join_words(a, a_joined), b_length = join_words(b, b_joined);
	unsigned whole = distance(a_joined, a_length, b_joined, b_length);
	if (whole <= 1 && a_length + b_length > 4)
		return whole < by_words ? whole : by_words;
	return by_words;
}

/* Returns the most similar name, or NULL if none is similar, or if several are equally similar. */
static const char *nearest(const char *text, const char *const *names)
{
	const char *best = NULL;
	unsigned best_distance = FAR;
	bool several = false;
	for (; *names != NULL; names++) {
		unsigned one = distance_of_names(text, *names);
		several = one < best_distance ? false : several || (one == best_distance && one != FAR);
		if (one < best_distance) {
			best_distance = one;
			best = *names;
		}
	}
	return several ? NULL : best;
}

/* Returns the name that begins with `text` and further words, or NULL if there is no such name, or several. */
static const char *only_with_prefix(const char *text, const char *const *names)
{
	const char *found = NULL;
	size_t length = strlen(text);
	for (; *names != NULL && length >= 3; names++) {
		if (strncmp(*names, text, length) != 0 || (*names)[length] != '_')
			continue;
		if (found != NULL)
			return NULL;
		found = *names;
	}
	return found;
}

const char *config_key_nearest(const char *text, enum config_scope scope)
{
	const char *names[CONFIG_KEY_COUNT + 3] = { NULL };
	size_t count = 0;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (config_key_is_of(i, scope))
			names[count++] = keys[i].name;
	if (scope != CONFIG_LOCATION)
		names[count++] = "location";
	if (scope == CONFIG_TOP)
		names[count++] = "site";
	const char *longer = only_with_prefix(text, names);
	return longer != NULL ? longer : nearest(text, names);
}

const char *config_key_text(const struct config_key *key, const char *text)
{
	if (key->off != NULL && (strcasecmp(text, "off") == 0 || strcasecmp(text, "none") == 0))
		return key->off;
	if (key->unlimited != NULL && strcasecmp(text, "unlimited") == 0)
		return key->unlimited;
	return key->automatic != NULL && strcasecmp(text, "auto") == 0 ? key->automatic : text;
}

const char *config_key_new_name(const char *name)
{
	for (size_t i = 0; i < sizeof(renamed_keys) / sizeof(renamed_keys[0]); i++)
		if (strcmp(name, renamed_keys[i].old_name) == 0)
			return renamed_keys[i].new_name;
	return NULL;
}

/* A choice is similar to each of its beginnings of at least three letters. */
const char *config_key_nearest_choice(const struct config_key *key, const char *text)
{
	for (size_t i = 0; key->choices[i] != NULL; i++)
		if (strlen(text) >= 3 && strncasecmp(text, key->choices[i], strlen(text)) == 0)
			return key->choices[i];
	return nearest(text, key->choices);
}
