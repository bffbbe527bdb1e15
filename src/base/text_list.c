/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of strings from the configuration. The configuration owns the lists. The main thread fills the lists, which do
 * not change afterwards.
 *
 * The main idea: a parse function works in place on a copy that has some spare bytes. The function can therefore store
 * a second word or a parsed value (networks.c) after the string, so all keys share one type of list.
 */
#include "base/text_list.h"

#include <stdlib.h>
#include <string.h>

const char text_list_no_memory[] = "out of memory";

void text_list_clear(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->list[i]);
	free(list->list);
	*list = (struct text_list){ 0 };
}

const char *text_list_set(char **value, const char *text, text_list_parse_fn parse)
{
	size_t length = strlen(text);
	char *copy = malloc(length + 1 + TEXT_LIST_SPARE_BYTES);
	const char *fault;

	if (copy == NULL)
		return text_list_no_memory;
	memcpy(copy, text, length + 1);
	fault = parse != NULL ? parse(copy) : NULL;
	if (fault != NULL) {
		free(copy);
		return fault;
	}
	free(*value);
	*value = copy;
	return NULL;
}

const char *text_list_add(struct text_list *list, const char *text, text_list_parse_fn parse)
{
	char *copy = NULL, **longer;
	const char *fault = text_list_set(&copy, text, parse);

	if (fault != NULL)
		return fault;
	longer = reallocarray(list->list, list->count + 1, sizeof(*longer));
	if (longer == NULL) {
		free(copy);
		return text_list_no_memory;
	}
	list->list = longer;
	list->list[list->count++] = copy;
	return NULL;
}
