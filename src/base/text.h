/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growing buffer of text, and functions that append file names to it, escaped for HTML, JSON or links. A file name
 * may contain any bytes. The functions have no side effects except allocations. They may be called on any thread, but
 * by only one thread at a time for each text.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A zero-initialised struct is an empty text. The caller owns the struct. text_fini() frees the bytes. */
struct text {
	char *bytes; /* without a terminating NUL */
	size_t used, size;
	bool failed; /* an allocation or text_printf() failed, so the text is incomplete */
};

/* Frees the bytes and empties the text. */
void text_fini(struct text *text);
/* Removes the first `length` bytes. */
void text_drop(struct text *text, size_t length);

/* Appends bytes unchanged. This function and the functions below set text->failed if they fail. */
void text_put(struct text *text, const char *bytes, size_t length);
/* Appends a string unchanged. */
void text_puts(struct text *text, const char *string);
/* Appends formatted text of less than 512 bytes. Fails if the text is longer. */
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Appends text escaped for HTML, for content or a quoted attribute. Invisible bytes are made visible: control
 * characters become control pictures (U+2400 to U+2421), and bytes that are not UTF-8 become \xNN. Characters that have
 * no width or change the direction of text become \u{NNNN}.
 */
void text_html(struct text *text, const char *bytes, size_t length);

/*
 * Appends text escaped for <title>, which needs fewer escapes than other elements. Only the necessary characters are
 * escaped, because programs (GDAL) search the title for the unescaped path of the directory. Control characters and
 * bytes that are not UTF-8 are written as in text_html().
 */
void text_title(struct text *text, const char *bytes, size_t length);

/*
 * Appends text escaped for a JSON string. Invisible characters become \uNNNN, and bytes that are not UTF-8 become
 * U+FFFD.
 */
void text_json(struct text *text, const char *bytes, size_t length);

/* Appends text as valid UTF-8, without escapes. Bytes that are not UTF-8 become U+FFFD. */
void text_utf8(struct text *text, const char *bytes, size_t length);

/*
 * Appends one file name as a percent-encoded relative reference of a single segment (RFC 3986 section 4.2). The result
 * is safe in HTML and JSON.
 * - A colon is encoded, because the text before a colon would be a URL scheme.
 * - The first character is encoded where programs would not recognise the link as a file: fsspec treats "http..." as an
 *   absolute URL, and httpdirfs 1.2 requires a letter or a digit.
 * - "_" and "." are not encoded, because programs search listings for names such as "_metadata" and ".zgroup".
 */
void text_href(struct text *text, const char *name, size_t length);
/* Returns true if the path needs no encoding in a URL. */
bool text_is_plain_path(const char *path);

#endif
