/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list of strings from the configuration. Each string is parsed once, when it is added. The main thread fills the
 * list while it reads the configuration. Afterwards the list is immutable, and any thread may read it.
 */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include <stddef.h>

/* A zero-initialised struct is an empty list. The caller owns the struct. text_list_clear() frees the strings. */
struct text_list {
	char **list;
	size_t count;
};

/*
 * Checks one value and replaces it in place with its stored form. The NUL of `text` is followed by
 * TEXT_LIST_SPARE_BYTES spare bytes. A value of two words is stored as two strings, the second directly after the first
 * (see text_list_second()). Returns NULL on success, or a static string that describes the error.
 */
typedef const char *(*text_list_parse_fn)(char *text);
#define TEXT_LIST_SPARE_BYTES 24

extern const char text_list_no_memory[];

/*
 * Appends a parsed copy of the text to the list. If `parse` is NULL, the text is copied unchanged. Returns NULL on
 * success, the error of the parse function, or text_list_no_memory. After an error, the list is unchanged.
 */
const char *text_list_add(struct text_list *list, const char *text, text_list_parse_fn parse);
/*
 * Replaces the string *value, which may be NULL, with a parsed copy of the text. Parses the text and returns errors
 * like text_list_add().
 */
const char *text_list_set(char **value, const char *text, text_list_parse_fn parse);

/* Frees all strings and empties the list. */
void text_list_clear(struct text_list *list);

/* Returns the second string of a value that was stored as two strings. */
static inline const char *text_list_second(const char *text)
{
	while (*text++ != '\0')
		;
	return text;
}

#endif
