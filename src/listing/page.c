/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The common parts of the generated HTML pages. The parts are static, and any thread may use them.
 *
 * The main idea: the makefile converts colours.css, page.css, page.js and page.svg to C strings. The policy contains
 * the hashes of style and script (W3C CSP section 2.3.1: base64 of SHA-256). The hashes are computed at the first use,
 * so a change of a source file needs no other change. The function pthread_once() publishes the result to other
 * threads.
 */
#include "listing/page.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static const char style[] = "\n"
#include <src/listing/colours.css.inc>
#include <src/listing/page.css.inc>
	;

static const char script[] = "\n"
#include <src/listing/page.js.inc>
	;

static const char symbols[] =
#include <src/listing/page.svg.inc>
	;

static const char head[] = PAGE_HEAD
	"<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'"
	"%3E%3Cpath fill='%234a83e8' d='M2 5.5A1.5 1.5 0 0 1 3.5 4h4L10 6h6.5A1.5 1.5 0 0 1 18 7.5v7a1.5 1.5 0 0 1-1.5"
	" 1.5h-13A1.5 1.5 0 0 1 2 14.5z'/%3E%3C/svg%3E\">\n";

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char own_policy[512];
static uint64_t hash;

static void hash_source(const char *source, char *base64, size_t base64_bytes)
{
	unsigned char digest[32];
	gnutls_datum_t in = { .data = digest, .size = sizeof(digest) }, out = { 0 };

	*base64 = '\0';
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, source, strlen(source), digest) != 0 ||
	    gnutls_base64_encode2(&in, &out) != 0)
		return;
	snprintf(base64, base64_bytes, "%.*s", (int)out.size, (const char *)out.data);
	gnutls_free(out.data);
}

void page_make_policy(char *policy, size_t policy_bytes, const char *css, const char *js, const char *more)
{
	char style_hash[64], script_hash[64];

	hash_source(css, style_hash, sizeof(style_hash));
	hash_source(js, script_hash, sizeof(script_hash));
	snprintf(
		policy, policy_bytes,
		"default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; base-uri 'none'; %s",
		style_hash, script_hash, more);
}

static void make(void)
{
	page_make_policy(own_policy, sizeof(own_policy), style, script, "form-action 'self'; frame-ancestors 'self'");
	hash = XXH64(style, sizeof(style), 0);
	hash = XXH64(script, sizeof(script), hash);
	hash = XXH64(symbols, sizeof(symbols), hash);
	hash = XXH64(head, sizeof(head), hash);
}

void page_begin(struct text *text, const char *title, size_t title_length)
{
	text_puts(text, head);
	text_puts(text, "<title>");
	text_title(text, title, title_length);
	text_puts(text, "</title>\n<style>");
	text_puts(text, style);
	text_puts(text, "</style>\n");
}

void page_symbols(struct text *text)
{
	text_puts(text, symbols);
}

void page_script(struct text *text)
{
	text_puts(text, "<script>");
	text_puts(text, script);
	text_puts(text, "</script>\n");
}

const char *page_policy(void)
{
	pthread_once(&once, make);
	return own_policy;
}

uint64_t page_hash(void)
{
	pthread_once(&once, make);
	return hash;
}
