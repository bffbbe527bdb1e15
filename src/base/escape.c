/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions are pure, except those that print. The caller owns all memory.
 *
 * The main idea: text is a sequence of characters and of bytes that are not UTF-8, and escape_decode() is the only
 * function that splits it. Nearly all text is ASCII that needs no escape. A table of ASCII finds the length of such a
 * run, which is copied at once.
 */
#include "base/escape.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

size_t escape_decode(const char *bytes, size_t length, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)bytes[0];
	size_t wanted = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;

	if (wanted == 0 || wanted > length || first >= 0xf8)
		return 0;
	*character = wanted == 1 ? first : first & (0x7fu >> wanted);
	for (size_t i = 1; i < wanted; i++) {
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (*character < least[wanted] || *character > 0x10ffff || (*character >= 0xd800 && *character <= 0xdfff))
		return 0;
	return wanted;
}

bool escape_is_invisible(uint32_t character)
{
	if (character < 0xad)
		return character < 0x20 || (character >= 0x7f && character <= 0x9f);
	return character == 0xad || character == 0x61c || character == 0x200b || character == 0x200e ||
	       character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0xfeff ||
	       (character >= 0xe0000 && character <= 0xe007f);
}

static size_t put_code_unit(char *to, uint32_t unit)
{
	memcpy(to,
	       (char[]){ '\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15], digits[unit >> 4 & 15],
			 digits[unit & 15] },
	       6);
	return 6;
}

size_t escape_json_character(char to[ESCAPE_JSON_BYTES], uint32_t character)
{
	if (character < 0x10000)
		return put_code_unit(to, character);
	put_code_unit(to, 0xd7c0 + (character >> 10));
	return 6 + put_code_unit(to + 6, 0xdc00 + (character & 0x3ff));
}

/* For each ASCII character, bit 1 << style is set if the style copies it. Other bytes have no bit set. */
#define BIT(style) (1 << (style))
#define ALL (BIT(ESCAPE_MESSAGE) | BIT(ESCAPE_VALUE) | BIT(ESCAPE_QUOTED) | BIT(ESCAPE_WORD) | BIT(ESCAPE_JSON))
static const unsigned char copied[256] = {
	[' '] = ALL & ~BIT(ESCAPE_WORD),
	['!'] = ALL,
	['"'] = BIT(ESCAPE_MESSAGE) | BIT(ESCAPE_VALUE),
	['#' ... '['] = ALL,
	['\\'] = BIT(ESCAPE_MESSAGE),
	[']' ... '~'] = ALL,
};

/* Returns the number of ASCII characters at the start of the text that are copied. */
static size_t copied_length(const char *text, size_t length, enum escape_style style)
{
	size_t i = 0;

	while (i < length && (copied[(unsigned char)text[i]] & BIT(style)) != 0)
		i++;
	return i;
}

#define ESCAPED_BYTES 16 /* maximum length of one escaped character */

static size_t put_bytes(char *to, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++, to += 4) {
		const unsigned char byte = (unsigned char)bytes[i];

		memcpy(to, (char[]){ '\\', 'x', digits[byte >> 4], digits[byte & 15] }, 4);
	}
	return 4 * count;
}

/*
 * Writes one character that is not among `copied` to to[ESCAPED_BYTES], and sets *used to its length in the text.
 * Returns the length of the result.
 */
static size_t put_character(char *to, const char *text, size_t length, enum escape_style style, size_t *used)
{
	uint32_t character = 0;
	size_t bytes = escape_decode(text, length, &character);

	*used = bytes > 0 ? bytes : 1;
	if (bytes > 0 && character >= 0x80 && !escape_is_invisible(character)) {
		memcpy(to, text, bytes);
		return bytes;
	}
	if (style != ESCAPE_JSON)
		return put_bytes(to, text, *used);
	if (character == '"')
		return (size_t)(stpcpy(to, "\\\"") - to);
	if (bytes > 0 && character != '\\')
		return escape_json_character(to, character);
	*to = '\\'; /* the backslash of \xNN needs a backslash itself */
	return 1 + put_bytes(to + 1, text, 1);
}

size_t escape_put(char *to, size_t room, const char *text, size_t length, enum escape_style style)
{
	const size_t last = room > ESCAPE_ELLIPSIS_BYTES ? room - ESCAPE_ELLIPSIS_BYTES : 0;
	size_t written = 0, whole = 0; /* length of the output; of the whole characters before an ellipsis */

	for (size_t used; length > 0; text += used, length -= used) {
		char escaped[ESCAPED_BYTES];
		const char *from = text;
		size_t count = used = copied_length(text, length, style);

		if (used == 0) {
			count = put_character(escaped, text, length, style, &used);
			from = escaped;
		} else if (last > written) {
			whole = count < last - written ? written + count : last;
		}
		if (count > room - written) {
			if (whole > written)
				memcpy(to + written, from, whole - written);
			if (room < ESCAPE_ELLIPSIS_BYTES)
				return 0;
			memcpy(to + whole, ESCAPE_ELLIPSIS, ESCAPE_ELLIPSIS_BYTES);
			return whole + ESCAPE_ELLIPSIS_BYTES;
		}
		memcpy(to + written, from, count);
		written += count;
		whole = written <= last ? written : whole;
	}
	return written;
}

void escape_print(FILE *file, const char *text)
{
	const size_t length = strlen(text);
	char part[1024];

	for (size_t at = 0, used; at < length; at += used) {
		size_t count = used = copied_length(text + at, length - at, ESCAPE_MESSAGE);

		if (used == 0)
			count = put_character(part, text + at, length - at, ESCAPE_MESSAGE, &used);
		fwrite(used == count ? text + at : part, 1, count, file);
	}
}

void escape_vprintf(FILE *file, const char *format, va_list arguments)
{
	char *line = NULL;

	if (vasprintf(&line, format, arguments) < 0)
		return;
	escape_print(file, line);
	free(line);
}

void escape_printf(FILE *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	escape_vprintf(file, format, arguments);
	va_end(arguments);
}

void escape_print_line(FILE *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	escape_vprintf(file, format, arguments);
	va_end(arguments);
	fputc('\n', file);
}

/* Returns true if all bytes are ASCII and none is U+007F. */
static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x7f)
		text++;
	return *text == '\0';
}

/*
 * Outside of its strings, a JSON document has only ASCII characters, so the strings need not be found. Its ASCII
 * controls are white space or escaped already, except U+007F.
 */
char *escape_json_document(char *document)
{
	if (document == NULL || is_ascii(document))
		return document;
	const size_t length = strlen(document);
	char *result = malloc(length * 6 + 1), *to = result;

	for (size_t at = 0, used; result != NULL && at < length; at += used) {
		uint32_t character = 0;

		used = escape_decode(document + at, length - at, &character);
		if (used > 0 && character >= 0x7f && escape_is_invisible(character)) {
			to += escape_json_character(to, character);
			continue;
		}
		used = used > 0 ? used : 1;
		memcpy(to, document + at, used);
		to += used;
	}
	if (result != NULL)
		*to = '\0';
	free(document);
	return result;
}
