/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fast a response may go out, and how often a client may ask: buckets of the process, the client, the file and the
 * response, one behind the other. Belongs to its reactor's thread.
 */
#ifndef STEPS_LIMIT_H
#define STEPS_LIMIT_H

#include "request/request.h"

/* Notes whether the response is limited (request->limited): it is sent piece by piece then, and from no reply made
 * before. */
void limit_pace(struct request *request);
/* The same, and counts the request. 0, or the seconds after which the client may ask again (429). */
unsigned limit_enter(struct request *request);

/*
 * How many of `length` bytes of the body may go out now, when `taken_bytes` of it have: 0 with *wait_ns, the time until
 * some may. What was granted holds until it was used up.
 */
size_t limit_grant(struct request *request, size_t length, uint64_t taken_bytes, uint64_t *wait_ns);
/* So many of them were used. */
void limit_use(struct request *request, size_t bytes);

/*
 * The request is over: what was granted and not used is given back, or those who come and go would keep others waiting.
 * Before its connection has closed.
 */
void limit_leave(struct request *request);

#endif
