/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles comments and empty lists in the text of ranged.conf, which libconfuse does not handle correctly. Any thread.
 */
#ifndef CONFIG_CONFIG_TEXT_H
#define CONFIG_CONFIG_TEXT_H

#include <stddef.h>

/* Replaces comments with blanks. Line ends stay, so the lines of the text keep their numbers. */
void config_text_blank_comments(char *text, size_t length);

/* An empty list: its line, and the name of its key, which is not terminated. */
typedef void (*config_text_empty_list_fn)(int line, const char *key, size_t key_bytes);

/* Calls `fn` for each empty list that is assigned to a key. The text has no comments. */
void config_text_find_empty_lists(const char *text, size_t length, config_text_empty_list_fn fn);

#endif
