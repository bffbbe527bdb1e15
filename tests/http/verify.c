/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verify ADDRESS DIRECTORY [OPTION=NUMBER]... NAME...: requests random ranges of these files over many connections, and
 * compares every byte of the responses with the files below DIRECTORY. Some requests are HEAD, conditional, HTTP/1.0,
 * or for a file that does not exist.
 *
 *	requests     number of requests (default: 1000)
 *	seconds      the last request is sent at most this long after the first one
 *	connections  connections at the same time (default: 16)
 *	seed         of the pseudo-random numbers
 *	long         percentage of responses of any length; the others have at most 64 KiB (default: 10)
 *	only         1: only single ranges, 2: only multipart, 3: only whole files
 *	depth        maximum number of pipelined requests. Half of the later ones are sent in mid-body of the first one
 *	leave        percentage of batches in which the client closes or resets the connection in mid-body
 *	half         percentage of batches after which the client shuts down its side, at once or in mid-body
 *	slow         percentage of connections with a receive buffer of 4 KiB and pauses; their responses are shorter
 *	pause        maximum idle time in ms after a response. The client does not notice a close in this time, like a
 *	             client whose next request crosses the close in the network (default: 0)
 *	addresses    number of source addresses, from 127.0.4.1 on (default: 1)
 *	faults       1: a response may be 503, or cut by the end of the connection
 *	wait         a connection has failed after this many seconds without a byte (default: 30)
 *
 * SIGTERM ends the requests as `seconds` does.
 *
 * Prints the first wrong responses, and then one line with the number of responses of each kind, and the time of the
 * responses without pipelining. The exit status is 1 if a response was wrong.
 *
 * Requests that are pipelined behind a response with "Connection: close", or before the client shuts down its side, may
 * get no response ("unanswered"). A response may be cut if the client shuts down its side later than HALF_CLOSE_NS
 * after the request: while the server waits for the disk, it treats that as a disconnect.
 */
#define _GNU_SOURCE
#include "verify.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 64
#define DEPTH_MAX 16
#define SHORT_BYTES (64 << 10)
#define SLOW_RESPONSE_BYTES (512 << 10)
#define SLOW_RECEIVE_BYTES 8192
#define RECEIVE_BYTES (1 << 20)
#define SHOWN_FAULTS 5
#define HALF_CLOSE_NS UINT64_C(200000000)

enum option {
	REQUESTS,
	SECONDS,
	CONNECTIONS,
	SEED,
	LONG,
	ONLY,
	DEPTH,
	LEAVE,
	HALF,
	SLOW,
	PAUSE,
	ADDRESSES,
	FAULTS,
	WAIT,
	OPTIONS
};

/* The counters. The first ones count the kinds of responses. */
enum number { LEFT = KINDS, HALVED, CUT, UNAVAILABLE, UNANSWERED, BYTES, WRONG, NUMBERS };

/* The end of a batch of requests. */
enum finish { FINISH_KEEP, FINISH_CLOSE, FINISH_RESET, FINISH_HALF };

struct peer {
	int fd; /* -1: not connected */
	bool slow;
	enum finish finish;
	bool halved;	   /* shutdown(SHUT_WR) was called */
	bool idle;	   /* the next batch begins at paused_until_ns */
	uint64_t leave_at; /* the client disconnects when it has received this many bytes of the batch */
	struct query queries[DEPTH_MAX];
	unsigned count, sent, answered;
	char head[4096];
	size_t head_bytes;
	bool in_body;
	struct body body;
	unsigned span; /* the next byte is at `span_at` of this span */
	uint64_t span_at, received, begun_ns, progress_ns, paused_until_ns;
};

static uint64_t options[OPTIONS] = {
	[REQUESTS] = 1000, [SECONDS] = 1000000, [CONNECTIONS] = 16, [SEED] = 1,
	[LONG] = 10,	   [DEPTH] = 1,		[ADDRESSES] = 1,    [WAIT] = 30,
};
static struct file files[FILES_MAX];
static unsigned file_count;
static struct sockaddr_in server = { .sin_family = AF_INET };
static uint64_t asked, end_ns, numbers[NUMBERS], time_count;
static uint32_t *times_us;
static volatile sig_atomic_t stopped;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- requests --- */

static void connect_peer(struct peer *peer)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	int small = 4096;

	own.sin_addr.s_addr = htonl(0x7f000401 + (uint32_t)verify_below(options[ADDRESSES])); /* 127.0.4.1 and more */
	peer->slow = verify_chance(options[SLOW]);
	peer->paused_until_ns = 0;
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 || (peer->slow && setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) != 0) ||
	    bind(peer->fd, (const struct sockaddr *)&own, sizeof(own)) != 0 ||
	    connect(peer->fd, (const struct sockaddr *)&server, sizeof(server)) != 0)
		die("connect");
}

static void disconnect(struct peer *peer, bool reset)
{
	struct linger linger = { .l_onoff = 1 };

	if (reset)
		setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

static void shut_down(struct peer *peer)
{
	if (peer->finish == FINISH_HALF && !peer->halved && peer->sent == peer->count) {
		shutdown(peer->fd, SHUT_WR);
		peer->halved = true;
	}
}

/* Sends the next `count` requests of the batch with one call. */
static void send_requests(struct peer *peer, unsigned count)
{
	char text[16384];
	size_t length = 0;

	for (unsigned end = peer->sent + count; peer->sent < end; peer->sent++)
		length += verify_write(&peer->queries[peer->sent], text + length, sizeof(text) - length);
	if (send(peer->fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		shutdown(peer->fd, SHUT_RDWR); /* recv() reports the end */
	if (verify_chance(50))
		shut_down(peer);
}

static void choose_batch(struct peer *peer)
{
	uint64_t sum = 0, most;

	peer->count = 1 + (unsigned)verify_below(options[DEPTH] < DEPTH_MAX ? options[DEPTH] : DEPTH_MAX);
	peer->sent = peer->answered = 0;
	for (unsigned i = 0; i < peer->count; i++) {
		most = !verify_chance(options[LONG]) ? SHORT_BYTES : peer->slow ? SLOW_RESPONSE_BYTES : UINT64_MAX;
		verify_choose(&peer->queries[i], &files[verify_below(file_count)], (unsigned)options[ONLY], most,
			      i + 1 == peer->count);
		sum += verify_bytes(&peer->queries[i]);
	}
	peer->finish = verify_chance(options[LEAVE])  ? (enum finish)(FINISH_CLOSE + verify_below(2))
		       : verify_chance(options[HALF]) ? FINISH_HALF
						      : FINISH_KEEP;
	peer->leave_at = UINT64_MAX;
	if (peer->finish == FINISH_CLOSE || peer->finish == FINISH_RESET)
		peer->leave_at = verify_length(sum + 1);
}

/* Sends the next batch of requests, over a new connection if needed. Returns false if there is none. */
static bool start_batch(struct peer *peer)
{
	peer->begun_ns = peer->progress_ns = now_ns();
	if (asked >= options[REQUESTS] || peer->begun_ns >= end_ns || stopped) {
		disconnect(peer, false);
		return false;
	}
	if (peer->fd < 0)
		connect_peer(peer);
	choose_batch(peer);
	peer->head_bytes = 0;
	peer->in_body = peer->halved = peer->body.closes = false;
	peer->received = 0;
	asked += peer->count;
	send_requests(peer, verify_chance(50) ? 1 : peer->count);
	return true;
}

/* Begins the next batch, or an idle time before it. Returns false if there is no further batch. */
static bool next_batch(struct peer *peer)
{
	if (options[PAUSE] == 0 || peer->fd < 0)
		return start_batch(peer);
	peer->idle = true;
	peer->progress_ns = now_ns();
	peer->paused_until_ns = peer->progress_ns + verify_below(options[PAUSE] * 1000000);
	return true;
}

static void fault(struct peer *peer, const char *what)
{
	const struct query *query = &peer->queries[peer->answered < peer->count ? peer->answered : peer->count - 1];
	char request[2048], *end;

	if (numbers[WRONG]++ < SHOWN_FAULTS) {
		request[verify_write(query, request, sizeof(request))] = '\0';
		while ((end = strstr(request, "\r\n")) != NULL)
			end[0] = end[1] = ' ';
		printf("%s: response %u of %u (%s%s), byte %llu of part %u of %u\n    %.200s(%llu bytes)\n    %.200s\n",
		       what, peer->answered + 1, peer->count, peer->slow ? "slow" : "fast",
		       peer->halved ? ", shut down" : "", (unsigned long long)peer->span_at, peer->span,
		       peer->body.count, request, (unsigned long long)query->file->size, peer->head);
	}
	disconnect(peer, false);
}

/* --- responses --- */

/* Adds bytes to the header. Returns how many of them belong to it, or -1 if the header is wrong. */
static ssize_t take_head(struct peer *peer, const char *data, size_t length)
{
	size_t room = sizeof(peer->head) - 1 - peer->head_bytes, before = peer->head_bytes;
	size_t added = length < room ? length : room;
	char *end;

	memcpy(peer->head + before, data, added);
	peer->head_bytes += added;
	peer->head[peer->head_bytes] = '\0';
	end = memmem(peer->head, peer->head_bytes, "\r\n\r\n", 4);
	if (end == NULL)
		return peer->head_bytes == sizeof(peer->head) - 1 ? -1 : (ssize_t)added;
	end[4] = '\0';
	peer->head_bytes = (size_t)(end + 4 - peer->head);
	peer->in_body = true;
	peer->span = 0, peer->span_at = 0;
	if (!verify_expect(&peer->body, &peer->queries[peer->answered], peer->head) ||
	    (peer->body.unavailable && options[FAULTS] == 0))
		return -1;
	return (ssize_t)(peer->head_bytes - before);
}

/* Compares bytes with the expected body. Returns how many of them belong to it, or -1 if one is wrong. */
static ssize_t take_body(struct peer *peer, const char *data, size_t length)
{
	size_t at = 0;

	while (at < length && peer->span < peer->body.count) {
		const char *expected = peer->body.spans[peer->span].bytes;
		uint64_t rest = peer->body.spans[peer->span].length - peer->span_at;
		size_t part = length - at < rest ? length - at : (size_t)rest;

		if (expected != NULL && memcmp(expected + peer->span_at, data + at, part) != 0)
			return -1;
		at += part;
		peer->span_at += part;
		if (part == rest)
			peer->span++, peer->span_at = 0;
	}
	return (ssize_t)at;
}

static void end_response(struct peer *peer)
{
	numbers[peer->body.unavailable ? UNAVAILABLE : (enum number)peer->queries[peer->answered].kind]++;
	if (peer->count == 1 && !peer->slow)
		times_us[time_count++] = (uint32_t)((now_ns() - peer->begun_ns) / 1000);
	peer->answered++;
	peer->head_bytes = 0;
	peer->in_body = false;
}

/* Checks received bytes. Returns false after a fault. */
static bool take(struct peer *peer, const char *data, size_t length)
{
	numbers[BYTES] += length;
	peer->received += length;
	while (length > 0) {
		ssize_t taken;

		if (peer->answered == peer->count) {
			fault(peer, "bytes after the last response");
			return false;
		}
		taken = peer->in_body ? take_body(peer, data, length) : take_head(peer, data, length);
		if (taken < 0) {
			fault(peer, peer->span + peer->span_at > 0 ? "a wrong byte" : "a wrong response");
			return false;
		}
		data += taken, length -= (size_t)taken;
		if (peer->in_body && peer->span == peer->body.count)
			end_response(peer);
	}
	/* The remaining requests, and the end of them, arrive in mid-body. */
	if (peer->sent < peer->count && (peer->in_body || peer->answered > 0))
		send_requests(peer, peer->count - peer->sent);
	if (peer->in_body)
		shut_down(peer);
	return true;
}

/* The server has closed the connection. */
static void ended(struct peer *peer)
{
	if (peer->answered == peer->count && peer->body.closes)
		numbers[HALVED] += peer->halved;
	else if (peer->in_body && (options[FAULTS] > 0 || (peer->halved && now_ns() - peer->begun_ns > HALF_CLOSE_NS)))
		numbers[CUT]++;
	else if ((peer->halved || peer->body.closes) && peer->head_bytes == 0)
		numbers[UNANSWERED] += peer->count - peer->answered;
	else
		fault(peer, peer->in_body ? "an incomplete response" : "an early end");
	disconnect(peer, false);
}

/* Receives bytes. Returns false if the peer has no more requests. */
static bool receive(struct peer *peer)
{
	static char buffer[RECEIVE_BYTES];
	uint64_t rest = peer->leave_at - peer->received, most = peer->slow ? SLOW_RECEIVE_BYTES : sizeof(buffer);
	ssize_t got = recv(peer->fd, buffer, rest < most ? rest : most, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0) {
		ended(peer);
		return next_batch(peer);
	}
	peer->progress_ns = now_ns();
	if (!take(peer, buffer, (size_t)got))
		return next_batch(peer);
	if (peer->received >= peer->leave_at) {
		numbers[LEFT]++;
		disconnect(peer, peer->finish == FINISH_RESET);
	} else if (peer->answered == peer->count && !peer->body.closes && peer->halved) {
		numbers[HALVED]++;
		disconnect(peer, false);
	} else if (peer->answered < peer->count || peer->body.closes) {
		if (peer->slow)
			peer->paused_until_ns = peer->progress_ns + (verify_chance(5) ? 40000000 : 1000000);
		return true;
	}
	return next_batch(peer);
}

static void run(struct peer *peers, size_t count)
{
	struct pollfd *polls = calloc(count, sizeof(*polls));
	size_t busy = 0;

	if (polls == NULL)
		die("calloc");
	for (size_t i = 0; i < count; i++) {
		peers[i].fd = -1;
		busy += start_batch(&peers[i]);
	}
	while (busy > 0) {
		uint64_t now = now_ns();
		int timeout_ms = 1000;

		for (size_t i = 0; i < count; i++) {
			bool paused = (peers[i].slow || peers[i].idle) && peers[i].paused_until_ns > now;

			if (peers[i].idle && !paused) {
				peers[i].idle = false;
				busy -= !start_batch(&peers[i]);
			}
			polls[i] = (struct pollfd){ .fd = paused ? -1 : peers[i].fd, .events = POLLIN };
			timeout_ms = paused ? 1 : timeout_ms;
		}
		if (poll(polls, count, timeout_ms) < 0 && errno != EINTR)
			die("poll");
		for (size_t i = 0; i < count; i++) {
			if (polls[i].fd >= 0 && polls[i].revents != 0) {
				busy -= !receive(&peers[i]);
			} else if (peers[i].fd >= 0 && now > peers[i].progress_ns + options[WAIT] * 1000000000) {
				fault(&peers[i], "no byte for a long time");
				busy -= !start_batch(&peers[i]);
			}
		}
	}
	free(polls);
}

/* --- the program --- */

/* Returns false if the argument is the name of a file. */
static bool set_option(const char *argument)
{
	static const char *const names[OPTIONS] = {
		[REQUESTS] = "requests",   [SECONDS] = "seconds", [CONNECTIONS] = "connections",
		[SEED] = "seed",	   [LONG] = "long",	  [ONLY] = "only",
		[DEPTH] = "depth",	   [LEAVE] = "leave",	  [HALF] = "half",
		[SLOW] = "slow",	   [FAULTS] = "faults",	  [WAIT] = "wait",
		[ADDRESSES] = "addresses", [PAUSE] = "pause",
	};

	for (size_t i = 0; i < OPTIONS; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(argument, names[i], length) == 0 && argument[length] == '=') {
			options[i] = strtoull(argument + length + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

static void add_file(const char *directory, const char *name)
{
	struct file *file = &files[file_count];
	struct stat st;
	char *path;
	int fd;

	if (file_count++ == FILES_MAX || asprintf(&path, "%s/%s", directory, name) < 0)
		die(name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		die(path);
	*file = (struct file){ .name = name, .size = (uint64_t)st.st_size };
	file->bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (file->bytes == MAP_FAILED)
		die(path);
	close(fd);
	free(path);
}

static int compare_times(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

static void print_numbers(uint64_t begun_ns)
{
	static const char *const names[NUMBERS] = {
		[KIND_RANGE] = "range",
		[KIND_MULTIPART] = "multipart",
		[KIND_WHOLE] = "whole",
		[KIND_HEAD] = "head",
		[KIND_ABSENT] = "absent",
		[KIND_UNCHANGED] = "unchanged",
		[LEFT] = "left",
		[HALVED] = "halved",
		[CUT] = "cut",
		[UNAVAILABLE] = "503",
		[BYTES] = "bytes",
		[WRONG] = "wrong",
		[UNANSWERED] = "unanswered",
	};

	qsort(times_us, time_count, sizeof(*times_us), compare_times);
	printf("requests %llu ms %llu", (unsigned long long)asked,
	       (unsigned long long)((now_ns() - begun_ns) / 1000000));
	if (time_count > 0)
		printf(" p50_us %u p99_us %u max_us %u", times_us[time_count / 2], times_us[time_count * 99 / 100],
		       times_us[time_count - 1]);
	for (size_t i = 0; i < NUMBERS; i++)
		printf(" %s %llu", names[i], (unsigned long long)numbers[i]);
	printf("\n");
}

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

int main(int argc, char **argv)
{
	uint64_t begun_ns = now_ns();
	struct peer *peers;
	char host[64];
	unsigned port;

	if (argc < 4 || sscanf(argv[1], "%63[^:]:%u", host, &port) != 2) {
		fprintf(stderr, "usage: verify ADDRESS DIRECTORY [OPTION=NUMBER]... NAME...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (!set_option(argv[i]))
			add_file(argv[2], argv[i]);
	}
	verify_seed = options[SEED];
	end_ns = begun_ns + options[SECONDS] * 1000000000;
	server.sin_port = htons((uint16_t)port);
	server.sin_addr.s_addr = inet_addr(host);
	peers = calloc(options[CONNECTIONS], sizeof(*peers));
	times_us = calloc(options[REQUESTS] + DEPTH_MAX * options[CONNECTIONS], sizeof(*times_us));
	if (peers == NULL || times_us == NULL || file_count == 0)
		die("verify");
	signal(SIGTERM, stop);
	run(peers, options[CONNECTIONS]);
	print_numbers(begun_ns);
	return numbers[WRONG] > 0;
}
