/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recursive scan of the tokens of the file: a block contains items, and an item is a setting (key = value) or a
 * block. Operators of other servers write settings without "=" and with ";", and blocks with other names. Such an item
 * is reported with advice on the right spelling. Line ends have no meaning in a valid file. They only limit the text
 * that is skipped after an error.
 *
 * The scan accepts each file that libconfuse accepts, except strings that contain a line end, because these are nearly
 * always strings without a closing quote, and the comments of other languages, which could hide a rule. Keys and
 * values are checked later, by config_set().
 */
#include "config/config_syntax.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_foreign.h"
#include "config/config_key.h"
#include "config/config_spelling.h"
#include "config/config_text.h"

#define LOCATION "location"
#define SITE "site"
#define FAULTS_MAX 100 /* a file of another server has an error in each line */
#define DEPTH_MAX 100
#define SHOWN_MAX 100 /* maximum number of bytes of the text in a message */

struct scan {
	char *text;
	const char *at, *end;
	int line;	 /* line of `at` */
	int block_line;	 /* line of the innermost block */
	unsigned depth;	 /* number of blocks around `at` */
	bool in_foreign; /* in a block of another server: names without advice are not reported */
	unsigned fault_count;
	bool is_nested; /* a block is in a block that must not contain it; libconfuse reports it */
	bool quiet;	/* errors are counted, but not reported */
	config_syntax_fault_fn fault;
};

static void check_items(struct scan *scan, enum config_scope scope);

static void fault(struct scan *scan, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void fault(struct scan *scan, int line, const char *format, ...)
{
	char message[CONFIG_FAULT_BYTES];
	va_list list;

	if (scan->fault_count++ >= FAULTS_MAX || scan->quiet)
		return;
	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	scan->fault(line, message);
}

/* --- tokens --- */

static int shown(const char *begin, const char *end)
{
	return end - begin < SHOWN_MAX ? (int)(end - begin) : SHOWN_MAX;
}

/* Moves to a later position. */
static void move_to(struct scan *scan, const char *to)
{
	for (; scan->at < to; scan->at++)
		scan->line += *scan->at == '\n';
}

/* Returns the end of the line in which a string begins, or NULL if the string ends in this line. */
static const char *line_end_in(const struct config_token *string)
{
	for (const char *at = string->begin + 1; at < string->end; at++) {
		if (*at == '\n')
			return at;
		at += *at == '\\' && at + 1 < string->end;
	}
	return string->is_open ? string->end : NULL;
}

/* Returns the next token, without moving. A string ends at the latest at the end of its line. */
static struct config_token peek(const struct scan *scan)
{
	struct config_token token = config_text_token(scan->at, scan->end);
	const char *line_end = token.kind == CONFIG_TOKEN_STRING ? line_end_in(&token) : NULL;

	token.is_open = line_end != NULL;
	if (line_end != NULL)
		token.end = line_end;
	return token;
}

/* Returns the next token and moves behind the token. Sets scan->line to the line of the token. */
static struct config_token take(struct scan *scan)
{
	struct config_token token = peek(scan);

	move_to(scan, token.end);
	if (token.is_open)
		fault(scan, scan->line, "the string that begins with %.*s has no closing quote",
		      shown(token.begin, token.end), token.begin);
	return token;
}

static bool is_end(const struct config_token *token)
{
	return token->kind == CONFIG_TOKEN_END || token->kind == '}';
}

/* Returns true if the token is in the same line as the position. */
static bool is_in_line(const struct scan *scan, const struct config_token *token)
{
	return token->kind != CONFIG_TOKEN_END && memchr(scan->at, '\n', (size_t)(token->begin - scan->at)) == NULL;
}

static bool ends_with_semicolon(const struct config_token *token)
{
	return token->kind == CONFIG_TOKEN_WORD && token->end[-1] == ';';
}

/* Returns true if "=" or "+=" follows the position. */
static bool is_assignment(const struct scan *scan)
{
	struct config_token token = peek(scan);

	return token.kind == '=' || (token.kind == '+' && token.end < scan->end && *token.end == '=');
}

static void take_assignment(struct scan *scan)
{
	if (take(scan).kind == '+')
		take(scan);
}

static void blank(struct scan *scan, const char *begin, const char *end)
{
	for (char *at = scan->text + (begin - scan->text); at < end && !scan->quiet; at++)
		if (*at != '\n')
			*at = ' ';
}

/*
 * Skips the rest of a line. If the line opens brackets, skips their contents as well. Stops before a brace of a block,
 * and behind a semicolon.
 */
static void skip_line(struct scan *scan, bool with_braces)
{
	unsigned depth = 0;

	for (struct config_token token = peek(scan); token.kind != CONFIG_TOKEN_END; token = peek(scan)) {
		bool is_brace = token.kind == '{' || token.kind == '}';

		if (depth == 0 && (!is_in_line(scan, &token) || (is_brace && (!with_braces || token.kind == '}'))))
			return;
		depth += token.kind == '(' || (token.kind == '{' && with_braces);
		depth -= (token.kind == ')' || token.kind == '}') && depth > 0;
		take(scan);
		if (depth == 0 && ends_with_semicolon(&token))
			return;
	}
}

/* --- messages --- */

/* Copies the name of an item, without quotes, and without ";" and ":" at the end. */
static void copy_name(const struct config_token *token, char name[SHOWN_MAX])
{
	size_t quotes = token->kind == CONFIG_TOKEN_STRING;

	snprintf(name, SHOWN_MAX, "%.*s", shown(token->begin + quotes, token->end), token->begin + quotes);
	if (quotes) {
		name[strcspn(name, "\"'")] = '\0';
		return;
	}
	for (size_t length = strlen(name); length > 1 && strchr(";:", name[length - 1]) != NULL; length--)
		name[length - 1] = '\0';
}

static const struct config_key *find_key(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(config_key(i), name) == 0)
			return config_key_at(i);
	return NULL;
}

/* Copies the words of a value, without quotes at its ends and without a semicolon. */
static void copy_value(const char *begin, const char *end, char value[CONFIG_SPELLING_BYTES])
{
	size_t length;

	begin += strspn(begin, " \t");
	while (end > begin && strchr(" \t\r\n;", end[-1]) != NULL)
		end--;
	if (end - begin >= 2 && *begin == '"' && end[-1] == '"') {
		begin++;
		end--;
	}
	length = end > begin ? (size_t)(end - begin) : 0;
	snprintf(value, CONFIG_SPELLING_BYTES, "%.*s", (int)(length < SHOWN_MAX ? length : SHOWN_MAX), begin);
	char *to = value;
	for (const char *at = value; *at != '\0'; at++)
		if (*at != '"')
			*to++ = *at == '\n' || *at == '\r' ? ' ' : *at;
	*to = '\0';
}

/* Writes the correct form of a value that consists of several words. */
static void advise(const struct config_key *key, const char *begin, const char *end, char *advice)
{
	char value[CONFIG_SPELLING_BYTES];

	copy_value(begin, end, value);
	if (config_spelling(key, value, advice))
		return;
	if (key->kind == CONFIG_KIND_TEXT)
		snprintf(advice, CONFIG_SPELLING_BYTES, "write %s = \"%.100s\"", key->name, value);
	else if (key->kind == CONFIG_KIND_LIST || key->kind == CONFIG_KIND_LISTEN)
		snprintf(advice, CONFIG_SPELLING_BYTES, "write several values as %s = {\"...\", \"...\"}", key->name);
	else
		snprintf(advice, CONFIG_SPELLING_BYTES, "%s takes one value", key->name);
}

/* Writes the bytes in quotes, unless they begin with a quote. */
static const char *quote(const char *begin, const char *end, char text[SHOWN_MAX + 3])
{
	const char *mark = *begin == '"' || *begin == '\'' ? "" : "\"";

	snprintf(text, SHOWN_MAX + 3, "%s%.*s%s", mark, shown(begin, end), begin, mark);
	return text;
}

/* --- values --- */

/* Reports characters that only look like quotes or blanks. Returns true if the token has one. */
static bool has_typographic(struct scan *scan, const struct config_token *token)
{
	static const struct {
		const char *bytes, *name;
	} characters[] = {
		{ "\xe2\x80\x9c", "typographic quotes" }, { "\xe2\x80\x9d", "typographic quotes" },
		{ "\xe2\x80\x9e", "typographic quotes" }, { "\xe2\x80\x98", "typographic quotes" },
		{ "\xe2\x80\x99", "typographic quotes" }, { "\xc2\xab", "typographic quotes" },
		{ "\xc2\xbb", "typographic quotes" },	  { "\xc2\xa0", "a non-breaking space" },
	};

	for (size_t i = 0; token->kind == CONFIG_TOKEN_WORD && i < sizeof(characters) / sizeof(characters[0]); i++) {
		if (memmem(token->begin, (size_t)(token->end - token->begin), characters[i].bytes,
			   strlen(characters[i].bytes)) == NULL)
			continue;
		fault(scan, scan->line, "%.*s contains %s; write %s", shown(token->begin, token->end), token->begin,
		      characters[i].name,
		      *characters[i].bytes == '\xc2' && characters[i].bytes[1] == '\xa0' ? "a blank"
											 : "the quotes as \"");
		return true;
	}
	return false;
}

/* Removes a semicolon at the end of a value, so that the value itself can be checked. */
static void remove_semicolon(struct scan *scan, const struct config_token *token)
{
	char text[SHOWN_MAX + 3];

	fault(scan, scan->line, "remove the semicolon after %s", quote(token->begin, token->end - 1, text));
	blank(scan, token->end - 1, token->end);
}

/* Returns true if a comment of another language begins here, where neither a name nor a value is expected. */
static bool is_comment(const struct config_token *token)
{
	return token->kind == CONFIG_TOKEN_WORD && token->end - token->begin >= 2 && token->begin[0] == '/' &&
	       (token->begin[1] == '/' || token->begin[1] == '*');
}

/* Reports the comment and removes it. The position is before or behind its first word. */
static void remove_comment(struct scan *scan, const struct config_token *token)
{
	const char *end = memchr(token->begin, '\n', (size_t)(scan->end - token->begin)), *close = NULL;
	int line;

	if (end == NULL)
		end = scan->end;
	if (token->begin[1] == '*')
		close = memmem(token->begin + 2, (size_t)(scan->end - token->begin - 2), "*/", 2);
	move_to(scan, token->end);
	line = scan->line;
	move_to(scan, close != NULL ? close + 2 : end);
	fault(scan, line, "a comment begins with \"#\", not with \"%.2s\"", token->begin);
	blank(scan, token->begin, scan->at);
}

/* Parses a list behind its "{". Returns false after an error, before the token with the error. */
static bool check_list(struct scan *scan, const char *name, int line)
{
	for (;;) {
		struct config_token token = peek(scan), next;
		struct scan behind = *scan;

		if (token.kind == '}') {
			take(scan);
			return true;
		}
		if (is_comment(&token) && token.end == token.begin + 2) {
			remove_comment(scan, &token);
			continue;
		}
		if (!config_text_is_text(&token)) {
			fault(scan, line, "%s: the list that begins here is not closed, or lacks a value", name);
			return false;
		}
		move_to(&behind, token.end);
		if (is_assignment(&behind)) {
			fault(scan, line, "%s: the list that begins here is not closed", name);
			return false;
		}
		take(scan);
		if (token.is_open || has_typographic(scan, &token))
			return false;
		if (ends_with_semicolon(&token))
			remove_semicolon(scan, &token);
		for (next = peek(scan); is_comment(&next); next = peek(scan))
			remove_comment(scan, &next);
		if (next.kind == ',') {
			take(scan);
		} else if (next.kind != '}') {
			bool is_open = !config_text_is_text(&next) || !is_in_line(scan, &next);

			fault(scan, is_open ? line : scan->line,
			      is_open ? "%s: the list that begins here is not closed"
				      : "%s: separate the values of a list with commas: {\"a\", \"b\"}",
			      name);
			while (!is_open && !is_end(&next)) {
				take(scan);
				next = peek(scan);
			}
			if (!is_open && next.kind == '}')
				take(scan);
			return false;
		}
	}
}

/* Returns true if the text is the beginning of a further item in the same line. */
static bool begins_item(const struct scan *scan, const struct config_token *token)
{
	struct scan behind = *scan;
	char name[SHOWN_MAX];

	if (!config_text_is_text(token))
		return false;
	if (config_text_is_name(token, SITE) || config_text_is_name(token, LOCATION))
		return true;
	move_to(&behind, token->end);
	copy_name(token, name);
	return is_assignment(&behind) && (find_key(name) != NULL || peek(&behind).begin > token->end);
}

/*
 * Reports text that follows a value in the same line, unless the text is the next item. `value` is the beginning of the
 * value. Returns false after an error.
 */
static bool check_after_value(struct scan *scan, const struct config_key *key, const char *name, const char *value)
{
	struct config_token token = peek(scan);
	const char *value_end = scan->at;
	char advice[CONFIG_SPELLING_BYTES], unexpected[SHOWN_MAX + 3], shown_value[SHOWN_MAX + 3];
	int line;

	if (is_end(&token) || (!is_in_line(scan, &token) && config_text_is_text(&token)))
		return true;
	if (ends_with_semicolon(&token) && token.end == token.begin + 1) {
		take(scan);
		fault(scan, scan->line, "remove the semicolon after %s", quote(value, value_end, shown_value));
		blank(scan, token.begin, token.end);
		return true;
	}
	if (begins_item(scan, &token))
		return true;
	if (is_comment(&token)) {
		remove_comment(scan, &token);
		return true;
	}
	line = scan->line;
	skip_line(scan, true);
	if (token.is_open)
		return false;
	if (key == NULL)
		snprintf(advice, sizeof(advice), "a value with blanks must be quoted");
	else
		advise(key, value, scan->at, advice);
	fault(scan, line, "%s: unexpected %s after %s; %s", name, quote(token.begin, token.end, unexpected),
	      quote(value, value_end, shown_value), advice);
	return false;
}

/* Checks the value behind "=". Returns false after an error that makes the setting invalid. */
static bool check_value(struct scan *scan, const struct config_key *key, const char *name)
{
	struct config_token token = peek(scan);
	struct scan behind = *scan;
	bool is_list = key == NULL || config_key_is_list((size_t)(key - config_key_at(0)));
	int line = scan->line;

	if (token.kind == '=') {
		take(scan);
		fault(scan, line, "%s: write one \"=\"", name);
		skip_line(scan, true);
		return false;
	}
	move_to(&behind, token.end);
	if (is_end(&token) || (!is_in_line(scan, &token) && (is_assignment(&behind) || begins_item(scan, &token)))) {
		fault(scan, line, "%s: the value is missing", name);
		return false;
	}
	if (token.kind == '{' && is_list) {
		take(scan);
		return check_list(scan, name, scan->line) && check_after_value(scan, key, name, token.begin);
	}
	if (!config_text_is_text(&token)) {
		line += !is_in_line(scan, &token);
		skip_line(scan, true);
		if (token.kind == '{')
			fault(scan, line, "%s takes one value, which is written without braces", name);
		else if (token.kind == '(' && is_list)
			fault(scan, line, "%s: write a list in braces: {\"a\", \"b\"}", name);
		else
			fault(scan, line, "%s: a value with the character \"%c\" must be quoted", name, token.kind);
		return false;
	}
	take(scan);
	if (token.is_open || has_typographic(scan, &token))
		return false;
	if (ends_with_semicolon(&token) && token.end > token.begin + 1) {
		remove_semicolon(scan, &token);
		return true;
	}
	return check_after_value(scan, key, name, token.begin);
}

/* --- items --- */

/* Checks a setting behind its name. If libconfuse can parse the value of an unknown key, the key is reported later. */
static void check_setting(struct scan *scan, const struct config_token *token, enum config_scope scope)
{
	char name[SHOWN_MAX], message[CONFIG_FAULT_BYTES];
	const struct config_key *key;
	int line = scan->line;
	bool is_valid;

	copy_name(token, name);
	key = find_key(name);
	if (key == NULL) {
		struct scan quiet = *scan;

		quiet.quiet = true;
		take_assignment(&quiet);
		is_valid = check_value(&quiet, NULL, name) && quiet.fault_count == scan->fault_count;
		if (!is_valid) {
			config_unknown(name, scope, message);
			fault(scan, line, "%s", message);
			scan->quiet = true; /* only the name is reported */
			quiet.fault_count = scan->fault_count;
			skip_line(scan, true);
			scan->quiet = false;
			scan->fault_count = quiet.fault_count;
			blank(scan, token->begin, scan->at);
			return;
		}
		move_to(scan, quiet.at);
		return;
	}
	take_assignment(scan);
	is_valid = check_value(scan, key, name);
	if (!is_valid)
		blank(scan, token->begin, scan->at);
}

/* Checks the items of a block behind its "{". */
static void check_block(struct scan *scan, enum config_scope scope)
{
	int line = scan->line, outer_line = scan->block_line;
	struct config_token token;

	scan->block_line = line;
	scan->depth++;
	if (scan->depth < DEPTH_MAX)
		check_items(scan, scope);
	scan->depth--;
	scan->block_line = outer_line;
	token = peek(scan);
	if (token.kind == '}')
		take(scan);
}

/* Skips a list of titles in braces. Returns false, without moving, unless the list is valid and "{" follows. */
static bool take_list_of_titles(struct scan *scan)
{
	struct config_token token = peek(scan);
	struct scan behind = *scan;

	if (token.kind != '{')
		return false;
	behind.quiet = true;
	take(&behind);
	token = peek(&behind);
	if (!config_text_is_text(&token) || !check_list(&behind, SITE, behind.line) || peek(&behind).kind != '{')
		return false;
	move_to(scan, behind.at);
	return true;
}

/* Skips the titles of a site or location block. Returns true if "{" follows and the titles are valid. */
static bool take_titles(struct scan *scan, bool is_site)
{
	struct config_token token = peek(scan);

	if (is_site && token.kind == '{')
		return take_list_of_titles(scan);
	if (!config_text_is_text(&token))
		return false;
	take(scan);
	return peek(scan).kind == '{';
}

/* Reports the titles of a block that take_titles() does not accept. `value` is the text of the titles. */
static void report_titles(struct scan *scan, int line, const char *value, bool is_site)
{
	if (value[0] == '\0')
		fault(scan, line,
		      is_site ? "site needs a host name: site \"www.example.org\" { ... }"
			      : "location needs a path or a glob: location \"/path/\" { ... }");
	else if (is_site)
		fault(scan, line,
		      "site %s: a site block has the form site \"a.example\" { ... }, or site {\"a.example\", "
		      "\"b.example\"} { ... } for several names",
		      value);
	else if (strchr("=~^", value[0]) != NULL)
		fault(scan, line,
		      "location %s: a pattern is a path prefix or a glob, without \"=\", \"~\" and \"^~\": "
		      "location \"/path/\" { ... } or location \"*.ext\" { ... }",
		      value);
	else
		fault(scan, line,
		      "location %s: write one pattern, and the settings in braces: "
		      "location \"/path/\" { ... }",
		      value);
}

/* Checks a site or location block behind this word. */
static void check_named_block(struct scan *scan, const struct config_token *name, bool is_site, enum config_scope outer)
{
	const char *begin = scan->at;
	enum config_scope scope = is_site ? CONFIG_SITE : CONFIG_LOCATION;
	struct config_token title;
	int line = scan->line;
	char value[CONFIG_SPELLING_BYTES];
	bool reported;

	scan->is_nested |= outer == CONFIG_LOCATION || (is_site && outer != CONFIG_TOP);
	title = peek(scan);
	reported = has_typographic(scan, &title);
	if (!reported && take_titles(scan, is_site)) {
		take(scan);
		check_block(scan, scope);
		return;
	}
	if (!reported && take_list_of_titles(scan)) {
		fault(scan, line, "a location has one pattern; write a block for each: location \"/path/\" { ... }");
		reported = true;
	}
	skip_line(scan, false);
	copy_value(begin, scan->at, value);
	if (!reported)
		report_titles(scan, line, value, is_site);
	if (peek(scan).kind == '{') {
		take(scan);
		check_block(scan, scope);
	}
	blank(scan, name->begin, scan->at);
}

/* Reports a setting of ranged without "=". A single word is repaired, so that the value is checked as well. */
static void check_without_assignment(struct scan *scan, const struct config_token *token, const struct config_key *key,
				     bool has_list)
{
	const char *begin = token->end;
	int line = scan->line;
	char value[CONFIG_SPELLING_BYTES], advice[CONFIG_SPELLING_BYTES];
	struct config_token next = peek(scan);

	if (has_list)
		skip_line(scan, true);
	copy_value(begin, scan->at > begin ? scan->at : begin, value);
	if (has_list) {
		fault(scan, line, "%s: \"=\" is missing; write %s = {...}", key->name, key->name);
	} else if (value[0] == '\0') {
		fault(scan, line, "%s: the value is missing; a setting has the form key = value", key->name);
	} else if (strpbrk(value, " \t") == NULL && next.kind != '=' && !config_spelling(key, value, advice)) {
		fault(scan, line, "%s: \"=\" is missing; write %s = %s", key->name, key->name, value);
	} else {
		advise(key, begin, scan->at, advice);
		fault(scan, line, "%s: \"=\" is missing; %s", key->name, advice);
	}
	blank(scan, token->begin, scan->at);
}

/* Reports a block of another server, or a block for a host as in a Caddyfile. */
static void report_block(struct scan *scan, int line, const char *name, const char *title)
{
	const char *advice = config_foreign_advice(name), *nearest = config_key_nearest(name, CONFIG_TOP);
	size_t port = *name == ':' ? strspn(name + 1, "0123456789") : 0;

	if (port > 0)
		fault(scan, line, "\"%s\": addresses are not blocks; write listen = \"%s\"", name, name);
	else if (strpbrk(name, ".:") != NULL && strchr("@$<(", *name) == NULL && strstr(name, "://") == NULL)
		fault(scan, line, "\"%s\": write site \"%s\" { ... }", name, name);
	else if (strstr(name, "://") != NULL)
		fault(scan, line, "\"%s\": write site \"%s\" { ... }, and listen = \"tls::443\" for https", name,
		      strstr(name, "://") + 3);
	else if (*name == '/')
		fault(scan, line, "\"%s\": write location \"%s\" { ... }", name, name);
	else if (advice != NULL)
		fault(scan, line, "unknown block \"%s\"; %s", name, advice);
	else if (nearest != NULL)
		fault(scan, line, "unknown block \"%s\" (did you mean \"%s\"?)", name, nearest);
	else
		fault(scan, line, "unknown block \"%s%s%s\"", name, *title != '\0' ? " " : "", title);
}

/*
 * Returns true if a block of another server contains settings, as "server" of nginx does. Others, such as "types",
 * contain lines of their own kind.
 */
static bool contains_settings(const char *name)
{
	static const char *const names[] = {
		"server", "http", "if", "else", "handle", "handle_path", "route", "hosts"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strpbrk(name, ".:$/<") != NULL;
}

/* Checks an item that is neither a setting nor a block of ranged. */
static void check_other(struct scan *scan, const struct config_token *token, enum config_scope scope)
{
	char name[SHOWN_MAX], title[CONFIG_SPELLING_BYTES], message[CONFIG_FAULT_BYTES];
	const char *begin = scan->at;
	const struct config_key *key;
	int line = scan->line;
	struct config_token next = peek(scan);
	unsigned fault_count;
	bool is_block, was_foreign, was_quiet, ends = ends_with_semicolon(token);

	copy_name(token, name);
	key = find_key(name);
	if (key != NULL && next.kind == '{' && is_in_line(scan, &next)) {
		check_without_assignment(scan, token, key, true);
		return;
	}
	if (!ends)
		skip_line(scan, false);
	copy_value(begin, scan->at, title);
	is_block = !ends && peek(scan).kind == '{' && key == NULL;
	if (is_block) {
		report_block(scan, line, name, title);
		was_foreign = scan->in_foreign;
		scan->in_foreign = true;
		take(scan);
		fault_count = scan->fault_count;
		was_quiet = scan->quiet;
		scan->quiet |= !contains_settings(name);
		check_block(scan, strcmp(name, "server") == 0 ? CONFIG_SITE : scope);
		if (scan->quiet)
			scan->fault_count = fault_count;
		scan->quiet = was_quiet;
		scan->in_foreign = was_foreign;
	} else if (key != NULL) {
		check_without_assignment(scan, token, key, false);
		return;
	} else {
		if (config_unknown(name, scope, message) || !scan->in_foreign)
			fault(scan, line, "%s", message);
	}
	blank(scan, token->begin, scan->at);
}

static void check_item(struct scan *scan, const struct config_token *token, enum config_scope scope)
{
	bool is_site = config_text_is_name(token, SITE), is_location = config_text_is_name(token, LOCATION);

	if (token->is_open || has_typographic(scan, token)) {
		skip_line(scan, true);
		blank(scan, token->begin, scan->at);
	} else if (is_comment(token)) {
		remove_comment(scan, token);
	} else if (is_site || is_location) {
		check_named_block(scan, token, is_site, scope);
	} else if (is_assignment(scan) && !ends_with_semicolon(token)) {
		check_setting(scan, token, scope);
	} else {
		check_other(scan, token, scope);
	}
}

static void check_items(struct scan *scan, enum config_scope scope)
{
	for (struct config_token token = peek(scan); token.kind != CONFIG_TOKEN_END; token = peek(scan)) {
		if (token.kind == '}' && scan->depth > 0)
			return;
		take(scan);
		if (config_text_is_text(&token)) {
			check_item(scan, &token, scope);
			continue;
		}
		fault(scan, scan->line,
		      token.kind == '}' ? "\"%c\" closes no block"
					: "unexpected \"%c\"; a setting has the form key = value",
		      token.kind);
		if (token.kind != '}')
			skip_line(scan, true);
		blank(scan, token.begin, scan->at);
	}
	if (scan->depth > 0 && !scan->is_nested)
		fault(scan, scan->block_line, "the block that begins here is not closed");
}

unsigned config_syntax_check(char *text, size_t length, config_syntax_fault_fn report)
{
	struct scan scan = { .text = text, .at = text, .end = text + length, .line = 1, .fault = report };

	check_items(&scan, CONFIG_TOP);
	return scan.fault_count;
}
