/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The accepting thread waits in poll() for its sockets and hands new connections to the server. The main thread owns
 * the listener. The accepting thread uses the listener between admin_listener_start() and the join in
 * admin_listener_close().
 *
 * libmicrohttpd could accept the connections, but each of its daemons listens on only one address, and the library
 * cannot reserve connections for Unix sockets. Before version 1.0, its accept code also has an address buffer of only
 * 28 bytes, but copies the number of bytes that accept4() reported, which is up to 110 for a Unix socket. This file
 * accepts the connections and adds them to the library. The bug does not affect added connections, because the library
 * copies their addresses from the caller's buffer.
 */
#include "admin/admin_listener.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "admin/admin_socket.h"

#define PAUSE_MS 100 /* pause after a failed accept(), for example if descriptors have run out */

struct admin_listener {
	struct admin_listener_options options;
	struct admin_server *server; /* NULL until the listener is started */
	pthread_t thread;
	bool running;
	int stop_fd; /* an eventfd, readable when the accepting thread must end */
	int *fds;    /* the listening sockets */
	size_t fd_count;
};

/* --- connections --- */

static void refuse(int fd)
{
	static const char full[] =
		"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

	if (send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

/* Returns the connection limit for clients of this address family. Every user of the host can connect over TCP, so a
 * quarter of the connections is reserved for Unix sockets. */
static unsigned limit_for(sa_family_t family)
{
	return family == AF_UNIX ? ADMIN_LISTENER_CONNECTIONS : ADMIN_LISTENER_CONNECTIONS * 3 / 4;
}

static void accept_one(struct admin_listener *listener, int listening)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	int fd = accept4(listening, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			poll(NULL, 0,
			     PAUSE_MS); /* without a pause the thread would loop, because the socket stays readable */
		return;
	}
	if (admin_server_connections(listener->server) >= limit_for(peer.ss_family))
		refuse(fd);
	else
		admin_server_add(listener->server, fd, (struct sockaddr *)&peer, length);
}

static void *run(void *context)
{
	struct admin_listener *listener = context;
	const size_t count = listener->fd_count;
	struct pollfd *fds = calloc(count + 1, sizeof(*fds));

	if (fds == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = listener->fds[i], .events = POLLIN };
	fds[count] = (struct pollfd){ .fd = listener->stop_fd, .events = POLLIN };
	while (fds[count].revents == 0) {
		if (poll(fds, count + 1, -1) < 0)
			continue;
		for (size_t i = 0; i < count; i++)
			if (fds[i].revents != 0)
				accept_one(listener, fds[i].fd);
	}
	free(fds);
	return NULL;
}

/* --- start and stop --- */

static int open_all(struct admin_listener *listener, char *fault)
{
	const struct text_list *addresses = listener->options.addresses;

	listener->fds = calloc(addresses->count * ADMIN_SOCKET_MAX, sizeof(*listener->fds));
	listener->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (listener->fds == NULL || listener->stop_fd < 0) {
		snprintf(fault, ADMIN_LISTENER_FAULT_BYTES, "admin: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < addresses->count; i++) {
		int opened = admin_socket_open(addresses->list[i], listener->fds + listener->fd_count);

		if (opened < 0) {
			snprintf(fault, ADMIN_LISTENER_FAULT_BYTES, "admin: cannot listen on %s: %s",
				 addresses->list[i], strerror(-opened));
			return opened;
		}
		listener->fd_count += (size_t)opened;
	}
	return 0;
}

int admin_listener_open(struct admin_listener **listener, const struct admin_listener_options *options,
			char fault[ADMIN_LISTENER_FAULT_BYTES])
{
	struct admin_listener *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL) {
		snprintf(fault, ADMIN_LISTENER_FAULT_BYTES, "admin: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	made->options = *options;
	error = open_all(made, fault);
	if (error != 0) {
		admin_listener_close(made);
		return error;
	}
	*listener = made;
	return 0;
}

int admin_listener_start(struct admin_listener *listener)
{
	int error = admin_server_start(&listener->server, &listener->options.server);

	if (error != 0)
		return error;
	error = pthread_create(&listener->thread, NULL, run, listener);
	if (error != 0)
		return -error;
	listener->running = true;
	pthread_setname_np(listener->thread, "ranged-admin");
	return 0;
}

int admin_listener_give(struct admin_listener *listener, uid_t uid, gid_t gid)
{
	int error = 0;

	for (size_t i = 0; i < listener->fd_count && error == 0; i++)
		error = admin_socket_give(listener->fds[i], uid, gid);
	return error;
}

bool admin_listener_close(struct admin_listener *listener)
{
	uint64_t one = 1;

	if (listener == NULL)
		return true;
	if (listener->running && write(listener->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(listener->thread, NULL);
	listener->running = false;
	if (!admin_server_stop(listener->server))
		return false;
	for (size_t i = 0; i < listener->fd_count; i++)
		admin_socket_close(listener->fds[i]);
	if (listener->stop_fd >= 0)
		close(listener->stop_fd);
	free(listener->fds);
	free(listener);
	return true;
}

char *admin_listener_address(const struct admin_listener *listener, size_t i, char *text, size_t text_bytes)
{
	return i < listener->fd_count ? admin_socket_address(listener->fds[i], text, text_bytes) : NULL;
}
