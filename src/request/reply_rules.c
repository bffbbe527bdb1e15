/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Applies the rules of the configuration to a reply. Blocks are merged. For example, a "header" of a site also applies
 * in the locations of the site, unless a location sets the same field. If the configuration has no rule for a subject,
 * the functions only test a few bits. Formatted values are stored in the reply, which owns them. The functions run on
 * the reactor's thread, or for a rejected connection (rejection.c) on the thread that accepted the connection.
 */
#include "request/reply_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/writer.h"
#include "http/date.h"

#define EXPOSED "Content-Range, Content-Length, ETag, Accept-Ranges"
#define PREFLIGHT_MAX_AGE "86400"
#define CHARSET "; charset="

/* --- media types --- */

static const char *own_type(const struct match *match, const char *name)
{
	const char *slash = strrchr(name, '/'), *dot = strrchr(slash != NULL ? slash : name, '.');

	for (unsigned i = match->count; i-- > 0 && dot != NULL;)
		for (size_t j = match->chain[i]->mime.count; j-- > 0;)
			if (strcasecmp(match->chain[i]->mime.list[j], dot + 1) == 0)
				return text_list_second(match->chain[i]->mime.list[j]);
	return NULL;
}

/*
 * Returns a text type with this charset in place of its own, or without a charset if `charset` is NULL. Returns other
 * types unchanged.
 */
static const char *with_charset(struct reply *reply, const char *type, const char *charset)
{
	size_t length = strcspn(type, ";");

	if (strncmp(type, "text/", 5) != 0 ||
	    (charset != NULL && strcmp(charset, "utf-8") == 0 && type[length] != '\0'))
		return type;
	if (charset == NULL)
		return reply_text_format(reply, "%.*s", (int)length, type);
	return reply_text_format(reply, "%.*s" CHARSET "%s", (int)length, type, charset);
}

const char *reply_rules_type(const struct reply_rules *rules, const struct mime *mime, const char *name)
{
	const struct settings *settings = rules->match->settings;
	const char *type = settings_has(settings, SETTING_MIME) ? own_type(rules->match, name) : NULL;

	if (type != NULL)
		return strchr(type, ';') != NULL ? type : with_charset(rules->reply, type, settings->charset);
	type = mime_type(mime, name);
	return settings_has(settings, SETTING_CHARSET) ? with_charset(rules->reply, type, settings->charset) : type;
}

/* --- redirects --- */

/* Adds a slash unless the text ends in a slash. Two slashes would turn the next segment into a host. */
static void put_slash(struct writer *writer)
{
	if (writer->used == 0 || writer->used > writer->size || writer->text[writer->used - 1] != '/')
		writer_put(writer, '/');
}

static void put_path(struct writer *writer, const char *file, bool directory)
{
	char escaped[PATH_BYTES * 3];

	if (path_escape(file, escaped, sizeof(escaped)) != 0)
		writer->used = writer->size; /* too long */
	else
		writer_text(writer, escaped);
	if (directory && *file != '\0')
		writer_put(writer, '/');
}

/* Returns the part of the path after the prefix of the block and its slash. */
static const char *rest_of(const struct reply_rules *rules)
{
	size_t prefix = rules_prefix_bytes(rules->match, SETTING_REDIRECT), length = strlen(rules->path->file);
	const char *rest;

	if (prefix <= 1)
		return rules->path->file;
	rest = rules->path->file +
	       (prefix - 1 < length ? prefix - 1 : length); /* only the prefix includes the first slash */
	return *rest == '/' ? rest + 1 : rest;
}

/* Returns the Host field, or "" if it contains characters that an authority of a URL cannot have. */
static const char *host_of(const struct reply_rules *rules)
{
	const char *host = rules->fields->host;

	return host != NULL && host[strspn(host,
					   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] ==
				       '\0'
		       ? host
		       : "";
}

static void put_placeholder(struct writer *writer, const struct reply_rules *rules, const char *word, size_t length)
{
	const struct path *path = rules->path;

	if (length == 6 && memcmp(word, "{path}", 6) == 0) {
		put_slash(writer);
		put_path(writer, path->file, path->slash);
	} else if (length == 6 && memcmp(word, "{rest}", 6) == 0) {
		put_slash(writer);
		put_path(writer, rest_of(rules), path->slash);
	} else if (length == 6 && memcmp(word, "{host}", 6) == 0) {
		writer_text(writer, host_of(rules));
	} else {
		writer_bytes(writer, word, length);
	}
}

static void expand(struct writer *writer, const struct reply_rules *rules, const char *target)
{
	for (const char *at = target; *at != '\0';) {
		size_t length = *at == '{' ? strcspn(at, "}") + 1 : strcspn(at, "{");

		if (length > strlen(at))
			length = strlen(at);
		put_placeholder(writer, rules, at, length);
		at += length;
	}
	if (rules->path->query != NULL && strchr(target, '?') == NULL) {
		writer_put(writer, '?');
		writer_text(writer, rules->path->query);
	}
}

/* Makes the reply a redirect to the URL in `writer`, or a 404 if the URL is too long. */
static void redirect_to(const struct reply_rules *rules, struct writer *writer, unsigned status)
{
	if (writer_end(writer) != 0) {
		reply_error(rules->reply, 404, false);
		return;
	}
	reply_empty(rules->reply, status);
	reply_header_format(rules->reply, "Location", "%s", writer->text);
}

void reply_rules_redirect(const struct reply_rules *rules)
{
	const char *redirect = rules->match->settings->redirect;
	char text[FIELDS_TARGET_MAX];
	struct writer writer = { .text = text, .size = sizeof(text) };

	if (strstr(text_list_second(redirect), "{host}") != NULL && *host_of(rules) == '\0') {
		reply_error(rules->reply, 400, false);
		return;
	}
	expand(&writer, rules, text_list_second(redirect));
	redirect_to(rules, &writer, (unsigned)atoi(redirect));
}

void reply_rules_https(const struct reply_rules *rules, unsigned port)
{
	const char *host = host_of(rules);
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	char text[FIELDS_TARGET_MAX], digits[16] = "";
	struct writer writer = { .text = text, .size = sizeof(text) };

	if (*host == '\0' || length > strlen(host)) {
		reply_error(rules->reply, 403, false);
		return;
	}
	if (port != 0 && port != 443)
		snprintf(digits, sizeof(digits), ":%u", port);
	writer_text(&writer, "https://");
	writer_bytes(&writer, host, length);
	writer_text(&writer, digits);
	expand(&writer, rules, "{path}");
	redirect_to(rules, &writer, 308);
}

/* --- CORS --- */

static bool has_origin(const struct text_list *origins, const char *origin)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strcasecmp(origins->list[i], origin) == 0)
			return true;
	return false;
}

static bool is_named(const struct reply_rules *rules)
{
	return rules->fields->origin != NULL && has_origin(&rules->match->settings->cors, rules->fields->origin);
}

static bool is_allowed(const struct reply_rules *rules)
{
	return has_origin(&rules->match->settings->cors, "*") || is_named(rules);
}

/* Returns true if the list names origins, so that replies to different origins differ. */
static bool names_origins(const struct text_list *origins)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strcmp(origins->list[i], "*") != 0)
			return true;
	return false;
}

/* Allows timing for all origins of the list, because browsers send no Origin for images and videos. */
static void allow_timing(struct reply *reply, const struct text_list *origins)
{
	const char *text = has_origin(origins, "*") ? "*" : origins->list[0];

	for (size_t i = 1; i < origins->count && text != NULL && *text != '*'; i++)
		text = reply_text_format(reply, "%s, %s", text, origins->list[i]);
	if (text != NULL)
		reply_header(reply, "Timing-Allow-Origin", text);
}

/* Adds the fields that let pages of other origins use the reply (Fetch, section 3.3; Resource Timing, section 4.5). */
static void add_cors(const struct reply_rules *rules)
{
	const struct settings *settings = rules->match->settings;
	struct reply *reply = rules->reply;

	if (names_origins(&settings->cors))
		reply->vary |= REPLY_VARY_ORIGIN;
	if (settings->server_timing)
		allow_timing(reply, &settings->cors);
	if (!is_allowed(rules))
		return;
	if (is_named(rules)) { /* browsers do not send credentials to "*" */
		reply_header_format(reply, "Access-Control-Allow-Origin", "%s", rules->fields->origin);
		reply_header(reply, "Access-Control-Allow-Credentials", "true");
	} else {
		reply_header(reply, "Access-Control-Allow-Origin", "*");
	}
	reply_header(reply, "Access-Control-Expose-Headers", EXPOSED);
}

static bool is_list_of_names(const char *text)
{
	const char *at = text;

	while (fields_is_token_byte(*at) || *at == ',' || *at == ' ' || *at == '\t')
		at++;
	return at > text && *at == '\0';
}

void reply_rules_options(const struct reply_rules *rules)
{
	const struct fields *fields = rules->fields;
	struct reply *reply = rules->reply;

	reply_empty(reply, 204);
	reply_header(reply, "Allow", FIELDS_ALLOWED);
	if (fields->cors_method == NULL || !is_allowed(rules))
		return;
	reply_header(reply, "Access-Control-Allow-Methods", FIELDS_ALLOWED);
	if (fields->cors_headers != NULL && is_list_of_names(fields->cors_headers))
		reply_header_format(reply, "Access-Control-Allow-Headers", "%s", fields->cors_headers);
	reply_header(reply, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE);
}

/* --- fields of every reply --- */

/*
 * Returns true if access to the path is restricted, so that shared caches must not store the reply. Shared caches do
 * not store replies to requests with a password anyway (RFC 9111 section 3.5), but a reply does not show them that only
 * some addresses are allowed.
 */
static bool is_private(const struct reply_rules *rules)
{
	const struct match *match = rules->match;

	if (rules->guarded || match->settings->auth_file != NULL)
		return true;
	for (unsigned i = 0; i < match->count && settings_has(match->settings, SETTING_ALLOW); i++)
		for (size_t j = 0; j < match->chain[i]->allow.count; j++)
			if (strcmp(match->chain[i]->allow.list[j], "all") != 0)
				return true;
	return false;
}

static void add_caching(const struct reply_rules *rules)
{
	const struct settings *settings = rules->match->settings;
	uint64_t seconds = settings->expires_ms / 1000;
	char date[DATE_BYTES];

	if (settings->cache_control != NULL)
		reply_header(rules->reply, "Cache-Control", settings->cache_control);
	if (settings->expires_ms == 0)
		return;
	if (settings->cache_control == NULL)
		reply_header_format(rules->reply, "Cache-Control", "%smax-age=%" PRIu64,
				    is_private(rules) ? "private, " : "", seconds);
	reply_header_format(rules->reply, "Expires", "%s", date_format(rules->now + (int64_t)seconds, date));
}

/* Adds "private" unless the configuration sets Cache-Control. The "no-cache" of a listing is kept. */
static void mark_private(struct reply *reply)
{
	const char *value = reply_value(reply, "Cache-Control");

	if (value == NULL) {
		reply_header(reply, "Cache-Control", "private");
	} else if (reply->listing && strcmp(value, "no-cache") == 0) {
		reply_remove(reply, "Cache-Control");
		reply_header(reply, "Cache-Control", "private, no-cache");
	}
}

static bool is_attribute_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
	       (byte != '\0' && strchr("!#$&+-.^_`|~", byte) != NULL);
}

/*
 * Adds Content-Disposition (RFC 6266): an ASCII file name, and the full name in UTF-8 (RFC 8187) if they differ.
 */
static void add_disposition(const struct reply_rules *rules)
{
	const char *slash = strrchr(rules->path->file, '/'), *name = slash != NULL ? slash + 1 : rules->path->file;
	char plain[PATH_NAME_MAX + 1], full[PATH_NAME_MAX * 3 + 1];
	size_t used = 0, full_used = 0;
	bool differs = false;

	for (const char *at = name; *at != '\0' && used < PATH_NAME_MAX; at++) {
		bool kept = *at >= ' ' && *at < 0x7f && *at != '"' && *at != '\\' && *at != '%';

		plain[used++] = kept ? *at : '_';
		differs = differs || !kept;
		if (is_attribute_byte(*at))
			full[full_used++] = *at;
		else
			full_used += (size_t)sprintf(full + full_used, "%%%02X", (unsigned char)*at);
	}
	plain[used] = full[full_used] = '\0';
	if (differs)
		reply_header_format(rules->reply, "Content-Disposition",
				    "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, full);
	else
		reply_header_format(rules->reply, "Content-Disposition", "attachment; filename=\"%s\"", plain);
}

static void apply_header(struct reply *reply, const char *rule)
{
	const char *name = rule + 1;

	if (*rule != '+')
		reply_remove(reply, name);
	if (*rule != '-')
		reply_header(reply, name, text_list_second(name));
}

static bool has_directive(const struct reply *reply, const char *directive)
{
	for (unsigned i = 0; i < reply->header_count; i++)
		if (strcasecmp(reply->headers[i].name, "Cache-Control") == 0 &&
		    strcasestr(reply->headers[i].value, directive) != NULL)
			return true;
	return false;
}

/*
 * Makes caches revalidate the reply, regardless of the configuration. A recently changed file gets another entity tag
 * later, even if it does not change again. A cache that assembles a file from parts, such as nginx with "slice", would
 * otherwise store a first part whose tag does not match that of the next part.
 */
static void forbid_reuse(struct reply *reply)
{
	static const char *const lifetimes[] = { "Cache-Control", "Expires", "CDN-Cache-Control", "Surrogate-Control",
						 "X-Accel-Expires" };
	const char *value = has_directive(reply, "no-store")  ? "no-store"
			    : has_directive(reply, "private") ? "private, no-cache"
							      : "no-cache";

	for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++)
		reply_remove(reply, lifetimes[i]);
	reply_header(reply, "Cache-Control", value);
}

bool reply_rules_finish(const struct reply_rules *rules)
{
	const struct match *match = rules->match;
	const struct settings *settings = match->settings;
	unsigned status = rules->reply->status;
	bool has_content = status == 200 || status == 206, special = false;

	if ((settings->cache_control != NULL || settings->expires_ms > 0) && (has_content || status == 304)) {
		add_caching(rules);
		special = settings->expires_ms > 0;
	}
	if (is_private(rules))
		mark_private(rules->reply);
	if (rules->guarded) /* hides the signed URL from sites to which a page links */
		reply_header(rules->reply, "Referrer-Policy", "no-referrer");
	if (settings->download && has_content && !rules->reply->listing)
		add_disposition(rules);
	if (settings->cors.count > 0) {
		add_cors(rules);
		special = special || names_origins(&settings->cors);
	}
	/*
	 * Pages with "Cross-Origin-Embedder-Policy: require-corp" cannot embed a reply without this field. A page with
	 * this policy may be able to read the memory of its process. Therefore replies with restricted access do not
	 * have Cross-Origin-Resource-Policy, unless the configuration names the allowed origins.
	 */
	if (settings->cors.count > 0 || !is_private(rules))
		reply_header(rules->reply, "Cross-Origin-Resource-Policy", "cross-origin");
	if (settings->hsts_ms > 0 && rules->secure)
		reply_header_format(rules->reply, "Strict-Transport-Security", "max-age=%" PRIu64,
				    settings->hsts_ms / 1000);
	for (unsigned i = 0; i < match->count; i++)
		for (size_t j = 0; j < match->chain[i]->header.count; j++)
			apply_header(rules->reply, match->chain[i]->header.list[j]);
	if (rules->reply->young)
		forbid_reuse(rules->reply);
	reply_finish(rules->reply);
	return special;
}

const char *reply_rules_error_page(const struct match *match, unsigned status)
{
	const char *page = NULL;

	for (unsigned i = match->count; i-- > 0 && page == NULL;)
		page = settings_error_page(&match->chain[i]->error_page, status);
	return page;
}
