/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Growing buffers of text, and the escaping of file names. The caller owns the text. No function keeps a reference to
 * it.
 *
 * The main idea: a file name is a sequence of any bytes except slash and NUL. The function escape_decode() splits it
 * into UTF-8 characters and bytes that are not UTF-8. Each format then decides how to write a character and how to
 * write a stray byte.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

#define FIRST_BYTES 1024

void text_fini(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

void text_drop(struct text *text, size_t length)
{
	text->used -= length;
	memmove(text->bytes, text->bytes + length, text->used);
}

static bool make_room(struct text *text, size_t length)
{
	size_t size = text->size > 0 ? text->size : FIRST_BYTES;
	char *bytes;

	if (text->used + length <= text->size)
		return true;
	while (size < text->used + length)
		size *= 2;
	bytes = realloc(text->bytes, size);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->size = size;
	return true;
}

void text_put(struct text *text, const char *bytes, size_t length)
{
	if (length == 0 || !make_room(text, length))
		return;
	memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
}

void text_puts(struct text *text, const char *string)
{
	text_put(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
	char line[512];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= sizeof(line))
		text->failed = true;
	else
		text_put(text, line, (size_t)n);
}

static bool is_alnum(char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static const char *html_entity(char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void put_html_character(struct text *text, const char *bytes, size_t used, uint32_t character)
{
	const char *entity = html_entity(*bytes);

	if (used == 0)
		text_printf(text, "\\x%02X", (unsigned char)*bytes);
	else if (character < 0x20)
		text_printf(text, "\xe2\x90%c", (int)(0x80 + character)); /* U+2400 + character */
	else if (character == 0x7f)
		text_puts(text, "\xe2\x90\xa1"); /* U+2421 */
	else if (escape_is_invisible(character))
		text_printf(text, "\\u{%04X}", (unsigned)character);
	else if (entity != NULL)
		text_puts(text, entity);
	else
		text_put(text, bytes, used);
}

static void put_json_character(struct text *text, const char *bytes, size_t used, uint32_t character)
{
	char escape[ESCAPE_JSON_BYTES];

	if (used == 0)
		text_puts(text, "\\ufffd");
	else if (escape_is_invisible(character))
		text_put(text, escape, escape_json_character(escape, character));
	else if (character == '"' || character == '\\')
		text_printf(text, "\\%c", (int)character);
	else
		text_put(text, bytes, used);
}

/* Calls put_character() for each character, and with `used` 0 for each byte that is not UTF-8. */
static void put_characters(struct text *text, const char *bytes, size_t length,
			   void (*put_character)(struct text *text, const char *bytes, size_t used, uint32_t character))
{
	size_t used;

	for (size_t at = 0; at < length; at += (used > 0 ? used : 1)) {
		uint32_t character = 0;

		used = escape_decode(bytes + at, length - at, &character);
		put_character(text, bytes + at, used, character);
	}
}

void text_html(struct text *text, const char *bytes, size_t length)
{
	put_characters(text, bytes, length, put_html_character);
}

void text_json(struct text *text, const char *bytes, size_t length)
{
	put_characters(text, bytes, length, put_json_character);
}

static void put_utf8_character(struct text *text, const char *bytes, size_t used, uint32_t character)
{
	(void)character;
	if (used == 0)
		text_puts(text, "\xef\xbf\xbd"); /* U+FFFD */
	else
		text_put(text, bytes, used);
}

void text_utf8(struct text *text, const char *bytes, size_t length)
{
	put_characters(text, bytes, length, put_utf8_character);
}

/*
 * Returns true if the character at `at` must be escaped in <title>. HTML Standard, section 13.2.5.2 (RCDATA state): "&"
 * begins a character reference only before "#" or a name, and "<" ends the element only before "/". All names of
 * references have at least two characters, so "R&D" needs no escape.
 */
static bool is_title_markup(const char *at, const char *end)
{
	const char *next = at + 1;

	if (*at == '<')
		return next < end && *next == '/';
	if (*at != '&' || next == end)
		return false;
	return *next == '#' || (is_alnum(*next) && next + 1 < end && is_alnum(next[1]));
}

void text_title(struct text *text, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	size_t used;

	for (; bytes < end; bytes += (used > 0 ? used : 1)) {
		uint32_t character = 0;

		used = escape_decode(bytes, (size_t)(end - bytes), &character);
		if (html_entity(*bytes) != NULL && !is_title_markup(bytes, end))
			text_put(text, bytes, 1);
		else
			put_html_character(text, bytes, used, character);
	}
}

/* Returns true for the pchar of RFC 3986, except ":" and except "&" and "'", which have a meaning in HTML. */
static bool is_plain(char byte)
{
	return is_alnum(byte) || (byte != '\0' && strchr("-._~!$()*+,;=@", byte) != NULL);
}

void text_href(struct text *text, const char *name, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	bool like_url = length >= 4 && memcmp(name, "http", 4) == 0;
	bool odd_start = like_url || (length > 0 && !is_alnum(*name) && *name != '_' && *name != '.');

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)name[i];
		const char escape[3] = { '%', digits[byte >> 4], digits[byte & 15] };

		if (is_plain(name[i]) && !(i == 0 && odd_start))
			text_put(text, name + i, 1);
		else
			text_put(text, escape, 3);
	}
}

bool text_is_plain_path(const char *path)
{
	while (*path == '/' || is_plain(*path))
		path++;
	return *path == '\0';
}
