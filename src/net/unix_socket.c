/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens a Unix socket that listens at a path. A process that ends without cleaning up leaves the file of its Unix
 * socket behind, and bind(2) then fails. A socket file on which connect(2) fails with ECONNREFUSED is therefore removed
 * first. The caller owns the descriptor and removes the file when it closes the socket.
 *
 * The mode of the file is set before the file has a name. A chmod(2) by path could change another file, if the path was
 * replaced in the meantime.
 */
#include "net/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Removes the socket file if no process listens on it. */
static void remove_stale(const struct sockaddr_un *address)
{
	const char *path = address->sun_path;
	struct stat st;
	int fd;

	/* connect(2) fails with the same errno for a regular file and for a stale socket. */
	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	/* Non-blocking, because the backlog of a listening process may be full. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED)
		unlink(path);
	if (fd >= 0)
		close(fd);
}

int unix_socket_listen(const char *path, mode_t mode, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	mode_t mask;

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, path, strlen(path) + 1);
	remove_stale(&address);
	mask = umask(0);  /* bind(2) would clear the bits of the umask from the mode */
	fchmod(fd, mode); /* bind(2) gives the file this mode */
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, backlog) != 0)
		error = -errno;
	umask(mask);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}
