/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The built-in bodies of error responses, as plain text, HTML or JSON. They live as long as the process. Thread-safe.
 */
#ifndef REQUEST_ERROR_PAGE_H
#define REQUEST_ERROR_PAGE_H

#include <stddef.h>

struct error_page {
	const char *type; /* Content-Type */
	const char *body;
	size_t length;	    /* length of the body, in bytes */
	const char *policy; /* Content-Security-Policy; NULL: none */
};

/*
 * Returns the body for this status in the format that the client prefers (RFC 9110 section 12.5.1). The result is never
 * NULL. `accept` is the Accept field of the request; NULL means plain text. The response needs "Vary: Accept".
 */
const struct error_page *error_page_find(unsigned status, const char *accept);

#endif
