/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Implements the timeouts of connections. A timeout runs only while the server waits for the client to send a header
 * block, to send its next request, or to read a response. No timeout runs while the client waits for the disk, that is,
 * in CONNECTION_WORK and while a response is suspended until its next block is read.
 *
 * The minimum rate counts the bytes that the client's kernel has acknowledged. Bytes that only the local kernel has
 * accepted do not show that the client reads. If the client has acknowledged all sent bytes, the server is the slower
 * side, and the connection is not aborted. Peers on Unix sockets are proxies on the same host, and have no minimum
 * rate. The server owns the struct. All functions run on the reactor's thread.
 */
#include "request/connection.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "base/clock.h"

#define REJECTED_MS 2000	/* time for a rejected client to send the request to which the server replies 503 */
#define TCP_STATE_ESTABLISHED 1 /* defined in <netinet/tcp.h>, which conflicts with <linux/tcp.h> */
#define TCP_STATE_CLOSE 7

_Static_assert(CONNECTION_SEND + 1 == COUNTERS_PHASES, "each phase has a counter");

void connection_join(struct connection *connection, enum connection_phase phase, uint64_t now_ns)
{
	counter_add(&connection->counters->connections[connection->phase], 1);
	connection_set_phase(connection, phase, now_ns);
}

void connection_leave(struct connection *connection)
{
	counter_subtract(&connection->counters->connections[connection->phase], 1);
}

void connection_set_phase(struct connection *connection, enum connection_phase phase, uint64_t now_ns)
{
	counter_subtract(&connection->counters->connections[connection->phase], 1);
	counter_add(&connection->counters->connections[phase], 1);
	connection->phase = phase;
	connection->since_ns = now_ns;
	connection->acked_bytes = UINT64_MAX; /* the next sweep samples the value */
	connection->idle_checked = false;
}

static bool get_acked(const struct connection *connection, uint64_t *bytes)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (connection->peer.address.ss_family == AF_UNIX ||
	    getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
		return false;
	*bytes = info.tcpi_bytes_acked;
	return true;
}

static bool has_unacked(const struct connection *connection)
{
	int unacked = 0;

	return ioctl(connection->fd, SIOCOUTQ, &unacked) == 0 && unacked > 0;
}

static bool is_too_slow(struct connection *connection, const struct connection_limits *limits, uint64_t now_ns)
{
	uint64_t elapsed_ms = (now_ns - connection->since_ns) / CLOCK_NS_PER_MS, before = connection->acked_bytes, now;

	if (limits->min_rate_bytes == 0 || (before != UINT64_MAX && elapsed_ms < limits->stall_timeout_ms))
		return false;
	if (!get_acked(connection, &now))
		return false;
	connection->acked_bytes = now;
	if (before == UINT64_MAX || !has_unacked(connection) || connection_waits(connection) || connection->paused) {
		connection->paused = false;
		connection->since_ns = now_ns;
		return false;
	}
	connection->since_ns = now_ns;
	return (now - before) * 1000 < limits->min_rate_bytes * elapsed_ms;
}

enum counters_reason connection_timeout_reason(struct connection *connection, const struct connection_limits *limits,
					       uint64_t now_ns)
{
	uint64_t age_ms = (now_ns - connection->since_ns) / CLOCK_NS_PER_MS;

	switch (connection->phase) {
	case CONNECTION_HEAD:
		if (connection->peer.rejected && age_ms >= REJECTED_MS)
			return connection->peer.reason;
		return age_ms >= limits->header_timeout_ms ? COUNTERS_HEADER_TIMEOUT : COUNTERS_NO_REASON;
	case CONNECTION_IDLE:
		return age_ms >= limits->idle_timeout_ms ? COUNTERS_IDLE_TIMEOUT : COUNTERS_NO_REASON;
	case CONNECTION_SEND:
		return is_too_slow(connection, limits, now_ns) ? COUNTERS_MIN_RATE : COUNTERS_NO_REASON;
	case CONNECTION_WORK:
		break;
	}
	return COUNTERS_NO_REASON;
}

/*
 * Resets the connection. Without a reset, a body that ends with the connection would seem to be complete. Connecting a
 * TCP socket to AF_UNSPEC resets its connection. Returns false if the connection cannot be reset.
 */
static bool reset(const struct connection *connection)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	return connection->peer.address.ss_family != AF_UNIX && connect(connection->fd, &nowhere, sizeof(nowhere)) == 0;
}

void connection_abort(struct connection *connection)
{
	connection->aborted = true;
	if (!connection->close_ends_body || !reset(connection))
		shutdown(connection->fd, SHUT_RDWR);
}

void connection_discard_unsent(struct connection *connection)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool connection_close_idle(struct connection *connection)
{
	if (connection->closing || connection->suspended)
		return false;
	connection->closing = true;
	shutdown(connection->fd, SHUT_RD);
	return true;
}

void connection_limit_unsent(struct connection *connection, unsigned bytes)
{
	const int value = (int)bytes;

	if (connection->unsent_bytes == bytes || connection->peer.address.ss_family == AF_UNIX)
		return;
	connection->unsent_bytes = bytes;
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof(value));
}

unsigned connection_unsent_bytes(const struct connection *connection)
{
	int unsent = 0;

	return ioctl(connection->fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0 ? (unsigned)unsent : 0;
}

uint64_t connection_acked_body_bytes(const struct connection *connection, uint64_t length)
{
	uint64_t bytes;

	if (!get_acked(connection, &bytes) || bytes <= connection->bodies_bytes)
		return 0;
	bytes -= connection->bodies_bytes;
	return bytes < length ? bytes : length;
}

bool connection_has_received(const struct connection *connection)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	/* The end of the input counts as a byte. */
	return connection->peer.address.ss_family != AF_UNIX &&
	       getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_bytes_received > 1;
}

bool connection_is_closed_by_client(const struct connection *connection)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	return connection->peer.address.ss_family != AF_UNIX &&
	       getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
	       info.tcpi_state != TCP_STATE_ESTABLISHED;
}

bool connection_is_reset(const struct connection *connection)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);
	char byte;

	if (connection->peer.address.ss_family == AF_UNIX)
		return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	return getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
	       info.tcpi_state == TCP_STATE_CLOSE;
}

bool connection_is_quiet(const struct connection *connection)
{
	char byte;

	return (connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEAD) &&
	       connection->exchange == NULL && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}
