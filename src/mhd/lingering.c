/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmicrohttpd closes its descriptor as soon as it has sent the last response. A duplicate of the descriptor keeps the
 * socket open. libmicrohttpd removes its descriptor from its epoll set before it closes it, so the duplicate causes no
 * events there. The server owns the struct lingering, which owns the duplicates.
 */
#include "mhd/lingering.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct lingering_connection {
	struct lingering_connection *next, *prev;
	struct lingering *owner;
	struct reactor_watch watch;
	struct reactor_timer timer;
	size_t discarded_bytes;
};

void lingering_init(struct lingering *lingering, struct reactor *reactor)
{
	*lingering = (struct lingering){ .reactor = reactor };
}

static void end(struct lingering_connection *connection)
{
	struct lingering *lingering = connection->owner;

	if (connection->prev != NULL)
		connection->prev->next = connection->next;
	else
		lingering->list = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	lingering->count--;
	reactor_timer_stop(lingering->reactor, &connection->timer);
	reactor_remove(lingering->reactor, &connection->watch);
	close(connection->watch.fd);
	free(connection);
}

static void on_timeout(void *context)
{
	end(context);
}

/* Discards input. The watch is level-triggered, so the rest of the input causes a further event. */
static void on_input(void *context, uint32_t events)
{
	struct lingering_connection *connection = context;
	char bytes[16384];
	ssize_t n = recv(connection->watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)events;
	if (n > 0)
		connection->discarded_bytes += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || connection->discarded_bytes > LINGERING_BYTES)
		end(connection);
}

void lingering_add(struct lingering *lingering, int fd, unsigned most)
{
	struct lingering_connection *connection = lingering->count < most ? calloc(1, sizeof(*connection)) : NULL;
	const int duplicate = connection != NULL ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

	if (duplicate < 0) {
		free(connection);
		return;
	}
	connection->owner = lingering;
	connection->watch = (struct reactor_watch){ .fd = duplicate, .fn = on_input, .context = connection };
	connection->timer = (struct reactor_timer){ .fn = on_timeout, .context = connection };
	if (reactor_add(lingering->reactor, &connection->watch, EPOLLIN) != 0) {
		close(duplicate);
		free(connection);
		return;
	}
	shutdown(duplicate, SHUT_WR);
	connection->next = lingering->list;
	if (connection->next != NULL)
		connection->next->prev = connection;
	lingering->list = connection;
	lingering->count++;
	if (reactor_timer_start(lingering->reactor, &connection->timer, LINGERING_MS) != 0)
		end(connection);
}

void lingering_fini(struct lingering *lingering)
{
	while (lingering->list != NULL)
		end(lingering->list);
}
