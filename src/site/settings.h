/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings of one block of the configuration (top level, site or location), and the rule by which an inner block
 * overrides an outer one. The main thread fills a block while it reads the configuration. The block is immutable
 * afterwards, and any thread may read it. settings_fini() frees the strings of the block when the configuration is
 * freed.
 */
#ifndef SITE_SETTINGS_H
#define SITE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text_list.h"
#include "site/pattern_fault.h"

/*
 * Cache policy of a file. AUTO: the cache decides what it keeps. NEVER: not cached. PIN: other files are evicted first.
 */
enum rule_cache { RULE_CACHE_AUTO, RULE_CACHE_NEVER, RULE_CACHE_PIN };

/* Source of the entity tag of a file: the mtime and size of the file, or its digest file, if there is one. */
enum rule_etag { RULE_ETAG_MTIME, RULE_ETAG_DIGEST };

/* Conditions of access. ALL: the address and the password. ANY: an allowed address, or else the password. */
enum rule_satisfy { RULE_SATISFY_ALL, RULE_SATISFY_ANY };

/* Whether requests are written to the access log of the site. */
enum rule_log { RULE_LOG_ON, RULE_LOG_OFF };

/* The bits of settings.set. */
enum setting {
	SETTING_CACHE,
	SETTING_STALE,
	SETTING_APPEND_ONLY,
	SETTING_REVALIDATE,
	SETTING_SIBLINGS,
	SETTING_HEADER,
	SETTING_CACHE_CONTROL,
	SETTING_EXPIRES,
	SETTING_MIME,
	SETTING_CHARSET,
	SETTING_CORS,
	SETTING_INDEX,
	SETTING_LISTING,
	SETTING_LISTING_LIMIT,
	SETTING_HIDE,
	SETTING_TRY,
	SETTING_ERROR_PAGE,
	SETTING_REDIRECT,
	SETTING_DOWNLOAD,
	SETTING_PRECOMPRESSED,
	SETTING_ETAG,
	SETTING_CACHE_STATUS,
	SETTING_SERVER_TIMING,
	SETTING_AUTH_FILE,
	SETTING_AUTH_REALM,
	SETTING_ALLOW,
	SETTING_DENY,
	SETTING_SIGN_KEYS,
	SETTING_RATE,
	SETTING_RATE_AFTER,
	SETTING_RATE_FILE,
	SETTING_RATE_CLIENT,
	SETTING_REQUESTS_PER_CLIENT,
	SETTING_TRANSFERS_PER_CLIENT,
	SETTING_LIMITS_DRY_RUN,
	SETTING_MAX_TRANSFER_TIME,
	SETTING_HSTS,
	SETTING_HTTPS_REDIRECT,
	SETTING_STATUS,
	SETTING_SATISFY,
	SETTING_ACCESS_LOG,
	SETTING_ROOT,
	SETTING_COUNT
};

/* The settings of one block. A zero-initialised struct is an empty block. The caller owns the struct. */
struct settings {
	uint64_t set; /* bits of enum setting: the settings that this block contains */
	enum rule_cache cache;
	enum rule_etag etag;
	enum rule_satisfy satisfy;
	enum rule_log access_log;
	bool append_only, siblings, listing, download, precompressed, cache_status, server_timing, limits_dry_run;
	bool https_redirect;
	unsigned status;	       /* status of the response to every GET and HEAD; 0: that of the file */
	unsigned listing_limit;	       /* entries on a page of a listing; 0: unlimited */
	unsigned requests_per_client;  /* requests per second; 0: unlimited */
	unsigned transfers_per_client; /* concurrent transfers; 0: unlimited */
	uint64_t revalidate_ms;	       /* maximum age of the last lookup of a name */
	uint64_t stale_ms; /* maximum age of a file that is served while it cannot be revalidated; 0: none */
	uint64_t expires_ms, hsts_ms, max_transfer_time_ms;	 /* 0: none */
	uint64_t rate_bytes, rate_file_bytes, rate_client_bytes; /* bytes per second; 0: unlimited */
	/* number of bytes that are sent before rate_bytes applies */
	uint64_t rate_after_bytes;
	char *cache_control, *charset, *redirect, *auth_file, *auth_realm, *sign_keys; /* NULL: none */
	char *root; /* directory that replaces the prefix of a location; NULL: none */
	/* Accumulated lists: the elements of all matching blocks apply (see struct match). */
	struct text_list header, mime, hide, error_page, allow, deny;
	/* Overridden lists: only the list of the innermost block applies. */
	struct text_list cors, index, try;
};

/* Returns true if this block contains the setting. */
static inline bool settings_has(const struct settings *settings, enum setting setting)
{
	return (settings->set >> setting & 1) != 0;
}

/* Copies the settings that `inner` contains over those of `outer`. Strings and lists are shared, not copied. */
void settings_override(struct settings *outer, const struct settings *inner);
/*
 * Frees the strings and lists of a block and empties it. Must not be called for the result of settings_override(),
 * because its strings are shared.
 */
void settings_fini(struct settings *settings);

/*
 * Check a value before it is parsed. Each returns NULL if the value is valid, or a description of the error with the
 * right spelling, which is in `fault` or a static string. Thread-safe.
 */
#define SETTINGS_FAULT_BYTES PATTERN_FAULT_BYTES
const char *settings_check_hide(const char *text, char fault[SETTINGS_FAULT_BYTES]);
const char *settings_check_try(const char *text, char fault[SETTINGS_FAULT_BYTES]);
const char *settings_check_error_page(const char *text, char fault[SETTINGS_FAULT_BYTES]);
const char *settings_check_redirect(const char *text, char fault[SETTINGS_FAULT_BYTES]);
const char *settings_check_index(const char *text, char fault[SETTINGS_FAULT_BYTES]);
const char *settings_check_mime(const char *text, char fault[SETTINGS_FAULT_BYTES]);

/*
 * Parse functions for text_list_add() and text_list_set(). Each checks one value and replaces it with its stored form,
 * which may be two strings (see text_list_second()). Each returns NULL on success, or a static string that describes
 * the error.
 */

/*
 * Parses "Name: value" (replaces the field), "+Name: value" (adds a line) or "-Name" (removes the field). Stores "=",
 * "+" or "-" followed by the name, and the value.
 */
const char *settings_parse_header(char *text);
/* Parses ".ext type" or "ext type". Stores the extension without its dot, and the type. */
const char *settings_parse_mime(char *text);
/* Parses "404 /path", "404 410 /path" or "4xx /path". Stores the statuses and the path. */
const char *settings_parse_error_page(char *text);
/* Returns the first status (3 bytes) that occurs twice in the error pages of one block, or NULL. */
const char *settings_repeated_status(const struct text_list *pages);
/* Returns the path of the error page of one block for a status, or NULL. A status takes precedence over its class. */
const char *settings_error_page(const struct text_list *pages, unsigned status);
/*
 * Parses "/path" or "https://host/path", optionally preceded by a status (301, 302, 303, 307 or 308; default 302).
 * Stores the status and the target.
 */
const char *settings_parse_redirect(char *text);
/* Parses "*" or an origin. */
const char *settings_parse_cors(char *text);
/* Parses an element of "try", which begins with a slash or "{path}". */
const char *settings_parse_path(char *text);
/* Parses the name of a file. */
const char *settings_parse_index(char *text);
/* Removes the trailing slash of a pattern that settings_check_hide() has accepted. */
const char *settings_parse_hide(char *text);
/* Parses the name of a charset. */
const char *settings_parse_charset(char *text);
/* Parses the directives of Cache-Control. */
const char *settings_parse_cache_control(char *text);
/* Parses a realm, which is later sent as a quoted string without escapes. */
const char *settings_parse_realm(char *text);

#endif
