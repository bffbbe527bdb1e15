/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live page: one HTML document with its style and script, which polls /status and draws charts of the values. */
#ifndef ADMIN_LIVE_H
#define ADMIN_LIVE_H

#include "admin/admin_call.h"

/* Answers GET /. Thread-safe. */
void live_answer(struct admin_call *call);

#endif
