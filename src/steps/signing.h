/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signed URLs: the step that verifies them, and the keys of all locations ("sign_keys"). */
#ifndef STEPS_SIGNING_H
#define STEPS_SIGNING_H

#include "request/request.h"
#include "site/rules.h"

struct signing;

/*
 * Reads the key files of all locations, each file once. Returns 0 with *signing owned by the caller, or -errno. Logs
 * errors, and logs a warning for a key file that all users can read. Blocks; never called on a reactor. *signing is
 * immutable. To reload the keys, the next generation creates a new struct signing. A request uses the keys only within
 * one step.
 */
int signing_new(struct signing **signing, const struct rules *rules);
/* Adds a reference. Thread-safe. NULL is allowed. */
struct signing *signing_ref(struct signing *signing);
/* Drops a reference. Dropping the last reference frees the keys. Thread-safe. NULL is allowed. */
void signing_unref(struct signing *signing);
/* Returns true if no location requires signatures. */
bool signing_is_empty(const struct signing *signing);

/*
 * Step: verifies the signature of the current path, and writes request->signature. Returns STEP_NEXT, or STEP_REPLY
 * with 403, or with 410 for an expired signature. Runs on the reactor's thread.
 */
enum step_result signing_check(struct request *request);

/*
 * Returns the query to append to the links of a listing, so that the linked paths are signed, too. The query has the
 * parameters of a signed prefix. Characters that are special in HTML are percent-encoded, except "&". Returns NULL if
 * no query is needed. The text is valid as long as the reply.
 */
const char *signing_links(struct request *request);

/*
 * Masks the signatures in the target and in Referer before they are logged, so that readers of the log cannot use them.
 */
void signing_mask(struct request *request);

#endif
