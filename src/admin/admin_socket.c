/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binds the addresses of the key "admin". Names are not resolved: listen_address_admin_fault() rejects all addresses
 * that other hosts could reach, and "localhost" stands for 127.0.0.1 and ::1 whatever the resolver of the host answers.
 *
 * The sockets are plain descriptors, owned by the caller. All functions are called on the main thread.
 */
#include "admin/admin_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/listen_address.h"
#include "net/unix_socket.h"

#define BACKLOG 64
#define MODE 0660

static int bind_and_listen(int family, const void *address, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
	if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int open_four(const char *host, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	return inet_pton(AF_INET, host, &address.sin_addr) == 1 ? bind_and_listen(AF_INET, &address, sizeof(address))
								: -EINVAL;
}

static int open_six(const char *host, uint16_t port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	return inet_pton(AF_INET6, host, &address.sin6_addr) == 1 ? bind_and_listen(AF_INET6, &address, sizeof(address))
								  : -EINVAL;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 ? ntohs(address.sin_port) : 0;
}

/* Binds sockets for IPv4 and IPv6 to one port. On a host without IPv6, binds only the IPv4 socket. */
static int open_localhost(uint16_t port, int fds[ADMIN_SOCKET_MAX])
{
	fds[0] = open_four("127.0.0.1", port);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = open_six("::1", port_of(fds[0]));
	return fds[1] >= 0 ? 2 : 1;
}

int admin_socket_open(const char *text, int fds[ADMIN_SOCKET_MAX])
{
	struct listen_address address;
	uint16_t port;

	if (listen_address_admin_fault(text) != NULL || listen_address_parse(text, &address) != NULL)
		return -EINVAL;
	port = (uint16_t)atoi(address.port);
	if (strcasecmp(address.host, "localhost") == 0)
		return open_localhost(port, fds);
	if (address.kind == LISTEN_ADDRESS_UNIX)
		fds[0] = unix_socket_listen(address.path, MODE, BACKLOG);
	else
		fds[0] = strchr(address.host, ':') != NULL ? open_six(address.host, port)
							   : open_four(address.host, port);
	return fds[0] >= 0 ? 1 : fds[0];
}

/* Returns the path of a Unix socket, or "" for other sockets. */
static const char *path_of(int fd, struct sockaddr_un *address)
{
	socklen_t length = sizeof(*address);

	memset(address, 0, sizeof(*address));
	if (getsockname(fd, (struct sockaddr *)address, &length) != 0 || address->sun_family != AF_UNIX)
		return "";
	return address->sun_path;
}

char *admin_socket_address(int fd, char *text, size_t text_bytes)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);
	char host[INET6_ADDRSTRLEN];

	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		snprintf(text, text_bytes, "?");
	} else if (address.ss_family == AF_UNIX) {
		snprintf(text, text_bytes, "unix:%s", ((struct sockaddr_un *)&address)->sun_path);
	} else if (address.ss_family == AF_INET) {
		inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, host, sizeof(host));
		snprintf(text, text_bytes, "%s:%u", host, port_of(fd));
	} else {
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, host, sizeof(host));
		snprintf(text, text_bytes, "[%s]:%u", host, port_of(fd));
	}
	return text;
}

int admin_socket_give(int fd, uid_t uid, gid_t gid)
{
	struct sockaddr_un address;
	const char *path = path_of(fd, &address);

	return *path == '\0' || lchown(path, uid, gid) == 0 ? 0 : -errno;
}

void admin_socket_close(int fd)
{
	struct sockaddr_un address;
	const char *path = path_of(fd, &address);

	if (*path != '\0')
		unlink(path);
	close(fd);
}
