/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All workers watch the same listening sockets with EPOLLEXCLUSIVE, so a new connection wakes one worker. That worker
 * then chooses the worker that serves the connection.
 *
 * If the process has no free descriptor (EMFILE), accept(2) fails although the socket stays readable, and the loop
 * would spin. The listener therefore keeps a spare descriptor. It closes this descriptor, accepts one connection, and
 * has the connection rejected, so that the client gets a reply at once. Then the listener pauses for BACK_OFF_MS.
 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define ACCEPTS_MAX 64		     /* maximum number of connections accepted from one socket in one iteration */
#define ACCEPTS_NS UINT64_C(2000000) /* no further connections are accepted in this iteration after this time */
#define BACK_OFF_MS 100

struct listening_socket {
	struct reactor_watch watch;
	unsigned index; /* index of the configured listener */
	struct listener *listener;
};

struct listener {
	struct reactor *reactor;
	struct sockets *sockets;
	listener_accept_fn on_accept;
	void *context;
	struct reactor_timer back_off;
	bool paused;  /* the sockets are not watched */
	int spare_fd; /* spare descriptor; -1: it could not be opened */
	size_t count;
	struct listening_socket listening[];
};

static void pause_listening(struct listener *listener)
{
	for (size_t i = 0; i < listener->count && !listener->paused; i++)
		reactor_remove(listener->reactor, &listener->listening[i].watch);
	listener->paused = true;
}

static int resume(struct listener *listener)
{
	int error = 0;

	for (size_t i = 0; i < listener->count && error == 0; i++)
		error = reactor_add(listener->reactor, &listener->listening[i].watch, EPOLLIN | EPOLLEXCLUSIVE);
	listener->paused = false;
	return error;
}

static void back_off(struct listener *listener)
{
	if (reactor_timer_start(listener->reactor, &listener->back_off, BACK_OFF_MS) == 0)
		pause_listening(listener);
}

static void on_back_off_end(void *context)
{
	struct listener *listener = context;

	if (resume(listener) != 0) {
		pause_listening(listener);
		back_off(listener);
	}
}

static int accept_fd(const struct listening_socket *from, struct sockaddr_storage *peer, socklen_t *length)
{
	*length = sizeof(*peer);
	return accept4(from->watch.fd, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Closes the spare descriptor and accepts one connection. on_accept() rejects it because of `error`. Then backs off. */
static void reject_one(const struct listening_socket *from, int error)
{
	struct listener *listener = from->listener;
	struct sockaddr_storage peer = { 0 };
	socklen_t length;
	int fd;

	log_fault(LOG_LEVEL_ERROR, "cannot accept a connection: %s; pausing for %d ms", strerror(error), BACK_OFF_MS);
	if (listener->spare_fd >= 0) {
		close(listener->spare_fd);
		fd = accept_fd(from, &peer, &length);
		if (fd >= 0)
			listener->on_accept(listener->context, fd, from->index, (struct sockaddr *)&peer, length,
					    -error);
	}
	listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	back_off(listener);
}

/* Accepts one connection. Returns true if more connections may be queued. */
static bool accept_one(const struct listening_socket *from)
{
	struct listener *listener = from->listener;
	struct sockaddr_storage peer = { 0 };
	socklen_t length;
	int fd = accept_fd(from, &peer, &length);

	if (fd >= 0) {
		listener->on_accept(listener->context, fd, from->index, (struct sockaddr *)&peer, length, 0);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		reject_one(from, errno);
		return false;
	default: /* only this connection failed: ECONNABORTED, EPROTO or a network error (accept(2)) */
		return true;
	}
}

static void on_readable(void *context, uint32_t events)
{
	struct listening_socket *from = context;
	const uint64_t until_ns = clock_now_ns() + ACCEPTS_NS;
	unsigned left = ACCEPTS_MAX;

	(void)events;
	while (left-- > 0 && accept_one(from) && clock_now_ns() < until_ns)
		;
}

int listener_new(struct listener **listener, struct reactor *reactor, struct sockets *sockets,
		 listener_accept_fn on_accept, void *context)
{
	size_t count = sockets_count(sockets);
	struct listener *l = calloc(1, sizeof(*l) + count * sizeof(l->listening[0]));
	int error;

	if (l == NULL)
		return -ENOMEM;
	*l = (struct listener){
		.reactor = reactor, .sockets = sockets, .on_accept = on_accept, .context = context, .count = count
	};
	l->back_off = (struct reactor_timer){ .fn = on_back_off_end, .context = l };
	for (size_t i = 0; i < count; i++)
		l->listening[i] = (struct listening_socket){
			.watch = { .fd = sockets_fd(sockets, i), .fn = on_readable, .context = &l->listening[i] },
			.listener = l,
			.index = sockets_listener(sockets, i),
		};
	l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	error = resume(l);
	if (error != 0) {
		pause_listening(l);
		close(l->spare_fd);
		free(l);
		return error;
	}
	*listener = l;
	return 0;
}

void listener_free(struct listener *listener)
{
	if (listener == NULL)
		return;
	pause_listening(listener);
	for (size_t i = 0; i < listener->count; i++)
		for (unsigned left = SOMAXCONN; left > 0 && accept_one(&listener->listening[i]); left--)
			; /* bounded, so that a flood of connections does not delay listener_free() */
	reactor_timer_stop(listener->reactor, &listener->back_off);
	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	sockets_release(listener->sockets);
	free(listener);
}
