/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The accepting thread waits in poll() for its sockets and hands new connections to the server. The main thread owns
 * the listener. The accepting thread uses the listener between admin_listener_start() and the join in
 * admin_listener_close().
 *
 * A listener has one server for its plain connections, and another one for TLS if an address has the prefix "tls:". The
 * sockets of a remote server are opened by net/sockets.c, like those of the workers. Other sockets are opened by
 * admin_socket.c.
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
#include "base/log.h"
#include "base/networks.h"
#include "net/sockets.h"

#define PAUSE_MS 100 /* pause after a failed accept(), for example if descriptors have run out */
#define SWEEP_MS 1000
#define FAULT_BYTES 512

struct listening {
	int fd;
	bool tls;
};

struct admin_listener {
	struct admin_listener_options options;
	struct admin_server *servers[2]; /* [0]: plain, [1]: TLS; NULL: not started, or not needed */
	pthread_t thread;
	bool running;
	int stop_fd; /* an eventfd, readable when the accepting thread must end */
	struct listening *list;
	size_t count;
	struct sockets *sockets; /* the owner of the descriptors in `list`; NULL: the listener owns them */
};

/* --- connections --- */

/*
 * Sends a response without reading the request, and closes the connection. A TLS connection gets no response, because
 * that would need a handshake.
 */
static void refuse(int fd, bool tls, const char *status, const char *text)
{
	char reply[256];
	int length = snprintf(reply, sizeof(reply),
			      "HTTP/1.1 %s\r\nConnection: close\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n\r\n%s",
			      status, strlen(text), text);

	if (!tls && send(fd, reply, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		shutdown(fd, SHUT_WR);
		/* Unread bytes would make close(2) reset the connection, and the client could lose the response. */
		recv(fd, reply, sizeof(reply), MSG_DONTWAIT | MSG_TRUNC);
	}
	close(fd);
}

static void refuse_address(const struct admin_listener *listener, int fd, bool tls, const struct address *address)
{
	char text[ADDRESS_TEXT_BYTES];

	log_fault(LOG_LEVEL_WARNING, "%s: rejected a connection from %s, which is not in %s_allow",
		  listener->options.name, address_format(address, text), listener->options.name);
	refuse(fd, tls, "403 Forbidden", "this address is not allowed\n");
}

/*
 * Returns the connection limit for clients of this address family. Every user of the host can connect over TCP, so a
 * quarter of the connections is reserved for Unix sockets.
 */
static unsigned limit_for(sa_family_t family)
{
	return family == AF_UNIX ? ADMIN_LISTENER_CONNECTIONS : ADMIN_LISTENER_CONNECTIONS * 3 / 4;
}

static unsigned count_connections(const struct admin_listener *listener)
{
	return admin_server_connections(listener->servers[0]) + admin_server_connections(listener->servers[1]);
}

static void accept_one(struct admin_listener *listener, const struct listening *listening)
{
	const struct admin_listener_options *options = &listener->options;
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	struct address address;
	int fd = accept4(listening->fd, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			poll(NULL, 0,
			     PAUSE_MS); /* without a pause the thread would loop, because the socket stays readable */
		return;
	}
	address_from_sockaddr((const struct sockaddr *)&peer, &address);
	if (options->admits != NULL && !options->admits(options->context, &address))
		refuse_address(listener, fd, listening->tls, &address);
	else if (count_connections(listener) >= limit_for(peer.ss_family))
		refuse(fd, listening->tls, "503 Service Unavailable\r\nRetry-After: 1", "too many connections\n");
	else
		admin_server_add(listener->servers[listening->tls], fd, (struct sockaddr *)&peer, length);
}

static void *run(void *context)
{
	struct admin_listener *listener = context;
	const size_t count = listener->count;
	const int wait_ms = listener->options.server.remote ? SWEEP_MS : -1;
	struct pollfd *fds = calloc(count + 1, sizeof(*fds));

	if (fds == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = listener->list[i].fd, .events = POLLIN };
	fds[count] = (struct pollfd){ .fd = listener->stop_fd, .events = POLLIN };
	while (fds[count].revents == 0) {
		if (poll(fds, count + 1, wait_ms) < 0)
			continue;
		for (size_t i = 0; i < count; i++)
			if (fds[i].revents != 0)
				accept_one(listener, &listener->list[i]);
		for (unsigned i = 0; i < 2; i++)
			admin_server_sweep(listener->servers[i]);
	}
	free(fds);
	return NULL;
}

/* --- start and stop --- */

/* Opens the sockets of addresses that only this host can reach. */
static int open_local(struct admin_listener *listener, char *fault)
{
	const struct text_list *addresses = listener->options.addresses;

	listener->list = calloc(addresses->count * ADMIN_SOCKET_MAX, sizeof(*listener->list));
	if (listener->list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < addresses->count; i++) {
		int fds[ADMIN_SOCKET_MAX], opened = admin_socket_open(addresses->list[i], fds);

		if (opened < 0) {
			snprintf(fault, FAULT_BYTES, "cannot listen on %.300s: %s", addresses->list[i],
				 strerror(-opened));
			return opened;
		}
		for (int j = 0; j < opened; j++)
			listener->list[listener->count++].fd = fds[j];
	}
	return 0;
}

static int list_sockets(struct admin_listener *listener)
{
	const struct sockets *sockets = listener->sockets;

	listener->list = calloc(sockets_count(sockets), sizeof(*listener->list));
	if (listener->list == NULL)
		return -ENOMEM;
	for (; listener->count < sockets_count(sockets); listener->count++)
		listener->list[listener->count] = (struct listening){ .fd = sockets_fd(sockets, listener->count),
								      .tls = sockets_is_tls(sockets, listener->count) };
	return 0;
}

/* Opens the sockets of any addresses. */
static int open_any(struct admin_listener *listener, char *fault)
{
	const struct text_list *addresses = listener->options.addresses;
	struct listen_address_sites *parsed = calloc(addresses->count, sizeof(*parsed));
	int error;

	if (parsed == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < addresses->count; i++)
		listen_address_parse(addresses->list[i], &parsed[i].address);
	error = sockets_open(&listener->sockets, parsed, addresses->count, 1, NULL, fault);
	free(parsed);
	return error == 0 ? list_sockets(listener) : error;
}

static bool has_tls(const struct admin_listener *listener)
{
	for (size_t i = 0; i < listener->count; i++)
		if (listener->list[i].tls)
			return true;
	return false;
}

static int start_threads(struct admin_listener *listener)
{
	const struct admin_server_options *options = &listener->options.server;
	char name[16];
	int error = admin_server_start(&listener->servers[0], options, false);

	if (error == 0 && has_tls(listener))
		error = admin_server_start(&listener->servers[1], options, true);
	if (error != 0)
		return error;
	error = pthread_create(&listener->thread, NULL, run, listener);
	if (error != 0)
		return -error;
	listener->running = true;
	snprintf(name, sizeof(name), "ranged-%s", listener->options.name);
	pthread_setname_np(listener->thread, name);
	return 0;
}

static void log_addresses(const struct admin_listener *listener)
{
	char text[300];

	for (size_t i = 0; i < listener->count; i++)
		log_info("%s listener on %s", listener->options.name,
			 listener->sockets != NULL ? sockets_address(listener->sockets, i, text, sizeof(text))
						   : admin_socket_address(listener->list[i].fd, text, sizeof(text)));
}

int admin_listener_start(struct admin_listener **listener, const struct admin_listener_options *options)
{
	struct admin_listener *made = calloc(1, sizeof(*made));
	char fault[FAULT_BYTES] = "";
	int error = made != NULL ? 0 : -ENOMEM;

	if (error == 0) {
		made->options = *options;
		made->stop_fd = eventfd(0, EFD_CLOEXEC);
		error = made->stop_fd < 0	 ? -errno
			: options->server.remote ? open_any(made, fault)
						 : open_local(made, fault);
	}
	if (error == 0)
		error = start_threads(made);
	if (error != 0) {
		log_error("%s: %s", options->name, fault[0] != '\0' ? fault : strerror(-error));
		admin_listener_close(made);
		return error;
	}
	log_addresses(made);
	*listener = made;
	return 0;
}

int admin_listener_give(struct admin_listener *listener, uid_t uid, gid_t gid)
{
	int error = 0;

	for (size_t i = 0; i < listener->count && error == 0; i++)
		error = admin_socket_give(listener->list[i].fd, uid, gid);
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
	for (unsigned i = 0; i < 2; i++) {
		if (!admin_server_stop(listener->servers[i]))
			return false;
		listener->servers[i] = NULL;
	}
	if (listener->sockets != NULL)
		sockets_release(listener->sockets);
	for (size_t i = 0; i < listener->count && listener->sockets == NULL; i++)
		admin_socket_close(listener->list[i].fd);
	if (listener->stop_fd >= 0)
		close(listener->stop_fd);
	free(listener->list);
	free(listener);
	return true;
}

bool admin_listener_is_reachable(const struct admin_listener *listener)
{
	struct sockaddr_storage bound;
	struct address address;
	struct cidr four, six;

	address_parse_cidr("127.0.0.0/8", &four);
	address_parse_cidr("::1", &six);
	for (size_t i = 0; i < listener->count; i++) {
		socklen_t length = sizeof(bound);

		if (getsockname(listener->list[i].fd, (struct sockaddr *)&bound, &length) != 0)
			continue;
		address_from_sockaddr((const struct sockaddr *)&bound, &address);
		if (!address.local && !address_in(&address, &four) && !address_in(&address, &six))
			return true;
	}
	return false;
}
