/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the PROXY header of a connection before HTTP or TLS starts. The bytes after the header belong to libmicrohttpd
 * or to the TLS handshake, which read them from the socket. So the bytes are first peeked at, and only the bytes of the
 * header are then received.
 *
 * While the header is incomplete, all received bytes belong to the header. They are removed from the socket at once.
 * Otherwise the socket would stay readable, and the event loop would spin on a partial header.
 *
 * Each connection whose header is incomplete is a struct pending in the list of its struct proxy_protocol. The struct
 * pending is freed after one call of on_header().
 */
#include "net/proxy_protocol.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/proxy_header.h"

/* A connection whose PROXY header is incomplete. */
struct pending {
	struct reactor_watch watch;
	struct reactor_timer timer;
	struct pending *next, *prev;
	struct proxy_protocol *owner;
	struct arrival arrival;
	size_t used; /* number of received bytes in `bytes` */
	uint8_t bytes[PROXY_HEADER_BYTES];
	struct proxy_header header;
	size_t left; /* number of header bytes that are still to be skipped */
	bool known;  /* `header` and `left` are set */
};

struct proxy_protocol {
	struct reactor *reactor;
	uint64_t timeout_ms;
	bool draining;
	proxy_protocol_header_fn on_header;
	void *context;
	struct pending *pending;
};

int proxy_protocol_new(struct proxy_protocol **proxies, struct reactor *reactor, uint64_t timeout_ms,
		       proxy_protocol_header_fn on_header, void *context)
{
	*proxies = calloc(1, sizeof(**proxies));
	if (*proxies == NULL)
		return -ENOMEM;
	**proxies = (struct proxy_protocol){
		.reactor = reactor, .timeout_ms = timeout_ms, .on_header = on_header, .context = context
	};
	return 0;
}

void proxy_protocol_set_timeout(struct proxy_protocol *proxies, uint64_t timeout_ms)
{
	proxies->timeout_ms = timeout_ms;
}

void proxy_protocol_free(struct proxy_protocol *proxies)
{
	assert(proxies == NULL || proxies->pending == NULL);
	free(proxies);
}

/* Removes the connection from the reactor and from the list. */
static void remove_pending(struct pending *pending)
{
	struct proxy_protocol *proxies = pending->owner;

	reactor_remove(proxies->reactor, &pending->watch);
	reactor_timer_stop(proxies->reactor, &pending->timer);
	if (pending->prev != NULL)
		pending->prev->next = pending->next;
	else
		proxies->pending = pending->next;
	if (pending->next != NULL)
		pending->next->prev = pending->prev;
}

/* Closes the connection and logs `reason`. NULL: the client closed the connection, or the process drains. */
static void close_pending(struct pending *pending, const char *reason)
{
	struct proxy_protocol *proxies = pending->owner;
	char text[ADDRESS_TEXT_BYTES];
	struct address address;

	remove_pending(pending);
	address_from_sockaddr((const struct sockaddr *)&pending->arrival.address, &address);
	if (reason != NULL)
		log_fault(LOG_LEVEL_WARNING, "connection from %s closed: %s (proxy_protocol)",
			  address_format(&address, text), reason);
	close(pending->arrival.fd);
	pending->arrival.fd = -1;
	proxies->on_header(proxies->context, &pending->arrival, reason != NULL);
	free(pending);
}

/* Passes the connection to on_header(), with the address from the header. */
static void complete(struct pending *pending)
{
	struct proxy_protocol *proxies = pending->owner;

	if (pending->header.source.ss_family != AF_UNSPEC) {
		pending->arrival.address = pending->header.source;
		pending->arrival.length = sizeof(pending->header.source);
	}
	remove_pending(pending);
	proxies->on_header(proxies->context, &pending->arrival, false);
	free(pending);
}

enum progress { BLOCKED, CONTINUES, COMPLETE, MALFORMED, CLOSED };

static enum progress progress_of(ssize_t n)
{
	return n > 0 ? CONTINUES : n < 0 && (errno == EAGAIN || errno == EINTR) ? BLOCKED : CLOSED;
}

/* Discards bytes of the header that are not parsed. */
static enum progress skip(struct pending *pending)
{
	char bytes[4096];
	ssize_t n = recv(pending->watch.fd, bytes, pending->left < sizeof(bytes) ? pending->left : sizeof(bytes),
			 MSG_DONTWAIT);

	if (n > 0)
		pending->left -= (size_t)n;
	return progress_of(n);
}

/* Receives bytes of the header, but no byte after it. */
static enum progress receive(struct pending *pending)
{
	uint8_t *at = pending->bytes + pending->used;
	ssize_t seen = recv(pending->watch.fd, at, sizeof(pending->bytes) - pending->used, MSG_PEEK | MSG_DONTWAIT);
	enum proxy_header_state state;
	size_t length;

	if (seen <= 0)
		return progress_of(seen);
	length = (size_t)seen;
	state = proxy_header_parse(pending->bytes, pending->used + length, &pending->header);
	if (state == PROXY_HEADER_MALFORMED)
		return MALFORMED;
	if (state == PROXY_HEADER_DONE && length > pending->header.length - pending->used)
		length = pending->header.length - pending->used;
	if (recv(pending->watch.fd, at, length, MSG_DONTWAIT) != (ssize_t)length)
		return CLOSED;
	pending->used += length;
	pending->known = state == PROXY_HEADER_DONE;
	pending->left = pending->known ? pending->header.length - pending->used : 0;
	return CONTINUES;
}

static enum progress advance(struct pending *pending)
{
	enum progress progress = CONTINUES;

	while (progress == CONTINUES && !(pending->known && pending->left == 0))
		progress = pending->known ? skip(pending) : receive(pending);
	return progress == CONTINUES ? COMPLETE : progress;
}

static void on_readable(void *context, uint32_t events)
{
	struct pending *pending = context;

	(void)events;
	switch (advance(pending)) {
	case COMPLETE:
		complete(pending);
		break;
	case MALFORMED:
		close_pending(pending, "the first bytes are not a PROXY header");
		break;
	case CLOSED: /* for example the health check of a proxy */
		close_pending(pending, NULL);
		break;
	case CONTINUES:
	case BLOCKED:
		break;
	}
}

static void on_timeout(void *context)
{
	struct pending *pending = context;
	const bool is_fault = !pending->owner->draining || pending->used > 0;

	close_pending(pending, is_fault ? "no complete PROXY header within header_timeout" : NULL);
}

void proxy_protocol_add(struct proxy_protocol *proxies, const struct arrival *arrival)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	bool watched;

	if (pending == NULL) {
		struct arrival ended = *arrival;

		close(arrival->fd);
		ended.fd = -1;
		proxies->on_header(proxies->context, &ended, false);
		return;
	}
	*pending = (struct pending){ .owner = proxies, .arrival = *arrival };
	pending->watch = (struct reactor_watch){ .fd = arrival->fd, .fn = on_readable, .context = pending };
	pending->timer = (struct reactor_timer){ .fn = on_timeout, .context = pending };
	pending->next = proxies->pending;
	if (pending->next != NULL)
		pending->next->prev = pending;
	proxies->pending = pending;
	watched = reactor_add(proxies->reactor, &pending->watch, EPOLLIN) == 0;
	if (!watched || reactor_timer_start(proxies->reactor, &pending->timer, proxies->timeout_ms) != 0)
		close_pending(pending, "out of memory");
}

void proxy_protocol_drain(struct proxy_protocol *proxies, uint64_t grace_ms)
{
	const uint64_t until_ns = clock_now_ns() + grace_ms * CLOCK_NS_PER_MS;

	proxies->draining = true;
	for (struct pending *pending = proxies->pending; pending != NULL; pending = pending->next)
		if (pending->timer.due_ns > until_ns)
			reactor_timer_start(proxies->reactor, &pending->timer, grace_ms);
}

void proxy_protocol_abort(struct proxy_protocol *proxies)
{
	while (proxies->pending != NULL)
		close_pending(proxies->pending, NULL);
}
