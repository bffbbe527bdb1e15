/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control by address and by password, and the identity of the client. Runs on the reactor's thread. */
#ifndef STEPS_GATE_H
#define STEPS_GATE_H

#include <stdbool.h>

#include "base/address.h"
#include "request/request.h"

/*
 * Determines the client after the header fields were parsed. If the peer is a trusted proxy, sets origin.client_address
 * and origin.secure to the values that the proxy forwarded, and sets origin.client. Must be called once for each
 * request. Returns 0 or -ENOMEM. After -ENOMEM, the limits of the client are unknown, and the request must be rejected.
 */
int gate_identify(struct request *request);

enum gate_verdict { GATE_DENIED, GATE_ALLOWED, GATE_UNDECIDED };

/*
 * Returns whether the rules allow the address. The blocks are checked from the innermost to the outermost block. The
 * first block to which one of these cases applies decides:
 *
 *  - If networks of "allow" or "deny" contain the address, the narrowest network decides. If "allow" and "deny" have
 *    this network, "deny" wins.
 *  - If the block has an "allow" and no network contains the address, the address is denied.
 *
 * If no block decides, the result is GATE_UNDECIDED. Then the address is allowed, but does not satisfy
 * "satisfy = any".
 */
enum gate_verdict gate_verdict(const struct match *match, const struct address *address);

/*
 * Step: checks the address. Returns STEP_NEXT, or STEP_REPLY with 403, or with 400 if the fields of the proxy
 * contradict each other. With "satisfy = any" and a password file, always returns STEP_NEXT, and an allowed address
 * needs no password.
 */
enum step_result gate_address(struct request *request);
/* Works like gate_address(), but a password does not replace an allowed address. */
enum step_result gate_address_only(struct request *request);
/*
 * Step: checks the password (RFC 7617). Returns STEP_NEXT, STEP_WAIT while a thread computes the hash, or STEP_REPLY
 * with 401, 429 (too many wrong passwords from this address) or 503.
 */
enum step_result gate_password(struct request *request);

#endif
