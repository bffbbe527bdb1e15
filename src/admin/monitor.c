/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the resources of the monitor listener, and the parts of the configuration that it uses. A reload changes
 * the networks and the certificates, but not the addresses. Both are therefore looked up in the current generation for
 * each connection. Before the first generation is current, a copy of the networks is used, and TLS handshakes fail.
 *
 * The functions run on the accepting thread, on the threads of libmicrohttpd, and on the main thread.
 */
#include "admin/monitor.h"

#include <errno.h>
#include <stdlib.h>

#include "admin/admin_listener.h"
#include "admin/checks.h"
#include "admin/metrics.h"
#include "base/log.h"
#include "base/networks.h"
#include "daemon/generation.h"

struct monitor {
	struct process *process;
	struct admin_listener *listener;
	struct text_list initial; /* monitor_allow of the first generation */
	struct text_list local;	  /* the networks of this host, which apply if monitor_allow is not set */
};

static const struct admin_resource resources[] = {
	{ "/healthz", ADMIN_GET, checks_answer_health },
	{ "/readyz", ADMIN_GET, checks_answer_readiness },
	{ "/metrics", ADMIN_GET, metrics_answer },
	{ 0 },
};

/* Returns the current generation with a new reference, or NULL while the process starts. */
static struct generation *current_of(struct process *process)
{
	return process_state(process) != PROCESS_STARTING ? generation_current(process) : NULL;
}

static bool admits(void *context, const struct address *address)
{
	const struct monitor *monitor = context;
	struct generation *current = current_of(monitor->process);
	const struct text_list *allow = current != NULL ? &generation_config(current)->monitor_allow
							: &monitor->initial;
	const bool admitted = networks_narrowest(allow->count > 0 ? allow : &monitor->local, address) >= 0;

	generation_unref(current);
	return admitted;
}

/* A connection has no reference to the generation. Otherwise the roots of the generation would stay open meanwhile. */
static struct certificates *certificates(struct process *process)
{
	struct generation *current = current_of(process);
	struct certificates *set = current != NULL ? certificates_ref(current->certificates) : NULL;

	generation_unref(current);
	return set;
}

/* Fills the lists of networks. Returns 0 or -ENOMEM. */
static int copy_networks(struct monitor *monitor, const struct text_list *allow)
{
	static const char *const local[] = { "127.0.0.0/8", "::1", "unix:" };
	bool copied = true;

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		copied = copied && text_list_add(&monitor->local, local[i], networks_parse) == NULL;
	for (size_t i = 0; i < allow->count; i++)
		copied = copied && text_list_add(&monitor->initial, allow->list[i], networks_parse) == NULL;
	return copied ? 0 : -ENOMEM;
}

static int start_listener(struct monitor *monitor, const struct text_list *addresses)
{
	const struct admin_listener_options options = {
		.name = "monitor",
		.addresses = addresses,
		.admits = admits,
		.context = monitor,
		.server = { .resources = resources,
			    .process = monitor->process,
			    .remote = true,
			    .certificates = certificates },
	};

	return admin_listener_start(&monitor->listener, &options);
}

int monitor_start(struct monitor **monitor, struct process *process, const struct config *config)
{
	struct monitor *made;
	int error;

	if (config->monitor.count == 0)
		return 0;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return log_failure("monitor", -ENOMEM);
	made->process = process;
	error = copy_networks(made, &config->monitor_allow);
	if (error == 0)
		error = start_listener(made, &config->monitor);
	if (error != 0) {
		monitor_stop(made);
		return error;
	}
	if (config->monitor_allow.count == 0 && admin_listener_is_reachable(made->listener))
		log_warning("monitor: only clients on this host may connect; set monitor_allow for other hosts");
	*monitor = made;
	return 0;
}

bool monitor_stop(struct monitor *monitor)
{
	if (monitor == NULL)
		return true;
	if (!admin_listener_close(monitor->listener))
		return false;
	text_list_clear(&monitor->initial);
	text_list_clear(&monitor->local);
	free(monitor);
	return true;
}
