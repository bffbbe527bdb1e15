/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of the configuration. An included file replaces its "include" setting, and libconfuse parses one joined
 * text. This table translates the line numbers of the joined text, which blocks store, to a file and its line. The
 * thread that parses the configuration fills the table. Afterwards, the table is immutable.
 */
#ifndef CONFIG_CONFIG_PLACES_H
#define CONFIG_CONFIG_PLACES_H

#include <stddef.h>

/* A zero-initialised struct is an empty table. The caller owns the struct. config_places_clear() frees the elements. */
struct config_places {
	struct config_place *list;
	size_t count;
};

#define CONFIG_PLACE_BYTES 256

/*
 * States that the joined text continues, at its line `from`, with line `line` of `file`. The lines `from` must not
 * decrease. Returns 0 or -ENOMEM.
 */
int config_places_add(struct config_places *places, unsigned from, const char *file, unsigned line);
void config_places_clear(struct config_places *places);

/*
 * Returns the name of the file that contains this line of the joined text, and stores its line of the file. Returns
 * "command line" if the table is empty.
 */
const char *config_places_find(const struct config_places *places, unsigned line, unsigned *file_line);
/* Writes the place of a line as "FILE:LINE" and returns `text`. Only the end of a long name is written. */
const char *config_places_format(const struct config_places *places, unsigned line, char text[CONFIG_PLACE_BYTES]);

#endif
