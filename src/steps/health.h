/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Health checks of load balancers on the data listeners (key "health"). Runs on the reactor's thread. */
#ifndef STEPS_HEALTH_H
#define STEPS_HEALTH_H

#include <stdbool.h>

#include "request/request.h"

/*
 * Step: answers a request for the path of the key "health", whatever its host is. The step precedes the search for the
 * site, so no other rule, limit, password or file applies. Returns STEP_NEXT for all other paths. Otherwise returns
 * STEP_REPLY with one of these replies:
 *
 *  - 200 "ok" if the process is ready. OPTIONS gets 204, because the checks of some load balancers use this method.
 *  - 503 with Retry-After if the process is not ready.
 *  - 403 if "allow" and "deny" of the top level, or of its locations that match the path, reject the address.
 */
enum step_result health_answer(struct request *request);

/* Returns true if the request is for the path of the key "health". Must be called after target_parse(). */
bool health_is_check(const struct request *request);

#endif
