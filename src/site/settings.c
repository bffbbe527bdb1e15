/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overrides and frees the settings of blocks, and parses their values. The configuration owns the blocks. The main
 * thread parses the blocks. Workers only read them.
 *
 * The main idea: one table lists the place and the type of each setting. Overriding one block with another is therefore
 * a loop over the bits of the settings that the inner block contains. Values of two words are split once, when they are
 * read, so no request has to split a value.
 */
#include "site/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/fields.h"

enum kind { VALUE, TEXT, LIST };

#define AT(member, value_kind)                                                                               \
	{                                                                                                    \
		.place = offsetof(struct settings, member), .bytes = sizeof(((struct settings *)0)->member), \
		.kind = value_kind                                                                           \
	}

static const struct {
	size_t place, bytes;
	enum kind kind;
} settings_table[SETTING_COUNT] = {
	[SETTING_CACHE] = AT(cache, VALUE),
	[SETTING_STALE] = AT(stale_ms, VALUE),
	[SETTING_APPEND_ONLY] = AT(append_only, VALUE),
	[SETTING_REVALIDATE] = AT(revalidate_ms, VALUE),
	[SETTING_SIBLINGS] = AT(siblings, VALUE),
	[SETTING_HEADER] = AT(header, LIST),
	[SETTING_CACHE_CONTROL] = AT(cache_control, TEXT),
	[SETTING_EXPIRES] = AT(expires_ms, VALUE),
	[SETTING_MIME] = AT(mime, LIST),
	[SETTING_CHARSET] = AT(charset, TEXT),
	[SETTING_CORS] = AT(cors, LIST),
	[SETTING_INDEX] = AT(index, LIST),
	[SETTING_LISTING] = AT(listing, VALUE),
	[SETTING_LISTING_LIMIT] = AT(listing_limit, VALUE),
	[SETTING_HIDE] = AT(hide, LIST),
	[SETTING_TRY] = AT(try, LIST),
	[SETTING_ERROR_PAGE] = AT(error_page, LIST),
	[SETTING_REDIRECT] = AT(redirect, TEXT),
	[SETTING_DOWNLOAD] = AT(download, VALUE),
	[SETTING_PRECOMPRESSED] = AT(precompressed, VALUE),
	[SETTING_ETAG] = AT(etag, VALUE),
	[SETTING_CACHE_STATUS] = AT(cache_status, VALUE),
	[SETTING_SERVER_TIMING] = AT(server_timing, VALUE),
	[SETTING_AUTH_FILE] = AT(auth_file, TEXT),
	[SETTING_AUTH_REALM] = AT(auth_realm, TEXT),
	[SETTING_ALLOW] = AT(allow, LIST),
	[SETTING_DENY] = AT(deny, LIST),
	[SETTING_SIGN_KEYS] = AT(sign_keys, TEXT),
	[SETTING_RATE] = AT(rate_bytes, VALUE),
	[SETTING_RATE_AFTER] = AT(rate_after_bytes, VALUE),
	[SETTING_RATE_FILE] = AT(rate_file_bytes, VALUE),
	[SETTING_RATE_CLIENT] = AT(rate_client_bytes, VALUE),
	[SETTING_REQUESTS_PER_CLIENT] = AT(requests_per_client, VALUE),
	[SETTING_TRANSFERS_PER_CLIENT] = AT(transfers_per_client, VALUE),
	[SETTING_LIMITS_DRY_RUN] = AT(limits_dry_run, VALUE),
	[SETTING_MAX_TRANSFER_TIME] = AT(max_transfer_time_ms, VALUE),
	[SETTING_HSTS] = AT(hsts_ms, VALUE),
	[SETTING_HTTPS_REDIRECT] = AT(https_redirect, VALUE),
	[SETTING_STATUS] = AT(status, VALUE),
	[SETTING_SATISFY] = AT(satisfy, VALUE),
	[SETTING_ACCESS_LOG] = AT(access_log, VALUE),
	[SETTING_ROOT] = AT(root, TEXT),
};
_Static_assert(SETTING_COUNT <= 64, "one bit of settings.set for each");

void settings_override(struct settings *outer, const struct settings *inner)
{
	for (uint64_t left = inner->set; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		size_t place = settings_table[i].place;

		memcpy((char *)outer + place, (const char *)inner + place, settings_table[i].bytes);
	}
	outer->set |= inner->set;
}

void settings_fini(struct settings *settings)
{
	for (unsigned i = 0; i < SETTING_COUNT; i++) {
		void *at = (char *)settings + settings_table[i].place;

		if (settings_table[i].kind == TEXT)
			free(*(char **)at);
		else if (settings_table[i].kind == LIST)
			text_list_clear(at);
	}
	*settings = (struct settings){ 0 };
}

/* Returns true for fields of message framing and representation that ranged sets itself. */
static bool is_framing(const char *name)
{
	static const char *const framing[] = { "Connection", "Content-Length", "Content-Range", "Content-Encoding",
					       "Date",	     "Keep-Alive",     "Trailer",	"Transfer-Encoding",
					       "Upgrade" };

	for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++)
		if (strcasecmp(name, framing[i]) == 0)
			return true;
	return false;
}

/* Moves the name after the sign. Replaces the colon and the blanks between name and value with a NUL. */
const char *settings_parse_header(char *text)
{
	char sign = *text == '+' || *text == '-' ? *text : '=';
	char *name = text + (sign != '='), *end = name, *value;

	while (fields_is_token_byte(*end))
		end++;
	if (end == name)
		return "expected \"Name: value\", \"+Name: value\" or \"-Name\"";
	value = end;
	if (sign == '-' ? *end != '\0' : *end != ':')
		return sign == '-' ? "expected only a name after the minus sign: \"-Name\""
				   : "missing colon after the name";
	if (sign != '-')
		for (value++; *value == ' ' || *value == '\t'; value++)
			;
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return "the value contains a control character";
	if (sign != '-' && *value == '\0')
		return "the value is empty; use \"-Name\" to remove a field";
	size_t name_bytes = (size_t)(end - name), value_bytes = strlen(value);
	memmove(text + 1 + name_bytes + 1, value, value_bytes + 1);
	memmove(text + 1, name, name_bytes);
	text[0] = sign;
	text[1 + name_bytes] = '\0';
	return is_framing(text + 1) ? "ranged sets this field itself; it cannot be configured" : NULL;
}

/* Splits a text into its first word and the remaining words. Returns false if the text has only one word. */
static bool split_words(char *text)
{
	char *end = text + strcspn(text, " \t"), *second = end + strspn(end, " \t");

	if (end == text || *second == '\0')
		return false;
	*end = '\0';
	memmove(end + 1, second, strlen(second) + 1);
	return true;
}

const char *settings_parse_mime(char *text)
{
	const char *type, *slash;

	if (!split_words(text))
		return "expected \"extension type/subtype\"";
	type = text_list_second(text);
	slash = strchr(type, '/');
	if (slash == NULL)
		return "the type contains no slash; expected \"extension type/subtype\"";
	if (slash > type + strcspn(type, " \t"))
		return "write each extension with its type: {\"htm text/html\", \"html text/html\"}";
	if (strchr("; \t", type[strlen(type) - 1]) != NULL)
		return "the type ends with a semicolon or a blank";
	if (text[strlen(text) - 1] == ':')
		return "the extension ends with a colon; expected \"extension type/subtype\"";
	if (*text == '.')
		memmove(text, text + 1, strlen(text) + strlen(type) + 1);
	return *text != '\0' ? NULL : "the extension is empty";
}

/* Returns true if the word of this length is 400 to 599, 4xx or 5xx. */
static bool is_error_status(const char *word, size_t length)
{
	return length == 3 && (word[0] == '4' || word[0] == '5') &&
	       (strncmp(word + 1, "xx", 2) == 0 || strspn(word + 1, "0123456789") >= 2);
}

/* Returns true if the list contains the status. A list consists of words that are separated by blanks. */
static bool lists_status(const char *list, const char *status, size_t length)
{
	for (const char *at = list; *at != '\0'; at += strspn(at, " \t")) {
		size_t word_bytes = strcspn(at, " \t");

		if (word_bytes == length && strncmp(at, status, length) == 0)
			return true;
		at += word_bytes;
	}
	return false;
}

/* Splits the text after its last status: "404\0/path", or "404 410\0/path". */
const char *settings_parse_error_page(char *text)
{
	size_t statuses = 0, at = 0; /* bytes of the statuses, without the blank after them; beginning of a word */

	while (text[at] != '\0' && text[at] != '/') {
		size_t length = strcspn(text + at, " \t");

		if (memchr(text + at, ',', length) != NULL)
			return "statuses are separated by blanks: \"404 410 /path\"";
		if (!is_error_status(text + at, length))
			return at == 0 || isdigit((unsigned char)text[at])
				       ? "a status must be 400 to 599, 4xx or 5xx"
				       : "the path of the page must begin with a slash";
		statuses = at + length;
		at = statuses + strspn(text + statuses, " \t");
	}
	if (text[at] == '\0' || statuses == 0)
		return "expected \"404 /path\", \"404 410 /path\" or \"5xx /path\"";
	memmove(text + statuses + 1, text + at, strlen(text + at) + 1);
	text[statuses] = '\0';
	return NULL;
}

const char *settings_repeated_status(const struct text_list *pages)
{
	for (size_t i = 0; i < pages->count; i++) {
		const char *status = pages->list[i];

		for (size_t length; *status != '\0'; status += length + strspn(status + length, " \t")) {
			length = strcspn(status, " \t");
			if (lists_status(status + length, status, length))
				return status;
			for (size_t j = 0; j < i; j++)
				if (lists_status(pages->list[j], status, length))
					return status;
		}
	}
	return NULL;
}

const char *settings_error_page(const struct text_list *pages, unsigned status)
{
	char words[2][4]; /* the status, its class */

	snprintf(words[0], sizeof(words[0]), "%u", status % 1000);
	snprintf(words[1], sizeof(words[1]), "%uxx", status / 100 % 10);
	for (size_t word = 0; word < 2; word++)
		for (size_t i = 0; i < pages->count; i++)
			if (lists_status(pages->list[i], words[word], 3))
				return text_list_second(pages->list[i]);
	return NULL;
}

const char *settings_parse_redirect(char *text)
{
	static const char *const statuses[] = { "301", "302", "303", "307", "308" };
	bool has_status = strspn(text, "0123456789") == 3 && (text[3] == ' ' || text[3] == '\t');
	const char *target = text;
	bool known = !has_status;

	if (has_status && !split_words(text))
		return "expected \"/path\" or \"301 /path\"";
	if (has_status)
		target = text_list_second(text);
	for (size_t i = 0; i < 5 && has_status; i++)
		known = known || strcmp(text, statuses[i]) == 0;
	if (!has_status) {
		memmove(text + 4, text, strlen(text) + 1);
		memcpy(text, "302", 4);
		target = text + 4;
	}
	if (!known)
		return "the status of a redirect must be 301, 302, 303, 307 or 308";
	for (const char *p = target; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == '"' || *p == '<' || *p == '>')
			return "the target contains a blank, a quote, an angle bracket or a control character; "
			       "percent-encode it";
	if (*target != '/' && strncmp(target, "{path}", 6) != 0 && strncmp(target, "{rest}", 6) != 0 &&
	    strncmp(target, "http://", 7) != 0 && strncmp(target, "https://", 8) != 0)
		return "the target must begin with a slash, {path}, {rest}, http:// or https://";
	return NULL;
}

const char *settings_parse_cors(char *text)
{
	const char *host = strstr(text, "://");

	if (strcmp(text, "*") == 0)
		return NULL;
	if (host == NULL || host[3] == '\0' || strpbrk(host + 3, "/ \t\",") != NULL)
		return "expected an origin without a path (\"https://host\" or \"https://host:port\"), or "
		       "\"*\" for all origins";
	if (strchr(text, '*') != NULL)
		return "an origin contains no \"*\"; write each origin, or \"*\" for all origins";
	return NULL;
}

const char *settings_parse_path(char *text)
{
	if (strstr(text, " /") != NULL || strstr(text, " {") != NULL || strstr(text, " =") != NULL)
		return "expected one path, or a list of paths";
	return *text == '/' || strncmp(text, "{path}", 6) == 0 ? NULL : "a path must begin with a slash or with {path}";
}

const char *settings_parse_index(char *text)
{
	if (*text == '\0' || strlen(text) > 255 || strchr(text, '/') != NULL || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0)
		return "not a valid file name";
	if (strpbrk(text, " ,") != NULL)
		return "a name must not contain a blank or a comma; use a list for several names";
	return NULL;
}

const char *settings_parse_charset(char *text)
{
	static const char *const words[] = { "on", "auto", "default", "true", "false" };
	const char *end = text;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return "expected a charset such as utf-8, or off";
	while (fields_is_token_byte(*end))
		end++;
	return *end == '\0' ? NULL : "a charset has only letters, digits and - . _ +, such as utf-8";
}

/* Skips a token, or a quoted string. Returns `at` if there is none. */
static const char *skip_directive_value(const char *at)
{
	const char *end = at + (*at == '"');

	if (*at != '"') {
		while (fields_is_token_byte(*end))
			end++;
		return end;
	}
	for (; *end != '"'; end++)
		if (*end == '\0' || (*end == '\\' && *++end == '\0'))
			return at;
	return end + 1;
}

const char *settings_parse_cache_control(char *text)
{
	static const char expected[] = "expected directives separated by commas, such as \"public, max-age=3600\"";
	const char *at = text, *begin;

	for (;;) {
		at += strspn(at, " \t");
		begin = at;
		while (fields_is_token_byte(*at))
			at++;
		if (at == begin)
			return expected;
		if (*at == '=') {
			begin = ++at;
			at = skip_directive_value(at);
			if (at == begin)
				return expected;
		}
		at += strspn(at, " \t");
		if (*at == '\0')
			return NULL;
		if (*at++ != ',')
			return expected;
	}
}

const char *settings_parse_realm(char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (*at == '"' || *at == '\\' || iscntrl((unsigned char)*at))
			return "a realm must not contain quotes, backslashes or control characters";
	return NULL;
}

const char *settings_parse_hide(char *text)
{
	size_t length = strlen(text);

	if (length > 1 && text[length - 1] == '/')
		text[length - 1] = '\0';
	return NULL;
}

/* --- checks --- */

const char *settings_check_hide(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	return pattern_fault(PATTERN_HIDE, text, fault);
}

const char *settings_check_try(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	return pattern_fault(PATTERN_PATH, text, fault);
}

/* Checks the path, which follows the words with the statuses. */
const char *settings_check_error_page(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	const char *path = text, *fault_text;

	while (isdigit((unsigned char)*path) && path[strcspn(path, " \t")] != '\0') {
		path += strcspn(path, " \t");
		path += strspn(path, " \t");
	}
	if (path == text || *path == '\0')
		return NULL; /* the parse function describes the syntax */
	fault_text = pattern_fault(PATTERN_PATH, path, fault);
	if (fault_text == NULL && *path != '/')
		return "the path of an error page must begin with a slash";
	return fault_text;
}

/* Placeholders of other servers in the target of a redirect, and those of ranged. */
static const struct {
	const char *foreign, *word;
} target_words[] = {
	{ "$request_uri", "{path}" }, { "$uri", "{path}" },	  { "$document_uri", "{path}" },
	{ "$1", "{rest}" },	      { "$http_host", "{host}" }, { "$host", "{host}" },
	{ "$server_name", "{host}" }, { "{uri}", "{path}" },	  { "{http.request.uri}", "{path}" },
};

const char *settings_check_redirect(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	for (size_t i = 0; i < sizeof(target_words) / sizeof(target_words[0]); i++)
		if (strstr(text, target_words[i].foreign) != NULL) {
			snprintf(fault, SETTINGS_FAULT_BYTES,
				 "ranged has no variable \"%s\"; write \"%s\"; the query is always appended",
				 target_words[i].foreign, target_words[i].word);
			return fault;
		}
	for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{'))
		if (strncmp(open, "{path}", 6) != 0 && strncmp(open, "{rest}", 6) != 0 &&
		    strncmp(open, "{host}", 6) != 0)
			return "a target may contain {path}, {rest} and {host}; percent-encode other braces";
	return NULL;
}

const char *settings_check_index(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	char path[PATTERN_FAULT_BYTES];

	if (*text == '\0' || strchr(text, '/') != NULL || strlen(text) + 2 > sizeof(path))
		return NULL; /* the parse function describes the syntax */
	if (strpbrk(text, "*?") != NULL)
		return "expected the name of a file, not a pattern";
	path[0] = '/';
	strcpy(path + 1, text);
	if (pattern_fault(PATTERN_PATH, path, fault) != NULL)
		return "expected the name of a file as it is in the directory, without blanks around it and without "
		       "percent-encoding";
	return NULL;
}

/* Content types are found by the bytes after the last dot of a name. */
const char *settings_check_mime(const char *text, char fault[SETTINGS_FAULT_BYTES])
{
	size_t length = strcspn(text, " \t"), skipped = strspn(text, "*.");
	const char *word = text + skipped, *last = memrchr(text, '.', length);

	if (length == 0 || skipped >= length)
		return NULL; /* the parse function describes the syntax */
	if (strncmp(text, "*.", 2) == 0 || (last != NULL && last >= word)) {
		if (last != NULL && last >= word)
			word = last + 1;
		snprintf(fault, SETTINGS_FAULT_BYTES,
			 "an extension must not contain a wildcard or a dot; write \"%.*s%.100s\"",
			 (int)(text + length - word), word, text + length);
		return fault;
	}
	return memchr(text, '/', length) != NULL ? "expected the extension first: \"extension type/subtype\"" : NULL;
}
