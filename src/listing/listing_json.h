/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generates a listing as a JSON object with one entry on each line. Thread-safe. */
#ifndef LISTING_LISTING_JSON_H
#define LISTING_LISTING_JSON_H

#include <stdbool.h>

#include "listing/listing_html.h"

/*
 * Append the head, the row of an entry and the tail of the object to the text. A failure sets text->failed.
 *
 *	{ "path", "total", "folders", "files", "offset", "next" (relative reference, if there is a next page),
 *	  "entries": [ { "name", "href", "type": "file" | "folder", "size" (files only), "mtime" } ] }
 *
 * Bytes of a name that are not UTF-8 become U+FFFD; "href" contains the exact bytes, percent-encoded.
 */
void listing_json_head(struct text *text, const struct listing_view *view);
void listing_json_row(struct text *text, const struct listing_view *view, const struct entry *entry, bool first);
void listing_json_tail(struct text *text);

#endif
