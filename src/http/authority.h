/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The value of a Host field and the authority of a request target: RFC 9110 section 7.2 and RFC 3986 section 3.2. Pure. */
#ifndef HTTP_AUTHORITY_H
#define HTTP_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns true if the text is uri-host [ ":" port ]: a name, an IPv4 address or an IP literal in brackets, and a port of at most 65535,
 * which may be empty. Userinfo, blanks, control bytes and other delimiters of a URI are no part of either. An empty name is valid only
 * as the whole text.
 */
bool authority_is_valid(const char *text, size_t length);

#endif
