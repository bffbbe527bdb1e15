/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the pages that ranged makes have in common: a style, a script, pictures, and the policy that lets nothing else
 * in. Made once, for the life of the process. Any thread.
 */
#ifndef LISTING_PAGE_H
#define LISTING_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* How each page begins, as a literal; then come its favicon and its title. */
#define PAGE_HEAD                                                                   \
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"           \
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n" \
	"<meta name=\"color-scheme\" content=\"light dark\">\n"

/* From the doctype to the style, with this title (for text_title()) and this favicon; the body's content may follow. */
void page_begin(struct text *text, const char *title, size_t title_length);
/* The pictures, as symbols by one letter: <svg><use href="#d"/></svg>. */
void page_symbols(struct text *text);
/* The script, which finds its way by itself; at the end. */
void page_script(struct text *text);

/* The value of Content-Security-Policy: this style and this script, and no other. */
const char *page_policy(void);
/* The same for a page of one's own, with what else is to stand in it. */
void page_make_policy(char *policy, size_t policy_bytes, const char *css, const char *js, const char *more);
/* Of style, script and pictures: for entity tags. */
uint64_t page_hash(void);

#endif
