/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libconfuse 3.3 counts the lines of a comment three times, so comments are replaced with blanks before libconfuse
 * parses the text. libconfuse also calls no callback for an empty list, so this file searches for empty lists.
 *
 * Both scans skip strings, because a string may contain the characters that begin a comment or a list. The text belongs
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

/* Returns the end of the comment that begins at `at`, or `at` if no comment begins there. */
static const char *skip_comment(const char *at, const char *end)
{
	const char *stop = NULL;
	size_t length = (size_t)(end - at);

	if (*at == '#' || (length >= 2 && memcmp(at, "//", 2) == 0))
		stop = memchr(at, '\n', length);
	else if (length >= 4 && memcmp(at, "/*", 2) == 0)
		stop = memmem(at + 2, length - 2, "*/", 2);
	else if (length < 2 || memcmp(at, "/*", 2) != 0)
		return at;
	if (stop == NULL)
		return end;
	return *stop == '*' ? stop + 2 : stop;
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

/* Within a word, only "#" begins a comment. For example, "http://host" is one word. */
void config_text_blank_comments(char *text, size_t length)
{
	char *end = text + length;
	bool in_word = false;

	for (char *at = text; at < end;) {
		char *after = text + (skip_string(at, end) - text);
		char *comment_end = after == at && (!in_word || *at == '#') ? text + (skip_comment(at, end) - text)
									    : at;

		for (char *c = at; c < comment_end; c++)
			if (*c != '\n')
				*c = ' ';
		in_word = after == at && comment_end == at && strchr(" \t\r\n={}(),", *at) == NULL;
		at = comment_end > at ? comment_end : after > at ? after : at + 1;
	}
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
