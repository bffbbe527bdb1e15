/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listing as a page for people: head, a row for each entry, tail. */
#ifndef LISTING_LISTING_HTML_H
#define LISTING_LISTING_HTML_H

#include <stdint.h>

#include "base/text.h"
#include "listing/listing_query.h"
#include "store/entries.h"

/* What is said of the folder as a whole. */
struct listing_view {
	const char *path; /* as in struct path */
	const char *host; /* whose root it is, for the eye alone; may be NULL */
	const char
		*links_query; /* what links from it need behind their "?", as signing_links() has it; NULL: nothing */
	struct listing_query query;
	uint64_t limit;		 /* of entries shown: the query's, or else the default; UINT64_MAX: none */
	uint64_t folders, files; /* in all */
};

void listing_html_head(struct text *text, const struct listing_view *view);
void listing_html_row(struct text *text, const struct listing_view *view, const struct entry *entry);
void listing_html_tail(struct text *text, const struct listing_view *view);

#endif
