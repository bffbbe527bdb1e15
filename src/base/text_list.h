/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list of strings from the configuration, each parsed once when it is added. Filled by the main thread while the
 * configuration is read, immutable afterwards.
 */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include <stddef.h>

struct text_list {
	char **list;
	size_t count;
};

/*
 * From the text of one value to what is kept of it, in its place, which has TEXT_LIST_SPARE_BYTES behind it. NULL, or
 * what is wrong (a static string). Two words are kept as two strings one behind the other: text_list_second() is the
 * second.
 */
typedef const char *(*text_list_parse_fn)(char *text);
#define TEXT_LIST_SPARE_BYTES 24

extern const char text_list_no_memory[];

/* Puts a parsed copy at the end of the list, or in place of what is kept. parse NULL: as it is. NULL; a fault;
 * text_list_no_memory. */
const char *text_list_add(struct text_list *list, const char *text, text_list_parse_fn parse);
const char *text_list_keep(char **kept, const char *text, text_list_parse_fn parse);

void text_list_clear(struct text_list *list);

static inline const char *text_list_second(const char *text)
{
	while (*text++ != '\0')
		;
	return text;
}

#endif
