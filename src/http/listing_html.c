/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page is a table that is complete without script: order, pages and ways up are links, times are UTC. page.js makes times local
 * and adds a filter. Links are relative, so that they hold behind a proxy that strips a prefix.
 */
#include "http/listing_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/date.h"
#include "http/kind.h"
#include "http/page.h"

/* 4 321 000, with thin spaces that don't break. */
static void put_count(struct text *text, uint64_t count)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text_puts(text, "\xe2\x80\xaf");
		text_put(text, digits + i, 1);
	}
}

static void put_counted(struct text *text, uint64_t count, const char *one, const char *many)
{
	put_count(text, count);
	text_printf(text, "\xc2\xa0%s", count == 1 ? one : many);
}

/* What a link needs to be followed at all; returns what comes before the next parameter. */
static const char *put_links_query(struct text *text, const struct listing_view *view)
{
	if (view->links_query == NULL)
		return "?";
	text_puts(text, "?");
	text_html(text, view->links_query, strlen(view->links_query));
	return "&amp;";
}

/* "?sort=…&order=…" with what is not the default of it, offset and limit among it; nothing if all is. */
static void put_query(struct text *text, const struct listing_view *view, uint64_t offset, uint64_t limit)
{
	const struct listing_query *query = &view->query;
	const char *separator = put_links_query(text, view);

	if (query->sort != ENTRIES_BY_NAME || query->descending) {
		text_printf(text, "%ssort=%s&amp;order=%s", separator, listing_query_sort_name(query->sort), query->descending ? "desc" : "asc");
		separator = "&amp;";
	}
	if (limit > 0) {
		text_printf(text, "%slimit=%" PRIu64, separator, limit);
		separator = "&amp;";
	}
	if (offset > 0)
		text_printf(text, "%soffset=%" PRIu64, separator, offset);
}

static unsigned depth_of(const char *path)
{
	unsigned depth = *path != '\0';

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

/* How deep the folder lies that the signature of links_query is for: its "p", with a slash before each name. */
static unsigned signed_depth(const struct listing_view *view)
{
	const char *at = view->links_query != NULL ? strstr(view->links_query, "&p=") : NULL;
	unsigned depth = 0;

	for (at = at != NULL ? at + 3 : ""; *at != '\0' && *at != '&'; at++)
		depth += *at == '/' && at[1] != '\0' && at[1] != '&';
	return depth;
}

/*
 * To the folder that lies that deep. The order goes with one who walks around, the place in a list does not; and no signature goes where
 * it does not hold.
 */
static void put_way(struct text *text, const struct listing_view *view, unsigned depth)
{
	struct listing_view unsigned_view = *view;

	if (depth < signed_depth(view))
		unsigned_view.links_query = NULL;
	put_query(text, &unsigned_view, 0, 0);
}

static void put_up(struct text *text, unsigned levels)
{
	if (levels == 0)
		text_puts(text, "./");
	for (; levels > 0; levels--)
		text_puts(text, "../");
}

static void put_root(struct text *text, const struct listing_view *view, unsigned levels)
{
	const char *host = view->host != NULL && *view->host != '\0' ? view->host : "Home";

	if (levels == 0) {
		text_puts(text, "<li><h1>");
		text_html(text, host, strlen(host));
		text_puts(text, "</h1>");
		return;
	}
	text_puts(text, "<li><a href=\"");
	put_up(text, levels);
	put_way(text, view, 0);
	text_puts(text, "\" title=\"");
	text_html(text, host, strlen(host));
	text_puts(text, "\"><svg aria-hidden=\"true\"><use href=\"#h\"/></svg><span class=\"off\">");
	text_html(text, host, strlen(host));
	text_puts(text, "</span></a>");
}

static void put_crumbs(struct text *text, const struct listing_view *view)
{
	unsigned levels = depth_of(view->path);
	const char *name = view->path;

	text_puts(text, "<nav aria-label=\"Path\"><ol>\n");
	put_root(text, view, levels);
	for (; levels > 0; levels--) {
		size_t length = strcspn(name, "/");

		text_puts(text, "\n<li>");
		if (levels > 1) {
			text_puts(text, "<a href=\"");
			put_up(text, levels - 1);
			put_way(text, view, depth_of(view->path) - (levels - 1));
			text_puts(text, "\">");
		} else {
			text_puts(text, "<h1>");
		}
		text_html(text, name, length);
		text_puts(text, levels > 1 ? "</a>" : "</h1>");
		name += length + 1;
	}
	text_puts(text, "\n</ol></nav>\n");
}

static bool is_paged(const struct listing_view *view)
{
	return view->query.offset > 0 || view->limit < view->folders + view->files;
}

static void put_place(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->folders + view->files, last = total;

	if (view->limit < total && view->query.offset < total - view->limit)
		last = view->query.offset + view->limit;
	put_count(text, view->query.offset + 1);
	text_puts(text, "\xe2\x80\x93");
	put_count(text, last);
	text_puts(text, " of ");
	put_count(text, total);
}

static void put_summary(struct text *text, const struct listing_view *view)
{
	if (view->folders + view->files == 0)
		return;
	text_puts(text, "<div class=\"bar\"><p role=\"status\">");
	if (view->folders > 0)
		put_counted(text, view->folders, "folder", "folders");
	if (view->folders > 0 && view->files > 0)
		text_puts(text, ", ");
	if (view->files > 0)
		put_counted(text, view->files, "file", "files");
	if (is_paged(view) && view->query.offset < view->folders + view->files) {
		text_puts(text, " \xc2\xb7 ");
		put_place(text, view);
	}
	text_puts(text, "</p></div>\n");
}

/* A second click on a column turns it round. What is large or new is more wanted than what is small or old. */
static void put_column(struct text *text, const struct listing_view *view, enum entries_key sort, const char *title)
{
	bool current = view->query.sort == sort;
	bool descending = current ? !view->query.descending : sort != ENTRIES_BY_NAME;

	text_puts(text, "<th scope=\"col\"");
	if (current)
		text_printf(text, " aria-sort=\"%s\"", view->query.descending ? "descending" : "ascending");
	text_puts(text, "><a href=\"");
	text_printf(text, "%ssort=%s&amp;order=%s", put_links_query(text, view), listing_query_sort_name(sort), descending ? "desc" : "asc");
	if (view->query.limit > 0)
		text_printf(text, "&amp;limit=%" PRIu64, view->query.limit);
	text_printf(text, "\">%s</a>", title);
}

static void put_title(struct text *text, const struct listing_view *view)
{
	struct text title = { 0 };
	const char *slash = strrchr(view->path, '/');

	text_puts(&title, slash != NULL ? slash + 1 : view->path);
	text_puts(&title, *view->path != '\0' ? " \xc2\xb7 " : "");
	if (view->host != NULL && *view->host != '\0')
		text_puts(&title, view->host);
	else
		text_printf(&title, "Home");
	page_begin(text, title.bytes, title.used);
	text->failed = text->failed || title.failed;
	text_fini(&title);
}

void listing_html_head(struct text *text, const struct listing_view *view)
{
	put_title(text, view);
	text_puts(text, "<body>\n");
	page_symbols(text);
	text_puts(text, "<header>\n");
	put_crumbs(text, view);
	put_summary(text, view);
	text_puts(text, "</header>\n<main class=\"list\">\n");
	if (view->query.offset >= view->folders + view->files)
		return;
	text_puts(text, "<table><caption class=\"off\">Folders and files</caption>\n<thead><tr>");
	put_column(text, view, ENTRIES_BY_NAME, "Name");
	put_column(text, view, ENTRIES_BY_SIZE, "Size");
	put_column(text, view, ENTRIES_BY_TIME, "Modified<span class=\"zone\"> (UTC)</span>");
	text_puts(text, "</tr></thead>\n<tbody>\n");
}

/* Two or three digits are enough for the eye: "3.7 GiB", "631 MiB". */
static void put_size(struct text *text, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)bytes;
	unsigned unit = 0;

	for (; size >= 1023.5; size /= 1024)
		unit++;
	text_puts(text, "<td title=\"");
	put_counted(text, bytes, "byte", "bytes");
	text_printf(text, "\">%.*f\xc2\xa0%s", unit > 0 && size < 9.95 ? 1 : 0, size, units[unit]);
}

static void put_time(struct text *text, int64_t mtime_ns)
{
	char iso[DATE_ISO_BYTES];
	int64_t second_ns = 1000000000;

	date_format_iso(mtime_ns - (mtime_ns % second_ns + second_ns) % second_ns, iso);
	text_printf(text, "<td><time datetime=\"%s\">%.10s %.5s</time>\n", iso, iso, iso + 11);
}

void listing_html_row(struct text *text, const struct listing_view *view, const struct entry *entry)
{
	enum kind kind = entry->folder ? KIND_FOLDER : kind_of(entry->name);

	text_printf(text, "<tr><td class=\"%c\"><a href=\"", kind);
	text_href(text, entry->name, entry->length);
	if (entry->folder) {
		text_puts(text, "/");
		put_way(text, view, depth_of(view->path) + 1);
	} else {
		put_links_query(text, view);
	}
	text_printf(text, "\"><svg %s><use href=\"#%c\"/></svg><span>", entry->folder ? "role=\"img\" aria-label=\"Folder\"" : "aria-hidden=\"true\"",
		    kind);
	text_html(text, entry->name, entry->length);
	text_puts(text, entry->folder ? "<b>/</b></span></a>" : "</span></a>");
	if (entry->folder)
		text_puts(text, "<td>");
	else
		put_size(text, entry->size);
	put_time(text, entry->mtime_ns);
}

static void put_page_link(struct text *text, const struct listing_view *view, const char *relation, uint64_t offset, const char *title)
{
	text_printf(text, "<a rel=\"%s\" href=\"", relation);
	if (view->query.sort == ENTRIES_BY_NAME && !view->query.descending && offset == 0 && view->query.limit == 0)
		text_puts(text, "./");
	put_query(text, view, offset, view->query.limit);
	text_printf(text, "\">%s</a>", title);
}

static void put_pages(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->folders + view->files, offset = view->query.offset;

	text_puts(text, "<nav class=\"pages\" aria-label=\"Pages\">");
	if (offset > 0)
		put_page_link(text, view, "prev", offset > view->limit ? offset - view->limit : 0, "Previous");
	if (offset < total) {
		text_puts(text, "<span>");
		put_place(text, view);
		text_puts(text, "</span>");
	}
	if (offset < total && view->limit < total - offset)
		put_page_link(text, view, "next", offset + view->limit, "Next");
	text_puts(text, "</nav>\n");
}

void listing_html_tail(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->folders + view->files;

	if (view->query.offset < total)
		text_puts(text, "</tbody></table>\n");
	else
		text_printf(text, "<p class=\"empty\">%s</p>\n", total == 0 ? "This folder is empty." : "Nothing more is in this folder.");
	text_puts(text, "</main>\n<footer>\n");
	if (is_paged(view))
		put_pages(text, view);
	text_puts(text, "<a href=\"");
	text_printf(text, "%sformat=json\" type=\"application/json\">JSON</a>\n</footer>\n", put_links_query(text, view));
	page_script(text);
}
