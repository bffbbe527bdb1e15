/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resource /cache/evict of the admin listener. */
#ifndef ADMIN_CACHE_EVICT_H
#define ADMIN_CACHE_EVICT_H

#include "admin/admin_call.h"

/*
 * Evicts a file, or all files of a directory, including pinned files. Answers with lines of JSON: the progress, then
 * the result. Blocks the thread of the connection.
 */
void cache_evict_answer(struct admin_call *call);

#endif
