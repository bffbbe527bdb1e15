/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All workers watch the same sockets with EPOLLEXCLUSIVE, so a connection wakes one of them; who serves it is the
 * worker's business. Without descriptors (EMFILE) accept(2) would fail for ever and the loop would spin on a socket
 * that stays readable: a spare descriptor is given up to accept one connection that is refused, so that the client
 * hears at once, and the sockets are left alone for a while.
 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"

#define ACCEPTS_MAX 64 /* in one turn and of one socket */
#define BACK_OFF_MS 100

struct ear {
	struct reactor_watch watch;
	unsigned index; /* of the listener in the configuration */
	struct listener *listener;
};

struct listener {
	struct reactor *reactor;
	struct sockets *sockets;
	listener_accepted_fn accepted;
	void *context;
	struct reactor_timer back_off;
	bool deaf;
	int spare_fd;
	size_t count;
	struct ear ears[];
};

static void unwatch(struct listener *listener)
{
	for (size_t i = 0; i < listener->count && !listener->deaf; i++)
		reactor_remove(listener->reactor, &listener->ears[i].watch);
	listener->deaf = true;
}

static int watch(struct listener *listener)
{
	int error = 0;

	for (size_t i = 0; i < listener->count && error == 0; i++)
		error = reactor_add(listener->reactor, &listener->ears[i].watch, EPOLLIN | EPOLLEXCLUSIVE);
	listener->deaf = false;
	return error;
}

static void back_off(struct listener *listener)
{
	if (reactor_timer_start(listener->reactor, &listener->back_off, BACK_OFF_MS) == 0)
		unwatch(listener);
}

static void back_on(void *context)
{
	struct listener *listener = context;

	if (watch(listener) != 0) {
		unwatch(listener);
		back_off(listener);
	}
}

static int accept_fd(const struct ear *ear, struct sockaddr_storage *peer, socklen_t *length)
{
	*length = sizeof(*peer);
	return accept4(ear->watch.fd, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void turn_away(const struct ear *ear, int error)
{
	struct listener *listener = ear->listener;
	struct sockaddr_storage peer = { 0 };
	socklen_t length;
	int fd;

	log_fault(LOG_LEVEL_ERROR, "can't accept a connection: %s", strerror(error));
	if (listener->spare_fd >= 0) {
		close(listener->spare_fd);
		fd = accept_fd(ear, &peer, &length);
		if (fd >= 0)
			listener->accepted(listener->context, fd, ear->index, (struct sockaddr *)&peer, length, -error);
	}
	listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	back_off(listener);
}

/* True if there may be more. */
static bool accept_one(const struct ear *ear)
{
	struct listener *listener = ear->listener;
	struct sockaddr_storage peer = { 0 };
	socklen_t length;
	int fd = accept_fd(ear, &peer, &length);

	if (fd >= 0) {
		listener->accepted(listener->context, fd, ear->index, (struct sockaddr *)&peer, length, 0);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		turn_away(ear, errno);
		return false;
	default: /* this connection's fault: ECONNABORTED, EPROTO and the network's errors (accept(2)) */
		return true;
	}
}

static void ready(void *context, uint32_t events)
{
	struct ear *ear = context;
	unsigned left = ACCEPTS_MAX;

	(void)events;
	while (left-- > 0 && accept_one(ear))
		;
}

int listener_new(struct listener **listener, struct reactor *reactor, struct sockets *sockets,
		 listener_accepted_fn accepted, void *context)
{
	size_t count = sockets_count(sockets);
	struct listener *l = calloc(1, sizeof(*l) + count * sizeof(l->ears[0]));
	int error;

	if (l == NULL)
		return -ENOMEM;
	*l = (struct listener){
		.reactor = reactor, .sockets = sockets, .accepted = accepted, .context = context, .count = count
	};
	l->back_off = (struct reactor_timer){ .fn = back_on, .context = l };
	for (size_t i = 0; i < count; i++)
		l->ears[i] = (struct ear){
			.watch = { .fd = sockets_fd(sockets, i), .fn = ready, .context = &l->ears[i] },
			.listener = l,
			.index = sockets_listener(sockets, i),
		};
	l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	error = watch(l);
	if (error != 0) {
		unwatch(l);
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
	unwatch(listener);
	for (size_t i = 0; i < listener->count; i++)
		for (unsigned left = SOMAXCONN; left > 0 && accept_one(&listener->ears[i]); left--)
			; /* a flood of connections does not hold the end up */
	reactor_timer_stop(listener->reactor, &listener->back_off);
	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	sockets_release(listener->sockets);
	free(listener);
}
