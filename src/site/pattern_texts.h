/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A short list of short texts on the stack: the spellings that a message about a pattern suggests. Thread-safe. */
#ifndef SITE_PATTERN_TEXTS_H
#define SITE_PATTERN_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_TEXT_BYTES 256
#define PATTERN_TEXTS_MAX 8

/*
 * A list of texts. pattern_texts_begin() begins a text, the put functions append to it, and pattern_texts_end() adds it
 * to the list. A text that does not fit is not added.
 */
struct pattern_texts {
	char list[PATTERN_TEXTS_MAX][PATTERN_TEXT_BYTES];
	size_t count;
	size_t used; /* length of the text that was begun */
	bool failed; /* the text that was begun does not fit */
};

void pattern_texts_begin(struct pattern_texts *texts);
void pattern_texts_put(struct pattern_texts *texts, const char *text);
void pattern_texts_put_bytes(struct pattern_texts *texts, const char *bytes, size_t length);
/* Removes the last name of a path, and the slash before it, from the text that was begun. */
void pattern_texts_drop_name(struct pattern_texts *texts);
void pattern_texts_end(struct pattern_texts *texts);

#endif
