/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each request becomes a struct exchange. libmicrohttpd (MHD) calls handle() at least twice. The first call checks the
 * request and rejects it at once if a rule is violated. The last call, after the body, runs the resource, which sets
 * the answer in its struct admin_call. send_answer() turns the answer into an MHD response. MHD owns the exchange
 * through req_cls, and completed() frees the exchange.
 *
 * The time limits of a remote server are needed because the timeout of MHD applies only to a connection that is silent.
 * A client that sends or receives single bytes would never exceed that timeout.
 *
 * The callbacks run on the threads of the connections. The other functions run on the main thread and on the accepting
 * thread. Only the resources use reactors and statistics; the server does not.
 *
 * Properties of MHD that shape this file (see mhd/sender.c for more):
 * - If handle() responds in the first call, MHD closes the connection. So only rejected requests are answered in the
 *   first call.
 * - MHD_stop_daemon() waits for the threads. So the flag `stopping` is set first, to end the waits of the resources.
 * - MHD 0.9.75 never releases a mutex if it reaches its own connection limit. The limit of the listener is lower, so
 *   MHD never reaches its own limit.
 */
#include "admin/admin_server.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <utlist.h>

#include "auth/certificates.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"

#define CONNECTION_MEMORY_BYTES (16 * 1024)
#define STACK_BYTES (1 << 20)
#define TIMEOUT_S 30
#define REMOTE_TIMEOUT_S 75 /* load balancers and Prometheus keep a connection for up to 60 s between two requests */
#define REQUEST_MAX_S 30    /* maximum time of a request to a remote server, from the end of its header */
#define CONNECTIONS_UNREACHED 2048 /* connection limit of MHD; far above ADMIN_LISTENER_CONNECTIONS */
#define BLOCK_BYTES 4096	   /* unit in which MHD requests a streamed body */
#define BODY_MAX_BYTES 65536	   /* maximum size of a request body, which is read and discarded */
#define STOP_WAIT_MS 2000	   /* maximum wait for calls in progress when the server stops */
#define STOP_STEP_MS 10

/*
 * A connection of a remote server. A connection must end at `deadline_ns`. The limit for the time between two requests
 * includes the header of the next request. Relaxed order, because the time publishes no other data.
 */
struct client {
	struct client *prev, *next; /* in server->clients */
	int fd;
	_Atomic uint64_t deadline_ns;
	struct certificates *certificates; /* a reference; NULL: no TLS, or no certificates */
};

/*
 * The three atomics are accessed with relaxed order and publish no other data. Data that the threads of the connections
 * write is read only after MHD_stop_daemon() has joined these threads.
 */
struct admin_server {
	struct admin_server_options options;
	bool tls;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;	 /* protects the list `clients`, so that the descriptors in it are open */
	struct client *clients;	 /* connections of a remote server */
	atomic_uint connections; /* number of open connections */
	atomic_uint calls;	 /* number of resources that are running */
	atomic_bool stopping;	 /* true: the server stops. The resources read the flag as well (struct admin_call) */
};

/* One request, from the first call of handle() to completed(). */
struct exchange {
	struct admin_server *server;
	struct MHD_Connection *mhd;
	struct admin_call call;
	const struct admin_resource *resource; /* NULL: the request is rejected */
	size_t body_bytes;		       /* bytes of the request body discarded so far */
	bool bad_arguments;		       /* there are too many arguments, or an argument contains a NUL */
	bool streams;			       /* the body of the answer comes from call.read() */
};

/* --- access rules of all resources --- */

/* Returns true for a loopback address or "localhost", with or without a port. */
static bool is_loopback(const char *host)
{
	size_t length = strcspn(host, ":");
	struct address address;
	struct cidr four, six;

	if (length == strlen("localhost") && strncasecmp(host, "localhost", length) == 0)
		return strspn(host + length + (host[length] == ':'), "0123456789") ==
		       strlen(host + length + (host[length] == ':'));
	address_parse_cidr("127.0.0.0/8", &four);
	address_parse_cidr("::1", &six);
	return address_parse_endpoint(host, strlen(host), &address) == 0 &&
	       (address_in(&address, &four) || address_in(&address, &six));
}

static bool is_unix(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL && info->client_addr->sa_family == AF_UNIX;
}

static const struct admin_resource *find_resource(const struct admin_server *server, const char *path)
{
	const struct admin_resource *resource = server->options.resources;

	while (resource->path != NULL && strcmp(resource->path, path) != 0)
		resource++;
	return resource->path != NULL ? resource : NULL;
}

/* Sets exchange->resource, or sets an error answer if the request violates a rule. */
static void check_request(struct exchange *exchange, const char *path, const char *method, const char *version)
{
	struct admin_call *call = &exchange->call;
	const char *host = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const struct admin_server_options *options = &exchange->server->options;
	const struct admin_resource *resource = find_resource(exchange->server, path);
	const bool gets = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if (exchange->bad_arguments)
		admin_call_say(call, 400, "the query has more than %d arguments, or an argument contains a NUL byte",
			       ADMIN_CALL_ARGUMENTS_MAX);
	else if (host == NULL && strcmp(version, "HTTP/1.0") != 0)
		admin_call_say(call, 400, "the Host field is missing");
	else if (!options->remote && !call->local && host != NULL && !is_loopback(host))
		admin_call_say(call, 403,
			       "the host \"%.100s\" is not a loopback name; use localhost, 127.0.0.1 or [::1]", host);
	else if (resource == NULL)
		admin_call_say(call, 404, "no such resource; see ranged(8) for the list");
	else if (!gets && !call->post)
		admin_call_say(call, 405, "the method %.20s is not supported; use GET%s", method,
			       options->remote ? "" : " or POST");
	else if ((resource->methods & (call->post ? ADMIN_POST : ADMIN_GET)) == 0)
		admin_call_say(call, 405, "%s requires the method %s", path, call->post ? "GET" : "POST");
	else if (call->post && !call->local)
		admin_call_say(call, 403,
			       "%s changes the cache and is accepted on a Unix socket only (admin = \"unix:/path\")",
			       path);
	else
		exchange->resource = resource;
}

/* --- answers --- */

/*
 * The content reader callback of MHD. Blocks until bytes are available, because MHD would otherwise call it again at
 * once.
 */
static ssize_t read_stream(void *cls, uint64_t position, char *buffer, size_t bytes)
{
	struct exchange *exchange = cls;
	ssize_t n = -EAGAIN;

	(void)position;
	atomic_fetch_add_explicit(&exchange->server->calls, 1, memory_order_relaxed);
	while (n == -EAGAIN && !atomic_load_explicit(&exchange->server->stopping, memory_order_relaxed))
		n = exchange->call.read(exchange->call.context, buffer, bytes);
	atomic_fetch_sub_explicit(&exchange->server->calls, 1, memory_order_relaxed);
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	struct admin_call *call = &exchange->call;
	struct MHD_Response *response;

	if (call->read != NULL) {
		exchange->streams = true;
		/* A stream has no timeout, because it can pause for a long time. completed() sets the timeout again. */
		MHD_set_connection_option(exchange->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, exchange, NULL);
	}
	response = MHD_create_response_from_buffer(
		call->length, (void *)call->text, call->owned != NULL ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (response != NULL)
		call->owned = NULL;
	return response;
}

static const char *allow_of(const struct exchange *exchange)
{
	const struct admin_resource *resource = find_resource(exchange->server, exchange->call.path);
	const unsigned methods = resource != NULL ? resource->methods : ADMIN_GET;

	if (methods == (ADMIN_GET | ADMIN_POST))
		return "GET, HEAD, POST";
	return methods == ADMIN_POST ? "POST" : "GET, HEAD";
}

/*
 * Adds the response fields. Answers are not cached, because the numbers in them are outdated at once. Pages of other
 * origins cannot embed answers.
 */
static bool add_fields(struct MHD_Response *response, const struct exchange *exchange)
{
	bool added = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->call.type) == MHD_YES &&
		     MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
		     MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES &&
		     MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin") == MHD_YES;

	if (exchange->call.policy != NULL)
		added = added &&
			MHD_add_response_header(response, "Content-Security-Policy", exchange->call.policy) == MHD_YES;
	if (exchange->call.status == 405)
		added = added &&
			MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow_of(exchange)) == MHD_YES;
	return added;
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	if (exchange->call.status == 0)
		admin_call_say(&exchange->call, 500, "internal error: the resource produced no answer");
	response = make_response(exchange);
	if (response != NULL && add_fields(response, exchange))
		result = MHD_queue_response(exchange->mhd, exchange->call.status, response);
	if (response != NULL)
		MHD_destroy_response(response);
	return result;
}

/* --- connections of a remote server --- */

static void set_deadline(struct client *client, unsigned seconds)
{
	if (client != NULL)
		atomic_store_explicit(&client->deadline_ns, clock_now_ns() + seconds * CLOCK_NS_PER_S,
				      memory_order_relaxed);
}

/* Returns the client of a connection, or NULL for a local server. */
static struct client *client_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Prepares the TLS session. Without certificates, for example while the process starts, the handshake will fail. */
static void begin_tls(struct admin_server *server, struct MHD_Connection *mhd, struct client *client)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (client != NULL)
		client->certificates = server->options.certificates(server->options.process);
	certificates_begin(client != NULL ? client->certificates : NULL, info->tls_session);
}

static struct client *new_client(struct admin_server *server, struct MHD_Connection *mhd)
{
	const int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	struct client *client = calloc(1, sizeof(*client));

	if (server->tls)
		begin_tls(server, mhd, client);
	if (client == NULL) {
		shutdown(fd, SHUT_RDWR); /* MHD then closes the connection */
		return NULL;
	}
	client->fd = fd;
	set_deadline(client, REMOTE_TIMEOUT_S);
	pthread_mutex_lock(&server->lock);
	DL_APPEND(server->clients, client);
	pthread_mutex_unlock(&server->lock);
	return client;
}

static void free_client(struct admin_server *server, struct client *client)
{
	if (client == NULL)
		return;
	pthread_mutex_lock(&server->lock);
	DL_DELETE(server->clients, client);
	pthread_mutex_unlock(&server->lock);
	certificates_free(client->certificates);
	free(client);
}

void admin_server_sweep(struct admin_server *server)
{
	const uint64_t now_ns = clock_now_ns();

	if (server == NULL || !server->options.remote)
		return;
	pthread_mutex_lock(&server->lock);
	for (struct client *client = server->clients; client != NULL; client = client->next)
		if (atomic_load_explicit(&client->deadline_ns, memory_order_relaxed) <= now_ns)
			shutdown(client->fd, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
}

/* --- callbacks of MHD --- */

static enum MHD_Result add_argument(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
				    const char *value, size_t value_length)
{
	struct exchange *exchange = cls;
	struct admin_call *call = &exchange->call;

	(void)kind;
	if (call->argument_count == ADMIN_CALL_ARGUMENTS_MAX || strlen(name) != name_length ||
	    (value != NULL && strlen(value) != value_length)) {
		exchange->bad_arguments = true;
		return MHD_NO;
	}
	call->arguments[call->argument_count++] = (struct admin_call_argument){ name, value != NULL ? value : "" };
	return MHD_YES;
}

static struct exchange *begin_exchange(struct admin_server *server, struct MHD_Connection *mhd, const char *url,
				       const char *method)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	const char *accept = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	if (exchange == NULL)
		return NULL;
	exchange->server = server;
	exchange->mhd = mhd;
	exchange->call = (struct admin_call){ .process = server->options.process,
					      .stopping = &server->stopping,
					      .path = url,
					      .accept = accept != NULL ? accept : "",
					      .post = strcmp(method, "POST") == 0,
					      .local = is_unix(mhd) };
	MHD_get_connection_values_n(mhd, MHD_GET_ARGUMENT_KIND, add_argument, exchange);
	return exchange;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
			      const char *version, const char *upload_data, size_t *upload_data_size, void **req_cls)
{
	struct exchange *exchange = *req_cls;

	(void)upload_data;
	if (exchange == NULL) {
		exchange = *req_cls = begin_exchange(cls, mhd, url, method);
		if (exchange == NULL)
			return MHD_NO;
		set_deadline(client_of(mhd), REQUEST_MAX_S);
		check_request(exchange, url, method, version);
		return exchange->resource != NULL ? MHD_YES : send_answer(exchange);
	}
	if (*upload_data_size > 0) {
		exchange->body_bytes += *upload_data_size;
		*upload_data_size = 0;
		return exchange->body_bytes <= BODY_MAX_BYTES ? MHD_YES : MHD_NO;
	}
	atomic_fetch_add_explicit(&exchange->server->calls, 1, memory_order_relaxed);
	exchange->resource->fn(&exchange->call);
	atomic_fetch_sub_explicit(&exchange->server->calls, 1, memory_order_relaxed);
	return send_answer(exchange);
}

static void completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *req_cls;

	(void)cls;
	(void)code;
	if (exchange == NULL)
		return;
	set_deadline(client_of(mhd), REMOTE_TIMEOUT_S);
	if (exchange->streams)
		MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)TIMEOUT_S);
	if (exchange->call.free != NULL)
		exchange->call.free(exchange->call.context);
	free(exchange->call.owned);
	free(exchange);
	*req_cls = NULL;
}

static void connection_changed(void *cls, struct MHD_Connection *mhd, void **socket_context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct admin_server *server = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = server->options.remote ? new_client(server, mhd) : NULL;
		return;
	}
	free_client(server, *socket_context);
	atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
}

__attribute__((format(printf, 2, 0))) static void log_mhd(void *cls, const char *format, va_list arguments)
{
	char text[512];

	(void)cls;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd: admin: %s", text);
}

/* --- start and stop --- */

static struct MHD_Daemon *start_daemon(struct admin_server *server)
{
	const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			       MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
			       (server->tls ? MHD_USE_TLS : 0);
	const struct MHD_OptionItem items[] = {
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, server },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, server },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_UNREACHED, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, server->options.remote ? REMOTE_TIMEOUT_S : TIMEOUT_S, NULL },
		{ MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL },
		{ server->tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, (char *)CERTIFICATES_PRIORITIES },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)certificates_retrieve },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,
				MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

int admin_server_start(struct admin_server **server, const struct admin_server_options *options, bool tls)
{
	struct admin_server *made;

	if (tls && MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK) != MHD_YES)
		return -EPROTONOSUPPORT;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	made->tls = tls;
	pthread_mutex_init(&made->lock, NULL);
	made->daemon = start_daemon(made);
	if (made->daemon == NULL) {
		free(made);
		return -ENOMEM;
	}
	*server = made;
	return 0;
}

unsigned admin_server_connections(const struct admin_server *server)
{
	return server != NULL ? atomic_load_explicit(&server->connections, memory_order_relaxed) : 0;
}

void admin_server_add(struct admin_server *server, int fd, const struct sockaddr *peer, socklen_t length)
{
	atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
	if (MHD_add_connection(server->daemon, fd, peer, length) != MHD_YES) /* MHD has closed fd */
		atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
}

bool admin_server_stop(struct admin_server *server)
{
	const struct timespec step = { .tv_nsec = STOP_STEP_MS * CLOCK_NS_PER_MS };

	if (server == NULL)
		return true;
	atomic_store_explicit(&server->stopping, true, memory_order_relaxed);
	for (unsigned ms = 0; atomic_load_explicit(&server->calls, memory_order_relaxed) > 0; ms += STOP_STEP_MS) {
		if (ms >= STOP_WAIT_MS)
			return false;
		nanosleep(&step, NULL);
	}
	MHD_stop_daemon(server->daemon);
	pthread_mutex_destroy(&server->lock);
	free(server);
	return true;
}
