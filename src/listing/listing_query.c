/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses and formats the query of a listing. All functions are pure and thread-safe. The query belongs to the request.
 *
 * The main idea: one pass over the query splits it at "&" and "=". No valid name or value contains a character that
 * needs percent-encoding, so no text is decoded. An encoded parameter is ignored, like an unknown parameter.
 */
#include "listing/listing_query.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

static const char *const sort_names[] = { "name", "size", "time" };
static const char *const order_names[] = { "asc", "desc" };
static const char *const format_names[] = { "", "html", "json" };

/* Returns the index of the value in the list, or -1 if it is not in the list. */
static int find(const char *value, size_t length, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strlen(names[i]) == length && length > 0 && memcmp(names[i], value, length) == 0)
			return i;
	return -1;
}

/*
 * Parses a decimal number. Returns false, and leaves *number unchanged, if the text is not a number or the number is
 * too large.
 */
static bool parse_number(const char *value, size_t length, uint64_t *number)
{
	uint64_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (value[i] < '0' || value[i] > '9' || n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	if (length > 0)
		*number = n;
	return length > 0;
}

static void set_parameter(const char *name, size_t name_length, const char *value, size_t length,
			  struct listing_query *parsed)
{
	static const char *const names[] = { "sort", "order", "limit", "offset", "format" };
	int found;

	switch (find(name, name_length, names, 5)) {
	case 0:
		found = find(value, length, sort_names, 3);
		parsed->sort = found >= 0 ? (enum entries_key)found : parsed->sort;
		break;
	case 1:
		found = find(value, length, order_names, 2);
		parsed->descending = found >= 0 ? found == 1 : parsed->descending;
		break;
	case 2:
		parse_number(value, length, &parsed->limit);
		break;
	case 3:
		parse_number(value, length, &parsed->offset);
		break;
	case 4:
		found = find(value, length, format_names, 3);
		parsed->format = found >= 0 ? (enum listing_format)found : parsed->format;
		break;
	default:
		break;
	}
}

void listing_query_parse(const char *query, struct listing_query *parsed)
{
	*parsed = (struct listing_query){ 0 };
	while (query != NULL && *query != '\0') {
		size_t length = strcspn(query, "&");
		const char *equals = memchr(query, '=', length);

		if (equals != NULL) {
			size_t name_length = (size_t)(equals - query);

			set_parameter(query, name_length, equals + 1, length - name_length - 1, parsed);
		}
		query += length + (query[length] == '&');
	}
}

static void put_prefix(struct text *text, const char *prefix, const char *ampersand)
{
	for (; *prefix != '\0'; prefix++) {
		if (*prefix == '&')
			text_puts(text, ampersand);
		else
			text_put(text, prefix, 1);
	}
}

void listing_query_put(struct text *text, const struct listing_query *query, const char *prefix, const char *ampersand)
{
	const char *separator = "?";

	if (prefix != NULL) {
		text_puts(text, "?");
		put_prefix(text, prefix, ampersand);
		separator = ampersand;
	}
	if (query->format != LISTING_ANY) {
		text_printf(text, "%sformat=%s", separator, format_names[query->format]);
		separator = ampersand;
	}
	if (query->sort != ENTRIES_BY_NAME || query->descending) {
		text_printf(text, "%ssort=%s%sorder=%s", separator, sort_names[query->sort], ampersand,
			    order_names[query->descending]);
		separator = ampersand;
	}
	if (query->limit > 0) {
		text_printf(text, "%slimit=%" PRIu64, separator, query->limit);
		separator = ampersand;
	}
	if (query->offset > 0)
		text_printf(text, "%soffset=%" PRIu64, separator, query->offset);
}

bool listing_query_next(const struct listing_query *query, uint64_t limit, uint64_t total, struct listing_query *next)
{
	*next = *query;
	if (query->offset >= total || limit >= total - query->offset)
		return false;
	next->offset += limit;
	return true;
}

const char *listing_query_sort_name(enum entries_key sort)
{
	return sort_names[sort];
}
