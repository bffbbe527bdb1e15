/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits on the rate of responses, and on requests and transfers of a client. Runs on the reactor's thread. */
#ifndef STEPS_LIMIT_H
#define STEPS_LIMIT_H

#include "request/request.h"

/*
 * Step: counts the request and checks the limits of its client. Returns STEP_NEXT, or STEP_REPLY with 429 and
 * Retry-After. A counted request must be ended with limit_leave().
 */
enum step_result limit_check(struct request *request);

/*
 * Sets limits.limited and not_reusable if a rate limits the response. A limited response is sent in chunks, and neither
 * uses nor becomes a prebuilt response. Must be called again when the settings or the signature of the request change.
 */
void limit_pace(struct request *request);

/*
 * Grants bytes of the body. `length` is the number of bytes to send next, and `sent_bytes` the number of bytes sent
 * before. Returns the number of bytes that may be sent now, or returns 0 and sets *wait_ns if the response must wait. A
 * grant is valid until all of its bytes were sent.
 */
size_t limit_grant(struct request *request, size_t length, uint64_t sent_bytes, uint64_t *wait_ns);
/* Subtracts sent bytes from the grant. */
void limit_use(struct request *request, size_t bytes);

/*
 * Ends the accounting of the request, before its connection is closed. Returns unused reservations to the buckets, so
 * that short-lived responses do not delay other responses.
 */
void limit_leave(struct request *request);

#endif
