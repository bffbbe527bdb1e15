/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generates the HTML page of a listing. The listing owns the text and calls these functions on its worker.
 *
 * The main idea: the page is a table that works without a script. Sorting, other pages and JSON are buttons of forms,
 * and times are in UTC. The script page.js shows local times, sorts in place, and adds a filter and links to all parent
 * directories. Links are relative, so they also work behind a proxy that strips a prefix.
 *
 * Programs also read the page. The title is the same as in a listing of Apache. Each entry is on a line of its own, and
 * the first link of the line leads to the entry.
 */
#include "listing/listing_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/date.h"
#include "listing/file_kind.h"
#include "listing/page.h"

/* Appends a number as "4 321 000", grouped with narrow no-break spaces. */
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

static unsigned depth_of(const char *path)
{
	unsigned depth = *path != '\0';

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

/* Returns the depth of the signed directory, which is the parameter "p" in links_query. See auth/signature.h. */
static unsigned signed_depth(const struct listing_view *view)
{
	const char *at = view->links_query != NULL ? strstr(view->links_query, "&p=") : NULL;
	unsigned depth = 0;

	for (at = at != NULL ? at + 3 : ""; *at != '\0' && *at != '&'; at++)
		depth += *at == '/' && at[1] != '\0' && at[1] != '&';
	return depth;
}

/*
 * Appends the query of a link to a directory of this depth. The link keeps the order but not the offset. A signature is
 * omitted if it is not valid for the directory.
 */
static void put_directory_query(struct text *text, const struct listing_view *view, unsigned depth)
{
	struct listing_query query = { .sort = view->query.sort, .descending = view->query.descending };

	listing_query_put(text, &query, depth < signed_depth(view) ? NULL : view->links_query, "&amp;");
}

/*
 * Opens the element of the ancestor that is `levels` levels up. Only the parent is a link, as in listings of other
 * servers, because programs that concatenate URLs (fsspec) recurse endlessly if they find "../../". The script page.js
 * turns the other elements into links.
 */
static void put_ancestor(struct text *text, const struct listing_view *view, unsigned levels)
{
	if (levels == 1)
		text_puts(text, "<a href=\"../");
	else
		text_printf(text, "<span data-up=\"%u\" data-query=\"", levels);
	put_directory_query(text, view, depth_of(view->path) - levels);
	text_puts(text, "\"");
}

static const char *ancestor_end(unsigned levels)
{
	return levels == 1 ? "</a>" : "</span>";
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
	text_puts(text, "<li>");
	put_ancestor(text, view, levels);
	text_puts(text, " title=\"");
	text_html(text, host, strlen(host));
	text_puts(text, "\"><svg aria-hidden=\"true\"><use href=\"#h\"/></svg><span class=\"off\">");
	text_html(text, host, strlen(host));
	text_printf(text, "</span>%s", ancestor_end(levels));
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
			put_ancestor(text, view, levels - 1);
			text_puts(text, ">");
		} else {
			text_puts(text, "<h1>");
		}
		text_html(text, name, length);
		text_puts(text, levels > 1 ? ancestor_end(levels - 1) : "</h1>");
		name += length + 1;
	}
	text_puts(text, "\n</ol></nav>\n");
}

static bool is_paged(const struct listing_view *view)
{
	return view->query.offset > 0 || view->limit < view->directories + view->files;
}

static void put_place(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->directories + view->files, last = total;

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
	if (view->directories + view->files == 0)
		return;
	text_puts(text, "<div class=\"bar\"><p role=\"status\">");
	if (view->directories > 0)
		put_counted(text, view->directories, "folder", "folders");
	if (view->directories > 0 && view->files > 0)
		text_puts(text, ", ");
	if (view->files > 0)
		put_counted(text, view->files, "file", "files");
	if (is_paged(view) && view->query.offset < view->directories + view->files) {
		text_puts(text, " \xc2\xb7 ");
		put_place(text, view);
	}
	text_puts(text, "</p></div>\n");
}

static int hex_value(char digit)
{
	return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* Appends the parameters of links_query as decoded fields of a form, because the browser encodes fields itself. */
static void put_links_fields(struct text *text, const struct listing_view *view)
{
	const char *at = view->links_query;

	while (at != NULL && *at != '\0') {
		size_t length = strcspn(at, "&"), name_length = strcspn(at, "=&");

		text_puts(text, "<input type=\"hidden\" name=\"");
		text_put(text, at, name_length);
		text_puts(text, "\" value=\"");
		for (size_t i = name_length + 1; i < length; i++) {
			char byte = at[i];

			if (byte == '%' && i + 2 < length) {
				byte = (char)(hex_value(at[i + 1]) << 4 | hex_value(at[i + 2]));
				i += 2;
			}
			text_html(text, &byte, 1);
		}
		text_puts(text, "\">");
		at += length + (at[length] == '&');
	}
}

/* Opens a form. Other orders, other pages and JSON are buttons instead of links, because crawlers follow links. */
static void put_form(struct text *text, const struct listing_view *view, uint64_t limit)
{
	text_puts(text, "<form>");
	put_links_fields(text, view);
	if (limit > 0)
		text_printf(text, "<input type=\"hidden\" name=\"limit\" value=\"%" PRIu64 "\">", limit);
}

static void put_sort_field(struct text *text, enum entries_key sort)
{
	text_printf(text, "<input type=\"hidden\" name=\"sort\" value=\"%s\">", listing_query_sort_name(sort));
}

/*
 * Appends the head of a column with its sort button. A second click reverses the order. Sizes and times are sorted in
 * descending order first, because users usually look for large or new files.
 */
static void put_column(struct text *text, const struct listing_view *view, enum entries_key sort, const char *title)
{
	bool current = view->query.sort == sort;
	bool descending = current ? !view->query.descending : sort != ENTRIES_BY_NAME;

	text_puts(text, "<th scope=\"col\"");
	if (current)
		text_printf(text, " aria-sort=\"%s\"", view->query.descending ? "descending" : "ascending");
	text_puts(text, ">");
	put_form(text, view, view->query.limit);
	put_sort_field(text, sort);
	text_printf(text, "<button name=\"order\" value=\"%s\">%s</button></form>", descending ? "desc" : "asc", title);
}

/*
 * Appends a <link> element to the next page. Crawlers (wget -r) follow the element, and other programs do not list it
 * as a file.
 */
static void put_next(struct text *text, const struct listing_view *view)
{
	struct listing_query next;

	if (!listing_query_next(&view->query, view->limit, view->directories + view->files, &next))
		return;
	text_puts(text, "<link rel=\"next\" href=\"");
	listing_query_put(text, &next, view->links_query, "&amp;");
	text_puts(text, "\">\n");
}

static void put_title(struct text *text, const struct listing_view *view)
{
	struct text title = { 0 };

	text_printf(&title, "Index of /");
	text_puts(&title, view->path);
	text_puts(&title, *view->path != '\0' ? "/" : "");
	page_begin(text, title.bytes, title.used);
	text->failed = text->failed || title.failed;
	text_fini(&title);
}

/*
 * Appends a second title, in a comment, for GDAL. If the path in the URL is percent-encoded, VSICurl's
 * ParseHTMLFileList() searches all lines for a title without the trailing slash. For a path with ">", the second title
 * is omitted, because ">" could end the comment.
 */
static void put_second_title(struct text *text, const struct listing_view *view)
{
	if (text_is_plain_path(view->path) || strchr(view->path, '>') != NULL)
		return;
	text_puts(text, "<!--<title>Index of /");
	text_title(text, view->path, strlen(view->path));
	text_puts(text, "</title>-->\n");
}

void listing_html_head(struct text *text, const struct listing_view *view)
{
	put_title(text, view);
	put_second_title(text, view);
	put_next(text, view);
	text_puts(text, "<body>\n");
	page_symbols(text);
	text_puts(text, "<header>\n");
	put_crumbs(text, view);
	put_summary(text, view);
	text_puts(text, "</header>\n<main class=\"list\">\n");
	if (view->query.offset >= view->directories + view->files)
		return;
	text_printf(text, "<table%s><caption class=\"off\">Folders and files</caption>\n<thead><tr>",
		    is_paged(view) ? " class=\"part\"" : "");
	put_column(text, view, ENTRIES_BY_NAME, "Name");
	put_column(text, view, ENTRIES_BY_SIZE, "Size");
	put_column(text, view, ENTRIES_BY_TIME, "Modified<span class=\"zone\"> (UTC)</span>");
	text_puts(text, "</tr></thead>\n<tbody>\n");
}

/* Appends a size with two or three digits: "3.7 GiB", "631 MiB". The exact size is the title of the cell. */
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
	enum file_kind kind = entry->directory ? FILE_KIND_DIRECTORY : file_kind_of(entry->name);

	text_printf(text, "<tr><td class=\"%c\"><a href=\"", kind);
	text_href(text, entry->name, entry->length);
	if (entry->directory) {
		text_puts(text, "/");
		put_directory_query(text, view, depth_of(view->path) + 1);
	} else {
		listing_query_put(text, &(struct listing_query){ 0 }, view->links_query, "&amp;");
	}
	text_printf(text, "\"><svg %s><use href=\"#%c\"/></svg><span>",
		    entry->directory ? "role=\"img\" aria-label=\"Folder\"" : "aria-hidden=\"true\"", kind);
	text_html(text, entry->name, entry->length);
	text_puts(text, entry->directory ? "<b>/</b></span></a>" : "</span></a>");
	if (entry->directory)
		text_puts(text, "<td>");
	else
		put_size(text, entry->size);
	put_time(text, entry->mtime_ns);
}

static void put_page_button(struct text *text, uint64_t offset, const char *title)
{
	text_printf(text, "<button name=\"offset\" value=\"%" PRIu64 "\">%s</button>", offset, title);
}

static void put_pages(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->directories + view->files, offset = view->query.offset;
	struct listing_query next;

	text_puts(text, "<nav class=\"pages\" aria-label=\"Pages\">");
	put_form(text, view, view->query.limit);
	if (view->query.sort != ENTRIES_BY_NAME || view->query.descending) {
		put_sort_field(text, view->query.sort);
		text_printf(text, "<input type=\"hidden\" name=\"order\" value=\"%s\">",
			    view->query.descending ? "desc" : "asc");
	}
	if (offset > 0)
		put_page_button(text, offset > view->limit ? offset - view->limit : 0, "Previous");
	if (offset < total) {
		text_puts(text, "<span>");
		put_place(text, view);
		text_puts(text, "</span>");
	}
	if (listing_query_next(&view->query, view->limit, view->directories + view->files, &next))
		put_page_button(text, next.offset, "Next");
	text_puts(text, "</form></nav>\n");
}

void listing_html_tail(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->directories + view->files;

	if (view->query.offset < total)
		text_puts(text, "</tbody></table>\n");
	else
		text_printf(text, "<p class=\"empty\">%s</p>\n",
			    total == 0 ? "This folder is empty." : "There are no more entries in this folder.");
	text_puts(text, "</main>\n<footer>\n");
	if (is_paged(view))
		put_pages(text, view);
	put_form(text, view, 0);
	text_puts(text, "<button name=\"format\" value=\"json\">JSON</button></form>\n</footer>\n");
	page_script(text);
}
