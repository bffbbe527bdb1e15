/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of listening sockets belongs to its users, which are the main thread and the workers. One thread fills the set.
 * Afterwards only `users` changes, so any thread may read the set.
 *
 * Accepted connections inherit socket options from their listening socket. TCP_NODELAY and TCP_NOTSENT_LOWAT are
 * therefore set once on the listening socket, which saves a system call for each connection. TCP_NOTSENT_LOWAT limits
 * the unsent bytes that the kernel buffers for a slow client. server.c lowers this limit as the number of connections
 * grows.
 */
#include "net/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "net/passed.h"
#include "net/unix_socket.h"
#include "request/connection.h"

struct listening {
	int fd;
	bool tls;
	unsigned listener;	       /* index of the configured address; a host name may have several sockets */
	struct listen_address address; /* the address as configured */
	char path[108];		       /* file of a Unix socket that was bound here; "" for other sockets */
	bool removes;		       /* the file is removed when the socket is closed */
	bool inherited;		       /* the socket is a duplicate of one of the former configuration */
};

struct sockets {
	struct listening *list;
	size_t count;
	atomic_uint users; /* sequentially consistent, because the last user closes the sockets */
};

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/* Appends a socket, and takes ownership of fd on success. Returns 0 or -ENOMEM. */
static int add(struct sockets *sockets, int fd, const char *path)
{
	struct listening *list = realloc(sockets->list, (sockets->count + 1) * sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	sockets->list = list;
	list[sockets->count] = (struct listening){ .fd = fd, .removes = *path != '\0' };
	snprintf(list[sockets->count].path, sizeof(list[0].path), "%s", path);
	sockets->count++;
	return 0;
}

static int open_tcp(struct sockets *sockets, const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, CONNECTION_UNSENT_MAX);
	if (info->ai_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, (info->ai_flags & AI_PASSIVE) == 0);
	error = bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 ? add(sockets, fd, "")
											     : -errno;
	if (error != 0)
		close(fd);
	return error;
}

/* Listens on all addresses. Opens one socket for both families if the host has IPv6, else one socket for IPv4. */
static int open_any(struct sockets *sockets, const char *port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)atoi(port)),
				    .sin6_addr = in6addr_any };
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = six.sin6_port,
				    .sin_addr.s_addr = htonl(INADDR_ANY) };
	struct addrinfo info = { .ai_flags = AI_PASSIVE,
				 .ai_family = AF_INET6,
				 .ai_addr = (struct sockaddr *)&six,
				 .ai_addrlen = sizeof(six) };
	int error = open_tcp(sockets, &info);

	if (error != -EAFNOSUPPORT && error != -EADDRNOTAVAIL)
		return error;
	info = (struct addrinfo){ .ai_family = AF_INET,
				  .ai_addr = (struct sockaddr *)&four,
				  .ai_addrlen = sizeof(four) };
	return open_tcp(sockets, &info);
}

static int open_host(struct sockets *sockets, const struct listen_address *address, const char **reason)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *list;
	int error = getaddrinfo(address->host, address->port, &hints, &list);
	int opened = 0;

	if (error != 0) {
		*reason = gai_strerror(error);
		return -EADDRNOTAVAIL;
	}
	for (const struct addrinfo *info = list; info != NULL && error == 0; info = info->ai_next) {
		error = open_tcp(sockets, info);
		if ((error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL) && (opened > 0 || info->ai_next != NULL))
			error = 0; /* "localhost" also resolves to ::1 on a host without IPv6 */
		else
			opened++;
	}
	freeaddrinfo(list);
	return error;
}

/*
 * Listens on a Unix socket. Every user may connect, as with a TCP port. The permissions of the directory can restrict
 * access.
 */
static int open_unix(struct sockets *sockets, const char *path)
{
	int fd = unix_socket_listen(path, 0666, SOMAXCONN);
	int error = fd < 0 ? fd : add(sockets, fd, path);

	if (error != 0 && fd >= 0)
		close(fd);
	return error;
}

/*
 * Listens on duplicates of the passed sockets of this name, because the next configuration may need the originals. The
 * path is "", because systemd owns the file of a passed Unix socket.
 */
static int open_passed(struct sockets *sockets, const char *name, const char **reason)
{
	int error = 0;

	for (size_t i = 0; i < passed_count() && error == 0; i++) {
		if (strcmp(passed_name(i), name) != 0)
			continue;
		int fd = fcntl(passed_fd(i), F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* the error for a Unix socket is ignored */
		set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, CONNECTION_UNSENT_MAX);
		error = add(sockets, fd, "");
		if (error != 0)
			close(fd);
	}
	if (error == 0 && !passed_has(name)) {
		*reason = passed_count() > 0
				  ? "no passed socket has this name; check FileDescriptorName= of the socket unit"
				  : "no sockets were passed; start ranged from a systemd socket unit";
		error = -ENOENT;
	}
	return error;
}

/* Returns the reason of a failed bind(2) or listen(2). */
static const char *reason_of(const struct listen_address *address, int error)
{
	if (error == -EACCES && address->kind == LISTEN_ADDRESS_TCP)
		return "no permission; ports below 1024 need root, or the capability CAP_NET_BIND_SERVICE";
	return strerror(-error);
}

static int open_address(struct sockets *sockets, const struct listen_address *address, char *fault)
{
	const char *reason = NULL;
	char text[300];
	int error;

	if (address->kind == LISTEN_ADDRESS_UNIX)
		error = open_unix(sockets, address->path);
	else if (address->kind == LISTEN_ADDRESS_PASSED)
		error = open_passed(sockets, address->host, &reason);
	else if (address->host[0] == '\0')
		error = open_any(sockets, address->port);
	else
		error = open_host(sockets, address, &reason);
	if (error != 0)
		snprintf(fault, SOCKETS_FAULT_BYTES, "cannot listen on %s: %s",
			 listen_address_format(address, text, sizeof(text)),
			 reason != NULL ? reason : reason_of(address, error));
	return error;
}

static void close_all(struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++) {
		close(sockets->list[i].fd);
		if (sockets->list[i].removes)
			unlink(sockets->list[i].path);
	}
	free(sockets->list);
	free(sockets);
}

/*
 * Returns the first socket in `before` of a listener with this address that was not inherited yet, or NULL. A listener
 * with the same TLS setting is preferred.
 */
static const struct listening *find_inheritable(const struct sockets *before, const struct listen_address *address,
						uint64_t inherited)
{
	const struct listening *found = NULL;

	for (size_t i = 0; before != NULL && i < before->count; i++) {
		const struct listening *one = &before->list[i];

		if ((inherited >> one->listener & 1) != 0 || !listen_address_is_same(&one->address, address))
			continue;
		if (one->tls == address->tls)
			return one;
		if (found == NULL)
			found = one;
	}
	return found;
}

/* Duplicates the descriptors of all sockets of the listener of `like`. */
static int inherit(struct sockets *sockets, const struct sockets *before, const struct listening *like)
{
	for (size_t i = 0; i < before->count; i++) {
		int fd, error;

		if (before->list[i].listener != like->listener)
			continue;
		fd = fcntl(before->list[i].fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		error = add(sockets, fd, before->list[i].path);
		if (error != 0) {
			close(fd);
			return error;
		}
		sockets->list[sockets->count - 1].inherited = true;
		sockets->list[sockets->count - 1].removes = false;
	}
	return 0;
}

/*
 * Inherits the sockets of this address from `before`, or opens new ones. *inherited has a bit for each listener of
 * `before` that was inherited.
 */
static int open_or_inherit(struct sockets *sockets, const struct listen_address *address, const struct sockets *before,
			   uint64_t *inherited, char *fault)
{
	const struct listening *like = find_inheritable(before, address, *inherited);
	int error;

	if (like == NULL)
		return open_address(sockets, address, fault);
	*inherited |= UINT64_C(1) << like->listener;
	error = inherit(sockets, before, like);
	if (error != 0)
		snprintf(fault, SOCKETS_FAULT_BYTES, "cannot duplicate a listening socket: %s", strerror(-error));
	return error;
}

int sockets_open(struct sockets **sockets, const struct listen_address_sites *listen, size_t count, unsigned users,
		 const struct sockets *before, char fault[SOCKETS_FAULT_BYTES])
{
	struct sockets *s = calloc(1, sizeof(*s));
	uint64_t inherited = 0;
	int error = 0;

	if (s == NULL)
		return -ENOMEM;
	atomic_init(&s->users, users);
	for (size_t i = 0; i < count && error == 0; i++) {
		size_t opened = s->count;

		error = open_or_inherit(s, &listen[i].address, before, &inherited, fault);
		for (; opened < s->count; opened++) {
			s->list[opened].listener = (unsigned)i;
			s->list[opened].tls = listen[i].address.tls;
			s->list[opened].address = listen[i].address;
		}
	}
	if (error != 0) {
		close_all(s);
		return error;
	}
	*sockets = s;
	return 0;
}

void sockets_inherit_files(struct sockets *sockets, struct sockets *before)
{
	for (size_t i = 0; i < sockets->count; i++) {
		struct listening *own = &sockets->list[i];

		for (size_t j = 0; j < before->count && !own->removes; j++) {
			if (!before->list[j].removes || strcmp(before->list[j].path, own->path) != 0)
				continue;
			before->list[j].removes = false;
			own->removes = true;
		}
	}
}

void sockets_discard(struct sockets *sockets)
{
	if (sockets != NULL)
		close_all(sockets);
}

void sockets_ref(struct sockets *sockets)
{
	atomic_fetch_add(&sockets->users, 1);
}

void sockets_release(struct sockets *sockets)
{
	if (atomic_fetch_sub(&sockets->users, 1) == 1)
		close_all(sockets);
}

size_t sockets_count(const struct sockets *sockets)
{
	return sockets->count;
}

int sockets_fd(const struct sockets *sockets, size_t i)
{
	return sockets->list[i].fd;
}

unsigned sockets_listener(const struct sockets *sockets, size_t i)
{
	return sockets->list[i].listener;
}

bool sockets_is_tls(const struct sockets *sockets, size_t i)
{
	return sockets->list[i].tls;
}

bool sockets_is_new(const struct sockets *sockets, size_t i)
{
	return !sockets->list[i].inherited;
}

uint16_t sockets_port(const struct sockets *sockets, size_t i)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	if (getsockname(sockets->list[i].fd, (struct sockaddr *)&address, &length) != 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

unsigned sockets_tls_port(const struct sockets *sockets, uint64_t listeners)
{
	unsigned port = 0;

	for (size_t i = 0; i < sockets->count && port == 0; i++)
		if (sockets->list[i].tls && (listeners >> sockets->list[i].listener & 1) != 0)
			port = sockets_port(sockets, i);
	return port;
}

/* Returns "/path", or "@name" for an abstract socket address. */
static const char *unix_name(struct sockaddr_un *address, socklen_t length)
{
	size_t bytes = length - offsetof(struct sockaddr_un, sun_path);

	if (bytes > 1 && address->sun_path[0] == '\0')
		address->sun_path[0] = '@';
	return address->sun_path;
}

char *sockets_address(const struct sockets *sockets, size_t i, char *text, size_t text_bytes)
{
	union {
		struct sockaddr_storage any; /* longer than any address, so the path ends with NUL */
		struct sockaddr_un local;
	} place = { 0 };
	struct sockaddr *address = (struct sockaddr *)&place;
	socklen_t length = sizeof(place);
	char host[256], port[8];
	const char *tls = sockets->list[i].tls ? "tls:" : "";

	if (sockets->list[i].path[0] != '\0')
		snprintf(text, text_bytes, "%sunix:%s", tls, sockets->list[i].path);
	else if (getsockname(sockets->list[i].fd, address, &length) != 0)
		snprintf(text, text_bytes, "?");
	else if (address->sa_family == AF_UNIX)
		snprintf(text, text_bytes, "%sunix:%s", tls, unix_name(&place.local, length));
	else if (getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
			     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(text, text_bytes, address->sa_family == AF_INET6 ? "%s[%s]:%s" : "%s%s:%s", tls, host, port);
	else
		snprintf(text, text_bytes, "?");
	return text;
}

int sockets_write_addresses(const struct sockets *sockets, const char *path)
{
	char text[300], draft[4096];
	FILE *file;
	int error = 0;

	if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
		return -ENAMETOOLONG;
	file = fopen(draft, "we");
	if (file == NULL)
		return -errno;
	for (size_t i = 0; i < sockets->count; i++)
		fprintf(file, "%s\n", sockets_address(sockets, i, text, sizeof(text)));
	if (ferror(file))
		error = -EIO;
	if (fclose(file) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(draft, path) != 0)
		error = -errno;
	if (error != 0)
		unlink(draft);
	return error;
}
