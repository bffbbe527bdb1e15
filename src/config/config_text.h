/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splits the text of ranged.conf into tokens, and handles the parts of it that libconfuse does not handle correctly:
 * comments, words with "*", empty lists, and lists of names of sites. Thread-safe.
 */
#ifndef CONFIG_CONFIG_TEXT_H
#define CONFIG_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A token: CONFIG_TOKEN_WORD, CONFIG_TOKEN_STRING with its quotes, or one of the characters "={}()+,". The text owns
 * the bytes.
 */
struct config_token {
	const char *begin, *end;
	char kind;
	bool is_open; /* a string that is not closed at the end of the text */
};
#define CONFIG_TOKEN_END '\0'
#define CONFIG_TOKEN_WORD 'w'
#define CONFIG_TOKEN_STRING '"'
/* The characters that end a word. */
#define CONFIG_TEXT_WORD_ENDS " \t\r\n\"'={}()+,"

/* Returns the first token at or after `at`. The text must not contain comments. */
struct config_token config_text_token(const char *at, const char *end);
/* Returns true for a word or a string, even if the string is not closed. */
static inline bool config_text_is_text(const struct config_token *token)
{
	return token->kind == CONFIG_TOKEN_WORD || token->kind == CONFIG_TOKEN_STRING;
}
/* Returns true if the token is this name, with or without quotes. */
bool config_text_is_name(const struct config_token *token, const char *name);
/* Returns a copy of a word or string without quotes and escapes, which the caller frees. NULL: out of memory. */
char *config_text_unquote(const struct config_token *token);

/* Replaces comments with blanks. Line ends are kept, so the line numbers of the text do not change. */
void config_text_blank_comments(char *text, size_t length);

/* Copies the text. Writes words that contain "*" in quotes. The text must not contain comments. */
void config_text_quote_words(FILE *out, const char *text, size_t length);

/* Called for an empty list, with its line and the name of its key. The name is not NUL-terminated. */
typedef void (*config_text_empty_list_fn)(int line, const char *key, size_t key_bytes);

/* Calls `fn` for each empty list that is assigned to a key. The text must not contain comments. */
void config_text_find_empty_lists(const char *text, size_t length, config_text_empty_list_fn fn);

/*
 * Copies the text. Writes each list of names of a site, `site {"a", "b"} {`, as a name and a list that is set in the
 * block, `site "a" { KEY = {"b"}`. Line ends are kept. Calls `fn` for each invalid list. The text must not contain
 * comments.
 */
typedef void (*config_text_fault_fn)(int line, const char *message);
void config_text_copy_site_names(FILE *out, const char *text, size_t length, const char *key, config_text_fault_fn fn);

#endif
