/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles comments and empty lists in the text of ranged.conf, which libconfuse does not handle correctly. Thread-safe.
 */
#ifndef CONFIG_CONFIG_TEXT_H
#define CONFIG_CONFIG_TEXT_H

#include <stddef.h>

/* Replaces comments with blanks. Line ends are kept, so the line numbers of the text do not change. */
void config_text_blank_comments(char *text, size_t length);

/* Called for an empty list, with its line and the name of its key. The name is not NUL-terminated. */
typedef void (*config_text_empty_list_fn)(int line, const char *key, size_t key_bytes);

/* Calls `fn` for each empty list that is assigned to a key. The text must not contain comments. */
void config_text_find_empty_lists(const char *text, size_t length, config_text_empty_list_fn fn);

#endif
