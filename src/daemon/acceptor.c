/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new connection passes these stages: accept(2) in net/listener.c, the PROXY header if the peer is a trusted proxy,
 * the limits on connections in request/clients.c, and the choice of the worker. Then the server of the chosen worker
 * owns the connection.
 *
 * The kernel wakes the same worker for each new connection, as long as that worker accepts fast enough. Connections
 * live long, so the load of the workers could differ permanently. To balance the load, the worker with the fewest
 * connections serves a new connection, whichever worker accepted it. A message hands the accepted connection over to
 * another worker (struct handover).
 *
 * The acceptor has a reference to the site of the generation under which it accepts. A handover holds its own
 * reference, because the generation may be replaced before the message is delivered.
 */
#include "daemon/acceptor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/log.h"
#include "base/networks.h"
#include "mhd/exchange_log.h"
#include "net/listener.h"
#include "net/proxy_protocol.h"
#include "request/rejection.h"

#define LOAD_SLACK 2   /* a connection is handed over if the accepting worker has at least 2 more than another */
#define DISCARDS_MAX 8 /* buffers of unread bytes that are discarded before a rejected connection is closed */

struct acceptor {
	struct process *process;
	unsigned index; /* index of the worker */
	struct reactor *reactor;
	struct counters *counters;
	struct server *server;
	struct listener *listener;	/* NULL: not listening */
	struct request_site *accepting; /* site of new connections; holds a reference */
	struct proxy_protocol *proxies;
	/*
	 * Number of connections that this worker serves, or that were assigned to it. The worker that assigns a
	 * connection increments the counter of the receiving worker before it posts the message. So a draining worker
	 * whose counter is 0 receives no further connections. Any thread may read the counter. Sequentially consistent.
	 */
	atomic_uint connections;
};

/* A message that hands a connection over to another worker. */
struct handover {
	struct reactor_message message;
	struct acceptor *to;
	struct generation *generation; /* a reference */
	struct arrival arrival;
};

void acceptor_connection_closed(void *context, void *client, bool rejected)
{
	struct acceptor *acceptor = context;

	if (rejected)
		clients_leave_rejected(acceptor->process->clients, client);
	else
		clients_leave(acceptor->process->clients, client);
	atomic_fetch_sub(&acceptor->connections, 1);
}

static void serve(struct acceptor *acceptor, const struct arrival *arrival)
{
	int error = server_add(acceptor->server, arrival);

	if (error != 0)
		log_fault(LOG_LEVEL_ERROR, "cannot serve a connection: %s", strerror(-error));
}

/* Called on the thread of the worker that receives the connection. */
static void on_handover(struct reactor_message *message)
{
	struct handover *handover = container_of(message, struct handover, message);

	if (handover->to->server != NULL) {
		serve(handover->to, &handover->arrival);
	} else { /* the worker ended before the message was delivered */
		close(handover->arrival.fd);
		acceptor_connection_closed(handover->to, handover->arrival.client, false);
	}
	generation_unref(handover->generation);
	free(handover);
}

/*
 * Returns the acceptor of the worker with the fewest connections, or the given acceptor if the difference is small.
 * Always returns the given acceptor before the process serves and while it drains, because the other workers may not
 * exist if the start fails.
 */
static struct acceptor *least_loaded(struct acceptor *acceptor)
{
	struct process *process = acceptor->process;
	const int state = atomic_load(&process->state);
	struct acceptor *best = acceptor;

	if (state == PROCESS_STARTING || state == PROCESS_DRAINING)
		return acceptor;
	for (unsigned i = 0; i < process->count; i++)
		if (atomic_load(&process->acceptors[i]->connections) + LOAD_SLACK <= atomic_load(&best->connections) ||
		    (best != acceptor &&
		     atomic_load(&process->acceptors[i]->connections) < atomic_load(&best->connections)))
			best = process->acceptors[i];
	return best;
}

static enum counters_reason reason_of(int error)
{
	switch (error) {
	case -EUSERS:
		return COUNTERS_MAX_CONNECTIONS;
	case -EDQUOT:
		return COUNTERS_MAX_CONNECTIONS_PER_CLIENT;
	case -EMFILE:
	case -ENFILE:
		return COUNTERS_DESCRIPTORS;
	default:
		return COUNTERS_MEMORY;
	}
}

/* Counts and logs a rejected connection. log_fault() limits the number of lines. */
static void report_rejection(struct acceptor *acceptor, const struct arrival *arrival, int error)
{
	char text[ADDRESS_TEXT_BYTES];
	struct address address;

	counters_reject(acceptor->counters, reason_of(error));
	address_from_sockaddr((const struct sockaddr *)&arrival->address, &address);
	log_fault(LOG_LEVEL_WARNING, "connection from %s rejected: %s", address_format(&address, text),
		  error == -EUSERS   ? "max_connections reached"
		  : error == -EDQUOT ? "max_connections_per_client reached"
				     : strerror(-error));
}

/* Writes a line to the access log for a connection without a request. */
static void log_access(const struct arrival *arrival, unsigned status, enum counters_reason reason)
{
	struct peer peer = { .listener = arrival->listener, .tls = arrival->tls };

	address_from_sockaddr((const struct sockaddr *)&arrival->address, &peer.from);
	exchange_log_rejected(arrival->site, &peer, status, reason);
}

/*
 * Rejects a connection with 503 and closes it, without waiting for its request. A TLS connection gets no response,
 * because that would need a handshake.
 */
static void reject(const struct arrival *arrival, int error)
{
	char head[REJECTION_HEAD_BYTES], rest[4096], text[REJECTION_TEXT_BYTES];
	ssize_t got, sent = 0;

	if (!arrival->tls) {
		got = recv(arrival->fd, head, sizeof(head) - 1, MSG_DONTWAIT);
		head[got > 0 ? got : 0] = '\0';
		sent = send(arrival->fd, text,
			    rejection_write(arrival->site->config.rules, arrival->listener, head, text),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (sent > 0)
		shutdown(arrival->fd, SHUT_WR);
	/*
	 * Unread bytes would make close(2) reset the connection, and the client could lose the response. The connection
	 * may still be reset if the client sends much more than a header.
	 */
	for (unsigned i = 0; sent > 0 && i < DISCARDS_MAX && recv(arrival->fd, rest, sizeof(rest), MSG_DONTWAIT) > 0;
	     i++)
		;
	close(arrival->fd);
	log_access(arrival, 503, reason_of(error));
}

/*
 * Rejects a connection that exceeds a limit. While few connections are being rejected, the server serves it like any
 * other connection, but answers its first request with 503. The response then has all header fields that are configured
 * for its path, also over TLS, and the request is logged in the access log.
 */
static void reject_over_limit(struct acceptor *acceptor, struct arrival *arrival, int error)
{
	struct client *client;

	report_rejection(acceptor, arrival, error);
	if ((error != -EUSERS && error != -EDQUOT) ||
	    clients_enter_rejected(acceptor->process->clients, (const struct sockaddr *)&arrival->address, &client) !=
		    0) {
		reject(arrival, error);
		return;
	}
	arrival->client = client;
	arrival->rejected = true;
	arrival->reason = reason_of(error);
	atomic_fetch_add(&acceptor->connections, 1);
	serve(acceptor, arrival);
}

/*
 * Applies the connection limits, then picks the worker with the fewest connections. The client address must be known.
 */
static void admit(struct acceptor *acceptor, struct arrival *arrival)
{
	struct acceptor *to;
	struct handover *handover = NULL;
	struct client *client;
	int error = clients_enter(acceptor->process->clients, (const struct sockaddr *)&arrival->address, &client);

	if (error != 0) {
		reject_over_limit(acceptor, arrival, error);
		return;
	}
	counter_add(&acceptor->counters->accepted, 1);
	arrival->client = client;
	to = least_loaded(acceptor);
	if (to != acceptor)
		handover = calloc(1, sizeof(*handover));
	if (handover == NULL)
		to = acceptor;
	atomic_fetch_add(&to->connections, 1);
	if (handover == NULL) {
		serve(acceptor, arrival);
		return;
	}
	*handover = (struct handover){ .message = { .fn = on_handover }, .to = to, .arrival = *arrival };
	handover->generation = generation_ref(generation_of(arrival->site));
	handover->arrival.site = &handover->generation->sites[to->index];
	reactor_post(to->reactor, &handover->message);
}

/*
 * Called when the PROXY header is complete or invalid. Until now the connection was counted without a client address.
 */
static void on_proxy_header(void *context, const struct arrival *arrival, bool rejected)
{
	struct acceptor *acceptor = context;
	struct arrival own = *arrival;

	if (rejected) {
		counters_reject(acceptor->counters, COUNTERS_PROXY_PROTOCOL);
		log_access(arrival, 400, COUNTERS_PROXY_PROTOCOL);
	}
	acceptor_connection_closed(acceptor, own.client, false);
	if (own.fd >= 0)
		admit(acceptor, &own);
	request_site_unref(arrival->site);
}

static bool is_proxy(const struct text_list *proxies, const struct sockaddr *peer)
{
	struct address address;

	address_from_sockaddr(peer, &address);
	return networks_narrowest(proxies, &address) >= 0;
}

static void on_accept(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length,
		      int accept_error)
{
	static const struct sockaddr no_address = { .sa_family = AF_UNIX }; /* no per-client limit applies */
	struct acceptor *acceptor = context;
	const struct config *config = generation_config(generation_of(acceptor->accepting));
	struct arrival arrival = {
		.fd = fd,
		.listener = listener,
		.tls = config->listen[listener].address.tls,
		.reason = COUNTERS_NO_REASON,
		.site = acceptor->accepting,
	};
	struct client *client;
	int error;

	arrival.length = length < sizeof(arrival.address) ? length : sizeof(arrival.address);
	memcpy(&arrival.address, peer, arrival.length);
	if (accept_error != 0) {
		report_rejection(acceptor, &arrival, accept_error);
		reject(&arrival, accept_error);
		return;
	}
	if (config->proxy_protocol.count == 0 || !is_proxy(&config->proxy_protocol, peer)) {
		admit(acceptor, &arrival);
		return;
	}
	error = clients_enter(acceptor->process->clients, &no_address, &client);
	if (error != 0) { /* rejected without reading a request, because the first bytes are a PROXY header */
		report_rejection(acceptor, &arrival, error);
		reject(&arrival, error);
		return;
	}
	arrival.client = client;
	atomic_fetch_add(&acceptor->connections, 1);
	request_site_ref(arrival.site);
	proxy_protocol_add(acceptor->proxies, &arrival);
}

static void stop_listening(struct acceptor *acceptor)
{
	if (acceptor->listener == NULL)
		return;
	listener_free(acceptor->listener);
	acceptor->listener = NULL;
	request_site_unref(acceptor->accepting);
}

int acceptor_new(struct acceptor **acceptor, struct process *process, unsigned index, struct reactor *reactor,
		 struct counters *counters)
{
	struct acceptor *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->process = process;
	made->index = index;
	made->reactor = reactor;
	made->counters = counters;
	if (proxy_protocol_new(&made->proxies, reactor, 0, on_proxy_header, made) != 0) {
		free(made);
		return -ENOMEM;
	}
	*acceptor = made;
	return 0;
}

void acceptor_set_server(struct acceptor *acceptor, struct server *server)
{
	acceptor->server = server;
}

int acceptor_listen(struct acceptor *acceptor, struct generation *generation)
{
	struct request_site *site = &generation->sites[acceptor->index];
	struct listener *listener;
	int error = listener_new(&listener, acceptor->reactor, generation->sockets, on_accept, acceptor);

	if (error != 0)
		return error;
	request_site_ref(site);
	stop_listening(acceptor); /* accepts the queued connections, which belong to the former generation */
	acceptor->listener = listener;
	acceptor->accepting = site;
	proxy_protocol_set_timeout(acceptor->proxies, generation_config(generation)->header_timeout_ms);
	return 0;
}

struct generation *acceptor_generation(const struct acceptor *acceptor)
{
	return acceptor->listener != NULL ? generation_of(acceptor->accepting) : NULL;
}

void acceptor_drain(struct acceptor *acceptor, uint64_t grace_ms)
{
	stop_listening(acceptor);
	proxy_protocol_drain(acceptor->proxies, grace_ms);
}

void acceptor_abort(struct acceptor *acceptor)
{
	proxy_protocol_abort(acceptor->proxies);
}

void acceptor_close(struct acceptor *acceptor)
{
	if (acceptor == NULL)
		return;
	stop_listening(acceptor);
	proxy_protocol_abort(acceptor->proxies);
	proxy_protocol_free(acceptor->proxies);
	acceptor->proxies = NULL;
}

unsigned acceptor_connections(const struct acceptor *acceptor)
{
	return atomic_load(&acceptor->connections);
}

void acceptor_free(struct acceptor *acceptor)
{
	free(acceptor);
}
