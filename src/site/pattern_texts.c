/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list of texts of fixed size, which needs no memory from the heap. The texts are suggestions in messages, so a text
 * that does not fit is dropped without an error. The caller owns the list and uses it on one thread.
 */
#include "site/pattern_texts.h"

#include <string.h>

void pattern_texts_begin(struct pattern_texts *texts)
{
	texts->used = 0;
	texts->failed = texts->count == PATTERN_TEXTS_MAX;
}

void pattern_texts_put_bytes(struct pattern_texts *texts, const char *bytes, size_t length)
{
	texts->failed = texts->failed || length >= PATTERN_TEXT_BYTES - texts->used;
	if (texts->failed)
		return;
	memcpy(texts->list[texts->count] + texts->used, bytes, length);
	texts->used += length;
}

void pattern_texts_put(struct pattern_texts *texts, const char *text)
{
	pattern_texts_put_bytes(texts, text, strlen(text));
}

void pattern_texts_drop_name(struct pattern_texts *texts)
{
	while (texts->used > 0 && texts->list[texts->count][--texts->used] != '/')
		;
}

void pattern_texts_end(struct pattern_texts *texts)
{
	if (texts->failed || texts->used == 0)
		return;
	texts->list[texts->count][texts->used] = '\0';
	texts->count++;
}
