/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An HTTP client for bench/run that sends the requests of a trace.
 *
 * replay [-s SECONDS] [-e STATUS] [-b BYTES] [-h] PORT CONNECTIONS TRACE
 *
 *	-s SECONDS   restart the trace at its end, and exit when this time is over; without it, exit after the last line
 *	-e STATUS    the status that each response must have (200, or 206 if the request has a range)
 *	-b BYTES     the length that each body must have
 *	-h           send HEAD requests; BYTES is then the value of Content-Length
 *
 * A line of the trace is "PATH" or "PATH FIRST-LAST". Each idle connection sends the request of the next line. All
 * requests are formatted before the first one is sent. The kernel discards long bodies without copying them (MSG_TRUNC,
 * see tcp(7)). wrk reads 8 KiB at a time and is therefore slower than the servers if responses are long.
 *
 * Prints "requests body-bytes microseconds p50 p99 errors", with latencies in microseconds. An error is a connection
 * that ended early, or a response with another status or another length.
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
#define MOST_ERRORS 1000
#define MOST_AT_ONCE ((size_t)1 << 30)
#define LONGEST_REQUEST 1024

struct request {
	size_t start; /* in request_text */
	unsigned length;
	unsigned status; /* that the response must have */
};

struct client {
	int fd;
	char head[4096]; /* received part of a response header that is not complete */
	size_t head_bytes;
	uint64_t body_left; /* bytes to receive; valid if in_body is set */
	bool in_body;
	bool is_reused;		       /* a response has arrived on this connection */
	const struct request *request; /* the last one that was sent */
	uint64_t sent_us;	       /* time when the request was sent */
};

static struct {
	unsigned seconds, status;
	uint64_t bytes; /* UINT64_MAX: any length */
	bool head;
} options = { .bytes = UINT64_MAX };

static char *request_text;
static struct request *requests;
static size_t text_bytes, requests_in_trace, next_request;
static int poll_fd;
static struct sockaddr_in server = { .sin_family = AF_INET };
static uint64_t end_us; /* 0: run to the end of the trace */
static uint64_t request_count, body_bytes, error_count;
static uint32_t *latencies_us;
static unsigned busy_count;

/* Receives the start of a response. All clients share this buffer, so it stays in the cache of the processor. */
static char buffer[8192];

static uint64_t now_us(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static bool open_client(struct client *client)
{
	client->is_reused = false;
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&server, sizeof(server)) != 0)
		return false;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
	return epoll_ctl(poll_fd, EPOLL_CTL_ADD, client->fd, &event) == 0;
}

/* Appends the request of a line of the trace. Returns false if there is no memory. */
static bool add_request(const char *line)
{
	static size_t text_room, request_room;
	char path[256], range[128];
	if (text_bytes + LONGEST_REQUEST > text_room) {
		text_room = text_room * 2 + (1U << 20);
		request_text = realloc(request_text, text_room);
	}
	if (requests_in_trace == request_room) {
		request_room = request_room * 2 + 1024;
		requests = realloc(requests, request_room * sizeof(*requests));
	}
	if (request_text == NULL || requests == NULL)
		return false;
	const int fields = sscanf(line, "%255s %127s", path, range);
	const int length = snprintf(request_text + text_bytes, LONGEST_REQUEST,
				    "%s %s HTTP/1.1\r\nHost: bench\r\n%s%s%s\r\n", options.head ? "HEAD" : "GET", path,
				    fields == 2 ? "Range: bytes=" : "", fields == 2 ? range : "",
				    fields == 2 ? "\r\n" : "");
	requests[requests_in_trace++] = (struct request){
		.start = text_bytes,
		.length = (unsigned)length,
		.status = options.status != 0 ? options.status
			  : fields == 2	      ? 206
					      : 200,
	};
	text_bytes += (size_t)length;
	return true;
}

static bool read_trace(const char *path)
{
	char line[512];
	FILE *trace = fopen(path, "r");
	bool good = trace != NULL;
	while (good && fgets(line, sizeof(line), trace) != NULL)
		good = add_request(line);
	if (trace != NULL)
		fclose(trace);
	return good && requests_in_trace > 0;
}

static void send_request(struct client *client, const struct request *request)
{
	client->head_bytes = 0;
	client->in_body = false;
	client->request = request;
	client->sent_us = now_us();
	if (send(client->fd, request_text + request->start, request->length, MSG_NOSIGNAL) != (ssize_t)request->length)
		shutdown(client->fd, SHUT_RDWR); /* the next receive reports it */
}

/* Sends the next request of the trace. Closes the connection if there are no more. */
static void send_next(struct client *client)
{
	if (next_request == requests_in_trace && end_us != 0)
		next_request = 0;
	if (next_request < requests_in_trace) {
		send_request(client, &requests[next_request++]);
	} else {
		close(client->fd);
		busy_count--;
	}
}

/* Counts an error, and sends the next request on a new connection. */
static void fail(struct client *client)
{
	error_count++;
	close(client->fd);
	if (open_client(client))
		send_next(client);
	else
		busy_count--;
}

/* The server closed the connection. If it was idle until just before the request arrived, that is not an error, and the
 * request is sent again on a new connection (RFC 9112, 9.3.1). */
static void reconnect(struct client *client)
{
	if (!client->is_reused || client->in_body || client->head_bytes > 0) {
		fail(client);
		return;
	}
	close(client->fd);
	if (open_client(client))
		send_request(client, client->request);
	else
		busy_count--;
}

/* Parses the response header in the buffer, if it is complete. Returns false if the response is not valid. */
static bool read_head(struct client *client, size_t received)
{
	static const char field[] = "\r\nContent-Length:";
	buffer[received] = '\0';
	const char *end = strstr(buffer, "\r\n\r\n");
	if (end == NULL) {
		memcpy(client->head, buffer, received < sizeof(client->head) ? received : 0);
		client->head_bytes = received;
		return received < sizeof(client->head);
	}
	const char *length = strcasestr(buffer, field);
	if (length == NULL || length > end ||
	    strtoul(buffer + strlen("HTTP/1.1 "), NULL, 10) != client->request->status)
		return false;
	const uint64_t named = strtoull(length + strlen(field), NULL, 10);
	const uint64_t whole = options.head ? 0 : named, here = received - (size_t)(end + 4 - buffer);
	if (here > whole || (options.bytes != UINT64_MAX && named != options.bytes))
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
	memcpy(buffer, client->head, client->head_bytes);
	return recv(client->fd, buffer + client->head_bytes, sizeof(buffer) - 1 - client->head_bytes, MSG_DONTWAIT);
}

static void receive(struct client *client)
{
	const bool in_head = !client->in_body;
	const ssize_t got = in_head ? receive_head(client) : receive_body(client);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		reconnect(client);
	} else if (in_head && !read_head(client, client->head_bytes + (size_t)got)) {
		fail(client);
	} else if (client->in_body && client->body_left == 0) {
		client->is_reused = true;
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
		if (error_count > MOST_ERRORS && error_count > request_count)
			return false;
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

static bool read_options(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "s:e:b:h")) != -1) {
		if (option == 's')
			options.seconds = (unsigned)atoi(optarg);
		else if (option == 'e')
			options.status = (unsigned)atoi(optarg);
		else if (option == 'b')
			options.bytes = strtoull(optarg, NULL, 10);
		else if (option == 'h')
			options.head = true;
		else
			return false;
	}
	return argc - optind == 3;
}

int main(int argc, char **argv)
{
	if (!read_options(argc, argv))
		return 64;
	const unsigned count = (unsigned)atoi(argv[optind + 1]);
	struct client *clients = calloc(count, sizeof(*clients));
	latencies_us = calloc(MOST_LATENCIES, sizeof(*latencies_us));
	server.sin_port = htons((unsigned short)atoi(argv[optind]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (clients == NULL || latencies_us == NULL || poll_fd < 0 || !read_trace(argv[optind + 2])) {
		perror("replay");
		return 1;
	}
	const uint64_t start_us = now_us();
	end_us = options.seconds != 0 ? start_us + (uint64_t)options.seconds * 1000000 : 0;
	if (!start(clients, count) || !run()) {
		fputs("replay: the server does not respond, or most responses are errors\n", stderr);
		return 1;
	}
	print_result(now_us() - start_us);
	free(latencies_us);
	free(clients);
	free(requests);
	free(request_text);
	return 0;
}
