/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The joined text is a sequence of parts of files. Each element of the table is the beginning of a part. Lookups are
 * rare, because only messages and --explain need them, so a lookup compares all elements.
 */
#include "config/config_places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN_BYTES (CONFIG_PLACE_BYTES - 16) /* leaves room for the line */

struct config_place {
	unsigned from; /* line of the joined text */
	unsigned line; /* line of the file */
	char *file;
};

int config_places_add(struct config_places *places, unsigned from, const char *file, unsigned line)
{
	struct config_place *list = reallocarray(places->list, places->count + 1, sizeof(*list));
	char *copy;

	if (list == NULL)
		return -ENOMEM;
	places->list = list;
	copy = strdup(file);
	if (copy == NULL)
		return -ENOMEM;
	list[places->count++] = (struct config_place){ .from = from, .line = line, .file = copy };
	return 0;
}

void config_places_clear(struct config_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->list[i].file);
	free(places->list);
	*places = (struct config_places){ 0 };
}

const char *config_places_find(const struct config_places *places, unsigned line, unsigned *file_line)
{
	size_t i = places->count;

	*file_line = line;
	while (i > 1 && places->list[i - 1].from > line)
		i--;
	if (i == 0)
		return "command line";
	*file_line = places->list[i - 1].line + (line - places->list[i - 1].from);
	return places->list[i - 1].file;
}

const char *config_places_format(const struct config_places *places, unsigned line, char text[CONFIG_PLACE_BYTES])
{
	unsigned file_line;
	const char *file = config_places_find(places, line, &file_line);
	size_t length = strlen(file);

	snprintf(text, CONFIG_PLACE_BYTES, "%s:%u", file + (length > NAME_SHOWN_BYTES ? length - NAME_SHOWN_BYTES : 0),
		 file_line);
	return text;
}
