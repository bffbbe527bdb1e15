/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libconfuse 3.3 counts the lines of a comment three times, so comments are replaced with blanks before libconfuse
 * parses the text. libconfuse also drops "*" from words without quotes, so such words get quotes. It calls no callback
 * for an empty list, so this file searches for empty lists. A block of libconfuse has one title, so a list of names of
 * a site becomes a setting in the block.
 *
 * All scans skip strings, because a string may contain the characters that begin a comment or a list. The text belongs
 * to the caller.
 */
#include "config/config_text.h"

#include <stdlib.h>
#include <string.h>

/* Returns the end of the string that begins at `at`, or `at` if no string begins there. */
static const char *skip_string(const char *at, const char *end)
{
	char quote = *at;

	if (quote != '"' && quote != '\'')
		return at;
	for (at++; at < end && *at != quote; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

/* Returns true if an odd number of backslashes precedes `at`. */
static bool is_escaped(const char *begin, const char *at)
{
	const char *backslash = at;

	while (backslash > begin && backslash[-1] == '\\')
		backslash--;
	return (at - backslash) % 2 != 0;
}

struct config_token config_text_token(const char *at, const char *end)
{
	struct config_token token = { .kind = CONFIG_TOKEN_END };

	while (at < end && strchr(" \t\r\n", *at) != NULL)
		at++;
	token.begin = token.end = at;
	if (at == end)
		return token;
	token.end = skip_string(at, end);
	if (token.end != at) {
		token.kind = CONFIG_TOKEN_STRING;
		token.is_open = token.end == at + 1 || token.end[-1] != *at || is_escaped(at, token.end - 1);
		return token;
	}
	while (token.end < end && strchr(CONFIG_TEXT_WORD_ENDS, *token.end) == NULL)
		token.end++;
	token.kind = token.end > at ? CONFIG_TOKEN_WORD : *at;
	token.end += token.end == at;
	return token;
}

bool config_text_is_name(const struct config_token *token, const char *name)
{
	size_t quotes = token->kind == CONFIG_TOKEN_STRING, length = (size_t)(token->end - token->begin);

	return (quotes || token->kind == CONFIG_TOKEN_WORD) && length == strlen(name) + 2 * quotes &&
	       strncmp(token->begin + quotes, name, strlen(name)) == 0;
}

char *config_text_unquote(const struct config_token *token)
{
	const bool quoted = token->kind == CONFIG_TOKEN_STRING;
	const char *at = token->begin + quoted, *end = token->end - (quoted && !token->is_open);
	char *copy = malloc((size_t)(end - at) + 1), *to = copy;

	if (copy == NULL)
		return NULL;
	while (at < end) {
		bool escaped = quoted && *at == '\\' && at + 1 < end &&
			       (*token->begin == '"' || strchr("\\'", at[1]) != NULL);

		at += escaped;
		*to++ = escaped && *at == 'n' ? '\n' : *at;
		at++;
	}
	*to = '\0';
	return copy;
}

void config_text_blank_comments(char *text, size_t length)
{
	char *end = text + length;

	for (char *at = text; at < end;) {
		if (*at == '#')
			while (at < end && *at != '\n')
				*at++ = ' ';
		else if (*at == '"' || *at == '\'')
			at = text + (skip_string(at, end) - text);
		else
			at++;
	}
}

void config_text_quote_words(FILE *out, const char *text, size_t length)
{
	const char *end = text + length, *copied = text;

	for (struct config_token token = config_text_token(text, end); token.kind != CONFIG_TOKEN_END;
	     token = config_text_token(token.end, end)) {
		if (token.kind != CONFIG_TOKEN_WORD ||
		    memchr(token.begin, '*', (size_t)(token.end - token.begin)) == NULL)
			continue;
		fwrite(copied, 1, (size_t)(token.begin - copied), out);
		fputc('"', out);
		for (const char *at = token.begin; at < token.end; at++)
			fprintf(out, *at == '\\' ? "\\%c" : "%c", *at);
		fputc('"', out);
		copied = token.end;
	}
	fwrite(copied, 1, (size_t)(end - copied), out);
}

/* Finds the key before the "=" or "+=" that ends before `at`. Returns its length. */
static size_t key_before(const char *text, const char *at, const char **key)
{
	const char *end;

	while (at > text && strchr(" \t\r\n=+", at[-1]) != NULL)
		at--;
	for (end = at; at > text && strchr(" \t\r\n=+{}", at[-1]) == NULL; at--)
		;
	*key = at;
	return (size_t)(end - at);
}

/* Returns true if a "=" precedes `at`. */
static bool is_assigned(const char *text, const char *at)
{
	while (at > text && strchr(" \t\r\n", at[-1]) != NULL)
		at--;
	return at > text && at[-1] == '=';
}

void config_text_find_empty_lists(const char *text, size_t length, config_text_empty_list_fn fn)
{
	const char *end = text + length;
	int line = 1;

	for (const char *at = text, *after; at < end; at = after) {
		const char *key;

		after = skip_string(at, end);
		if (after == at)
			after = at + 1;
		if (*at == '{' && is_assigned(text, at) && at[1 + strspn(at + 1, " \t\r\n")] == '}') {
			size_t key_bytes = key_before(text, at, &key);

			fn(line, key, key_bytes);
		}
		for (const char *c = at; c < after; c++)
			line += *c == '\n';
	}
}

static bool is_text(const struct config_token *token)
{
	return token->kind == CONFIG_TOKEN_STRING || token->kind == CONFIG_TOKEN_WORD;
}

/* A list of names, `{"a", "b"} {`. */
struct names {
	struct config_token first, last; /* the first name; the "}" */
	const char *rest;		 /* beginning of the names after the first; NULL: there is only one */
	const char *end;		 /* end of the "{" of the block */
};

/* Parses the list that begins with the token "{". Returns NULL, or a message if the list is invalid. */
static const char *parse_names(struct names *names, struct config_token token, const char *end)
{
	token = config_text_token(token.end, end);
	*names = (struct names){ .first = token };
	if (token.kind == '}')
		return "site: the list of names is empty";
	while (is_text(&token)) {
		if (token.begin != names->first.begin && names->rest == NULL)
			names->rest = token.begin;
		token = config_text_token(token.end, end);
		if (token.kind == ',')
			token = config_text_token(token.end, end);
		else
			break;
	}
	names->last = token;
	token = config_text_token(token.end, end);
	names->end = token.end;
	return names->last.kind == '}' && token.kind == '{' ? NULL : "site: expected site {\"a\", \"b\"} { ... }";
}

static void copy(FILE *out, const char *begin, const char *end)
{
	fwrite(begin, 1, (size_t)(end - begin), out);
}

static void copy_names(FILE *out, const struct names *names, const char *key)
{
	copy(out, names->first.begin, names->first.end);
	if (names->rest != NULL)
		fprintf(out, " { \"%s\" = {", key);
	for (const char *at = names->first.end; at < (names->rest != NULL ? names->rest : names->last.begin); at++)
		if (*at != ',')
			fputc(*at, out);
	if (names->rest != NULL)
		copy(out, names->rest, names->end - 1);
	else
		copy(out, names->last.end, names->end);
}

/* Returns true if a title and a second one follow the token, as in `site "a" "b" {` and `site "a", "b" {`. */
static bool has_two_titles(const struct config_token *block, const char *end)
{
	struct config_token first = config_text_token(block->end, end);
	struct config_token second = config_text_token(first.end, end);

	return is_text(&first) && (is_text(&second) || second.kind == ',');
}

void config_text_copy_site_names(FILE *out, const char *text, size_t length, const char *key, config_text_fault_fn fn)
{
	const char *end = text + length, *copied = text;
	struct config_token token = config_text_token(text, end), next;
	struct names names;
	bool is_value = false;	 /* the token follows "=" */
	bool in_setting = false; /* the token follows the name of a setting or block */
	int line = 1;

	for (; token.kind != CONFIG_TOKEN_END; token = next) {
		const char *message = NULL;
		bool begins;

		next = config_text_token(token.end, end);
		begins = !is_value && !in_setting && config_text_is_name(&token, "site");
		in_setting = is_text(&token) && !is_value;
		is_value = token.kind == '=';
		if (!begins)
			continue;
		for (; copied < token.begin; copied++) {
			line += *copied == '\n';
			fputc(*copied, out);
		}
		if (next.kind == '{')
			message = parse_names(&names, next, end);
		else if (has_two_titles(&token, end))
			message = "site: to give a site several names, write site {\"a\", \"b\"} { ... }";
		if (message != NULL) {
			fn(line, message);
		} else if (next.kind == '{') {
			copy(out, copied, next.begin);
			fputc(' ', out);
			copy(out, next.end, names.first.begin);
			copy_names(out, &names, key);
			for (; copied < names.end; copied++)
				line += *copied == '\n';
			in_setting = false;
			next = config_text_token(names.end, end);
		}
	}
	copy(out, copied, end);
}
