/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MHD's daemons, and the connections that they have. The reactor's thread hands them sockets that were accepted
 * (server_add) and has them run once a turn (server_run); what they call for a request is handler.c's. A sweep now and
 * then cuts connections that have used up their time.
 *
 * A daemon's run is bounded in time. A resume is not announced by MHD_get_timeout(): it sets `rerun`, and server_run()
 * runs once every turn anyway. TLS has a daemon of its own, and traps of its own:
 *
 *  - a handshake that waits for its client has MHD say for ever that there is something to do. After a few passes
 * without any sign of life (a callback, or something on its epoll set) it is left alone for a while, which grows as
 * long as nothing happens;
 *  - a pass sends one record, at most 16 KiB: so that such a pass shows a sign of life, longer bodies are callbacks
 * (sender.c).
 */
#include "mhd/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/certificates.h"
#include "base/clock.h"
#include "base/log.h"
#include "mhd/exchange.h"
#include "mhd/exchange_log.h"
#include "mhd/handler.h"
#include "mhd/sender.h"

#define REPLY_MEMORY (4 * 1024) /* of MHD's pool of one connection, beside the header block of a request */
#define CONNECTIONS_MAX 2000000 /* the daemon counts clients; MHD's bound must not come first */
#define RUN_NS UINT64_C(200000)
#define SWEEP_MS 500
#define FAST_BYTES (UINT64_C(1) << 20) /* a sweep */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"
/*
 * Flags and options that libmicrohttpd 0.9.75 does not know. A binary may run with another version of the library than
 * it was built with, so they are passed according to the version at run time, and their numbers stand here
 * (microhttpd.h of 1.0.1).
 */
#define MHD1_USE_NO_THREAD_SAFETY (1u << 19)
#define MHD1_OPTION_CLIENT_DISCIPLINE_LVL 38
#define FRUITLESS_MAX 3 /* passes that TLS may have one after another without a sign of life */
#define REST_MIN_MS 2
#define REST_MAX_MS 64

/* One of MHD's daemons: in the clear, or TLS. */
struct engine {
	struct MHD_Daemon *daemon; /* NULL: nobody listens for it */
	bool fired, more;	   /* its epoll set has something; a pass did not see the end */
	unsigned fruitless;	   /* passes, one after another */
	uint64_t rests_until_ns;
};

struct server {
	struct server_options options;
	struct connection_limits limits;
	uint64_t unsent_bytes; /* see struct server_terms */
	unsigned fast;	       /* connections that were, at the last sweep */
	struct exchange_shared shared;
	struct engine engines[2]; /* [1]: TLS; as in shared.rerun */
	struct connection *connections;
	struct connection *incoming; /* on its way through MHD_add_connection() */
	struct reactor_timer sweep;
	unsigned count;
};

const char *server_library_version(void)
{
	return MHD_get_version();
}

/* MHD_get_version_bin() does not exist in 0.9.75. */
static bool library_is_1_or_later(void)
{
	return atoi(MHD_get_version()) >= 1;
}

/*
 * What the kernel may hold for one connection: less the more there are, or slow clients by the thousand would fill the
 * memory that TCP has for the whole machine, and each connection of it would be slowed down. All connections count,
 * since what was sent to a client that is idle may still be in the kernel. In powers of two, so that it seldom changes.
 */
static unsigned unsent_share(const struct server *server)
{
	unsigned share = CONNECTION_UNSENT_MAX;

	while (share > CONNECTION_UNSENT_MIN && (uint64_t)share * server->count > server->unsent_bytes)
		share /= 2;
	return share;
}

static void connection_opened(struct server *server, struct connection *connection)
{
	connection->next = server->connections;
	if (connection->next != NULL)
		connection->next->prev = connection;
	server->connections = connection;
	server->count++;
	server->incoming = NULL;
	connection_bound_unsent(connection, unsent_share(server));
}

static void connection_ended(struct server *server, struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange != NULL) { /* MHD gave up on it without a word */
		handler_forget(exchange);
		exchange_end(exchange);
	}
	if (connection->prev != NULL)
		connection->prev->next = connection->next;
	else
		server->connections = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	server->count--;
	connection_leave(connection);
	if (connection->peer.refused && !connection->logged) /* its client did not wait, or said nothing */
		exchange_log_refused(connection->site, &connection->peer, 503);
	server->options.closed(server->options.context, connection->peer.client, connection->peer.refused);
	request_site_drop(connection->site);
	free(connection);
}

/*
 * The last word of a handshake of TLS 1.3 is the client's, and a client with Nagle's algorithm does not ask for
 * anything until it is acknowledged, which the kernel puts off for 40 ms, in vain.
 */
static int acknowledge(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		       const gnutls_datum_t *message)
{
	(void)type;
	(void)when;
	(void)message;
	if (incoming != 0)
		setsockopt(gnutls_transport_get_int(session), IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	return 0;
}

/* Before its handshake begins. */
static void begin_tls(struct connection *connection, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	certificates_begin(connection->site->certificates, info->tls_session);
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

/* The server's, with what is known of it; NULL: no memory. */
static struct connection *new_connection(const struct arrival *arrival)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return NULL;
	connection->fd = arrival->fd;
	connection->unsent_bytes = CONNECTION_UNSENT_MAX;
	connection->peer.client = arrival->client;
	connection->peer.listener = arrival->listener;
	connection->peer.tls = arrival->tls;
	connection->peer.refused = arrival->refused;
	connection->peer.address = arrival->address;
	address_from_sockaddr((const struct sockaddr *)&arrival->address, &connection->peer.from);
	connection->site = arrival->site;
	request_site_hold(arrival->site);
	connection->counters = arrival->site->counters;
	connection_join(connection, CONNECTION_HEAD, clock_now_ns());
	return connection;
}

static int start_engine(struct server *server, bool tls);

int server_add(struct server *server, const struct arrival *arrival)
{
	const struct sockaddr *peer = (const struct sockaddr *)&arrival->address;
	struct engine *engine = &server->engines[arrival->tls];
	/* Another worker, which has taken up a configuration that this one has not yet, may have sent the first one for
	 * TLS. */
	struct connection *connection = start_engine(server, arrival->tls) == 0 ? new_connection(arrival) : NULL;
	/* Of a Unix peer's address only the family is passed: MHD 0.9 keeps 28 bytes and believes the length. */
	socklen_t passed = peer->sa_family == AF_UNIX ? (socklen_t)sizeof(sa_family_t) : arrival->length;

	if (connection == NULL) {
		close(arrival->fd);
		server->options.closed(server->options.context, arrival->client, arrival->refused);
		return -ENOMEM;
	}
	server->incoming = connection;
	server->shared.rerun[arrival->tls] = true;
	if (MHD_add_connection(engine->daemon, arrival->fd, peer, passed) == MHD_YES)
		return 0;
	if (server->incoming == connection) { /* it failed before it was announced */
		server->incoming = NULL;
		connection_leave(connection);
		server->options.closed(server->options.context, arrival->client, arrival->refused);
		request_site_drop(connection->site);
		free(connection);
	}
	return -ENOMEM;
}

/* What is cut while suspended would not be seen by MHD: it is resumed by what it waits for, if that ends by itself, or
 * here. */
static void cut(struct connection *connection, const char *reason)
{
	log_debug("connection cut: %s", reason);
	connection_cut(connection);
	if (connection->exchange != NULL)
		exchange_hurry(connection->exchange);
}

/* One that waits for a request is given the time of a sweep to end well. */
static void end(struct connection *connection, const char *reason)
{
	const bool waits = connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEAD;

	if (!waits || !connection_finish(connection))
		cut(connection, reason);
}

/* While it waits for long its client may have gone, and others could have what it holds. */
static bool is_left(const struct connection *connection)
{
	const struct exchange *exchange = connection->exchange;

	return connection->suspended && exchange != NULL &&
	       (exchange_is_paused(exchange) || exchange->request.listing != NULL) && connection_is_left(connection);
}

/* A client that has taken nothing for a whole sweep can do without what is pinned ahead of it. */
static void relieve(struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange == NULL || connection->phase != CONNECTION_SEND || exchange->request.transfer == NULL)
		return;
	if (exchange_is_paused(exchange) && cache_waiting(exchange->site->cache) > 0)
		transfer_shed(exchange->request.transfer);
	else if (exchange->taken_bytes == exchange->swept_bytes && !connection->suspended)
		transfer_shed(exchange->request.transfer);
	else if (exchange->taken_bytes == exchange->swept_bytes && cache_waiting(exchange->site->cache) > 0)
		transfer_yield(exchange->request.transfer);
	exchange->swept_bytes = exchange->taken_bytes;
}

/* It empties more than its share within the time of a sweep: a larger one costs little, and saves turns. */
static bool is_fast(const struct connection *connection)
{
	const struct exchange *exchange = connection->exchange;

	return exchange != NULL && exchange->request.transfer != NULL &&
	       exchange->taken_bytes - exchange->swept_bytes >= FAST_BYTES;
}

static bool is_too_old(const struct exchange *exchange, uint64_t now_ns)
{
	uint64_t most_ms = request_settings(&exchange->request)->max_transfer_time_ms;

	return most_ms > 0 && (now_ns - exchange->start_ns) / CLOCK_NS_PER_MS >= most_ms;
}

static void sweep(void *context)
{
	struct server *server = context;
	uint64_t now_ns = clock_now_ns();
	const unsigned share = unsent_share(server),
		       fast_share = (uint64_t)server->fast * CONNECTION_UNSENT_MAX <= server->unsent_bytes
					    ? CONNECTION_UNSENT_MAX
					    : share;
	unsigned fast = 0;

	for (struct connection *c = server->connections; c != NULL; c = c->next) {
		const bool is_fast_now = is_fast(c);
		const char *reason = connection_overdue(c, &server->limits, now_ns);

		if (reason == NULL && c->exchange != NULL && is_too_old(c->exchange, now_ns))
			reason = "max_transfer_time";
		if (reason == NULL && is_left(c))
			reason = "its client has left";
		if (reason != NULL)
			end(c, reason);
		else if (server->shared.draining && connection_is_quiet(c, now_ns))
			shutdown(c->fd, SHUT_RD);
		fast += is_fast_now;
		connection_bound_unsent(c, is_fast_now ? fast_share : share);
		relieve(c);
	}
	server->fast = fast;
	sender_sweep(&server->shared, server->shared.draining || cache_waiting(server->shared.site->cache) > 0);
	reactor_timer_start(server->options.reactor, &server->sweep, SWEEP_MS);
}

__attribute__((format(printf, 2, 0))) static void log_mhd(void *cls, const char *format, va_list arguments)
{
	static const char refuses[] = "Error processing request (HTTP response code is %u";
	struct server *server = cls;
	char text[512];
	size_t length;
	va_list again;

	va_copy(again, arguments);
	vsnprintf(text, sizeof(text), format, arguments);
	if (server->shared.lenient && strncmp(format, refuses, strlen(refuses)) == 0)
		handler_parser_failed(&server->shared, va_arg(again, unsigned));
	va_end(again);
	length = strlen(text);
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	log_debug("libmicrohttpd: %s", text); /* mostly clients that went away */
}

/*
 * From 1.0 on, a thread-safe daemon queues an added connection and announces it in the next MHD_run(), when others may
 * have been added. A daemon without thread safety announces it inside of MHD_add_connection(), as 0.9.75 does, and
 * needs no eventfd for resumes.
 *
 * The parser's level 1 of 1.0 rejects blanks in a target, bare LF and folded lines with 400. Level 0 accepts them, and
 * answers blanks with a redirect of its own that ranged never sees; level 2 rejects the CRLF that some clients send
 * after a body (RFC 9112 section 2.2).
 */
/* The pool of one connection of a daemon that starts now. MHD answers 431 to what does not fit, so a higher limit takes
 * a restart. */
static size_t connection_memory(const struct server *server)
{
	size_t header_bytes = server->shared.site->header_limits.header_bytes;

	return (header_bytes > FIELDS_HEADER_USUAL ? header_bytes : FIELDS_HEADER_USUAL) + REPLY_MEMORY;
}

static struct MHD_Daemon *start_daemon(struct server *server, bool tls)
{
	const bool since_1 = library_is_1_or_later();
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
			       (tls ? MHD_USE_TLS : MHD_USE_TURBO) | (since_1 ? MHD1_USE_NO_THREAD_SAFETY : 0);
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)handler_keep_escapes, NULL },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)handler_begin, &server->shared },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)handler_completed, &server->shared },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)notify_connection, server },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)connection_memory(server), NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL }, /* connection.c keeps the time */
		{ since_1 ? (enum MHD_OPTION)MHD1_OPTION_CLIENT_DISCIPLINE_LVL : MHD_OPTION_STRICT_FOR_CLIENT, since_1,
		  NULL },
		{ tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, (char *)TLS_PRIORITIES },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)certificates_retrieve },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, handler_call, &server->shared, MHD_OPTION_EXTERNAL_LOGGER,
				log_mhd, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static int start_engine(struct server *server, bool tls)
{
	if (server->engines[tls].daemon != NULL)
		return 0;
	if (tls && MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK) != MHD_YES) {
		log_error("this libmicrohttpd was built without TLS");
		return -EPROTONOSUPPORT;
	}
	errno = 0;
	server->engines[tls].daemon = start_daemon(server, tls);
	if (server->engines[tls].daemon != NULL)
		return 0;
	return errno != 0 ? -errno : -ENOMEM;
}

static void take_terms(struct server *server, const struct server_terms *terms)
{
	server->limits = terms->limits;
	server->unsent_bytes = terms->unsent_bytes;
	server->shared.site = terms->site;
	request_site_hold(terms->site);
}

int server_new(struct server **server, const struct server_options *options, const struct server_terms *terms)
{
	struct server *s = calloc(1, sizeof(*s));
	int error;

	if (s == NULL)
		return -ENOMEM;
	s->options = *options;
	s->shared.lenient = !library_is_1_or_later();
	s->sweep = (struct reactor_timer){ .fn = sweep, .context = s };
	take_terms(s, terms);
	error = sender_init(&s->shared);
	if (error == 0)
		error = start_engine(s, false);
	if (error == 0 && terms->site->certificates != NULL)
		error = start_engine(s, true);
	if (error == 0)
		error = reactor_timer_start(options->reactor, &s->sweep, SWEEP_MS);
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
	reactor_timer_stop(server->options.reactor, &server->sweep);
	for (struct connection *c = server->connections; c != NULL; c = c->next) {
		struct exchange *exchange = c->exchange;

		if (c->suspended) { /* MHD_stop_daemon() aborts on a suspended connection */
			c->suspended = false;
			MHD_resume_connection(exchange->mhd);
		}
	}
	if (server->shared.ready != NULL)
		sender_sweep(&server->shared, true);
	for (unsigned i = 0; i < 2; i++)
		if (server->engines[i].daemon != NULL)
			MHD_stop_daemon(server->engines[i].daemon);
	assert(server->count == 0);
	sender_fini(&server->shared);
	exchange_free_spares(&server->shared);
	request_site_drop(server->shared.site);
	free(server);
}

int server_fd(const struct server *server, unsigned i)
{
	struct MHD_Daemon *daemon = server->engines[i].daemon;

	return daemon != NULL ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd : -1;
}

void server_fired(struct server *server, unsigned i)
{
	server->engines[i].fired = true;
}

int server_renew(struct server *server, const struct server_terms *terms)
{
	struct request_site *before = server->shared.site;
	int error = terms->site->certificates != NULL ? start_engine(server, true) : 0;

	if (error != 0)
		return error;
	take_terms(server, terms);
	sender_renew(&server->shared, before);
	request_site_drop(before);
	return 0;
}

static bool has_more(const struct server *server)
{
	return server->engines[0].more || server->shared.rerun[0] || server->engines[1].more || server->shared.rerun[1];
}

/* Whether handshakes that wait for their clients are all there is. */
static void watch_for_life(struct engine *engine, bool alive)
{
	unsigned rest_ms = REST_MIN_MS;

	if (alive || !engine->more) {
		engine->fruitless = 0;
		engine->rests_until_ns = 0;
		return;
	}
	if (++engine->fruitless < FRUITLESS_MAX)
		return;
	for (unsigned i = FRUITLESS_MAX; i < engine->fruitless && rest_ms < REST_MAX_MS; i++)
		rest_ms *= 2;
	engine->rests_until_ns = clock_now_ns() + rest_ms * CLOCK_NS_PER_MS;
	engine->more = false;
}

static void run_engine(struct server *server, unsigned i)
{
	struct engine *engine = &server->engines[i];
	const uint64_t calls = server->shared.calls;
	const bool fired = engine->fired;
	MHD_UNSIGNED_LONG_LONG timeout;

	engine->fired = server->shared.rerun[i] = false;
	MHD_run(engine->daemon);
	engine->more = MHD_get_timeout(engine->daemon, &timeout) == MHD_YES && timeout == 0;
	if (i == 1)
		watch_for_life(engine, fired || server->shared.rerun[i] || server->shared.calls != calls);
}

/* A pass sends one block on each connection that takes one: while streams go on for ever, others and the disk want
 * their turn. */
void server_run(struct server *server)
{
	uint64_t now_ns = clock_now_ns();
	const uint64_t until_ns = now_ns + RUN_NS;

	do {
		for (unsigned i = 0; i < 2; i++) {
			const struct engine *engine = &server->engines[i];

			if (engine->daemon != NULL &&
			    (engine->fired || server->shared.rerun[i] || now_ns >= engine->rests_until_ns))
				run_engine(server, i);
		}
		now_ns = clock_now_ns();
	} while (has_more(server) && now_ns < until_ns);
}

int server_wait_ms(const struct server *server)
{
	const uint64_t until_ns = server->engines[1].rests_until_ns;
	uint64_t now_ns;

	if (has_more(server))
		return 0;
	if (until_ns == 0)
		return -1;
	now_ns = clock_now_ns();
	return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / CLOCK_NS_PER_MS) + 1;
}

void server_drain(struct server *server)
{
	server->shared.draining = true;
	reactor_timer_start(server->options.reactor, &server->sweep, 0);
}

void server_cut(struct server *server)
{
	for (struct connection *c = server->connections; c != NULL; c = c->next)
		end(c, "stopping");
	for (unsigned i = 0; i < 2; i++)
		server->shared.rerun[i] = server->engines[i].daemon != NULL;
}

unsigned server_connections(const struct server *server)
{
	return server->count;
}
