/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of the process and of the roots of the current generation is kept by the main thread and by the threads of
 * the roots. The function below only reads it, so it never waits for storage.
 */
#include "daemon/readiness.h"

#include <stdio.h>

#include "daemon/generation.h"
#include "daemon/site_roots.h"

/* Returns true if the roots of the current generation are ready. Otherwise writes the reason. */
static bool check_roots(struct process *process, char *reason, size_t reason_bytes)
{
	struct generation *current = generation_current(process);
	bool ready = site_roots_are_ready(&generation_config(current)->rules, reason, reason_bytes);

	generation_unref(current);
	return ready;
}

bool readiness_check(struct process *process, char *reason, size_t reason_bytes)
{
	enum process_state state = process_state(process);

	snprintf(reason, reason_bytes, "%s", process_state_name(state));
	return state == PROCESS_SERVING && check_roots(process, reason, reason_bytes);
}
