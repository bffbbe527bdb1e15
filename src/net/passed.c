/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets from systemd, as described in sd_listen_fds(3). systemd keeps the sockets open, so new connections
 * wait in the queues of the sockets while ranged restarts.
 *
 * The descriptors begin at SD_LISTEN_FDS_START and are owned by this file until passed_close(). This file sets only
 * O_NONBLOCK and FD_CLOEXEC. sockets.c sets the TCP options on its duplicates. The main thread calls all functions. The
 * thread of a reload only reads the list, and passed_close() is not called while a reload runs.
 */
#include "net/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static char **names; /* the name of each socket; NULL: no socket was passed */
static size_t count;
static const char **distinct; /* each name once, terminated by NULL; NULL: no socket was passed */

/* Checks one socket and sets its flags. */
static int adopt(int fd, const char *name, char *fault)
{
	int flags = fcntl(fd, F_GETFL);

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
		snprintf(fault, PASSED_FAULT_BYTES,
			 "the descriptor passed as \"%.255s\" is not a listening stream socket; set ListenStream= and "
			 "Accept=no in the socket unit",
			 name);
		return -ENOTSOCK;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		snprintf(fault, PASSED_FAULT_BYTES, "cannot set the flags of the socket passed as \"%.255s\": %s", name,
			 strerror(errno));
		return -errno;
	}
	return 0;
}

/* Fills `distinct`. Returns 0 or -ENOMEM. */
static int list_names(void)
{
	size_t used = 0;

	distinct = calloc(count + 1, sizeof(*distinct));
	if (distinct == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < used && strcmp(distinct[j], names[i]) != 0)
			j++;
		if (j == used)
			distinct[used++] = names[i];
	}
	return 0;
}

int passed_init(char fault[PASSED_FAULT_BYTES])
{
	int n = sd_listen_fds_with_names(1, &names);
	int error = n < 0 ? n : 0;

	if (error != 0)
		snprintf(fault, PASSED_FAULT_BYTES, "cannot read the sockets passed in LISTEN_FDS: %s",
			 strerror(-error));
	count = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < count && error == 0; i++)
		error = adopt(passed_fd(i), names[i], fault);
	if (error == 0 && list_names() != 0) {
		snprintf(fault, PASSED_FAULT_BYTES, "out of memory");
		error = -ENOMEM;
	}
	return error;
}

size_t passed_count(void)
{
	return count;
}

const char *passed_name(size_t i)
{
	return names[i];
}

int passed_fd(size_t i)
{
	return SD_LISTEN_FDS_START + (int)i;
}

bool passed_has(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

const char *const *passed_names(void)
{
	static const char *const none[] = { NULL };

	return distinct != NULL ? distinct : none;
}

void passed_close(void)
{
	for (size_t i = 0; i < count; i++) {
		close(passed_fd(i));
		free(names[i]);
	}
	free(names);
	free(distinct);
	names = NULL;
	distinct = NULL;
	count = 0;
}
