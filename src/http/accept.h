/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what ranged itself has to say is wanted as text, as a page or as JSON: Accept, RFC 9110 section 12.5.1. Pure.
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

enum accept_format { ACCEPT_TEXT, ACCEPT_HTML, ACCEPT_JSON, ACCEPT_FORMATS };

/*
 * HTML or JSON if the field names it, and nothing that is offered has a higher quality; HTML if it names both alike.
 * Else `usual`, unless the field refuses it and takes another one: what names nothing (none at all, or a mere wildcard)
 * is from a program that doesn't care. Never refuses. usual: ACCEPT_TEXT, or ACCEPT_HTML (text is not offered then).
 */
enum accept_format accept_choose(const char *field, enum accept_format usual);

#endif
