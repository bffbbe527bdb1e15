/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two checks read only atomics and the state of the roots, so they answer while a worker is stuck or storage does
 * not respond. They run on the thread of the connection.
 */
#include "admin/checks.h"

#include <inttypes.h>

#include "base/clock.h"
#include "daemon/readiness.h"
#include "daemon/worker.h"

/* A worker that has not iterated for this time is stuck. The timers of a worker cause an iteration twice a second. */
#define STUCK_NS (10 * CLOCK_NS_PER_S)

void checks_answer_health(struct admin_call *call)
{
	const struct process *process = call->process;
	const uint64_t now_ns = clock_now_ns();
	const unsigned count = process_state(process) == PROCESS_STARTING ? 0 : process->count;

	for (unsigned i = 0; i < count; i++) {
		uint64_t last_iteration_ns = worker_last_iteration_ns(process->workers[i]);

		if (last_iteration_ns < now_ns && now_ns - last_iteration_ns >= STUCK_NS) {
			admin_call_say(call, 503,
				       "worker %u has not completed an iteration of its event loop for %" PRIu64 " s",
				       i, (now_ns - last_iteration_ns) / CLOCK_NS_PER_S);
			return;
		}
	}
	admin_call_say(call, 200, "ok");
}

void checks_answer_readiness(struct admin_call *call)
{
	char reason[READINESS_REASON_BYTES];
	bool ready = readiness_check(call->process, reason, sizeof(reason));

	admin_call_say(call, ready ? 200 : 503, "%s", reason);
}
