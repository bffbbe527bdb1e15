/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page is a table that is complete without script: sorting, other pages and JSON are buttons of forms, times are
 * UTC. page.js makes times local, sorts in place, and adds a filter and links to all folders above. Links are relative,
 * so that they hold behind a proxy that strips a prefix. Programs read the page, too: its title is the one that
 * Apache's has, and each entry is one line, whose first link it is.
 */
#include "listing/listing_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/date.h"
#include "listing/kind.h"
#include "listing/page.h"

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
 * The query of a link to the folder that lies that deep. The order is kept from folder to folder, the offset is not. A
 * signature is left out where it does not hold.
 */
static void put_folder_query(struct text *text, const struct listing_view *view, unsigned depth)
{
	struct listing_query query = { .sort = view->query.sort, .descending = view->query.descending };

	listing_query_put(text, &query, depth < signed_depth(view) ? NULL : view->links_query, "&amp;");
}

/*
 * Opens the element of the folder that lies `levels` above. Only the parent is a link, as on the pages of other
 * servers: programs that join URLs as text (fsspec) never come to an end if they find "../../". page.js makes links of
 * the others.
 */
static void put_ancestor(struct text *text, const struct listing_view *view, unsigned levels)
{
	if (levels == 1)
		text_puts(text, "<a href=\"../");
	else
		text_printf(text, "<span data-up=\"%u\" data-query=\"", levels);
	put_folder_query(text, view, depth_of(view->path) - levels);
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

static int hex_value(char digit)
{
	return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* The parameters of links_query as fields of a form, which encodes them again. */
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

/* What crawlers are not to follow are buttons of forms: other orders, other pages, JSON. `limit`: as the query has it.
 */
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

/* A second click on a column turns it round. What is large or new is more wanted than what is small or old. */
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

/* Programs that read the page for links of files take no <link> for one; crawlers (wget -r) follow it. */
static void put_next(struct text *text, const struct listing_view *view)
{
	struct listing_query next;

	if (!listing_query_next(&view->query, view->limit, view->folders + view->files, &next))
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
 * Where its user had to escape the path, GDAL (VSICurl's ParseHTMLFileList()) looks for a title without the last slash,
 * anywhere in a line. A ">" could end the comment.
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
	if (view->query.offset >= view->folders + view->files)
		return;
	text_printf(text, "<table%s><caption class=\"off\">Folders and files</caption>\n<thead><tr>",
		    is_paged(view) ? " class=\"part\"" : "");
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
	enum kind kind = entry->directory ? KIND_FOLDER : kind_of(entry->name);

	text_printf(text, "<tr><td class=\"%c\"><a href=\"", kind);
	text_href(text, entry->name, entry->length);
	if (entry->directory) {
		text_puts(text, "/");
		put_folder_query(text, view, depth_of(view->path) + 1);
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
	uint64_t total = view->folders + view->files, offset = view->query.offset;
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
	if (listing_query_next(&view->query, view->limit, view->folders + view->files, &next))
		put_page_button(text, next.offset, "Next");
	text_puts(text, "</form></nav>\n");
}

void listing_html_tail(struct text *text, const struct listing_view *view)
{
	uint64_t total = view->folders + view->files;

	if (view->query.offset < total)
		text_puts(text, "</tbody></table>\n");
	else
		text_printf(text, "<p class=\"empty\">%s</p>\n",
			    total == 0 ? "This folder is empty." : "Nothing more is in this folder.");
	text_puts(text, "</main>\n<footer>\n");
	if (is_paged(view))
		put_pages(text, view);
	put_form(text, view, 0);
	text_puts(text, "<button name=\"format\" value=\"json\">JSON</button></form>\n</footer>\n");
	page_script(text);
}
