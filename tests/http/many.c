/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests the files that changes.c makes and changes, over many connections, and checks every response: its body is of
 * one content of this name, its tag belongs to this content, and it was current at most LIMIT_NS before the request was
 * sent. See changes.h for the log and the files.
 *
 * many ADDRESS LOG CONNECTIONS SECONDS    requests random names for this time, half of them names that change
 * many ADDRESS LOG CONNECTIONS all        requests each name once
 *
 * Random names are requested in bursts, on all connections at once. So the number of requests is limited, although the
 * changes need some seconds.
 *
 * Prints the first wrong responses, and then the number of responses of each kind.
 */
#define _GNU_SOURCE
#include "changes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* The age of an answer: `revalidate` and 1 s for a file, 1 s for a name that was missing. */
#define FILE_LIMIT_NS UINT64_C(2000000000)
#define ABSENT_LIMIT_NS UINT64_C(1000000000)
#define ANSWER_TIMEOUT_MS 30000
#define BURST_MS 60
#define SHOWN_FAULTS 10
#define RESPONSE_BYTES (96 << 10)

enum request { REQUEST_WHOLE, REQUEST_RANGE, REQUEST_HEAD, REQUEST_CONDITION };

struct client {
	int fd;
	enum request request;
	struct log_name *name;
	bool coded; /* the original of a variant was requested with Accept-Encoding */
	bool idle;  /* until the next burst */
	uint64_t sent_ns;
	uint32_t first, last; /* the range, in blocks */
	size_t received;
	char bytes[RESPONSE_BYTES];
};

struct response {
	unsigned status;
	uint64_t length; /* Content-Length */
	uint64_t size;	 /* of the file, if it is known */
	uint64_t tag_mtime, tag_size;
	bool has_tag, coded, cut;
	const char *body;
	size_t body_bytes;
};

/* What the blocks of a body say. */
struct finding {
	bool consistent;
	uint32_t content; /* of the last block */
	uint32_t blocks;  /* of the file */
};

static struct log *log_;
static struct sockaddr_in server = { .sin_family = AF_INET };
static const unsigned kinds[] = { 200, 206, 304, 403, 404, 416 };
#define KINDS (sizeof(kinds) / sizeof(*kinds))
static unsigned counts[KINDS + 1]; /* The last one counts all other kinds. */
static int poll_fd;
static bool all;
static uint32_t next_name;
static uint64_t end_ns, burst_ns;
static unsigned busy, faults, cuts, reopened, refused;

/* --- the states of a name --- */

static struct log_state *state_at(struct log_name *name, uint32_t number)
{
	return &name->states[number % LOG_STATES];
}

/* Returns true if the state could be seen at `sent_ns` - `limit_ns` or later. */
static bool is_recent(struct log_name *name, uint32_t number, uint32_t count, uint64_t sent_ns, uint64_t limit_ns)
{
	uint64_t until;

	if (number + 1 == count)
		return true;
	until = atomic_load(&state_at(name, number + 1)->done_ns);
	return until == 0 || until + limit_ns >= sent_ns;
}

/* Returns true if the change to the state is in progress, or ended at `sent_ns` - FILE_LIMIT_NS or later. */
static bool is_changing(const struct log_state *state, uint64_t sent_ns)
{
	uint64_t end = atomic_load(&state->done_ns);

	return end == 0 || end + FILE_LIMIT_NS >= sent_ns;
}

/* Compares the blocks of a body with the number of the name, and with each other. */
static struct finding inspect(uint32_t name, uint32_t place, const char *body, size_t bytes)
{
	struct finding finding = { .consistent = bytes % BLOCK_BYTES == 0 };
	struct block block = { .content = 0 }, former = block;

	for (size_t at = 0; finding.consistent && at < bytes; at += BLOCK_BYTES, place++, former = block) {
		finding.consistent = block_read(body + at, &block) && block.name == name && block.place == place;
		if (at == 0 || !finding.consistent)
			continue;
		if (block.content == former.content)
			finding.consistent = block.first == former.first && block.blocks == former.blocks;
		else
			finding.consistent = block.content > former.content && block.first == place &&
					     former.blocks == place;
	}
	finding.content = block.content, finding.blocks = block.blocks;
	return finding;
}

static bool is_tag_of(const struct response *response, const struct log_state *state)
{
	return !response->has_tag || atomic_load(&state->done_ns) == 0 ||
	       (response->tag_mtime == (uint64_t)state->mtime_ns && response->tag_size == state->size);
}

static bool is_complete(const struct client *client, const struct response *response, const struct log_state *state)
{
	struct finding found;

	if (client->request == REQUEST_HEAD || response->status == 304)
		return true;
	if (response->cut || response->body_bytes == 0)
		return response->cut;
	found = inspect((uint32_t)(client->name - log_->names), response->status == 206 ? client->first : 0,
			response->body, response->body_bytes);
	if (!found.consistent)
		return false;
	/* A range of a file that has grown may lie before the last part, so that only the tag tells the version. */
	if (response->status == 206)
		return found.content == state->content ||
		       (client->name->role == ROLE_APPEND && found.content < state->content);
	return found.content == state->content && found.blocks * (uint64_t)BLOCK_BYTES == response->length;
}

static bool matches(const struct client *client, const struct response *response, const struct log_state *state)
{
	switch (response->status) {
	case 404:
		return state->kind == LOG_ABSENT;
	case 403:
		return state->kind == LOG_FORBIDDEN;
	case 416:
		return state->kind == LOG_PRESENT && client->request == REQUEST_RANGE && is_tag_of(response, state) &&
		       client->first * (uint64_t)BLOCK_BYTES >= state->size;
	case 200:
	case 206:
	case 304:
		return state->kind == LOG_PRESENT && is_tag_of(response, state) && is_complete(client, response, state);
	}
	return false;
}

/* During a change that is not atomic, the file has a part of its new content, or another mtime. */
static bool matches_partly(const struct client *client, const struct response *response, const struct log_state *state)
{
	struct finding found;

	if (response->status == 416 && client->request == REQUEST_RANGE)
		return true;
	if (response->status != 200 && response->status != 206)
		return response->status == 304;
	if (client->request == REQUEST_HEAD || response->cut || response->body_bytes == 0)
		return true;
	found = inspect((uint32_t)(client->name - log_->names), response->status == 206 ? client->first : 0,
			response->body, response->body_bytes);
	return found.consistent && (found.content == state->content || found.content + 1 == state->content);
}

static bool is_in_place(const struct log_name *name)
{
	return name->role == ROLE_OVERWRITE || name->role == ROLE_REWRITE || name->role == ROLE_APPEND ||
	       name->role == ROLE_KEEP_MTIME || name->role == ROLE_ALIAS;
}

/* Returns true if the response agrees with a state that was current shortly before the request, or later. */
static bool is_right(const struct client *client, const struct response *response)
{
	struct log_name *name = client->name;
	uint32_t count = atomic_load(&name->count), oldest = count > LOG_STATES - 4 ? count - (LOG_STATES - 4) : 0;
	uint64_t limit = response->status == 404 && name->role != ROLE_VARIANT ? ABSENT_LIMIT_NS : FILE_LIMIT_NS;

	if (response->cut && !is_in_place(name))
		return false;
	for (uint32_t number = count; number-- > oldest;) {
		const struct log_state *state = state_at(name, number);

		if (state->gradual && is_changing(state, client->sent_ns) && matches_partly(client, response, state))
			return true;
		if (!is_recent(name, number, count, client->sent_ns, limit))
			return false;
		if (matches(client, response, state))
			return true;
	}
	return false;
}

/* --- responses --- */

static void report(const struct client *client, const struct response *response, const char *what)
{
	static const char *const requests[] = { "GET", "range", "HEAD", "If-None-Match" };
	struct log_name *name = client->name;
	uint32_t count = atomic_load(&name->count);

	if (faults++ >= SHOWN_FAULTS)
		return;
	printf("%s: %s %s (role %u%s): %u, tag %llx-%llx, %zu bytes: \"%.48s\"\n", what, requests[client->request],
	       name->path, name->role, client->coded ? ", coded" : "", response->status,
	       (unsigned long long)response->tag_mtime, (unsigned long long)response->tag_size, response->body_bytes,
	       response->body_bytes >= 48 ? response->body : "");
	for (uint32_t number = count; number-- > (count > 4 ? count - 4 : 0);) {
		const struct log_state *state = state_at(name, number);
		uint64_t end = atomic_load(&state->done_ns);

		printf("    %s, content %u, tag %llx-%llx, since %.1f ms before the request\n",
		       state->kind == LOG_ABSENT    ? "absent"
		       : state->kind == LOG_PRESENT ? "present"
						    : "forbidden",
		       state->content, (unsigned long long)state->mtime_ns, (unsigned long long)state->size,
		       end != 0 ? ((double)client->sent_ns - (double)end) / 1e6 : 0.0);
	}
}

static const char *field(const struct client *client, const char *name)
{
	const char *found = strcasestr(client->bytes, name);

	return found != NULL ? found + strlen(name) : NULL;
}

/* Parses the response, whose header is complete. */
static struct response parse(const struct client *client, const char *body)
{
	struct response response = { .status = (unsigned)strtoul(client->bytes + 9, NULL, 10), .body = body };
	const char *length = field(client, "\r\nContent-Length: "), *tag = field(client, "\r\nETag: ");
	char *end;

	response.length = length != NULL ? strtoull(length, NULL, 10) : 0;
	response.coded = field(client, "\r\nContent-Encoding: br") != NULL;
	if (tag != NULL) {
		tag += strspn(tag, "W/\"");
		response.tag_mtime = strtoull(tag, &end, 16);
		response.has_tag = *end == '-';
		response.tag_size = response.has_tag ? strtoull(end + 1, NULL, 16) : 0;
	}
	response.body_bytes = client->received - (size_t)(body - client->bytes);
	return response;
}

static void judge(struct client *client, const struct response *response)
{
	struct client original;
	unsigned i;

	for (i = 0; i < KINDS && kinds[i] != response->status;)
		i++;
	counts[i]++;
	if (client->coded && !response->coded) {
		/* The file itself was sent: the variant must be absent. */
		if (!is_right(client, &(struct response){ .status = 404 }))
			report(client, response, "a variant was not sent");
		original = *client;
		original.name = &log_->names[client->name->original_number];
		client = &original;
	}
	if (!is_right(client, response))
		report(client, response, response->cut ? "an aborted response" : "a wrong response");
}

/* --- connections --- */

static bool open_client(struct client *client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		die("socket");
	if (connect(client->fd, (const struct sockaddr *)&server, sizeof(server)) != 0 ||
	    epoll_ctl(poll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0) {
		close(client->fd);
		refused++;
		return false;
	}
	return true;
}

static bool choose(struct client *client)
{
	uint32_t number;

	if (all) {
		if (next_name == log_->count)
			return false;
		number = next_name++;
	} else if (now_ns() >= end_ns) {
		return false;
	} else if (log_->active > 0 && below(2) == 0) {
		number = below(log_->active + log_->count - log_->plain);
		number += number >= log_->active ? log_->plain - log_->active : 0;
	} else {
		number = below(log_->count);
	}
	client->name = &log_->names[number];
	client->coded = client->name->original[0] != '\0' && below(2) == 0;
	client->request = all || below(2) == 0 ? REQUEST_WHOLE : (enum request)(1 + below(3));
	return true;
}

/* Sends the next request. Returns false if there is none. */
static bool send_next(struct client *client)
{
	char request[512], more[128] = "";
	const struct log_state *state;
	const char *path;
	uint32_t blocks;
	int length;

	if (!choose(client))
		return false;
	state = state_at(client->name, atomic_load(&client->name->count) - 1);
	blocks = (uint32_t)(state->size / BLOCK_BYTES);
	path = client->coded			    ? client->name->original
	       : client->name->alias[0] && below(2) ? client->name->alias
						    : client->name->path;
	if (client->coded)
		client->request = REQUEST_WHOLE, strcpy(more, "Accept-Encoding: br\r\n");
	if (client->request == REQUEST_RANGE) {
		client->first = blocks > 0 ? below(blocks) : 0;
		client->last = client->first + below(8);
		snprintf(more, sizeof(more), "Range: bytes=%u-%u\r\n", client->first * BLOCK_BYTES,
			 client->last * BLOCK_BYTES + BLOCK_BYTES - 1);
	} else if (client->request == REQUEST_CONDITION) {
		snprintf(more, sizeof(more), "If-None-Match: \"%llx-%llx\"\r\n", (unsigned long long)state->mtime_ns,
			 (unsigned long long)state->size);
	}
	length = snprintf(request, sizeof(request), "%s /%s HTTP/1.1\r\nHost: x\r\n%s\r\n",
			  client->request == REQUEST_HEAD ? "HEAD" : "GET", path, more);
	client->received = 0;
	client->sent_ns = now_ns();
	if (send(client->fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		shutdown(client->fd, SHUT_RDWR); /* the next recv() reports the end */
	return true;
}

static void reopen(struct client *client)
{
	client->idle = false;
	close(client->fd);
	if (!open_client(client) || !send_next(client))
		busy--;
}

static void send_or_close(struct client *client)
{
	client->idle = false;
	if (!send_next(client)) {
		close(client->fd);
		busy--;
	}
}

/* The server closed the connection. Before a response, it may do so; the request is sent again. */
static void closed(struct client *client, const char *body)
{
	struct response response;

	if (body != NULL) {
		response = parse(client, body);
		response.cut = true;
		cuts++;
		judge(client, &response);
	} else if (client->received > 0) {
		report(client, &(struct response){ .cut = true }, "an incomplete header");
	} else {
		reopened++;
	}
	reopen(client);
}

static void receive(struct client *client)
{
	ssize_t got =
		recv(client->fd, client->bytes + client->received, RESPONSE_BYTES - 1 - client->received, MSG_DONTWAIT);
	struct response response;
	const char *body;
	bool closes;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		client->received += (size_t)got;
	client->bytes[client->received] = '\0';
	body = strstr(client->bytes, "\r\n\r\n");
	body = body != NULL ? body + 4 : NULL;
	if (got <= 0) {
		closed(client, body);
		return;
	}
	if (body == NULL)
		return;
	response = parse(client, body);
	if (client->request != REQUEST_HEAD && response.status != 304 && response.body_bytes < response.length)
		return;
	closes = field(client, "\r\nConnection: close") != NULL;
	judge(client, &response);
	if (closes)
		reopen(client);
	else if (!all)
		client->idle = true;
	else
		send_or_close(client);
}

/* If the time of the next burst has come, sends a request on each idle connection. Returns the milliseconds to wait. */
static int send_burst(struct client *clients, unsigned count)
{
	uint64_t now = now_ns();

	if (all)
		return ANSWER_TIMEOUT_MS;
	if (now >= burst_ns) {
		burst_ns = now + BURST_MS * UINT64_C(1000000);
		for (unsigned i = 0; i < count; i++) {
			if (clients[i].idle)
				send_or_close(&clients[i]);
		}
	}
	return (int)((burst_ns - now) / 1000000) + 1;
}

static void run(struct client *clients, unsigned count)
{
	struct epoll_event events[64];
	uint64_t answered_ns;

	for (unsigned i = 0; i < count; i++) {
		if (open_client(&clients[i]) && send_next(&clients[i]))
			busy++;
	}
	answered_ns = now_ns();
	while (busy > 0) {
		int ready = epoll_wait(poll_fd, events, 64, send_burst(clients, count));

		if (ready > 0)
			answered_ns = now_ns();
		if (now_ns() - answered_ns > ANSWER_TIMEOUT_MS * UINT64_C(1000000)) {
			printf("no answer on %u connections\n", busy);
			faults++;
			return;
		}
		for (int i = 0; i < ready; i++)
			receive(events[i].data.ptr);
	}
}

int main(int argc, char **argv)
{
	char host[64];
	unsigned port, count;
	struct client *clients;

	if (argc != 5 || sscanf(argv[1], "%63[^:]:%u", host, &port) != 2)
		return 64;
	log_ = log_map(argv[2], 0);
	count = (unsigned)atoi(argv[3]);
	all = strcmp(argv[4], "all") == 0;
	end_ns = now_ns() + strtoull(argv[4], NULL, 10) * UINT64_C(1000000000);
	server.sin_port = htons((uint16_t)port);
	server.sin_addr.s_addr = inet_addr(host);
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(count, sizeof(*clients));
	if (poll_fd < 0 || clients == NULL)
		die("many");
	run(clients, count);
	for (unsigned i = 0; i < KINDS; i++)
		printf("%u %u ", kinds[i], counts[i]);
	printf("other %u cut %u reopened %u refused %u wrong %u\n", counts[KINDS], cuts, reopened, refused, faults);
	return 0;
}
