/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resources of the admin listener about what the cache holds: /cache/warm, /cache/pin, /cache/evict. They block, on the
 * connection's own thread; what is read is read by the workers.
 */
#ifndef ADMIN_CACHE_OPS_H
#define ADMIN_CACHE_OPS_H

#include "admin/admin_call.h"

void cache_ops_warm(struct admin_call *call);
void cache_ops_pin(struct admin_call *call);
void cache_ops_evict(struct admin_call *call);

#endif
