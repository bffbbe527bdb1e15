/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 503 for a connection that is rejected before its request is parsed, with the header fields of its path. The
 * function has no side effects, and may run on any thread.
 */
#ifndef REQUEST_REJECTION_H
#define REQUEST_REJECTION_H

#include <stddef.h>

#include "site/rules.h"

#define REJECTION_HEAD_BYTES 4096 /* maximum number of bytes that are read of a request */
#define REJECTION_TEXT_BYTES 4096

/*
 * Writes the response into text[REJECTION_TEXT_BYTES] and returns its length. `head` has the bytes of the request that
 * were received, followed by NUL. It may be empty, and its contents are overwritten.
 *
 * If the host and the target were received, the response follows the rules of the request's site and path. The reason
 * is that a page of another origin can read the status only if the response has the fields of "cors".
 */
size_t rejection_write(const struct rules *rules, unsigned listener, char *head, char *text);

#endif
