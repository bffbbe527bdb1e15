/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches the sockets of suspended connections. The watch is edge-triggered and stays in the epoll set for the life of
 * the connection, so it costs one system call for each connection, not for each wait.
 *
 * If a client disconnects while bytes are being sent to it, or before it has read all bytes, its kernel sends a reset.
 * Otherwise, while the next bytes are being read from the disk, the watch sees only the end of the input (FIN). A FIN
 * also occurs if a client shuts down only its sending side, and still expects the response. Clients do that directly
 * after the request. The end of the input therefore counts as an abort only if it occurs some time after the request
 * was received. All later events report it again, for example when the limit of unsent bytes changes, so only the first
 * report counts.
 */
#include "mhd/watch.h"

#include <sys/epoll.h>

#include "base/clock.h"

#define HALF_CLOSE_NS (250 * CLOCK_NS_PER_MS) /* time after the request in which a client may shut down its side */

/* Returns true if the end of the input means that the client has disconnected, and no bytes are being sent to it. */
static bool is_disconnected(const struct exchange *exchange)
{
	const uint64_t received_ns = exchange->received_ns != 0 ? exchange->received_ns : exchange->reply_ns;

	return exchange->direct.state != DIRECT_READY && exchange->direct.state != DIRECT_BLOCKED &&
	       clock_now_ns() - received_ns > HALF_CLOSE_NS;
}

static void on_event(void *context, uint32_t events)
{
	struct connection *connection = context;
	struct exchange *exchange = connection->exchange;
	const bool ends = (events & EPOLLRDHUP) != 0 && !connection->input_ended;

	connection->input_ended |= ends;
	if (exchange == NULL || !connection->suspended)
		return;
	if ((events & (EPOLLERR | EPOLLHUP)) != 0 || (ends && is_disconnected(exchange)))
		exchange_abort(exchange);
	else if ((events & EPOLLOUT) != 0 && exchange->direct.state == DIRECT_BLOCKED)
		exchange->request.wake(&exchange->request);
}

int watch_begin(struct exchange *exchange)
{
	struct connection *connection = exchange->connection;
	int error;

	if (connection->watched)
		return 0;
	connection->watch = (struct reactor_watch){ .fd = connection->fd, .fn = on_event, .context = connection };
	error = reactor_add(exchange->shared->site->worker.reactor, &connection->watch,
			    EPOLLOUT | EPOLLRDHUP | EPOLLET);
	connection->watched = error == 0;
	return error;
}

void watch_end(struct exchange_shared *shared, struct connection *connection)
{
	if (connection->watched)
		reactor_remove(shared->site->worker.reactor, &connection->watch);
	connection->watched = false;
}
