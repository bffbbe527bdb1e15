/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The query of a listing: order, page and format. All functions are pure and thread-safe. */
#ifndef LISTING_LISTING_QUERY_H
#define LISTING_LISTING_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "store/entries.h"

enum listing_format { LISTING_ANY, LISTING_HTML, LISTING_JSON };

struct listing_query {
	enum listing_format format;
	enum entries_key sort;
	bool descending;
	uint64_t offset, limit; /* limit 0: absent from the query */
};

/*
 * Parses "sort=name|size|time", "order=asc|desc", "limit=N", "offset=N" and "format=html|json", separated by "&".
 * Unknown parameters and invalid values are ignored. If a parameter occurs several times, its last valid value applies.
 * The query may be NULL.
 */
void listing_query_parse(const char *query, struct listing_query *parsed);

/*
 * Appends "?" and all parameters that differ from their defaults, separated by `ampersand` ("&", or "&amp;" in HTML).
 * The parameters of `prefix`, which is a query without "?" or NULL, come first. Apart from "&", the prefix must be safe
 * in HTML. Appends nothing if there are no parameters and no prefix.
 */
void listing_query_put(struct text *text, const struct listing_query *query, const char *prefix, const char *ampersand);

/*
 * Returns true if a page follows the page of the query, and sets *next to the query of the following page. `limit` is
 * the number of entries on a page, `total` the number of entries in the directory.
 */
bool listing_query_next(const struct listing_query *query, uint64_t limit, uint64_t total, struct listing_query *next);

/* Returns "name", "size" or "time". */
const char *listing_query_sort_name(enum entries_key sort);

#endif
