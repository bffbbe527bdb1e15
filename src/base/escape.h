/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Escapes text from clients, file names and the configuration for logs, terminals and JSON. Every line that ranged and
 * its tools write passes through these functions, so a name can neither forge a line nor control a terminal.
 *
 * Valid UTF-8 is copied. Two kinds of text are escaped: bytes that are not UTF-8 (RFC 3629), and invisible characters,
 * see escape_is_invisible(). The output is always valid UTF-8. All functions are thread-safe and keep no reference to
 * their arguments.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum escape_style {
	ESCAPE_MESSAGE, /* each byte of an escaped character becomes \xNN */
	ESCAPE_VALUE,	/* also a backslash becomes \x5c, so the original bytes can be reconstructed */
	ESCAPE_QUOTED,	/* also a quote becomes \x22 */
	ESCAPE_WORD,	/* also a blank becomes \x20 */
	/*
	 * The inside of a JSON string. Invisible characters become \uNNNN and a quote becomes \". JSON strings contain
	 * characters and not bytes, so a byte that is not UTF-8 becomes the text \xNN, and a backslash the text \x5c.
	 */
	ESCAPE_JSON,
};

#define ESCAPE_ELLIPSIS "…"
#define ESCAPE_ELLIPSIS_BYTES (sizeof(ESCAPE_ELLIPSIS) - 1)

/*
 * Writes the escaped text to to[room], without a NUL, and returns its length. If the result does not fit, it is
 * truncated between two characters and ends in "…".
 */
size_t escape_put(char *to, size_t room, const char *text, size_t length, enum escape_style style);

/*
 * Print text in the style ESCAPE_MESSAGE, so a newline in the text becomes \x0a. Only escape_print_line() adds a
 * newline at the end.
 */
void escape_print(FILE *file, const char *text);
void escape_printf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
void escape_vprintf(FILE *file, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void escape_print_line(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Escapes the invisible characters of a JSON document as \uNNNN, because JSON libraries do not escape them. Frees
 * `document`, a string from malloc(). Returns a string that the caller frees, or NULL if memory runs out or `document`
 * is NULL.
 */
char *escape_json_document(char *document);

/*
 * Decodes the UTF-8 character at bytes[0]. Returns its length, or 0 if the bytes are not valid UTF-8. `length` must not
 * be 0.
 */
size_t escape_decode(const char *bytes, size_t length, uint32_t *character);

/*
 * Returns true for a character that has no shape of its own. These are ASCII and C1 controls, controls of text
 * direction, line separators, characters without width, the byte order mark and tags. The result is false for U+200C
 * and U+200D, because words of several languages contain them.
 */
bool escape_is_invisible(uint32_t character);

#define ESCAPE_JSON_BYTES 12
/* Writes a character as \uNNNN, or as two of them above U+FFFF, without a NUL. Returns the length. */
size_t escape_json_character(char to[ESCAPE_JSON_BYTES], uint32_t character);

#endif
