/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live page: one document that holds its style and its script, and shows what /status next to it says. */
#ifndef ADMIN_LIVE_H
#define ADMIN_LIVE_H

#include "admin/admin_call.h"

/* Answers with the page, which is made once, for the life of the process. Any thread. */
void live_answer(struct admin_call *call);

#endif
