/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generates all error bodies when the first one is needed, under pthread_once(). The bodies are few and small. Because
 * they are prepared, a server that gets thousands of requests a second for missing files does not generate a body for
 * each of them. The table belongs to the process and is immutable after its generation, so all threads read it without
 * a lock. If there is no memory for a body, the static plain text is used in its place.
 */
#include "request/error_page.h"

#include <pthread.h>
#include <string.h>

#include "base/text.h"
#include "http/accept.h"
#include "http/status.h"
#include "listing/page.h"

#define STATUS_FIRST 300
#define STATUS_COUNT 300

/* Explanations for users, in addition to the name of the status. */
static const struct {
	unsigned status;
	const char *hint;
} hints[] = {
	{ 401, "A user name and a password are required." },
	{ 403, "Access to this address is not allowed." },
	{ 404, "There is no file at this address." },
	{ 410, "This link has expired." },
	{ 416, "The requested range is outside the file." },
	{ 429, "Too many requests. Please try again in a moment." },
	{ 500, "The server cannot read this file. See its log for the reason." },
	{ 503, "The server is overloaded. Please try again in a moment." },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct error_page pages[ACCEPT_FORMATS][STATUS_COUNT];

static const char *hint_for(unsigned status)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].status == status)
			return hints[i].hint;
	return NULL;
}

/* Makes the HTML page. `line` is the plain text: number, space, name and newline, as in "404 Not Found\n". */
static void make_html(struct text *text, unsigned status, const char *line)
{
	const char *hint = hint_for(status);
	size_t length = strlen(line) - 1;

	page_begin(text, line, length);
	text_printf(text, "<body>\n<main class=\"error\">\n<p class=\"code\">%u</p>\n<h1>", status);
	text_html(text, line + 4, length - 4);
	text_puts(text, "</h1>\n");
	if (hint != NULL)
		text_printf(text, "<p>%s</p>\n", hint);
	if (status == 403 || status == 404 || status == 410)
		text_puts(text, "<p class=\"home\"><a href=\"/\">Home</a></p>\n");
	text_puts(text, "</main>\n");
}

static void make_json(struct text *text, unsigned status, const char *line)
{
	text_printf(text, "{\"status\":%u,\"error\":\"%.*s\"}\n", status, (int)strlen(line) - 5, line + 4);
}

static void keep(enum accept_format format, unsigned status, struct text *text, const char *type, const char *policy)
{
	if (text->failed)
		text_fini(text);
	else
		pages[format][status - STATUS_FIRST] = (struct error_page){
			.type = type, .body = text->bytes, .length = text->used, .policy = policy
		};
}

static void make(void)
{
	for (unsigned status = STATUS_FIRST; status < STATUS_FIRST + STATUS_COUNT; status++) {
		struct text html = { 0 }, json = { 0 };
		const char *line = status_body(status);

		pages[ACCEPT_TEXT][status - STATUS_FIRST] = (struct error_page){ .type = "text/plain; charset=utf-8",
										 .body = line,
										 .length = strlen(line) };
		if (*line == '\0')
			continue;
		make_html(&html, status, line);
		keep(ACCEPT_HTML, status, &html, "text/html; charset=utf-8", page_policy());
		make_json(&json, status, line);
		keep(ACCEPT_JSON, status, &json, "application/json", NULL);
	}
}

const struct error_page *error_page_find(unsigned status, const char *accept)
{
	unsigned index = status - STATUS_FIRST;
	const struct error_page *page;

	pthread_once(&once, make);
	if (index >= STATUS_COUNT)
		index = 0;
	page = &pages[accept_choose(accept, ACCEPT_TEXT)][index];
	return page->body != NULL ? page : &pages[ACCEPT_TEXT][index];
}
