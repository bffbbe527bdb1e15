/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may be said of all paths, of a site, or of a location: the values of one block, and how an inner block is laid
 * over an outer one. Filled while the configuration is read, immutable once the reactors run; strings live until the
 * process ends.
 */
#ifndef SITE_SETTINGS_H
#define SITE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text_list.h"

/* Whether the blocks of a file stay in memory: as they are asked for, not at all, or before those of others. */
enum rule_cache { RULE_CACHE_AUTO, RULE_CACHE_NEVER, RULE_CACHE_PIN };

/* What the entity tag of a file is made of: its mtime and size, or the digest beside it, where there is one. */
enum rule_etag { RULE_ETAG_MTIME, RULE_ETAG_DIGEST };

/* The bits of settings.set. */
enum setting {
	SETTING_CACHE,
	SETTING_APPEND_ONLY,
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
	SETTING_COUNT
};

/* Lists that are added up over the blocks of a request are walked in each of them; the others are the innermost
 * block's. */
struct settings {
	uint64_t set; /* bits of enum setting: what this block says */
	enum rule_cache cache;
	enum rule_etag etag;
	bool append_only, listing, download, precompressed, cache_status, server_timing, limits_dry_run, https_redirect;
	unsigned listing_limit;				    /* entries on a page; 0: any number */
	unsigned requests_per_client;			    /* a second; 0: any number */
	unsigned transfers_per_client;			    /* at a time; 0: any number */
	uint64_t expires_ms, hsts_ms, max_transfer_time_ms; /* 0: none */
	uint64_t rate_bytes, rate_after_bytes, rate_file_bytes, rate_client_bytes;     /* a second; 0: any */
	char *cache_control, *charset, *redirect, *auth_file, *auth_realm, *sign_keys; /* NULL: none */
	/* of texts as settings_parse_*() make them; added up */
	struct text_list header, mime, hide, error_page, allow, deny;
	/* the innermost block's */
	struct text_list cors, index, try;
};

static inline bool settings_has(const struct settings *settings, enum setting setting)
{
	return (settings->set >> setting & 1) != 0;
}

/* What `inner` says instead of what `outer` did; strings and lists are shared, not copied. */
void settings_lay_over(struct settings *outer, const struct settings *inner);
void settings_fini(struct settings *settings);

/* "Name: value" (in place of what is there), "+Name: value" (beside it), "-Name" (none): "=", "+" or "-" and the name;
 * the value. */
const char *settings_parse_header(char *text);
/* ".ext type" or "ext type": the extension without its dot; the type. */
const char *settings_parse_mime(char *text);
/* "404 /path", "4xx /path": the status; the path. */
const char *settings_parse_error_page(char *text);
/* "/path" or "https://host/path", either with a status (301, 302, 303, 307, 308; else it is 302) before it: status;
 * target. */
const char *settings_parse_redirect(char *text);
/* "*" or an origin. */
const char *settings_parse_cors(char *text);
/* Of try: begins with a slash or with "{path}". */
const char *settings_parse_path(char *text);
/* The name of a file. */
const char *settings_parse_index(char *text);
/* A glob of names, or of paths, which begins with a slash and loses the one it may end in: a folder is meant by its
 * name. */
const char *settings_parse_hide(char *text);
/* Goes between quotes as it is. */
const char *settings_parse_realm(char *text);
#endif
