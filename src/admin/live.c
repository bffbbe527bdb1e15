/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves the live page. The makefile turns live.html, live.css and live.js into string literals. The first request
 * combines the literals into one document, which lives as long as the process. The Content-Security-Policy allows
 * exactly this style and this script, by their hashes.
 *
 * Runs on the threads of the connections. pthread_once() makes the page visible to all threads.
 */
#include "admin/live.h"

#include <pthread.h>

#include "base/text.h"
#include "listing/page.h"

static const char style[] = "\n"
#include <src/admin/live.css.inc>
#include <src/listing/colours.css.inc>
	;

static const char script[] = "\n"
#include <src/admin/live.js.inc>
	;

static const char body[] =
#include <src/admin/live.html.inc>
	;

static const char head[] = PAGE_HEAD
	"<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'%3E"
	"%3Cpath stroke='%234a83e8' stroke-width='2' d='M2 9V5M5 9V1M8 9V3'/%3E%3C/svg%3E\">\n"
	"<title>ranged</title>\n";

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct text page;
static char policy[512];

static void make(void)
{
	text_puts(&page, head);
	text_puts(&page, "<style>");
	text_puts(&page, style);
	text_puts(&page, "</style>\n");
	text_puts(&page, body);
	text_puts(&page, "<script>");
	text_puts(&page, script);
	text_puts(&page, "</script>\n");
	page_make_policy(policy, sizeof(policy), style, script,
			 "form-action 'none'; connect-src 'self'; frame-ancestors 'none'");
}

void live_answer(struct admin_call *call)
{
	pthread_once(&once, make);
	if (page.failed) {
		admin_call_say(call, 503, "out of memory");
		return;
	}
	call->policy = policy;
	admin_call_answer(call, 200, "text/html; charset=utf-8", page.bytes, page.used);
}
