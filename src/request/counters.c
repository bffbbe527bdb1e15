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
	static const char *const names[COUNTERS_REASONS + 1] = {
		[COUNTERS_MAX_CONNECTIONS] = "max_connections",
		[COUNTERS_MAX_CONNECTIONS_PER_CLIENT] = "max_connections_per_client",
		[COUNTERS_REQUESTS_PER_CLIENT] = "requests_per_client",
		[COUNTERS_TRANSFERS_PER_CLIENT] = "transfers_per_client",
		[COUNTERS_DISK_QUEUE_TIMEOUT] = "disk_queue_timeout",
		[COUNTERS_BAD_REQUEST] = "bad_request",
		[COUNTERS_METHOD] = "method",
		[COUNTERS_UNKNOWN_HOST] = "unknown_host",
		[COUNTERS_PLAIN_TLS] = "plain_tls",
		[COUNTERS_HTTP2] = "http2",
		[COUNTERS_ACCESS] = "access",
		[COUNTERS_EXPIRED] = "expired",
		[COUNTERS_MEMORY] = "memory",
		[COUNTERS_DESCRIPTORS] = "descriptors",
		[COUNTERS_PROXY_PROTOCOL] = "proxy_protocol",
		[COUNTERS_STORAGE] = "storage",
		[COUNTERS_CLIENT_BEFORE_RESPONSE] = "client_before_response",
		[COUNTERS_CLIENT_IN_RESPONSE] = "client_in_response",
		[COUNTERS_HEADER_TIMEOUT] = "header_timeout",
		[COUNTERS_IDLE_TIMEOUT] = "idle_timeout",
		[COUNTERS_MIN_RATE] = "min_rate",
		[COUNTERS_MAX_TRANSFER_TIME] = "max_transfer_time",
		[COUNTERS_TLS_HANDSHAKE] = "tls_handshake",
		[COUNTERS_BODY_FAILED] = "body_failed",
		[COUNTERS_DRAIN] = "drain",
		[COUNTERS_SHUTDOWN] = "shutdown",
		[COUNTERS_NO_REASON] = NULL,
	};

	return names[reason];
}

const char *counters_disconnect_name(unsigned index)
{
	return counters_reason_name(COUNTERS_REJECTIONS + index);
}

const char *counters_phase_name(unsigned phase)
{
	static const char *const names[COUNTERS_PHASES] = { "idle", "head", "work", "send" };

	return names[phase];
}
