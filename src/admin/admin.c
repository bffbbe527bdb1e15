/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the admin resources, and the two health checks. To add a resource, add a line to the table, and a
 * function in a new file. The function receives a struct admin_call (admin_call.h) and sets the answer.
 *
 * A resource runs on the thread of its connection, so it may only read data that any thread may read. A resource may
 * run before the workers are started. process_state() then returns PROCESS_STARTING.
 */
#include "admin/admin.h"

#include <inttypes.h>
#include <string.h>

#include "admin/admin_listener.h"
#include "admin/cache_evict.h"
#include "admin/cache_hot.h"
#include "admin/cache_warm.h"
#include "admin/live.h"
#include "admin/metrics.h"
#include "admin/status.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/readiness.h"
#include "daemon/worker.h"

/* A worker that has not iterated for this time is stuck. The timers of a worker cause an iteration twice a second. */
#define STUCK_NS (10 * CLOCK_NS_PER_S)

static void answer_health(struct admin_call *call)
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

static void answer_readiness(struct admin_call *call)
{
	char reason[READINESS_REASON_BYTES];
	bool ready = readiness_check(call->process, reason, sizeof(reason));

	admin_call_say(call, ready ? 200 : 503, "%s", reason);
}

static const struct admin_resource resources[] = {
	{ "/", ADMIN_GET, live_answer },
	{ "/healthz", ADMIN_GET, answer_health },
	{ "/readyz", ADMIN_GET, answer_readiness },
	{ "/metrics", ADMIN_GET, metrics_answer },
	{ "/status", ADMIN_GET, status_answer },
	{ "/cache/warm", ADMIN_POST, cache_warm_answer },
	{ "/cache/pin", ADMIN_POST, cache_warm_answer_pinned },
	{ "/cache/evict", ADMIN_POST, cache_evict_answer },
	{ "/cache/hot", ADMIN_GET | ADMIN_POST, cache_hot_answer },
	{ 0 },
};

static int start(struct admin_listener **listener, const struct admin_listener_options *options)
{
	char fault[ADMIN_LISTENER_FAULT_BYTES], text[300];
	int error = admin_listener_open(listener, options, fault);

	if (error != 0) {
		log_error("%s", fault);
		return error;
	}
	error = admin_listener_start(*listener);
	if (error != 0) {
		log_error("admin: cannot start the listener: %s", strerror(-error));
		return error;
	}
	for (size_t i = 0; admin_listener_address(*listener, i, text, sizeof(text)) != NULL; i++)
		log_info("admin listener on %s", text);
	return 0;
}

int admin_start(struct admin_listener **listener, struct process *process, const struct text_list *addresses)
{
	const struct admin_listener_options options = { .addresses = addresses,
							.server = { .resources = resources, .process = process } };
	int error = options.addresses->count > 0 ? start(listener, &options) : 0;

	if (error != 0) {
		admin_listener_close(*listener);
		*listener = NULL;
	}
	return error;
}

void admin_give(struct admin_listener *listener, uid_t uid, gid_t gid)
{
	int error = listener != NULL ? admin_listener_give(listener, uid, gid) : 0;

	if (error != 0)
		log_warning("admin: cannot change the owner of the Unix socket to the configured user: %s",
			    strerror(-error));
}

bool admin_stop(struct admin_listener *listener)
{
	return admin_listener_close(listener);
}
