/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The common parts of the HTML pages that ranged generates: style, script, icons, and the Content-Security-Policy that
 * allows no other style or script. The parts never change. All functions are thread-safe.
 */
#ifndef LISTING_PAGE_H
#define LISTING_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Beginning of each page, as a string literal. The favicon and the title follow. */
#define PAGE_HEAD                                                                   \
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"           \
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n" \
	"<meta name=\"color-scheme\" content=\"light dark\">\n"

/*
 * Appends the start of a page, from the doctype to the style. text_title() escapes the title. The caller appends the
 * body.
 */
void page_begin(struct text *text, const char *title, size_t title_length);
/* Appends the icons, which are used as <svg><use href="#d"/></svg>. */
void page_symbols(struct text *text);
/* Appends the script, which must be at the end of the page. */
void page_script(struct text *text);

/* Returns the value of Content-Security-Policy, which allows only the style and the script of the page. */
const char *page_policy(void);
/* Formats the Content-Security-Policy of a page with this style and script. The directives in `more` are appended. */
void page_make_policy(char *policy, size_t policy_bytes, const char *css, const char *js, const char *more);
/* Returns a hash of style, script and icons, for entity tags. */
uint64_t page_hash(void);

#endif
