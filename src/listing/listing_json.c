/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generates the JSON of a listing (RFC 8259). The listing owns the text and calls these functions on its worker.
 *
 * The main idea: each entry is written as text as soon as it is read. Neither the whole listing nor a tree of JSON
 * values is ever in memory, so jansson is not used.
 */
#include "listing/listing_json.h"

#include <inttypes.h>
#include <string.h>

#include "http/date.h"

/* Appends a relative reference to the next page, if there is a next page. */
static void put_next(struct text *text, const struct listing_view *view)
{
	struct listing_query next;

	if (!listing_query_next(&view->query, view->limit, view->directories + view->files, &next))
		return;
	next.format = LISTING_JSON;
	text_puts(text, "\"next\":\"");
	listing_query_put(text, &next, view->links_query, "&");
	text_puts(text, "\",");
}

void listing_json_head(struct text *text, const struct listing_view *view)
{
	text_puts(text, "{\"path\":\"/");
	text_json(text, view->path, strlen(view->path));
	text_puts(text, *view->path != '\0' ? "/" : "");
	text_printf(text,
		    "\",\"total\":%" PRIu64 ",\"folders\":%" PRIu64 ",\"files\":%" PRIu64 ",\"offset\":%" PRIu64 ",",
		    view->directories + view->files, view->directories, view->files, view->query.offset);
	put_next(text, view);
	text_puts(text, "\"entries\":[");
}

void listing_json_row(struct text *text, const struct listing_view *view, const struct entry *entry, bool first)
{
	char mtime[DATE_ISO_BYTES];

	text_puts(text, first ? "\n{\"name\":\"" : ",\n{\"name\":\"");
	text_json(text, entry->name, entry->length);
	text_puts(text, "\",\"href\":\"");
	text_href(text, entry->name, entry->length);
	text_puts(text, entry->directory ? "/" : "");
	if (view->links_query != NULL) {
		text_puts(text, "?");
		text_puts(text, view->links_query); /* links_query may exceed the limit of text_printf() */
	}
	text_printf(text, "\",\"type\":\"%s\"", entry->directory ? "folder" : "file");
	if (!entry->directory)
		text_printf(text, ",\"size\":%" PRIu64, entry->size);
	text_printf(text, ",\"mtime\":\"%s\"}", date_format_iso(entry->mtime_ns, mtime));
}

void listing_json_tail(struct text *text)
{
	text_puts(text, "\n]}\n");
}
