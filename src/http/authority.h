/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validates a Host field and the authority of a request target: RFC 9110 section 7.2 and RFC 3986 section 3.2. The
 * function is pure and thread-safe.
 */
#ifndef HTTP_AUTHORITY_H
#define HTTP_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns true if the text is uri-host [ ":" port ]. The host is a name, an IPv4 address or an IP literal in brackets.
 * The port is at most 65535, or empty. Userinfo, blanks, control bytes and other delimiters of a URI are invalid. An
 * empty text is valid. A port without a host is invalid.
 */
bool authority_is_valid(const char *text, size_t length);

#endif
