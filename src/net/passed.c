/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd keeps the sockets open, too: between two runs of ranged connections wait in their queues. Nothing of them is
 * set here but O_NONBLOCK and CLOEXEC; sockets.c sets what it sets of its own ones.
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

static char **names; /* as many as there are; NULL: none */
static size_t count;
static const char **distinct; /* each name once, then NULL; NULL: none */

static int adopt(int fd, const char *name, char *fault)
{
	int flags = fcntl(fd, F_GETFL);

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
		snprintf(fault, PASSED_FAULT_BYTES,
			 "what was passed as \"%.255s\" is no listening stream socket (ListenStream=, Accept=no)",
			 name);
		return -ENOTSOCK;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		snprintf(fault, PASSED_FAULT_BYTES, "the socket that was passed as \"%.255s\": %s", name,
			 strerror(errno));
		return -errno;
	}
	return 0;
}

/* Returns 0 or -ENOMEM. */
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

int passed_take(char fault[PASSED_FAULT_BYTES])
{
	int n = sd_listen_fds_with_names(1, &names);
	int error = n < 0 ? n : 0;

	if (error != 0)
		snprintf(fault, PASSED_FAULT_BYTES, "LISTEN_FDS: %s", strerror(-error));
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
