/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands behind the header is for libmicrohttpd, or for a TLS handshake, to read from the socket. So bytes are
 * looked at before they are taken, and only those that are the header's are taken. As long as it is not complete that
 * is all of them; so the socket does not stay readable, and the loop does not spin on half a header.
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
#include "base/log.h"
#include "http/proxy_header.h"

struct entry {
	struct reactor_watch watch;
	struct reactor_timer timer;
	struct entry *next, *prev;
	struct proxy_protocol *preface;
	struct arrival arrival;
	size_t used; /* bytes taken, as far as they are kept */
	uint8_t bytes[PROXY_HEADER_BYTES];
	struct proxy_header header;
	size_t left; /* bytes of the header that are of no interest, once it is known */
	bool known;
};

struct proxy_protocol {
	struct reactor *reactor;
	uint64_t timeout_ms;
	proxy_protocol_read_fn read;
	void *context;
	struct entry *entries;
};

int proxy_protocol_new(struct proxy_protocol **preface, struct reactor *reactor, uint64_t timeout_ms,
		       proxy_protocol_read_fn read, void *context)
{
	*preface = calloc(1, sizeof(**preface));
	if (*preface == NULL)
		return -ENOMEM;
	**preface = (struct proxy_protocol){
		.reactor = reactor, .timeout_ms = timeout_ms, .read = read, .context = context
	};
	return 0;
}

void proxy_protocol_renew(struct proxy_protocol *preface, uint64_t timeout_ms)
{
	preface->timeout_ms = timeout_ms;
}

void proxy_protocol_free(struct proxy_protocol *preface)
{
	assert(preface == NULL || preface->entries == NULL);
	free(preface);
}

static void let_go(struct entry *entry)
{
	struct proxy_protocol *preface = entry->preface;

	reactor_remove(preface->reactor, &entry->watch);
	reactor_timer_stop(preface->reactor, &entry->timer);
	if (entry->prev != NULL)
		entry->prev->next = entry->next;
	else
		preface->entries = entry->next;
	if (entry->next != NULL)
		entry->next->prev = entry->prev;
}

static void give_up(struct entry *entry, const char *reason)
{
	struct proxy_protocol *preface = entry->preface;
	char text[ADDRESS_TEXT_BYTES];
	struct address address;

	let_go(entry);
	address_from_sockaddr((const struct sockaddr *)&entry->arrival.address, &address);
	if (reason != NULL)
		log_fault(LOG_LEVEL_WARNING, "a connection from %s was closed: %s (proxy_protocol)",
			  address_format(&address, text), reason);
	close(entry->arrival.fd);
	entry->arrival.fd = -1;
	preface->read(preface->context, &entry->arrival, reason != NULL);
	free(entry);
}

static void pass_on(struct entry *entry)
{
	struct proxy_protocol *preface = entry->preface;

	if (entry->header.source.ss_family != AF_UNSPEC) {
		entry->arrival.address = entry->header.source;
		entry->arrival.length = sizeof(entry->header.source);
	}
	let_go(entry);
	preface->read(preface->context, &entry->arrival, false);
	free(entry);
}

enum progress { WAITS, GOES_ON, COMPLETE, MALFORMED, ENDED };

static enum progress progress_of(ssize_t n)
{
	return n > 0 ? GOES_ON : n < 0 && (errno == EAGAIN || errno == EINTR) ? WAITS : ENDED;
}

static enum progress skip(struct entry *entry)
{
	char bytes[4096];
	ssize_t n =
		recv(entry->watch.fd, bytes, entry->left < sizeof(bytes) ? entry->left : sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		entry->left -= (size_t)n;
	return progress_of(n);
}

static enum progress gather(struct entry *entry)
{
	uint8_t *at = entry->bytes + entry->used;
	ssize_t seen = recv(entry->watch.fd, at, sizeof(entry->bytes) - entry->used, MSG_PEEK | MSG_DONTWAIT);
	enum proxy_header_state state;
	size_t take;

	if (seen <= 0)
		return progress_of(seen);
	take = (size_t)seen;
	state = proxy_header_parse(entry->bytes, entry->used + take, &entry->header);
	if (state == PROXY_HEADER_MALFORMED)
		return MALFORMED;
	if (state == PROXY_HEADER_DONE && take > entry->header.length - entry->used)
		take = entry->header.length - entry->used;
	if (recv(entry->watch.fd, at, take, MSG_DONTWAIT) != (ssize_t)take)
		return ENDED;
	entry->used += take;
	entry->known = state == PROXY_HEADER_DONE;
	entry->left = entry->known ? entry->header.length - entry->used : 0;
	return GOES_ON;
}

static enum progress advance(struct entry *entry)
{
	enum progress progress = GOES_ON;

	while (progress == GOES_ON && !(entry->known && entry->left == 0))
		progress = entry->known ? skip(entry) : gather(entry);
	return progress == GOES_ON ? COMPLETE : progress;
}

static void readable(void *context, uint32_t events)
{
	struct entry *entry = context;

	(void)events;
	switch (advance(entry)) {
	case COMPLETE:
		pass_on(entry);
		break;
	case MALFORMED:
		give_up(entry, "it does not begin with a PROXY header");
		break;
	case ENDED: /* a proxy that looks if we are there, for one */
		give_up(entry, NULL);
		break;
	case GOES_ON:
	case WAITS:
		break;
	}
}

static void overdue(void *context)
{
	give_up(context, "its PROXY header did not come within header_timeout");
}

void proxy_protocol_take(struct proxy_protocol *preface, const struct arrival *arrival)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	bool watched;

	if (entry == NULL) {
		struct arrival ended = *arrival;

		close(arrival->fd);
		ended.fd = -1;
		preface->read(preface->context, &ended, false);
		return;
	}
	*entry = (struct entry){ .preface = preface, .arrival = *arrival };
	entry->watch = (struct reactor_watch){ .fd = arrival->fd, .fn = readable, .context = entry };
	entry->timer = (struct reactor_timer){ .fn = overdue, .context = entry };
	entry->next = preface->entries;
	if (entry->next != NULL)
		entry->next->prev = entry;
	preface->entries = entry;
	watched = reactor_add(preface->reactor, &entry->watch, EPOLLIN) == 0;
	if (!watched || reactor_timer_start(preface->reactor, &entry->timer, preface->timeout_ms) != 0)
		give_up(entry, "out of memory");
}

void proxy_protocol_drain(struct proxy_protocol *preface)
{
	for (struct entry *entry = preface->entries, *next; entry != NULL; entry = next) {
		char byte;

		next = entry->next;
		if (entry->used == 0 && recv(entry->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
			give_up(entry, NULL);
	}
}

void proxy_protocol_abort(struct proxy_protocol *preface)
{
	while (preface->entries != NULL)
		give_up(preface->entries, NULL);
}
