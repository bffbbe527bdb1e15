/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to a connection that is refused before a request of it is read: 503, with the header fields of its path. Pure. */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

#include <stddef.h>

#include "http/rules.h"

#define REFUSAL_HEAD_BYTES 4096 /* how much of a request is looked at */
#define REFUSAL_TEXT_BYTES 4096

/*
 * Writes the answer into text[REFUSAL_TEXT_BYTES] and returns its length. head: what has arrived of the request, with a NUL behind it, which is
 * overwritten; it may be "". A page of another origin sees the status only if the answer has the fields of "cors", so the rules are those of
 * the request's site and path, as far as these have arrived.
 */
size_t refusal_write(const struct rules *rules, unsigned listener, char *head, char *text);

#endif
