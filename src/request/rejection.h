/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 503 for a connection that is rejected before its request is parsed, with the header fields of its path. The
 * function has no side effects, and may run on any thread.
 */
#ifndef REQUEST_REJECTION_H
#define REQUEST_REJECTION_H

#include <stddef.h>

#include "site/rules.h"

#define REJECTION_HEAD_BYTES 4096 /* maximum length of a request that is read */
#define REJECTION_TEXT_BYTES 4096

/*
 * Writes the response into text[REJECTION_TEXT_BYTES] and returns its length. head: the bytes of the request that have
 * arrived, with a NUL after them; it may be "". Its contents are overwritten.
 *
 * The response follows the rules of the request's site and path, as far as these have arrived. The reason is that a
 * page of another origin can read the status only if the response has the fields of "cors".
 */
size_t rejection_write(const struct rules *rules, unsigned listener, char *head, char *text);

#endif
