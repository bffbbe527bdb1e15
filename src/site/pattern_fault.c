/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks the patterns of the configuration. A pattern is rejected if it can match no path, or if it is written in the
 * syntax of another server, because a rule that never matches protects nothing. The functions are pure and thread-safe.
 *
 * The main idea: each check finds one kind of mistake and makes candidates, which are the pattern without this mistake.
 * Candidates are checked in the same way, until the remaining texts are valid. These are the spellings that the message
 * suggests, so a suggestion is always a pattern that can match. A pattern passes only if a path is constructed from it
 * and compared with it.
 */
#include "site/pattern_fault.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/path.h"
#include "site/pattern.h"
#include "site/pattern_regex.h"

#define CHECK_DEPTH 6 /* maximum number of mistakes in one pattern that are corrected */
#define NO_REGEX "ranged has no regular expressions"

typedef const char *(*check_fn)(enum pattern_use use, const char *pattern, struct pattern_texts *made);

/* Appends a literal byte, so that it is not a special character of globs. */
static void put_literal(enum pattern_use use, struct pattern_texts *made, char byte)
{
	const char set[] = { '[', byte, ']', '\0' }, escaped[] = { '[', '\\', '\\', ']', '\0' };
	const char plain[] = { byte, '\0' };

	if (use == PATTERN_PATH || strchr("*?[\\", byte) == NULL)
		pattern_texts_put(made, plain);
	else
		pattern_texts_put(made, byte == '\\' ? escaped : set);
}

/* Appends the next element of a glob, which is a byte or a bracket expression. Returns the text after the element. */
static const char *put_element(struct pattern_texts *made, const char *at)
{
	const char *end = pattern_element_end(at);

	pattern_texts_put_bytes(made, at, (size_t)(end - at));
	return end;
}

static void make(struct pattern_texts *made, const char *before, const char *text)
{
	pattern_texts_begin(made);
	pattern_texts_put(made, before);
	pattern_texts_put(made, text);
	pattern_texts_end(made);
}

/* Returns the first literal slash at or after `at`, or NULL. A slash in a bracket expression is not literal. */
static const char *find_slash(const char *at)
{
	while (*at != '\0' && *at != '/')
		at = pattern_element_end(at);
	return *at == '/' ? at : NULL;
}

static bool has_wildcard(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

/* --- mistakes in bytes and words --- */

static const char *check_bytes(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	size_t length = strlen(pattern), blanks = strspn(pattern, " \t");
	size_t end = length;

	(void)use;
	if (length == 0)
		return "the pattern is empty";
	while (end > blanks && (pattern[end - 1] == ' ' || pattern[end - 1] == '\t'))
		end--;
	if (blanks > 0 || end < length) {
		pattern_texts_begin(made);
		pattern_texts_put_bytes(made, pattern + blanks, end - blanks);
		pattern_texts_end(made);
		return "a pattern must not begin or end with a blank";
	}
	for (const char *at = pattern; *at != '\0'; at++)
		if (iscntrl((unsigned char)*at))
			return "a pattern must not contain control characters; \"?\" matches any character";
	return NULL;
}

/* Rejects several patterns in one text. */
static const char *check_list(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	unsigned words = 0;

	(void)use;
	for (const char *word = pattern; *word != '\0'; words++) {
		if (*word != '/' && strncmp(word, "*.", 2) != 0)
			return NULL;
		word += strcspn(word, " \t,");
		word += strspn(word, " \t,");
	}
	if (words < 2)
		return NULL;
	for (const char *word = pattern; *word != '\0';) {
		size_t length = strcspn(word, " \t,");

		pattern_texts_begin(made);
		pattern_texts_put_bytes(made, word, length);
		pattern_texts_end(made);
		word += length;
		word += strspn(word, " \t,");
	}
	return "a string contains only one pattern";
}

/* --- syntax of other servers --- */

/* The modifiers of locations and conditions in nginx, lighttpd and Caddy. A blank or a slash follows them. */
static const struct {
	const char *text;
	bool is_regex, is_suffix;
} modifiers[] = {
	{ "^~", false, false },		{ "~*", true, false },	  { "~", true, false },	  { "=~", true, false },
	{ "=^", false, false },		{ "=$", false, true },	  { "==", false, false }, { "=", false, false },
	{ "path_regexp", true, false }, { "path", false, false },
};

static const char *check_modifier(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	(void)use;
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
		size_t length = strlen(modifiers[i].text);
		const char *rest = pattern + length;
		bool is_word = isalpha((unsigned char)*pattern);

		if (strncmp(pattern, modifiers[i].text, length) != 0)
			continue;
		if (*rest != ' ' && (is_word || (*rest != '/' && !(modifiers[i].is_regex && strchr("^\\(", *rest)))))
			continue;
		rest += strspn(rest, " ");
		if (*rest == '\0')
			continue;
		if (modifiers[i].is_regex) {
			pattern_regex_convert(rest, made);
			return NO_REGEX;
		}
		if (strcmp(rest, "/") == 0 && pattern[0] == '=')
			return "a pattern has no modifiers, and no pattern matches the path \"/\" alone";
		make(made, modifiers[i].is_suffix ? "*" : "", rest);
		return "a pattern has no modifiers";
	}
	return NULL;
}

static const char *check_negation(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	(void)use;
	if (*pattern != '!')
		return NULL;
	make(made, "?", pattern + 1);
	return "a pattern cannot be negated; \"?\" matches a \"!\"";
}

/* Returns true if the text has a group of alternatives, such as "(a|b)", or another group of regular expressions. */
static bool has_group(const char *pattern)
{
	for (const char *at = pattern; *at != '\0'; at = pattern_element_end(at)) {
		const char *close = *at == '(' ? strchr(at, ')') : NULL;

		if (close != NULL && (at[1] == '?' || memchr(at, '|', (size_t)(close - at)) != NULL))
			return true;
	}
	return false;
}

/* Returns true if the text has an escape that only regular expressions need. */
static bool has_escape(const char *pattern)
{
	for (const char *at = pattern; *at != '\0'; at = pattern_element_end(at))
		if (*at == '\\' && at[1] != '\0' && strchr(".dDwWsSbB/-^$(){}|+", at[1]) != NULL)
			return true;
	return false;
}

/* Returns true if a repetition follows a bracket expression, such as "[0-9]+" or "[a-f]{8}". */
static bool has_repeated_set(const char *pattern)
{
	for (const char *at = pattern, *end; *at != '\0'; at = end) {
		end = pattern_element_end(at);
		if (*at == '[' && end > at + 1 &&
		    (*end == '+' || (*end == '{' && isdigit((unsigned char)end[1]) && strchr(end, '}') != NULL)))
			return true;
	}
	return false;
}

static const char *check_regex(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	size_t length = strlen(pattern);

	(void)use;
	if (*pattern != '^' && (length < 2 || pattern[length - 1] != '$') && !has_escape(pattern) &&
	    !has_group(pattern) && !has_repeated_set(pattern))
		return NULL;
	pattern_regex_convert(pattern, made);
	return NO_REGEX;
}

/* Returns the end of the braces that begin at `open`, or NULL if they are not closed or have no comma. */
static const char *find_brace_end(const char *open)
{
	bool has_comma = false;
	unsigned depth = 0;

	for (const char *at = open; *at != '\0'; at = pattern_element_end(at)) {
		depth += *at == '{';
		has_comma = has_comma || (*at == ',' && depth == 1);
		if (*at == '}' && --depth == 0)
			return has_comma ? at : NULL;
	}
	return NULL;
}

static const char *check_braces(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	const char *open = pattern, *end = NULL;

	(void)use;
	for (; *open != '\0' && end == NULL; open = end == NULL ? pattern_element_end(open) : open)
		end = *open == '{' ? find_brace_end(open) : NULL;
	if (end == NULL)
		return NULL;
	if (strspn(open + 1, "0123456789,") == (size_t)(end - open - 1))
		return NO_REGEX;
	for (const char *from = open + 1; from <= end;) {
		const char *at = from;

		for (unsigned depth = 0; at < end && (*at != ',' || depth > 0); at = pattern_element_end(at))
			depth += *at == '{' ? 1U : *at == '}' ? -1U : 0U;
		pattern_texts_begin(made);
		pattern_texts_put_bytes(made, pattern, (size_t)(open - pattern));
		pattern_texts_put_bytes(made, from, (size_t)(at - from));
		pattern_texts_put(made, end + 1);
		pattern_texts_end(made);
		from = at + 1;
	}
	return "braces have no special meaning in a pattern";
}

static const char *check_alternatives(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	bool found = false;

	(void)use;
	pattern_texts_begin(made);
	for (const char *at = pattern; *at != '\0';) {
		if (*at != '|') {
			at = put_element(made, at);
			continue;
		}
		found = true;
		pattern_texts_end(made);
		pattern_texts_begin(made);
		at++;
	}
	pattern_texts_end(made);
	if (!found)
		made->count = 0;
	return found ? "\"|\" does not separate alternatives in a pattern" : NULL;
}

static const char *check_url(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	size_t scheme = strspn(pattern, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
	const char *path;

	(void)use;
	if (scheme == 0 || strncmp(pattern + scheme, "://", 3) != 0)
		return NULL;
	path = strchr(pattern + scheme + 3, '/');
	make(made, "", path != NULL ? path : "/");
	return "a pattern is compared with the path of a URL, without scheme and host";
}

static const char *check_query(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	(void)use;
	for (const char *at = pattern; *at != '\0'; at = pattern_element_end(at)) {
		size_t name = *at == '?' ? strspn(at + 1, name_bytes) : 0;

		if (name == 0 || at[1 + name] != '=')
			continue;
		pattern_texts_begin(made);
		pattern_texts_put_bytes(made, pattern, (size_t)(at - pattern));
		pattern_texts_end(made);
		return "a pattern is compared with the path of a URL, without the query";
	}
	return NULL;
}

static const char *check_backslash(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	bool found = false;

	pattern_texts_begin(made);
	for (const char *at = pattern; *at != '\0';) {
		if (*at != '\\') {
			at = put_element(made, at);
			continue;
		}
		found = true;
		put_literal(use, made, at[1] != '\0' ? at[1] : '\\');
		at += at[1] != '\0' ? 2 : 1;
	}
	pattern_texts_end(made);
	if (!found)
		made->count = 0;
	return found ? "a backslash does not quote characters, but brackets do" : NULL;
}

static unsigned hex_value(char digit)
{
	return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(tolower((unsigned char)digit) - 'a' + 10);
}

static bool is_escape(const char *at)
{
	return *at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
}

/* Appends the decoded byte. A "%" that would begin another escape is put in brackets. */
static void put_decoded(enum pattern_use use, struct pattern_texts *made, char byte, const char *rest)
{
	bool begins_escape = byte == '%' && isxdigit((unsigned char)rest[0]) && isxdigit((unsigned char)rest[1]);

	if (begins_escape && use != PATTERN_PATH)
		pattern_texts_put(made, "[%]");
	else
		put_literal(use, made, byte);
}

static const char *check_escapes(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	bool found = false, possible = true;

	pattern_texts_begin(made);
	for (const char *at = pattern; *at != '\0';) {
		char byte;

		if (!is_escape(at)) {
			at = put_element(made, at);
			continue;
		}
		byte = (char)(hex_value(at[1]) << 4 | hex_value(at[2]));
		at += 3;
		found = true;
		possible = possible && byte != '/' && byte != '\0';
		if (possible)
			put_decoded(use, made, byte, at);
	}
	pattern_texts_end(made);
	if (!found || !possible)
		made->count = 0;
	return !possible ? "a path with \"%2F\" or \"%00\" names no file"
	       : found	 ? "a pattern is compared with the decoded path"
			 : NULL;
}

/* --- paths of files --- */

/* The placeholders for a path in other servers. */
static const char *const variables[] = { "$uri",  "$request_uri", "$document_uri",	    "$request_filename",
					 "{uri}", "{file}",	  "{http.request.uri.path}" };

static const char *check_variables(enum pattern_use use, const char *path, struct pattern_texts *made)
{
	(void)use;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (strncmp(path, variables[i], strlen(variables[i])) == 0) {
			if (strchr(path, ' ') != NULL)
				return "ranged has no such variable; write a list, such as {\"{path}.html\", "
				       "\"/index.html\"}";
			make(made, "{path}", path + strlen(variables[i]));
			return "ranged has no such variable";
		}
	if (*path == '@')
		return "ranged has no named locations";
	if (*path == '=')
		return "a status is not a path; if no path exists, the response is 404";
	return NULL;
}

static const char *check_file(enum pattern_use use, const char *path, struct pattern_texts *made)
{
	size_t length = strlen(path);

	(void)use;
	if (strchr(path, '*') != NULL)
		return "expected the path of a file, not a pattern";
	if (strchr(path, '?') != NULL) {
		pattern_texts_begin(made);
		pattern_texts_put_bytes(made, path, strcspn(path, "?"));
		pattern_texts_end(made);
		return "expected the path of a file, without a query";
	}
	if (length > 1 && path[length - 1] == '/') {
		make(made, path, "index.html");
		return "a path that ends in a slash is not a file";
	}
	if (*path != '/' && strncmp(path, "{path}", 6) != 0) {
		make(made, "/", strncmp(path, "./", 2) == 0 ? path + 2 : path);
		return "the path of a file must begin with a slash";
	}
	if (strstr(path + 1, "{path}") != NULL)
		return "{path} is only allowed at the beginning";
	return NULL;
}

/* --- patterns that match no path --- */

static const char *check_unclosed(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	bool found = false;

	(void)use;
	pattern_texts_begin(made);
	for (const char *at = pattern; *at != '\0';) {
		const char *element = at;

		at = pattern_element_end(at);
		if (*element == '[' && at == element + 1) {
			found = true;
			pattern_texts_put(made, "[[]");
		} else {
			pattern_texts_put_bytes(made, element, (size_t)(at - element));
		}
	}
	pattern_texts_end(made);
	if (!found)
		made->count = 0;
	return found ? "\"[\" has no closing \"]\"" : NULL;
}

/* Checks that a glob of paths begins with a slash, and that a text is a prefix or a glob. */
static const char *check_slash(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	if (*pattern == '/')
		return NULL;
	if (find_slash(pattern) != NULL) {
		const char *rest = strncmp(pattern, "**/", 3) == 0 ? pattern + 3 : pattern;

		if (strncmp(pattern, "./", 2) == 0)
			make(made, "", pattern + 1);
		else if (rest != pattern && find_slash(rest) == NULL && (use == PATTERN_HIDE || has_wildcard(rest)))
			make(made, "", rest);
		else
			make(made, "/", pattern);
		if (strncmp(pattern, "*/", 2) == 0 && pattern[2] != '\0' && pattern[2] != '/')
			make(made, "", pattern + 1);
		return "a pattern without a leading slash is compared with a name, and no name contains a slash";
	}
	if (use == PATTERN_HIDE || has_wildcard(pattern))
		return NULL;
	if (*pattern == '@')
		return "ranged has no named locations";
	make(made, *pattern == '.' && isalnum((unsigned char)pattern[1]) ? "*" : "/", pattern);
	return "a path prefix must begin with a slash; a pattern for file names must contain \"*\", \"?\" or \"[\"";
}

/* Returns the length of the name at `at`, in characters. A "*" matches at least 0 characters. */
static size_t count_characters(const char *at, const char *end)
{
	size_t count = 0;

	for (; at < end; at = pattern_element_end(at))
		count += *at != '*';
	return count;
}

/* Checks the names of a pattern with a leading slash. Paths are normalised, so some names never occur in them. */
static const char *check_names(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	const char *reason = NULL;

	(void)use;
	if (strlen(pattern) >= PATH_BYTES)
		return "the pattern is longer than any path";
	pattern_texts_begin(made);
	for (const char *at = pattern; *at != '\0';) {
		const char *name = *at == '/' ? at + 1 : at, *end = find_slash(name);
		size_t length = end != NULL ? (size_t)(end - name) : strlen(name);
		bool is_dots = (length == 1 && *name == '.') || (length == 2 && strncmp(name, "..", 2) == 0);

		at = name + length;
		if (count_characters(name, at) > PATH_NAME_MAX) {
			made->count = 0;
			return "a name is longer than 255 bytes, so no path matches";
		}
		if (is_dots) {
			reason =
				"a pattern with the name \".\" or \"..\" matches no path, because paths are normalised";
			if (length == 2)
				pattern_texts_drop_name(made);
		} else if (length == 0 && *at == '/') {
			reason = "a pattern with \"//\" matches no path, because paths are normalised";
		} else {
			pattern_texts_put_bytes(made, name > pattern ? name - 1 : name, length + (name > pattern));
		}
	}
	pattern_texts_end(made);
	if (reason == NULL)
		made->count = 0;
	return reason;
}

/*
 * Writes a byte that the bracket expression matches, preferably not a special byte of paths. Returns false if there is
 * none.
 */
static bool choose_byte(const char *element, size_t length, char *chosen)
{
	static const char preferred[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	char set[PATTERN_TEXT_BYTES], byte[2] = "";

	if (length >= sizeof(set))
		return false;
	memcpy(set, element, length);
	set[length] = '\0';
	for (const char *at = preferred; *at != '\0'; at++) {
		byte[0] = *chosen = *at;
		if (fnmatch(set, byte, 0) == 0)
			return true;
	}
	for (int value = 1; value < 256; value++) {
		byte[0] = *chosen = (char)value;
		if (value != '/' && value != '.' && fnmatch(set, byte, 0) == 0)
			return true;
	}
	*chosen = '.';
	return fnmatch(set, ".", 0) == 0;
}

/* Constructs a path that the pattern matches, and compares it with the pattern. */
static const char *check_path(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	char path[PATH_BYTES];
	size_t used = 0;
	bool is_directory;

	(void)made;
	for (const char *at = pattern + (*pattern == '/'), *end; *at != '\0' && used + 1 < sizeof(path); at = end) {
		end = pattern_element_end(at);
		if (*at == '[' && end > at + 1) {
			if (!choose_byte(at, (size_t)(end - at), &path[used++]))
				return "a bracket expression matches no character";
		} else {
			path[used++] = *at == '*' || *at == '?' ? 'x' : *at;
		}
	}
	is_directory = used > 0 && path[used - 1] == '/';
	path[used - is_directory] = '\0';
	for (const char *name = path; *name != '\0'; name += strcspn(name, "/"), name += *name == '/')
		if (strcspn(name, "/") <= 2 && strncmp(name, "..", strcspn(name, "/")) == 0)
			return "the pattern matches no path, because paths are normalised";
	if (use == PATTERN_HIDE ? pattern_hides(pattern, path) : pattern_matches(pattern, path, is_directory))
		return NULL;
	return "the pattern matches no path";
}

/* --- the whole check --- */

/* The end of each list is a NULL. */
static const check_fn pattern_checks[] = {
	check_bytes,  check_list,	  check_url,	   check_modifier, check_negation, check_regex,
	check_braces, check_alternatives, check_backslash, check_unclosed, check_escapes,  check_query,
	check_slash,  check_names,	  check_path,	   NULL,
};
static const check_fn path_checks[] = { check_bytes, check_variables, check_url,   check_query,
					check_file,  check_escapes,   check_names, NULL };

static const char *find_fault(enum pattern_use use, const char *pattern, struct pattern_texts *made)
{
	const check_fn *checks = use == PATTERN_PATH ? path_checks : pattern_checks;
	const char *reason = NULL;

	for (size_t i = 0; checks[i] != NULL && reason == NULL; i++) {
		*made = (struct pattern_texts){ 0 };
		reason = checks[i](use, pattern, made);
	}
	return reason;
}

/* Adds the valid spellings of a candidate: the candidate itself, or the valid spellings of its own candidates. */
static void add_spellings(enum pattern_use use, const char *candidate, struct pattern_texts *spellings, unsigned depth)
{
	struct pattern_texts made;

	if (find_fault(use, candidate, &made) == NULL) {
		for (size_t i = 0; i < spellings->count; i++)
			if (strcmp(spellings->list[i], candidate) == 0)
				return;
		make(spellings, "", candidate);
		return;
	}
	for (size_t i = 0; i < made.count && depth > 0; i++)
		add_spellings(use, made.list[i], spellings, depth - 1);
}

const char *pattern_fault(enum pattern_use use, const char *pattern, char fault[PATTERN_FAULT_BYTES])
{
	char bare[PATH_BYTES + 1];
	size_t length = strlen(pattern);
	struct pattern_texts made, spellings = { 0 };
	const char *reason;
	int used;

	if (use == PATTERN_HIDE && length > 1 && length < sizeof(bare) && pattern[length - 1] == '/') {
		memcpy(bare, pattern, length - 1);
		bare[length - 1] = '\0';
		pattern = bare;
	}
	if (use == PATTERN_HIDE && strcmp(pattern, "/") == 0)
		return "expected a glob of names (\"*.bak\") or of paths (\"/private/*\")";
	reason = find_fault(use, pattern, &made);
	if (reason == NULL)
		return NULL;
	for (size_t i = 0; i < made.count; i++)
		add_spellings(use, made.list[i], &spellings, CHECK_DEPTH);
	used = snprintf(fault, PATTERN_FAULT_BYTES, "%s", reason);
	for (size_t i = 0; i < spellings.count && used < PATTERN_FAULT_BYTES; i++)
		used += snprintf(fault + used, PATTERN_FAULT_BYTES - (size_t)used, "%s\"%s\"",
				 i == 0			   ? "; write "
				 : i + 1 < spellings.count ? ", "
							   : " and ",
				 spellings.list[i]);
	return fault;
}
