/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may come in: whom a request is from, whether that address may ask, and whether it knows a password. Reactor's
 * thread. */
#ifndef STEPS_GATE_H
#define STEPS_GATE_H

#include <stdbool.h>

#include "base/address.h"
#include "request/request.h"

/*
 * The fields have come: client_address and secure, which are the peer's, become those whom it speaks for if it is a
 * trusted proxy; then client is filled, too. Once a request. Returns 0, or -ENOMEM: whose limits apply is unknown then.
 */
int gate_identify(struct request *request);

/*
 * From the innermost block outwards, the first that has something to say to this address decides: one whose "allow" or
 * "deny" holds it (of both, the narrower network; of two alike, "deny"), or one with an "allow" that does not: that is
 * no. Without any: yes.
 */
bool gate_allows(const struct match *match, const struct address *address);

/* Steps. NEXT: it may come in; WAIT: wake() will run; REPLY: it was refused (403; 401, 429, 503). */
enum step_result gate_address(struct request *request);
enum step_result gate_password(struct request *request);

#endif
