/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that grows, and names of files as they may stand in HTML, JSON and links, whatever bytes they are made of. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is empty. The caller's storage. */
struct text {
	char *bytes; /* no NUL at the end */
	size_t used, size;
	bool failed; /* no memory: something is missing in it */
};

void text_fini(struct text *text);
/* Takes the first `length` bytes away. */
void text_drop(struct text *text, size_t length);

void text_put(struct text *text, const char *bytes, size_t length);
void text_puts(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * For HTML, as content or in a quoted attribute. What can't be seen is made visible: control characters as their
 * pictures, bytes that are no UTF-8 as \xNN, and characters that change the direction of text or have no width as
 * \u{NNNN}.
 */
void text_html(struct text *text, const char *bytes, size_t length);

/*
 * For the text of <title>, which needs fewer escapes than other text. Programs (GDAL) look for the path of a folder in
 * it as it is, so nothing is escaped that need not be. Control characters and bytes that are no UTF-8 are shown as
 * text_html() shows them.
 */
void text_title(struct text *text, const char *bytes, size_t length);

/* The inside of a JSON string, which is valid UTF-8: other bytes are U+FFFD. */
void text_json(struct text *text, const char *bytes, size_t length);

/* The same as valid UTF-8, without escapes: other bytes are U+FFFD. */
void text_utf8(struct text *text, const char *bytes, size_t length);

/*
 * One name as a relative reference of a single segment, RFC 3986 section 4.2: percent-encoded. Safe in HTML and JSON. A
 * colon is encoded, because it would end a scheme. The first character of a name is encoded where programs would not
 * take the link for one of a file: fsspec takes "http…" for an absolute URL, httpdirfs 1.2 wants a letter or a digit.
 * "_" and "." stay: programs look for names as
 * "_metadata" and ".zgroup" in a listing as they are.
 */
void text_href(struct text *text, const char *name, size_t length);
/* Whether a path can stand in a URL as it is. */
bool text_is_plain_path(const char *path);

#endif
