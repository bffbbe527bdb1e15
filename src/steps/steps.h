/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a request as a table of steps. Read this table first. A request runs on the thread of its reactor. */
#ifndef STEPS_STEPS_H
#define STEPS_STEPS_H

#include "request/request.h"

/* The table. Its address is the first step, for request_init(). */
extern const struct request_step steps[];

/*
 * Runs steps until the request waits or its reply is made. After REQUEST_WAITS, wake() is called when the wait has
 * ended; then the caller calls this function again.
 */
enum request_state steps_run(struct request *request);

/*
 * Makes an error reply before any step has run. If the body of the request was not read, the caller must close the
 * connection after the reply.
 */
void steps_reject(struct request *request, unsigned status);

#endif
