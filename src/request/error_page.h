/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small bodies of errors, as text, as a page or as JSON. Made once, for the life of the process. Any thread. */
#ifndef REQUEST_ERROR_PAGE_H
#define REQUEST_ERROR_PAGE_H

#include <stddef.h>

struct error_page {
	const char *type; /* its Content-Type */
	const char *body;
	size_t length;
	const char *policy; /* its Content-Security-Policy, or NULL */
};

/* accept: the request's field, or NULL: text. The answer depends on it, so it is to be sent with "Vary: Accept". Never
 * NULL. */
const struct error_page *error_page_find(unsigned status, const char *accept);

#endif
