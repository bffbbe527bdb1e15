/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listing for programs: one object, an entry a line. */
#ifndef LISTING_LISTING_JSON_H
#define LISTING_LISTING_JSON_H

#include <stdbool.h>

#include "listing/listing_html.h"

/*
 * { "path", "total", "folders", "files", "offset", "entries": [ { "name", "href", "type": "file" | "folder", "size" (of
 * a file), "mtime" } ] }. What is not UTF-8 in a name is U+FFFD; "href" is exact.
 */
void listing_json_head(struct text *text, const struct listing_view *view);
void listing_json_row(struct text *text, const struct listing_view *view, const struct entry *entry, bool first);
void listing_json_tail(struct text *text);

#endif
