/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps connections open for bench/run, which measures the memory of the server in the meantime.
 *
 *	hold idle PORT COUNT PATH	each connection stays open after one response
 *	hold stalled PORT COUNT PATH	each connection sends one request, with the smallest possible receive buffer,
 * and reads nothing
 *
 * Prints "ready" when all connections are in that state. On the next line of stdin, prints the number of connections
 * that the server has not closed, and exits.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(unsigned port, bool stalled)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((unsigned short)port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = 10 };
	const int least = 1;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (stalled)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

static bool send_request(int fd, const char *path)
{
	char request[512];
	const int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
	return send(fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Receives one response of less than 16 KiB. */
static bool receive_response(int fd)
{
	char response[16384];
	size_t have = 0;
	while (have < sizeof(response) - 1) {
		const ssize_t got = recv(fd, response + have, sizeof(response) - 1 - have, 0);
		if (got <= 0)
			return false;
		have += (size_t)got;
		response[have] = '\0';
		const char *end = strstr(response, "\r\n\r\n");
		const char *length = end != NULL ? strcasestr(response, "\r\nContent-Length:") : NULL;
		if (length != NULL &&
		    have >= (size_t)(end + 4 - response) + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10))
			return true;
	}
	return false;
}

static bool is_open(int fd)
{
	struct pollfd watched = { .fd = fd, .events = POLLRDHUP };
	return poll(&watched, 1, 0) == 0;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 64;
	const bool stalled = strcmp(argv[1], "stalled") == 0;
	const unsigned port = (unsigned)atoi(argv[2]);
	const int count = atoi(argv[3]);
	int *fds = calloc((size_t)count, sizeof(*fds));
	for (int i = 0; i < count; i++) {
		fds[i] = connect_to(port, stalled);
		if (fds[i] < 0 || !send_request(fds[i], argv[4]) || (!stalled && !receive_response(fds[i]))) {
			perror("hold");
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	getchar();
	int open_count = 0;
	for (int i = 0; i < count; i++)
		open_count += is_open(fds[i]);
	printf("%d\n", open_count);
	free(fds);
	return 0;
}
