/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks are merged, not replaced: a "header" of a site still refs in its locations, unless one of them says the same
 * field. Where nothing was said, nothing is done: a request without blocks pays for a look at a few bits.
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

/* --- the type --- */

static const char *own_type(const struct match *match, const char *name)
{
	const char *slash = strrchr(name, '/'), *dot = strrchr(slash != NULL ? slash : name, '.');

	for (unsigned i = match->count; i-- > 0 && dot != NULL;)
		for (size_t j = match->chain[i]->mime.count; j-- > 0;)
			if (strcasecmp(match->chain[i]->mime.list[j], dot + 1) == 0)
				return text_list_second(match->chain[i]->mime.list[j]);
	return NULL;
}

/* `type` with this charset in place of its own. */
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

const char *reply_rules_type(const struct reply_rules *answer, const struct mime *mime, const char *name)
{
	const struct settings *settings = answer->match->settings;
	const char *type = settings_has(settings, SETTING_MIME) ? own_type(answer->match, name) : NULL;

	if (type != NULL)
		return strchr(type, ';') != NULL ? type : with_charset(answer->reply, type, settings->charset);
	type = mime_type(mime, name);
	return settings_has(settings, SETTING_CHARSET) ? with_charset(answer->reply, type, settings->charset) : type;
}

/* --- redirects --- */

/* One, also behind a target that ends in one: two would make a host of what follows. */
static void put_slash(struct writer *writer)
{
	if (writer->used == 0 || writer->used > writer->size || writer->text[writer->used - 1] != '/')
		writer_put(writer, '/');
}

static void put_path(struct writer *writer, const char *file, bool folder)
{
	char escaped[PATH_BYTES * 3];

	if (path_escape(file, escaped, sizeof(escaped)) != 0)
		writer->used = writer->size; /* too long */
	else
		writer_text(writer, escaped);
	if (folder && *file != '\0')
		writer_put(writer, '/');
}

/* What is left of the path behind the block's prefix, with the slash between them. */
static const char *rest_of(const struct reply_rules *answer)
{
	size_t prefix = rules_prefix_bytes(answer->match, SETTING_REDIRECT), length = strlen(answer->path->file);
	const char *rest;

	if (prefix <= 1)
		return answer->path->file;
	rest = answer->path->file + (prefix - 1 < length ? prefix - 1 : length); /* a prefix counts its first slash */
	return *rest == '/' ? rest + 1 : rest;
}

/* The Host as it came, if nothing is in it that a URL's authority can't have. */
static const char *host_of(const struct reply_rules *answer)
{
	const char *host = answer->fields->host;

	return host != NULL && host[strspn(host,
					   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] ==
				       '\0'
		       ? host
		       : "";
}

static void put_word(struct writer *writer, const struct reply_rules *answer, const char *word, size_t length)
{
	const struct path *path = answer->path;

	if (length == 6 && memcmp(word, "{path}", 6) == 0) {
		put_slash(writer);
		put_path(writer, path->file, path->slash);
	} else if (length == 6 && memcmp(word, "{rest}", 6) == 0) {
		put_slash(writer);
		put_path(writer, rest_of(answer), path->slash);
	} else if (length == 6 && memcmp(word, "{host}", 6) == 0) {
		writer_text(writer, host_of(answer));
	} else {
		writer_bytes(writer, word, length);
	}
}

static void expand(struct writer *writer, const struct reply_rules *answer, const char *target)
{
	for (const char *at = target; *at != '\0';) {
		size_t length = *at == '{' ? strcspn(at, "}") + 1 : strcspn(at, "{");

		if (length > strlen(at))
			length = strlen(at);
		put_word(writer, answer, at, length);
		at += length;
	}
	if (answer->path->query != NULL && strchr(target, '?') == NULL) {
		writer_put(writer, '?');
		writer_text(writer, answer->path->query);
	}
}

/* It is written: the reply is a redirect to there, or a 404 if that is too long. */
static void redirect_to(const struct reply_rules *answer, struct writer *writer, unsigned status)
{
	if (writer_end(writer) != 0) {
		reply_error(answer->reply, 404, false);
		return;
	}
	reply_empty(answer->reply, status);
	reply_header_format(answer->reply, "Location", "%s", writer->text);
}

void reply_rules_redirect(const struct reply_rules *answer)
{
	const char *redirect = answer->match->settings->redirect;
	char text[FIELDS_TARGET_MAX];
	struct writer writer = { .text = text, .size = sizeof(text) };

	if (strstr(text_list_second(redirect), "{host}") != NULL && *host_of(answer) == '\0') {
		reply_error(answer->reply, 400, false);
		return;
	}
	expand(&writer, answer, text_list_second(redirect));
	redirect_to(answer, &writer, (unsigned)atoi(redirect));
}

void reply_rules_https(const struct reply_rules *answer, unsigned port)
{
	const char *host = host_of(answer);
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	char text[FIELDS_TARGET_MAX], digits[16] = "";
	struct writer writer = { .text = text, .size = sizeof(text) };

	if (*host == '\0' || length > strlen(host)) {
		reply_error(answer->reply, 403, false);
		return;
	}
	if (port != 0 && port != 443)
		snprintf(digits, sizeof(digits), ":%u", port);
	writer_text(&writer, "https://");
	writer_bytes(&writer, host, length);
	writer_text(&writer, digits);
	expand(&writer, answer, "{path}");
	redirect_to(answer, &writer, 308);
}

/* --- other origins --- */

static bool has_origin(const struct text_list *origins, const char *origin)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strcasecmp(origins->list[i], origin) == 0)
			return true;
	return false;
}

static bool is_named(const struct reply_rules *answer)
{
	return answer->fields->origin != NULL && has_origin(&answer->match->settings->cors, answer->fields->origin);
}

static bool is_allowed(const struct reply_rules *answer)
{
	return has_origin(&answer->match->settings->cors, "*") || is_named(answer);
}

/* Whether replies to different origins differ. */
static bool names_origins(const struct text_list *origins)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strcmp(origins->list[i], "*") != 0)
			return true;
	return false;
}

/* Every origin of the list, whichever asks: a page sends no Origin for a picture or a video. */
static void allow_timing(struct reply *reply, const struct text_list *origins)
{
	const char *text = has_origin(origins, "*") ? "*" : origins->list[0];

	for (size_t i = 1; i < origins->count && text != NULL && *text != '*'; i++)
		text = reply_text_format(reply, "%s, %s", text, origins->list[i]);
	if (text != NULL)
		reply_header(reply, "Timing-Allow-Origin", text);
}

/* What pages of other origins may do with the reply (Fetch, section 3.3; Resource Timing, section 4.5). */
static void add_cors(const struct reply_rules *answer)
{
	const struct settings *settings = answer->match->settings;
	struct reply *reply = answer->reply;

	if (names_origins(&settings->cors))
		reply->vary |= REPLY_VARY_ORIGIN;
	if (settings->server_timing)
		allow_timing(reply, &settings->cors);
	if (!is_allowed(answer))
		return;
	if (is_named(answer)) { /* credentials are not for "*" */
		reply_header_format(reply, "Access-Control-Allow-Origin", "%s", answer->fields->origin);
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

void reply_rules_options(const struct reply_rules *answer)
{
	const struct fields *fields = answer->fields;
	struct reply *reply = answer->reply;

	reply_empty(reply, 204);
	reply_header(reply, "Allow", FIELDS_ALLOWED);
	if (fields->cors_method == NULL || !is_allowed(answer))
		return;
	reply_header(reply, "Access-Control-Allow-Methods", FIELDS_ALLOWED);
	if (fields->cors_headers != NULL && is_list_of_names(fields->cors_headers))
		reply_header_format(reply, "Access-Control-Allow-Headers", "%s", fields->cors_headers);
	reply_header(reply, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE);
}

/* --- what is added to every reply --- */

/*
 * What not everybody gets is not for a cache that everybody shares. One keeps no answer to a password anyway (RFC 9111
 * section 3.5), but knows of no addresses.
 */
static bool is_private(const struct reply_rules *answer)
{
	const struct match *match = answer->match;

	if (answer->guarded || match->settings->auth_file != NULL)
		return true;
	for (unsigned i = 0; i < match->count && settings_has(match->settings, SETTING_ALLOW); i++)
		for (size_t j = 0; j < match->chain[i]->allow.count; j++)
			if (strcmp(match->chain[i]->allow.list[j], "all") != 0)
				return true;
	return false;
}

static void add_caching(const struct reply_rules *answer)
{
	const struct settings *settings = answer->match->settings;
	uint64_t seconds = settings->expires_ms / 1000;
	char date[DATE_BYTES];

	if (settings->cache_control != NULL)
		reply_header(answer->reply, "Cache-Control", settings->cache_control);
	if (settings->expires_ms == 0)
		return;
	if (settings->cache_control == NULL)
		reply_header_format(answer->reply, "Cache-Control", "%smax-age=%" PRIu64,
				    is_private(answer) ? "private, " : "", seconds);
	reply_header_format(answer->reply, "Expires", "%s", date_format(answer->now + (int64_t)seconds, date));
}

/* Unless the configuration says otherwise; a listing has said "no-cache" already. */
static void mark_private(struct reply *reply)
{
	const char *said = reply_value(reply, "Cache-Control");

	if (said == NULL) {
		reply_header(reply, "Cache-Control", "private");
	} else if (reply->listing && strcmp(said, "no-cache") == 0) {
		reply_remove(reply, "Cache-Control");
		reply_header(reply, "Cache-Control", "private, no-cache");
	}
}

static bool is_attribute_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
	       (byte != '\0' && strchr("!#$&+-.^_`|~", byte) != NULL);
}

/* RFC 6266 with RFC 8187: a name for those who know ASCII alone, and the whole one beside it where they differ. */
static void add_disposition(const struct reply_rules *answer)
{
	const char *slash = strrchr(answer->path->file, '/'), *name = slash != NULL ? slash + 1 : answer->path->file;
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
		reply_header_format(answer->reply, "Content-Disposition",
				    "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, full);
	else
		reply_header_format(answer->reply, "Content-Disposition", "attachment; filename=\"%s\"", plain);
}

static void apply_header(struct reply *reply, const char *rule)
{
	const char *name = rule + 1;

	if (*rule != '+')
		reply_remove(reply, name);
	if (*rule != '-')
		reply_header(reply, name, text_list_second(name));
}

static bool says(const struct reply *reply, const char *directive)
{
	for (unsigned i = 0; i < reply->header_count; i++)
		if (strcasecmp(reply->headers[i].name, "Cache-Control") == 0 &&
		    strcasestr(reply->headers[i].value, directive) != NULL)
			return true;
	return false;
}

/*
 * A young file may be sent again under another tag, even if it does not change. A cache that assembles a file from
 * parts (slice of nginx) would keep a first part that does not match the next one, so no cache may reuse the reply
 * without asking, whatever the configuration says.
 */
static void forbid_reuse(struct reply *reply)
{
	static const char *const lifetimes[] = { "Cache-Control", "Expires", "CDN-Cache-Control", "Surrogate-Control",
						 "X-Accel-Expires" };
	const char *value = says(reply, "no-store")  ? "no-store"
			    : says(reply, "private") ? "private, no-cache"
						     : "no-cache";

	for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++)
		reply_remove(reply, lifetimes[i]);
	reply_header(reply, "Cache-Control", value);
}

bool reply_rules_finish(const struct reply_rules *answer)
{
	const struct match *match = answer->match;
	const struct settings *settings = match->settings;
	unsigned status = answer->reply->status;
	bool whole_or_part = status == 200 || status == 206, special = false;

	if ((settings->cache_control != NULL || settings->expires_ms > 0) && (whole_or_part || status == 304)) {
		add_caching(answer);
		special = settings->expires_ms > 0;
	}
	if (is_private(answer))
		mark_private(answer->reply);
	if (answer->guarded) /* the pages that one links to need not know the URL */
		reply_header(answer->reply, "Referrer-Policy", "no-referrer");
	if (settings->download && whole_or_part && !answer->reply->listing)
		add_disposition(answer);
	if (settings->cors.count > 0) {
		add_cors(answer);
		special = special || names_origins(&settings->cors);
	}
	/*
	 * Pages under "Cross-Origin-Embedder-Policy: require-corp" show nothing without it. Such a page can read the
	 * memory of its process, so what only some clients may have does not say it, unless the configuration names the
	 * origins that may.
	 */
	if (settings->cors.count > 0 || !is_private(answer))
		reply_header(answer->reply, "Cross-Origin-Resource-Policy", "cross-origin");
	if (settings->hsts_ms > 0 && answer->secure)
		reply_header_format(answer->reply, "Strict-Transport-Security", "max-age=%" PRIu64,
				    settings->hsts_ms / 1000);
	for (unsigned i = 0; i < match->count; i++)
		for (size_t j = 0; j < match->chain[i]->header.count; j++)
			apply_header(answer->reply, match->chain[i]->header.list[j]);
	if (answer->reply->young)
		forbid_reuse(answer->reply);
	reply_finish(answer->reply);
	return special;
}

const char *reply_rules_error_page(const struct match *match, unsigned status)
{
	char exact[4], class[4];

	snprintf(exact, sizeof(exact), "%u", status % 1000);
	snprintf(class, sizeof(class), "%uxx", status / 100 % 10);
	for (unsigned i = match->count; i-- > 0;)
		for (size_t j = match->chain[i]->error_page.count; j-- > 0;) {
			const char *page = match->chain[i]->error_page.list[j];

			if (strcmp(page, exact) == 0 || strcmp(page, class) == 0)
				return text_list_second(page);
		}
	return NULL;
}
