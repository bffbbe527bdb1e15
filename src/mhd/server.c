/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the connections of one reactor, from server_add() until MHD has closed them, and the two engines (daemons of
 * MHD) that serve them. handler.c handles the callbacks for requests. All functions run on the reactor's thread.
 *
 * sweep.c visits the connections periodically and enforces the timeouts.
 *
 * server_run() is bounded in time, so that long streams delay neither other connections nor disk completions. wake() of
 * a request sets shared.rerun, because MHD_get_timeout() of version 0.9.75 does not announce resumed connections.
 */
#include "mhd/server.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/certificates.h"
#include "base/clock.h"
#include "base/log.h"
#include "mhd/engine.h"
#include "mhd/exchange.h"
#include "mhd/exchange_log.h"
#include "mhd/handler.h"
#include "mhd/input.h"
#include "mhd/lingering.h"
#include "mhd/records.h"
#include "mhd/sender.h"
#include "mhd/sweep.h"
#include "mhd/watch.h"

#define RUN_NS UINT64_C(200000)	    /* server_run() starts no further pass after this time */
#define INLINE_NS UINT64_C(500000)  /* server_run() starts no further send of a direct body after this time */
#define SPANS_NS UINT64_C(2000000)  /* and libmicrohttpd gets no further body of 64 KiB or more after this time */
#define STREAMS_NS UINT64_C(200000) /* server_send() starts no further send after this time */

struct server {
	struct server_options options;
	struct exchange_shared shared;
	struct engine engines[2];    /* [0]: plain, [1]: TLS; shared.rerun has the same indexes */
	struct connection *incoming; /* passed to MHD_add_connection(), but not announced yet */
	struct sweep sweep;	     /* with the list of connections */
	struct lingering lingering;
};

const char *server_library_version(void)
{
	return MHD_get_version();
}

const char *server_sender(void)
{
	return engine_sends_directly() ? "direct" : "callback";
}

/* --- connections --- */

static void connection_opened(struct server *server, struct connection *connection)
{
	rounds_add(&server->sweep.rounds, connection);
	server->incoming = NULL;
	input_add(&server->shared.input, connection);
	unsent_open(&server->sweep.unsent, connection, server->sweep.rounds.count);
}

/* Frees a connection that MHD has closed, or that was never added to MHD. */
static void free_connection(struct server *server, struct connection *connection)
{
	connection_leave(connection);
	server->options.closed(server->options.context, connection->peer.client, connection->peer.rejected);
	request_site_unref(connection->site);
	records_free(connection->records);
	free(connection);
}

/* Returns true if libmicrohttpd has closed a connection because the input after the last request is no request. */
static bool is_closed_silently(const struct connection *connection)
{
	return connection->pipelined && connection->phase == CONNECTION_IDLE && !connection->input_closed &&
	       connection->reason == COUNTERS_NO_REASON && !connection->aborted && !connection_is_reset(connection);
}

/*
 * Logs a connection that has ended before it received a request, if that is a fault. A client that only connects, such
 * as a health check or a browser, is none.
 */
static void log_without_request(struct connection *connection)
{
	const bool unparsed = connection->unparsed || connection->refused != 0 || is_closed_silently(connection);

	if (unparsed && !connection->peer.rejected) {
		exchange_log_unparsed(connection);
		return;
	}
	if (connection->logged)
		return;
	if (connection->peer.rejected) {
		exchange_log_rejected(connection->site, &connection->peer, 503, connection->peer.reason);
	} else if (connection->peer.tls && !records_is_handshaken(connection->records) &&
		   connection_has_received(connection)) {
		counters_disconnect(connection->counters, COUNTERS_TLS_HANDSHAKE);
		exchange_log_rejected(connection->site, &connection->peer, 400, COUNTERS_TLS_HANDSHAKE);
	} else if (connection->reason == COUNTERS_HEADER_TIMEOUT && connection_has_received(connection)) {
		exchange_log_rejected(connection->site, &connection->peer, 408, COUNTERS_HEADER_TIMEOUT);
	}
}

static void connection_ended(struct server *server, struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange != NULL) { /* MHD dropped the request without calling NOTIFY_COMPLETED */
		handler_forget(exchange);
		exchange_end(exchange);
	}
	rounds_remove(&server->sweep.rounds, connection);
	watch_end(&server->shared, connection);
	input_remove(&server->shared.input, connection);
	connection->lingers |= connection->refused != 0;
	if (connection->lingers && !connection->aborted)
		lingering_add(&server->lingering, connection->fd,
			      server->shared.draining ? LINGERING_MAX : LINGERING_SERVING);
	log_without_request(connection);
	free_connection(server, connection);
}

/*
 * Notes the end of a handshake, and acknowledges the last message of a TLS 1.3 handshake at once. With Nagle's
 * algorithm, the client does not send its request until this message is acknowledged. The kernel would delay the
 * acknowledgement by 40 ms.
 */
static int acknowledge(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		       const gnutls_datum_t *message)
{
	(void)type;
	(void)when;
	(void)message;
	if (incoming == 0)
		return 0;
	records_note_handshake(session);
	setsockopt(records_fd(session), IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	return 0;
}

/* Prepares the TLS session of a connection before its handshake begins. */
static void begin_tls(struct connection *connection, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	records_attach(connection->records, info->tls_session);
	certificates_begin(connection->site->config.certificates, info->tls_session);
	gnutls_handshake_set_hook_function(info->tls_session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, acknowledge);
}

static void notify_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
			      enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	server->shared.calls++;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = server->incoming;
		if (server->incoming->peer.tls)
			begin_tls(server->incoming, mhd);
		connection_opened(server, server->incoming);
	} else {
		connection_ended(server, *socket_context);
	}
}

/* Creates the state of a connection. Returns NULL if memory runs out. */
static struct connection *new_connection(struct server *server, const struct arrival *arrival)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return NULL;
	if (arrival->tls) {
		connection->records = records_new(&server->engines[1].records, arrival->fd);
		if (connection->records == NULL) {
			free(connection);
			return NULL;
		}
	}
	connection->fd = arrival->fd;
	connection->unsent_bytes = CONNECTION_UNSENT_MAX;
	connection->peer.client = arrival->client;
	connection->peer.listener = arrival->listener;
	connection->peer.tls = arrival->tls;
	connection->peer.rejected = arrival->rejected;
	connection->peer.reason = arrival->reason;
	connection->reason = COUNTERS_NO_REASON;
	connection->protocol = COUNTERS_BAD_REQUEST;
	connection->peer.address = arrival->address;
	address_from_sockaddr((const struct sockaddr *)&arrival->address, &connection->peer.from);
	connection->site = arrival->site;
	request_site_ref(arrival->site);
	connection->counters = arrival->site->worker.counters;
	connection_join(connection, CONNECTION_HEAD, clock_now_ns());
	return connection;
}

static int start_engine(struct server *server, bool tls)
{
	return engine_start(&server->engines[tls], tls, &server->shared, notify_connection, server);
}

int server_add(struct server *server, const struct arrival *arrival)
{
	/*
	 * The TLS engine may not be running yet. A worker that has already applied a reload may pass the first TLS
	 * connection to a worker that has not.
	 */
	struct connection *connection = start_engine(server, arrival->tls) == 0 ? new_connection(server, arrival)
										: NULL;

	if (connection == NULL) {
		close(arrival->fd);
		server->options.closed(server->options.context, arrival->client, arrival->rejected);
		return -ENOMEM;
	}
	server->incoming = connection;
	server->shared.rerun[arrival->tls] = true;
	/*
	 * MHD copies `length` bytes of the address. Version 0.9.75 copies them into a block of that size. Version 1.0.1
	 * copies them into a sockaddr_storage without checking the length. The length never exceeds
	 * sizeof(arrival->address), because it is the result of accept4(), or the size of a sockaddr_storage after a
	 * PROXY header.
	 */
	if (MHD_add_connection(server->engines[arrival->tls].daemon, arrival->fd,
			       (const struct sockaddr *)&arrival->address, arrival->length) == MHD_YES)
		return 0;
	if (server->incoming == connection) { /* MHD failed before it announced the connection */
		server->incoming = NULL;
		free_connection(server, connection);
	}
	return -ENOMEM;
}

/* --- the server --- */

static void apply_terms(struct server *server, const struct server_terms *terms)
{
	server->sweep.limits = terms->limits;
	server->sweep.unsent.most_bytes = terms->unsent_bytes;
	server->shared.site = terms->site;
	request_site_ref(terms->site);
}

int server_new(struct server **server, const struct server_options *options, const struct server_terms *terms)
{
	struct server *s = calloc(1, sizeof(*s));
	int error;

	if (s == NULL)
		return -ENOMEM;
	s->options = *options;
	s->shared.lenient = !engine_library_is_1_or_later();
	s->shared.direct = engine_sends_directly();
	lingering_init(&s->lingering, options->reactor);
	apply_terms(s, terms);
	error = sender_init(&s->shared);
	if (error == 0)
		error = streams_new(&s->shared.streams);
	if (error == 0)
		error = start_engine(s, false);
	if (error == 0 && terms->site->config.certificates != NULL)
		error = start_engine(s, true);
	if (error == 0)
		error = sweep_start(&s->sweep, options->reactor, &s->shared);
	if (error != 0) {
		server_free(s);
		return error;
	}
	*server = s;
	return 0;
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	sweep_stop(&server->sweep);
	for (struct connection *c = server->sweep.rounds.connections; c != NULL; c = c->next) {
		struct exchange *exchange = c->exchange;

		if (c->suspended) { /* MHD_stop_daemon() aborts the process if a connection is suspended */
			c->suspended = false;
			MHD_resume_connection(exchange->mhd);
		}
	}
	if (server->shared.prebuilt != NULL)
		sender_sweep(&server->shared, true);
	for (unsigned i = 0; i < 2; i++)
		engine_stop(&server->engines[i]);
	lingering_fini(&server->lingering);
	assert(server->sweep.rounds.count == 0);
	sender_fini(&server->shared);
	streams_free(server->shared.streams);
	exchange_free_spares(&server->shared);
	input_fini(&server->shared.input);
	request_site_unref(server->shared.site);
	free(server);
}

int server_fd(const struct server *server, unsigned i)
{
	struct MHD_Daemon *daemon = server->engines[i].daemon;

	return daemon != NULL ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd : -1;
}

void server_set_readable(struct server *server, unsigned i)
{
	server->engines[i].readable = true;
}

int server_reload(struct server *server, const struct server_terms *terms)
{
	struct request_site *before = server->shared.site;
	int error = terms->site->config.certificates != NULL ? start_engine(server, true) : 0;

	if (error != 0)
		return error;
	apply_terms(server, terms);
	sender_reload(&server->shared, before);
	request_site_unref(before);
	return 0;
}

static bool has_more(const struct server *server)
{
	return server->engines[0].more || server->shared.rerun[0] || server->engines[1].more || server->shared.rerun[1];
}

/*
 * Runs passes of the engines until no work is left or the time limit is reached. A pass sends one block on each
 * connection that is ready. The time limit keeps the event loop responsive for disk completions and other events.
 */
void server_run(struct server *server)
{
	uint64_t now_ns = clock_now_ns();
	const uint64_t until_ns = now_ns + RUN_NS;

	server->shared.inline_until_ns = now_ns + INLINE_NS;
	server->shared.spans_until_ns = now_ns + SPANS_NS;
	input_begin(&server->shared.input);
	do {
		for (unsigned i = 0; i < 2; i++)
			engine_run(&server->engines[i], &server->shared, now_ns);
		now_ns = clock_now_ns();
	} while (has_more(server) && now_ns < until_ns);
	input_end();
}

void server_send(struct server *server)
{
	if (streams_any_ready(server->shared.streams))
		streams_run(server->shared.streams, clock_now_ns() + STREAMS_NS);
}

int server_wait_ms(const struct server *server)
{
	const uint64_t until_ns = server->engines[1].rests_until_ns;
	uint64_t now_ns;

	if (has_more(server) || streams_any_ready(server->shared.streams))
		return 0;
	if (until_ns == 0)
		return -1;
	now_ns = clock_now_ns();
	return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / CLOCK_NS_PER_MS) + 1;
}

void server_announce_drain(struct server *server)
{
	server->shared.draining = true;
	sweep_announce(&server->sweep);
}

void server_drain(struct server *server, uint64_t grace_ms)
{
	server->shared.draining = true;
	sweep_drain(&server->sweep, grace_ms);
}

void server_abort(struct server *server)
{
	server->shared.draining = true;
	sweep_abort(&server->sweep);
}

unsigned server_connections(const struct server *server)
{
	return server->sweep.rounds.count + server->lingering.count;
}
