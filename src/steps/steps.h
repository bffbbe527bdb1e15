/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a request as a table of steps. Belongs to its reactor's thread. */
#ifndef STEPS_STEPS_H
#define STEPS_STEPS_H

#include "request/request.h"

/* For request_init(): the first of them. */
extern const struct request_step steps[];

/* Goes on until it must wait (wake() will run: call again then) or the reply is made. */
enum request_state steps_run(struct request *request);

/* Makes the reply a refusal before any step was run; the connection must close behind it if the request's body was not
 * read. */
void steps_refuse(struct request *request, unsigned status);

#endif
