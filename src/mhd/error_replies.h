/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of responses of libmicrohttpd (MHD) for errors. Equal error replies of one server share one response, because
 * MHD copies each field of a new response. Each server has its own table. All functions run on the reactor's thread.
 */
#ifndef MHD_ERROR_REPLIES_H
#define MHD_ERROR_REPLIES_H

#include <stdbool.h>

#include "request/reply.h"

struct MHD_Response;
struct error_replies;

/* Creates an empty table. Returns 0 or -ENOMEM. */
int error_replies_new(struct error_replies **table);
/* Frees the table, and drops its references to the responses. NULL is allowed. */
void error_replies_free(struct error_replies *table);
/* Removes all responses. Requests that are receiving a response keep their references to it. */
void error_replies_clear(struct error_replies *table);

/*
 * Returns true if the table may have the reply: its body is a static text, and no field was formatted for this request.
 * Pure.
 */
bool error_replies_may_have(const struct reply *reply);
/* Returns the response with this status, these fields and this body, or NULL. The table owns the response. */
struct MHD_Response *error_replies_find(struct error_replies *table, const struct reply *reply);
/*
 * Adds the response that was made for this reply, and copies the fields of the reply. If successful, returns true and
 * takes the caller's reference to the response: MHD has no function that adds a reference. Returns false if there is no
 * memory.
 */
bool error_replies_add(struct error_replies *table, const struct reply *reply, struct MHD_Response *response);

#endif
