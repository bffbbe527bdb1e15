/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file or directory that a request to /cache/warm, /cache/pin or /cache/evict names, opened for a walk. Used only
 * by the thread of the connection.
 */
#ifndef ADMIN_CACHE_TARGET_H
#define ADMIN_CACHE_TARGET_H

#include "admin/admin_call.h"
#include "admin/cache_walk.h"

struct cache_target {
	struct process *process;
	const atomic_bool *stopping;   /* see struct admin_call */
	struct generation *generation; /* holds a reference, so that the site stays valid during a reload */
	const struct site *site;
	struct cache_walk *walk;
	char *path; /* the path as requested */
};

/*
 * Reads the arguments "path" and "site", and opens the walk. On failure answers the request with an error and returns
 * false.
 */
bool cache_target_open(struct cache_target *target, struct admin_call *call);
/* Releases all members. An all-zero target is allowed. */
void cache_target_close(struct cache_target *target);
/* Returns true if the process stops or drains. The operation must then end. */
bool cache_target_is_stopping(const struct cache_target *target);

#endif
