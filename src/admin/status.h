/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot as JSON, for the live page, ranged-ctl and scripts; ranged(8) says what is in it. Any thread. */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include "admin/admin_call.h"
#include "admin/snapshot.h"

/* On one line, without a newline; free() it. NULL: no memory. */
char *status_format(const struct snapshot *snapshot);

/* The resource. */
void status_answer(struct admin_call *call);

#endif
