/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the query of a folder's address says of its listing. Pure. */
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
	uint64_t offset, limit; /* limit 0: none was given */
};

/*
 * "sort=name|size|time", "order=asc|desc", "limit=N", "offset=N", "format=html|json", joined with "&". Names it does
 * not know, and values that are none of these, are as if absent; of two, the last one counts. query: NULL if there is
 * none.
 */
void listing_query_parse(const char *query, struct listing_query *parsed);

/*
 * The other way round: "?" and what of `query` is not its default, joined by `ampersand` ("&", or "&amp;" in HTML);
 * first `prefix`, a query without its "?" that is safe in HTML but for "&" (NULL: none). Nothing at all if nothing is
 * to be said.
 */
void listing_query_put(struct text *text, const struct listing_query *query, const char *prefix, const char *ampersand);

/* Whether entries follow behind the first `limit` from query->offset on, of `total` in all; *next is the query that
 * shows them. */
bool listing_query_next(const struct listing_query *query, uint64_t limit, uint64_t total, struct listing_query *next);

/* "name", "size" or "time". */
const char *listing_query_sort_name(enum entries_key sort);

#endif
