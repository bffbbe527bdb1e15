/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of supervisors and load balancers, on the admin listener and on the monitor listener. */
#ifndef ADMIN_CHECKS_H
#define ADMIN_CHECKS_H

#include "admin/admin_call.h"

/* Answers GET /healthz: 503 if a worker is stuck, else 200. */
void checks_answer_health(struct admin_call *call);
/* Answers GET /readyz: 200 if the process is ready, else 503 (readiness.h). The body is the reason. */
void checks_answer_readiness(struct admin_call *call);

#endif
