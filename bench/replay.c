/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An HTTP client for bench/run that sends the requests of a trace.
 *
 * replay PORT CONNECTIONS TRACE [SECONDS]
 *
 * A line of the trace is "PATH" or "PATH FIRST-LAST". Each idle connection sends the request of the next line. The
 * client exits after the last line. With SECONDS, it starts the trace again at its end, and exits when the time is
 * over. The kernel discards bodies without copying them (MSG_TRUNC, see tcp(7)). wrk reads 8 KiB at a time and is
 * therefore slower than the servers if responses are long.
 *
 * Prints "requests body-bytes microseconds p50 p99 errors", with latencies in microseconds. An error is a connection
 * that ended early, or a response with a status other than 200 and 206.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RESPONSE_TIMEOUT_MS 10000
#define MOST_LATENCIES (4U << 20)
#define MOST_AT_ONCE ((size_t)1 << 30)

struct client {
	int fd;
	char head[4096]; /* received part of the response header */
	size_t head_bytes;
	uint64_t body_left; /* bytes to receive; valid if in_body is set */
	bool in_body;
	uint64_t sent_us; /* time when the request was sent */
};

static FILE *trace;
static int poll_fd;
static struct sockaddr_in server = { .sin_family = AF_INET };
static uint64_t end_us; /* 0: run to the end of the trace */
static uint64_t request_count, body_bytes, error_count;
static uint32_t *latencies_us;
static unsigned busy_count;

static uint64_t now_us(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static bool open_client(struct client *client)
{
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&server, sizeof(server)) != 0)
		return false;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
	return epoll_ctl(poll_fd, EPOLL_CTL_ADD, client->fd, &event) == 0;
}

static bool next_line(char *line, int size)
{
	if (fgets(line, size, trace) != NULL)
		return true;
	if (end_us == 0)
		return false;
	rewind(trace);
	return fgets(line, size, trace) != NULL;
}

/* Sends the request of the next line of the trace. Closes the connection if there are no more lines. */
static void send_next(struct client *client)
{
	char line[512], path[256], range[128], request[1024];
	if (!next_line(line, sizeof(line))) {
		close(client->fd);
		busy_count--;
		return;
	}
	const int fields = sscanf(line, "%255s %127s", path, range);
	const int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: bench\r\n%s%s%s\r\n", path,
				    fields == 2 ? "Range: bytes=" : "", fields == 2 ? range : "",
				    fields == 2 ? "\r\n" : "");
	client->head_bytes = 0;
	client->in_body = false;
	client->sent_us = now_us();
	if (send(client->fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		shutdown(client->fd, SHUT_RDWR); /* the next receive counts the error */
}

static void fail(struct client *client)
{
	error_count++;
	close(client->fd);
	if (open_client(client))
		send_next(client);
	else
		busy_count--;
}

/* Parses the response header once it is complete. Returns false if the response is not valid. */
static bool read_head(struct client *client)
{
	client->head[client->head_bytes] = '\0';
	const char *end = strstr(client->head, "\r\n\r\n");
	if (end == NULL)
		return client->head_bytes < sizeof(client->head) - 1;
	const char *length = strcasestr(client->head, "\r\nContent-Length:");
	if (length == NULL || (strncmp(client->head + 9, "200", 3) != 0 && strncmp(client->head + 9, "206", 3) != 0))
		return false;
	const uint64_t whole = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
	const uint64_t here = client->head_bytes - (size_t)(end + 4 - client->head);
	if (here > whole)
		return false;
	client->in_body = true;
	client->body_left = whole - here;
	body_bytes += here;
	return true;
}

static ssize_t receive_body(struct client *client)
{
	const size_t most = client->body_left < MOST_AT_ONCE ? (size_t)client->body_left : MOST_AT_ONCE;
	const ssize_t got = recv(client->fd, NULL, most, MSG_DONTWAIT | MSG_TRUNC);
	if (got > 0) {
		client->body_left -= (uint64_t)got;
		body_bytes += (uint64_t)got;
	}
	return got;
}

static ssize_t receive_head(struct client *client)
{
	const size_t room = sizeof(client->head) - 1 - client->head_bytes;
	const ssize_t got = recv(client->fd, client->head + client->head_bytes, room, MSG_DONTWAIT);
	if (got > 0)
		client->head_bytes += (size_t)got;
	return got;
}

static void receive(struct client *client)
{
	const ssize_t got = client->in_body ? receive_body(client) : receive_head(client);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0 || (!client->in_body && !read_head(client))) {
		fail(client);
	} else if (client->in_body && client->body_left == 0) {
		latencies_us[request_count++ % MOST_LATENCIES] = (uint32_t)(now_us() - client->sent_us);
		send_next(client);
	}
}

static bool start(struct client *clients, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!open_client(&clients[i]))
			return false;
		busy_count++;
		send_next(&clients[i]);
	}
	return true;
}

static bool run(void)
{
	struct epoll_event events[64];
	while (busy_count > 0 && (end_us == 0 || now_us() < end_us)) {
		const int ready = epoll_wait(poll_fd, events, 64, RESPONSE_TIMEOUT_MS);
		if (ready == 0)
			return false;
		for (int i = 0; i < ready; i++)
			receive(events[i].data.ptr);
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static void print_result(uint64_t time_us)
{
	const size_t count = request_count < MOST_LATENCIES ? (size_t)request_count : MOST_LATENCIES;
	qsort(latencies_us, count, sizeof(*latencies_us), compare);
	printf("%llu %llu %llu %u %u %llu\n", (unsigned long long)request_count, (unsigned long long)body_bytes,
	       (unsigned long long)time_us, latencies_us[count / 2], latencies_us[count * 99 / 100],
	       (unsigned long long)error_count);
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5)
		return 64;
	const unsigned count = (unsigned)atoi(argv[2]);
	struct client *clients = calloc(count, sizeof(*clients));
	latencies_us = calloc(MOST_LATENCIES, sizeof(*latencies_us));
	server.sin_port = htons((unsigned short)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	trace = fopen(argv[3], "r");
	if (clients == NULL || latencies_us == NULL || poll_fd < 0 || trace == NULL) {
		perror("replay");
		return 1;
	}
	const uint64_t start_us = now_us();
	end_us = argc == 5 ? start_us + (uint64_t)atoi(argv[4]) * 1000000 : 0;
	if (!start(clients, count) || !run()) {
		fputs("replay: the server does not respond\n", stderr);
		return 1;
	}
	print_result(now_us() - start_us);
	free(latencies_us);
	free(clients);
	return 0;
}
