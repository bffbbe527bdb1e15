/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of the statistics of requests, as they appear as labels in the metrics, in JSON, and in the manual. The
 * tables are static and constant, so any thread may use them. Their order is that of the enums of counters.h.
 */
#include "request/counters.h"

const char *counters_method_name(unsigned method)
{
	static const char *const names[COUNTERS_METHODS] = { "GET", "HEAD", "OPTIONS", "other" };

	return names[method];
}

const char *counters_source_name(unsigned source)
{
	static const char *const names[COUNTERS_SOURCES] = { "cache", "coalesced", "disk", "other" };

	return names[source];
}

const char *counters_reason_name(unsigned reason)
{
	static const char *const names[COUNTERS_REASONS] = { "max_connections",
							     "max_connections_per_client",
							     "requests_per_client",
							     "transfers_per_client",
							     "disk_queue_timeout",
							     "bad_request",
							     "access",
							     "expired",
							     "memory",
							     "descriptors",
							     "proxy_protocol" };

	return names[reason];
}

const char *counters_phase_name(unsigned phase)
{
	static const char *const names[COUNTERS_PHASES] = { "idle", "head", "work", "send" };

	return names[phase];
}
