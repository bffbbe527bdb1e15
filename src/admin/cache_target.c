/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resolves the path of a request to a site and a walk. The target holds a reference to the generation of the
 * configuration, so that the rules and the root stay valid while the operation runs, even across a reload. The target
 * owns the walk and the copy of the path. The operation that runs on the thread of the connection owns the target.
 */
#include "admin/cache_target.h"

#include <stdlib.h>
#include <string.h>

#include "admin/cache_answer.h"
#include "daemon/process.h"

static bool check_state(struct admin_call *call)
{
	const enum process_state state = process_state(call->process);

	if (state != PROCESS_STARTING && state < PROCESS_DRAINING)
		return true;
	cache_answer_error(call, 503, "the process is %s; no cache operation is possible", process_state_name(state));
	return false;
}

/* Opens the walk. On failure sets an error answer and returns false. */
static bool open_walk(struct cache_target *target, struct admin_call *call, const char *host)
{
	int error;

	target->site = cache_walk_site(target->generation, host);
	if (target->site == NULL) {
		cache_answer_error(call, 404, "no site \"%s\" in the configuration", host != NULL ? host : "");
		return false;
	}
	error = cache_walk_open(&target->walk, target->generation, target->site, target->path);
	if (error != 0)
		cache_answer_errno(call, error, target->path);
	return error == 0;
}

bool cache_target_open(struct cache_target *target, struct admin_call *call)
{
	const char *path = admin_call_argument(call, "path"), *host = admin_call_argument(call, "site");

	if (path == NULL || path[0] == '\0') {
		cache_answer_error(call, 400, "the argument \"path\" is missing");
		return false;
	}
	if (!check_state(call))
		return false;
	*target = (struct cache_target){ .process = call->process, .stopping = call->stopping, .path = strdup(path) };
	if (target->path == NULL) {
		cache_answer_error(call, 503, "out of memory");
		return false;
	}
	target->generation = generation_current(call->process);
	if (open_walk(target, call, host))
		return true;
	cache_target_close(target);
	return false;
}

void cache_target_close(struct cache_target *target)
{
	cache_walk_free(target->walk);
	if (target->generation != NULL)
		generation_unref(target->generation);
	free(target->path);
}

bool cache_target_is_stopping(const struct cache_target *target)
{
	return atomic_load_explicit(target->stopping, memory_order_relaxed) ||
	       process_state(target->process) >= PROCESS_DRAINING;
}
