/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the admin resources. To add a resource, add a line to the table, and a
 * function in a new file. The function receives a struct admin_call (admin_call.h) and sets the answer.
 *
 * A resource runs on the thread of its connection, so it may only read data that any thread may read. A resource may
 * run before the workers are started. process_state() then returns PROCESS_STARTING.
 */
#include "admin/admin.h"

#include <string.h>

#include "admin/admin_listener.h"
#include "admin/cache_evict.h"
#include "admin/cache_hot.h"
#include "admin/cache_warm.h"
#include "admin/checks.h"
#include "admin/live.h"
#include "admin/metrics.h"
#include "admin/status.h"
#include "base/log.h"
#include "daemon/worker.h"

static const struct admin_resource resources[] = {
	{ "/", ADMIN_GET, live_answer },
	{ "/healthz", ADMIN_GET, checks_answer_health },
	{ "/readyz", ADMIN_GET, checks_answer_readiness },
	{ "/metrics", ADMIN_GET, metrics_answer },
	{ "/status", ADMIN_GET, status_answer },
	{ "/cache/warm", ADMIN_POST, cache_warm_answer },
	{ "/cache/pin", ADMIN_POST, cache_warm_answer_pinned },
	{ "/cache/evict", ADMIN_POST, cache_evict_answer },
	{ "/cache/hot", ADMIN_GET | ADMIN_POST, cache_hot_answer },
	{ 0 },
};

int admin_start(struct admin_listener **listener, struct process *process, const struct text_list *addresses)
{
	const struct admin_listener_options options = { .name = "admin",
							.addresses = addresses,
							.server = { .resources = resources, .process = process } };

	return addresses->count > 0 ? admin_listener_start(listener, &options) : 0;
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
