/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client's time runs while it owes us something: a request's head, or the taking of a reply. While the disk owes us
 * something (CONNECTION_WORK, or a reply that is suspended for its next block) no clock runs. The rate counts bytes
 * that the peer's kernel acknowledged, since what we handed to our own kernel says nothing; a client that has taken all
 * there was to take is not slow, we are. Peers on a Unix socket are proxies of the same host and are held to no rate.
 */
#include "request/connection.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "base/clock.h"

#define REFUSED_MS 2000		/* for a refused one to say what it wants, so that it can be told */
#define FIRST_NS CLOCK_NS_PER_S /* for a new connection to say something */
#define TCP_STATE_ESTABLISHED 1 /* <netinet/tcp.h> has the name, and can't be had beside <linux/tcp.h> */

_Static_assert(CONNECTION_SEND + 1 == COUNTERS_PHASES, "each phase has its number");

void connection_join(struct connection *connection, enum connection_phase phase, uint64_t now_ns)
{
	counter_add(&connection->counters->connections[connection->phase], 1);
	connection_enter(connection, phase, now_ns);
}

void connection_leave(struct connection *connection)
{
	counter_subtract(&connection->counters->connections[connection->phase], 1);
}

void connection_enter(struct connection *connection, enum connection_phase phase, uint64_t now_ns)
{
	counter_subtract(&connection->counters->connections[connection->phase], 1);
	counter_add(&connection->counters->connections[phase], 1);
	connection->phase = phase;
	connection->since_ns = now_ns;
	connection->acked_bytes = UINT64_MAX; /* sampled at the first look */
}

static bool acked(const struct connection *connection, uint64_t *bytes)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (connection->peer.address.ss_family == AF_UNIX ||
	    getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
		return false;
	*bytes = info.tcpi_bytes_acked;
	return true;
}

static bool has_unsent(const struct connection *connection)
{
	int unsent = 0;

	return ioctl(connection->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0;
}

static bool too_slow(struct connection *connection, const struct connection_limits *limits, uint64_t now_ns)
{
	uint64_t taken_ms = (now_ns - connection->since_ns) / CLOCK_NS_PER_MS, before = connection->acked_bytes, now;

	if (limits->min_rate_bytes == 0 || (before != UINT64_MAX && taken_ms < limits->stall_timeout_ms))
		return false;
	if (!acked(connection, &now))
		return false;
	connection->acked_bytes = now;
	if (before == UINT64_MAX || !has_unsent(connection) || connection->suspended || connection->paused) {
		connection->paused = false;
		connection->since_ns = now_ns;
		return false;
	}
	connection->since_ns = now_ns;
	return (now - before) * 1000 < limits->min_rate_bytes * taken_ms;
}

const char *connection_overdue(struct connection *connection, const struct connection_limits *limits, uint64_t now_ns)
{
	uint64_t age_ms = (now_ns - connection->since_ns) / CLOCK_NS_PER_MS;

	switch (connection->phase) {
	case CONNECTION_HEAD:
		if (connection->peer.refused && age_ms >= REFUSED_MS)
			return "refused";
		return age_ms >= limits->header_timeout_ms ? "header_timeout" : NULL;
	case CONNECTION_IDLE:
		return age_ms >= limits->idle_timeout_ms ? "idle_timeout" : NULL;
	case CONNECTION_SEND:
		return too_slow(connection, limits, now_ns) ? "min_rate" : NULL;
	case CONNECTION_WORK:
		break;
	}
	return NULL;
}

/* A body whose end is that of the connection would seem to be whole. A TCP socket that is disconnected resets its
 * connection. */
static bool reset(const struct connection *connection)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	return connection->peer.address.ss_family != AF_UNIX && connect(connection->fd, &nowhere, sizeof(nowhere)) == 0;
}

void connection_cut(struct connection *connection)
{
	connection->cut = true;
	if (!connection->close_ends_body || !reset(connection))
		shutdown(connection->fd, SHUT_RDWR);
}

bool connection_finish(struct connection *connection)
{
	if (connection->ending || connection->suspended)
		return false;
	connection->ending = true;
	shutdown(connection->fd, SHUT_RD);
	return true;
}

void connection_bound_unsent(struct connection *connection, unsigned bytes)
{
	const int value = (int)bytes;

	if (connection->unsent_bytes == bytes || connection->peer.address.ss_family == AF_UNIX)
		return;
	connection->unsent_bytes = bytes;
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof(value));
}

uint64_t connection_cut_bytes(const struct connection *connection, uint64_t length)
{
	uint64_t bytes;

	if (!acked(connection, &bytes) || bytes <= connection->bodies_bytes)
		return 0;
	bytes -= connection->bodies_bytes;
	return bytes < length ? bytes : length;
}

bool connection_is_left(const struct connection *connection)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	return connection->peer.address.ss_family != AF_UNIX &&
	       getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
	       info.tcpi_state != TCP_STATE_ESTABLISHED;
}

bool connection_is_quiet(const struct connection *connection, uint64_t now_ns)
{
	char byte;

	if (connection->phase == CONNECTION_HEAD && now_ns - connection->since_ns < FIRST_NS)
		return false;
	return (connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEAD) &&
	       connection->exchange == NULL && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}
