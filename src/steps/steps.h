/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a request as a table of steps, which is a good place to start reading. A request runs on its reactor's
 * thread.
 */
#ifndef STEPS_STEPS_H
#define STEPS_STEPS_H

#include "request/request.h"

/* The table of steps. The first element is the first step of a request, for request_init(). */
extern const struct request_step steps[];

/*
 * Runs steps until the request waits or its reply is made. After REQUEST_WAITS, wake() is called when the wait has
 * ended. The caller then calls steps_run() again.
 */
enum request_state steps_run(struct request *request);

/*
 * Makes an error reply before any step has run. If the body of the request was not read, the caller must close the
 * connection after the reply.
 */
void steps_reject(struct request *request, unsigned status);

/*
 * Answers a health check before any step has run, and returns true. Returns false if the request is not a health check.
 * The caller then calls steps_reject(). The caller must close the connection after the reply.
 */
bool steps_answer_health(struct request *request);

#endif
