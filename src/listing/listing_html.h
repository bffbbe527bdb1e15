/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generates a listing as an HTML page: the head, a row for each entry, and the tail. Thread-safe. */
#ifndef LISTING_LISTING_HTML_H
#define LISTING_LISTING_HTML_H

#include <stdint.h>

#include "base/text.h"
#include "listing/listing_query.h"
#include "store/entries.h"

/* The properties of a listing that its text depends on. The listing owns the strings. */
struct listing_view {
	const char *path;	 /* as in struct path */
	const char *host;	 /* shown as the name of the root; may be NULL */
	const char *links_query; /* query that each link needs, see signing_links(); NULL: none */
	struct listing_query query;
	uint64_t limit;		     /* maximum number of entries on a page; UINT64_MAX: unlimited */
	uint64_t directories, files; /* numbers of entries in the whole directory */
};

/* Append the head, the row of an entry and the tail of the page to the text. A failure sets text->failed. */

void listing_html_head(struct text *text, const struct listing_view *view);
void listing_html_row(struct text *text, const struct listing_view *view, const struct entry *entry);
void listing_html_tail(struct text *text, const struct listing_view *view);

#endif
