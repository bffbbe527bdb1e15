/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Renders the statistics as JSON, for the live page, ranged-ctl and scripts. ranged(8) describes the keys. All
 * functions are thread-safe.
 */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include "admin/admin_call.h"
#include "admin/snapshot.h"

/* Returns one line without a newline, which the caller frees with free(). Returns NULL if memory runs out. */
char *status_format(const struct snapshot *snapshot);

/* Answers GET /status. */
void status_answer(struct admin_call *call);

#endif
