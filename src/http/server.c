/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between libmicrohttpd and a request. MHD calls handle() twice or more per request: the first call only looks at the fields
 * (answering there closes the connection, which is meant for what is refused), calls with data eat the body of a GET, and the
 * final call runs the request until it waits (the connection is suspended, once) or replies. MHD's own traps, and where they
 * are kept out:
 *
 *  - an iovec reply of two or more elements lets a client abort the process: a body is one buffer, or a callback;
 *  - a resume is not announced by MHD_get_timeout(): it sets `rerun`, and server_run() runs once every turn anyway;
 *  - NOTIFY_COMPLETED comes before the reply's free callback: an exchange lives until both have come (`holds`);
 *  - -1 from a content reader is success on a truncated body (but the end of one whose length is not known), 0 without a suspend
 *    is a busy loop: it returns bytes, suspends, or END_WITH_ERROR;
 *  - behind the fields of a HEAD or a 304 whose body would be of unknown length it sends the last chunk: see make_fields_only();
 *  - MHD may drop a connection without NOTIFY_COMPLETED: what is left of its exchange is freed when the connection closes.
 *
 * TLS has a daemon of its own, and traps of its own:
 *
 *  - a handshake that waits for its client has MHD say for ever that there is something to do. After a few passes without any sign
 *    of life (a callback, or something on its epoll set) it is left alone for a while, which grows as long as nothing happens;
 *  - a pass sends one record, at most 16 KiB: so that such a pass shows a sign of life, longer bodies are callbacks that give 16 KiB.
 */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/access.h"
#include "http/gate.h"
#include "http/limit.h"
#include "http/ready.h"
#include "http/signing.h"
#include "http/steps.h"

#define CONNECTION_MEMORY (16 * 1024) /* MHD's pool of one connection: its header block and its reply's */
#define RUN_NS UINT64_C(200000)
#define SWEEP_MS 500
#define SPARES_MAX 64
#define VARIANT_KEY UINT64_C(0x9e3779b97f4a7c15)
#define PAUSE_LONG_NS (20 * CLOCK_NS_PER_MS)
#define RECORD_BYTES (16 * 1024) /* of TLS: what one send moves, at most */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"
#define FRUITLESS_MAX 3 /* passes that TLS may have one after another without a sign of life */
#define REST_MIN_MS 2
#define REST_MAX_MS 64
#define LISTING_BLOCK (16 * 1024)

/* One request and its reply. */
struct exchange {
	struct request request; /* first */
	struct exchange *next;	/* of those that wait to be used again */
	struct connection *connection;
	struct MHD_Connection *mhd; /* NULL once completed */
	struct server *server;
	unsigned holds;		    /* MHD's request, and the reply that points into the request's memory */
	bool seen;		    /* the first call was made */
	size_t eaten_bytes;	    /* of the body */
	uint64_t start_ns, reply_ns; /* when its first line came in; when the reply was made */
	enum access_source source;
	uint64_t taken_bytes;	    /* by MHD, of a transfer */
	struct reactor_timer pause; /* of a limited one */
	uint64_t swept_bytes;	    /* taken_bytes at the last sweep */
	char version[9], method[16];
};

/* One of MHD's daemons: in the clear, or TLS. */
struct engine {
	struct MHD_Daemon *daemon; /* NULL: nobody listens for it */
	bool fired, rerun, more;   /* its epoll set has something; a connection was resumed; a pass did not see the end */
	unsigned fruitless;	   /* passes, one after another */
	uint64_t rests_until_ns;
};

struct server {
	struct server_options options;
	struct engine engines[2]; /* [1]: TLS */
	struct certificates *certificates;
	uint64_t calls; /* of MHD to us */
	struct connection *connections;
	struct connection *incoming; /* on its way through MHD_add_connection() */
	struct reactor_timer sweep;
	struct ready_table *ready;
	struct exchange *spares; /* exchanges are large, and there is one a request */
	unsigned spare_count;
	unsigned count;
	bool draining;
};

const char *server_library_version(void)
{
	return MHD_get_version();
}

static void exchange_release(struct exchange *exchange)
{
	struct server *server = exchange->server;

	if (--exchange->holds > 0 || !request_fini(&exchange->request))
		return;
	if (server->spare_count == SPARES_MAX) {
		free(exchange);
		return;
	}
	exchange->next = server->spares;
	server->spares = exchange;
	server->spare_count++;
}

/* Its lookup was under way when it was released. The server may have gone. */
static void ended(struct request *request)
{
	free(request);
}

/* What is not cleared is set by begin(). */
static struct exchange *exchange_new(struct server *server, const char *target)
{
	struct exchange *exchange = server->spares;

	if (exchange != NULL) {
		server->spares = exchange->next;
		server->spare_count--;
	} else {
		exchange = malloc(sizeof(*exchange));
	}
	if (exchange == NULL || request_init(&exchange->request, server->options.site, steps, target) != 0) {
		free(exchange);
		return NULL;
	}
	memset((char *)exchange + sizeof(exchange->request), 0, sizeof(*exchange) - sizeof(exchange->request));
	return exchange;
}

static void wake(struct request *request)
{
	struct exchange *exchange = (struct exchange *)request;

	if (exchange->mhd == NULL || !exchange->connection->suspended)
		return;
	exchange->connection->suspended = false;
	exchange->server->engines[exchange->connection->peer.tls].rerun = true;
	MHD_resume_connection(exchange->mhd);
}

static void suspend(struct exchange *exchange)
{
	assert(!exchange->connection->suspended);
	exchange->connection->suspended = true;
	MHD_suspend_connection(exchange->mhd);
}

/* MHD's request line callback: here the exchange is born, since nothing else shows the target as it was sent. */
static void *begin(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct server *server = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange = exchange_new(server, target);

	server->calls++;
	if (exchange == NULL)
		return NULL;
	exchange->request.wake = wake;
	exchange->request.ended = ended;
	exchange->server = server;
	exchange->connection = info->socket_context;
	exchange->request.peer = &exchange->connection->peer;
	exchange->request.secure = exchange->connection->peer.tls;
	address_from_sockaddr((const struct sockaddr *)&exchange->request.peer->address, &exchange->request.client_address);
	exchange->connection->exchange = exchange;
	exchange->mhd = mhd;
	exchange->holds = 1;
	exchange->start_ns = clock_now_ns();
	connection_enter(exchange->connection, CONNECTION_HEAD, exchange->start_ns);
	return exchange;
}

static enum MHD_Result gather(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length, const char *value,
			      size_t value_length)
{
	(void)kind;
	(void)value_length;
	return fields_add(cls, name, name_length, value) == 0 ? MHD_YES : MHD_NO;
}

static void pause_over(void *context)
{
	wake(context);
}

/* It may send no more for a while, and keeps nobody else from the memory meanwhile. False: it can't be woken. */
static bool pause_for(struct exchange *exchange, uint64_t wait_ns)
{
	exchange->pause = (struct reactor_timer){ .fn = pause_over, .context = &exchange->request };
	if (reactor_timer_start(exchange->server->options.site->reactor, &exchange->pause, wait_ns / CLOCK_NS_PER_MS + 1) != 0)
		return false;
	if (wait_ns >= PAUSE_LONG_NS && exchange->request.transfer != NULL)
		transfer_shed(exchange->request.transfer);
	exchange->connection->paused = true;
	suspend(exchange);
	return true;
}

static ssize_t read_body(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	struct request *request = &exchange->request;
	size_t share = request_copy_bytes(request);
	uint64_t wait_ns = 0;
	ssize_t n;

	(void)position;
	exchange->server->calls++;
	if (length > share)
		length = share;
	if (request->limited)
		length = limit_grant(request, length, exchange->taken_bytes, &wait_ns);
	if (wait_ns > 0 && pause_for(exchange, wait_ns))
		return 0;
	n = transfer_read(request->transfer, buffer, length);
	if (n > 0) {
		if (request->limited)
			limit_use(request, (size_t)n);
		exchange->taken_bytes += (uint64_t)n;
		return n;
	}
	if (n == -EAGAIN) {
		suspend(exchange);
		return 0;
	}
	log_fault(n == -ESTALE ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
		  "/%s: at offset %" PRIu64 ": %s (transfer cut after %" PRIu64 " of %" PRIu64 " bytes)", request->path.file,
		  transfer_offset(request->transfer), n == -ESTALE ? "the file changed" : strerror((int)-n), exchange->taken_bytes,
		  request->reply.length);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* A body that lies in memory, a record at a time. */
static ssize_t read_data(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	const struct reply *reply = &exchange->request.reply;

	exchange->server->calls++;
	if (length > reply->length - position)
		length = (size_t)(reply->length - position);
	memcpy(buffer, (const char *)reply->data + position, length);
	exchange->taken_bytes += length;
	return (ssize_t)length;
}

/* Its length is known to nobody yet: MHD sends it in chunks, or closes behind it. */
static ssize_t read_listing(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	struct request *request = &exchange->request;
	uint64_t wait_ns = 0;
	ssize_t n;

	(void)position;
	exchange->server->calls++;
	if (request->limited)
		length = limit_grant(request, length, request->reply.length, &wait_ns);
	if (wait_ns > 0)
		return pause_for(exchange, wait_ns) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
	n = listing_read(request->listing, buffer, length);
	if (n > 0) {
		if (request->limited)
			limit_use(request, (size_t)n);
		request->reply.length += (uint64_t)n;
		return n;
	}
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == -EAGAIN) {
		suspend(exchange);
		return 0;
	}
	log_fault(LOG_LEVEL_ERROR, "/%s: %s (listing cut after %" PRIu64 " bytes)", request->path.file, strerror((int)-n),
		  request->reply.length);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* For HEAD and 304: MHD takes the length from it and never asks for a byte. */
static ssize_t read_nothing(void *cls, uint64_t position, char *buffer, size_t length)
{
	(void)cls;
	(void)position;
	(void)buffer;
	(void)length;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void reply_freed(void *cls)
{
	exchange_release(cls);
}

/*
 * The fields of a body of unknown length, without the body. MHD would send the last chunk of what it does not send, and a client take it
 * for the next reply; so it is told to close behind the fields instead.
 */
static struct MHD_Response *make_fields_only(void)
{
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL, NULL);

	if (response != NULL)
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return response;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	const bool in_records = exchange->connection->peer.tls && reply->length > RECORD_BYTES;
	size_t block_bytes = exchange->request.copy_bytes;
	struct MHD_Response *response = NULL;

	switch (reply->body) {
	case REPLY_EMPTY:
	case REPLY_TEXT:
		return MHD_create_response_from_buffer((size_t)reply->length, (void *)reply->data, MHD_RESPMEM_PERSISTENT);
	case REPLY_LENGTH_ONLY:
		if (reply->length == REPLY_LENGTH_UNKNOWN)
			return make_fields_only();
		return MHD_create_response_from_callback(reply->length, 1, read_nothing, NULL, NULL);
	case REPLY_SPAN:
		if (in_records)
			response = MHD_create_response_from_callback(reply->length, RECORD_BYTES, read_data, exchange, reply_freed);
		else
			response = MHD_create_response_from_buffer_with_free_callback_cls((size_t)reply->length, (void *)reply->data,
											  reply_freed, exchange);
		break;
	case REPLY_READY: /* is one already */
		break;
	case REPLY_LISTING:
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LISTING_BLOCK, read_listing, exchange, reply_freed);
		break;
	case REPLY_TRANSFER:
		if (in_records && block_bytes > RECORD_BYTES)
			block_bytes = RECORD_BYTES;
		response = MHD_create_response_from_callback(reply->length, block_bytes, read_body, exchange, reply_freed);
		break;
	}
	if (response != NULL)
		exchange->holds++;
	return response;
}

static enum MHD_Result add_headers(struct MHD_Response *response, const struct reply *reply, bool last)
{
	enum MHD_Result result = reply->failed ? MHD_NO : MHD_YES;

	for (unsigned i = 0; i < reply->header_count && result == MHD_YES; i++)
		result = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
	if (last && result == MHD_YES)
		result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return result;
}

static void ready_freed(void *cls)
{
	ready_free(cls);
}

static void ready_dropped(void *response)
{
	MHD_destroy_response(response);
}

/* A buffer is sent in one go, or over TLS by the record. */
static bool may_be_buffer(const struct request *request, size_t length)
{
	return length <= (request->peer->tls ? RECORD_BYTES : READY_BODY_MAX_BYTES);
}

/* Of a request that any client could make, for a file that is old enough for its validators to stay as they are. */
static bool may_be_ready(const struct server *server, const struct request *request)
{
	return request->reply.body == REPLY_SPAN && request->reply.status == 200 && !request->unready && request->want.source == STORE_CACHE &&
	       may_be_buffer(request, request->want.length) && request->method == METHOD_GET && !server->draining &&
	       !request->want.fleeting && cache_waiting(server->options.site->cache) == 0 &&
	       request->validator.etag[0] != '\0' && !request->validator.weak;
}

/* Over TLS there may be a field more; and a variant has other fields than the same file asked for by its own name. */
static uint64_t ready_key(const struct request *request)
{
	const uint64_t key = request->variant == NULL ? request->match.key : request->match.key ^ VARIANT_KEY;

	return request->secure && request_settings(request)->hsts_ms > 0 ? ~key : key;
}

/* From here on the reply is the table's, for this request too. If it can't be, it stays the request's own. */
static void make_ready(struct server *server, struct request *request)
{
	struct reply *reply = &request->reply;
	const size_t length = request->want.length;
	struct ready *ready = ready_add(server->ready, request->file, ready_key(request), &request->want);
	struct MHD_Response *response;

	if (ready == NULL)
		return;
	response = MHD_create_response_from_buffer_with_free_callback_cls(length, (void *)reply->data, ready_freed, ready);
	if (response == NULL || add_headers(response, reply, false) != MHD_YES) {
		request->want = ready->want; /* back */
		ready->want = (struct store_want){ .length = length };
		if (response != NULL)
			MHD_destroy_response(response);
		else
			ready_free(ready);
		return;
	}
	ready->response = response;
	reply->body = REPLY_READY;
	reply->data = response;
}

/* For request_site.ready. */
static bool find_ready(void *context, struct request *request)
{
	struct server *server = context;
	const struct ready *ready = server->draining ? NULL : ready_find(server->ready, request->file, ready_key(request));

	if (ready == NULL || !may_be_buffer(request, ready->want.length))
		return false;
	request->reply.body = REPLY_READY;
	request->reply.status = 200;
	request->reply.data = ready->response;
	request->reply.length = ready->want.length;
	store_note_hit(server->options.site->store, ready->want.length);
	return true;
}

static enum MHD_Result send_made(struct server *server, struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	struct MHD_Response *response = make_response(exchange);
	enum MHD_Result result = response != NULL ? add_headers(response, reply, server->draining) : MHD_NO;

	if (result == MHD_YES)
		result = MHD_queue_response(exchange->mhd, reply->status, response);
	if (response != NULL)
		MHD_destroy_response(response);
	return result;
}

/* Where the body begins, as its first bytes are there. */
static enum access_source source_of(const struct request *request)
{
	static const enum access_source sources[] = { [STORE_CACHE] = ACCESS_HIT, [STORE_JOINED] = ACCESS_JOINED, [STORE_DISK] = ACCESS_MISS };
	const struct store_want *want = NULL;

	if (request->reply.body == REPLY_READY)
		return ACCESS_HIT;
	if (request->reply.body == REPLY_SPAN)
		want = &request->want;
	else if (request->reply.body == REPLY_TRANSFER)
		want = transfer_first(request->transfer);
	return want != NULL ? sources[want->source] : ACCESS_NOWHERE;
}

static enum MHD_Result send_reply(struct server *server, struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	enum MHD_Result result;

	exchange->source = source_of(&exchange->request);
	if (may_be_ready(server, &exchange->request))
		make_ready(server, &exchange->request);
	if (reply->body == REPLY_READY)
		result = MHD_queue_response(exchange->mhd, reply->status, (struct MHD_Response *)reply->data);
	else
		result = send_made(server, exchange);
	if (result != MHD_YES)
		log_fault(LOG_LEVEL_ERROR, "/%s: no reply could be made: out of memory", exchange->request.path.file);
	exchange->reply_ns = clock_now_ns();
	connection_enter(exchange->connection, CONNECTION_SEND, exchange->reply_ns);
	return result;
}

/* The first call: fields in, and a refusal out if one is due. Must neither suspend nor reply to what is well. */
static enum MHD_Result first_call(struct server *server, struct exchange *exchange, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	unsigned status;

	exchange->seen = true;
	snprintf(exchange->method, sizeof(exchange->method), "%s", method);
	snprintf(exchange->version, sizeof(exchange->version), "%s", version);
	request->method = fields_method(method);
	MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, gather, &request->fields);
	gate_identify(request);
	status = fields_refuse(&request->fields, &server->options.site->header_limits, request->method, strcmp(version, "HTTP/1.0") == 0, strlen(request->target),
			       info != NULL ? info->header_size : 0);
	if (status == 0)
		return MHD_YES;
	steps_refuse(request, status);
	return send_reply(server, exchange);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
			      const char *upload_data, size_t *upload_data_size, void **req_cls)
{
	struct server *server = cls;
	struct exchange *exchange = *req_cls;

	(void)mhd;
	(void)url;
	(void)upload_data;
	server->calls++;
	if (exchange == NULL)
		return MHD_NO; /* begin() had no memory */
	if (!exchange->seen)
		return first_call(server, exchange, method, version);
	if (*upload_data_size > 0) {
		exchange->eaten_bytes += *upload_data_size;
		*upload_data_size = 0;
		return exchange->eaten_bytes <= FIELDS_BODY_MAX ? MHD_YES : MHD_NO;
	}
	if (steps_run(&exchange->request) == REQUEST_REPLIES)
		return send_reply(server, exchange);
	connection_enter(exchange->connection, CONNECTION_WORK, clock_now_ns());
	suspend(exchange);
	return MHD_YES;
}

/* What was refused before its site was known is the top level's. */
static const struct site *site_of(const struct exchange *exchange)
{
	const struct site *site = exchange->request.match.site;

	return site != NULL ? site : &exchange->server->options.site->rules->sites[0];
}

static void log_exchange(const struct exchange *exchange, const struct site *site, unsigned status, bool whole)
{
	const struct request *request = &exchange->request;
	const struct connection *connection = exchange->connection;
	const uint64_t length = request->reply.body == REPLY_LENGTH_ONLY ? 0 : request->reply.length, now_ns = clock_now_ns();
	_Alignas(8) char record[ACCESS_RECORD_BYTES];
	struct access_entry entry = {
		.client = request->client_address,
		.time_ns = clock_wall_ns() - (int64_t)(now_ns - exchange->start_ns),
		.wait_ns = (exchange->reply_ns != 0 ? exchange->reply_ns : now_ns) - exchange->start_ns,
		.taken_ns = now_ns - exchange->start_ns,
		.sent_bytes = whole ? length : connection_cut_bytes(connection, length),
		.status = status,
		.port = exchange->server->options.site->rules->ports[connection->peer.listener],
		.tls = connection->peer.tls,
		.source = exchange->source,
		.texts = { [ACCESS_USER] = request->user,
			   [ACCESS_METHOD] = exchange->method,
			   [ACCESS_TARGET] = request->target,
			   [ACCESS_VERSION] = exchange->version[0] != '\0' ? exchange->version : "-",
			   [ACCESS_REFERER] = request->fields.referer,
			   [ACCESS_USER_AGENT] = request->fields.user_agent,
			   [ACCESS_RANGE] = request->fields.range,
			   [ACCESS_HOST] = request->fields.host,
			   [ACCESS_SITE] = site->host },
	};

	log_request(site->log, site->log_form, record, access_pack(&entry, record));
}

/* The request's end in MHD's sense: the field values are gone after it, the reply's memory goes next. */
static void completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *req_cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
	bool whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;

	((struct server *)cls)->calls++;
	if (exchange == NULL)
		return;
	*req_cls = NULL;
	signing_mask(&exchange->request);
	const struct site *site = site_of(exchange);
	if (site->logged)
		log_exchange(exchange, site, info != NULL ? info->http_status : 0, whole);
	if (whole && exchange->request.reply.body != REPLY_LENGTH_ONLY)
		exchange->connection->bodies_bytes += exchange->request.reply.length;
	exchange->connection->exchange = NULL;
	reactor_timer_stop(exchange->server->options.site->reactor, &exchange->pause);
	connection_enter(exchange->connection, CONNECTION_IDLE, clock_now_ns());
	exchange->mhd = NULL;
	exchange_release(exchange);
}

static void connection_opened(struct server *server, struct connection *connection)
{
	connection->next = server->connections;
	if (connection->next != NULL)
		connection->next->prev = connection;
	server->connections = connection;
	server->count++;
	server->incoming = NULL;
}

static void connection_ended(struct server *server, struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange != NULL) { /* MHD gave up on it without a word */
		reactor_timer_stop(server->options.site->reactor, &exchange->pause);
		exchange->mhd = NULL;
		exchange_release(exchange);
	}
	if (connection->prev != NULL)
		connection->prev->next = connection->next;
	else
		server->connections = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	server->count--;
	server->options.closed(server->options.context, connection->peer.client);
	certificates_unref(connection->certificates);
	free(connection);
}

/*
 * The last word of a handshake of TLS 1.3 is the client's, and a client with Nagle's algorithm does not ask for anything until it is
 * acknowledged, which the kernel puts off for 40 ms, in vain.
 */
static int acknowledge(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *message)
{
	(void)type;
	(void)when;
	(void)message;
	if (incoming != 0)
		setsockopt(gnutls_transport_get_int(session), IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	return 0;
}

/* Before its handshake begins. */
static void begin_tls(struct server *server, struct connection *connection, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	connection->certificates = certificates_ref(server->certificates);
	certificates_begin(connection->certificates, info->tls_session);
	gnutls_handshake_set_hook_function(info->tls_session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, acknowledge);
}

static void notify_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
			      enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	server->calls++;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = server->incoming;
		if (server->incoming->peer.tls)
			begin_tls(server, server->incoming, mhd);
		connection_opened(server, server->incoming);
	} else {
		connection_ended(server, *socket_context);
	}
}

int server_add(struct server *server, int fd, unsigned listener, const struct sockaddr *peer, socklen_t peer_length, void *token)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	/* Of a Unix peer's address only the family is passed: MHD 0.9 keeps 28 bytes and believes the length. */
	socklen_t passed = peer->sa_family == AF_UNIX ? (socklen_t)sizeof(sa_family_t) : peer_length;
	struct engine *engine;

	if (connection == NULL) {
		close(fd);
		server->options.closed(server->options.context, token);
		return -ENOMEM;
	}
	connection->fd = fd;
	connection->peer.client = token;
	connection->peer.listener = listener;
	connection->peer.tls = (server->options.tls_listeners >> listener & 1) != 0;
	memcpy(&connection->peer.address, peer,
	       peer_length < sizeof(connection->peer.address) ? peer_length : sizeof(connection->peer.address));
	connection_enter(connection, CONNECTION_HEAD, clock_now_ns());
	server->incoming = connection;
	engine = &server->engines[connection->peer.tls];
	engine->rerun = true;
	if (MHD_add_connection(engine->daemon, fd, peer, passed) == MHD_YES)
		return 0;
	if (server->incoming == connection) { /* it failed before it was announced */
		server->incoming = NULL;
		server->options.closed(server->options.context, token);
		free(connection);
	}
	return -ENOMEM;
}

/* What is cut while suspended would not be seen by MHD: it is resumed by what it waits for, which ends by itself. */
static void cut(struct connection *connection, const char *reason)
{
	log_debug("connection cut: %s", reason);
	shutdown(connection->fd, SHUT_RDWR);
}

/* A client that has taken nothing for a whole sweep can do without what is pinned ahead of it. */
static void relieve(struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange == NULL || connection->phase != CONNECTION_SEND || exchange->request.transfer == NULL)
		return;
	if (exchange->taken_bytes == exchange->swept_bytes && !connection->suspended)
		transfer_shed(exchange->request.transfer);
	else if (exchange->taken_bytes == exchange->swept_bytes && cache_waiting(exchange->server->options.site->cache) > 0)
		transfer_yield(exchange->request.transfer);
	exchange->swept_bytes = exchange->taken_bytes;
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

	for (struct connection *c = server->connections; c != NULL; c = c->next) {
		const char *reason = connection_overdue(c, &server->options.limits, now_ns);

		if (reason == NULL && c->exchange != NULL && is_too_old(c->exchange, now_ns))
			reason = "max_transfer_time";
		if (reason != NULL)
			cut(c, reason);
		else if (server->draining && connection_is_quiet(c))
			shutdown(c->fd, SHUT_RD);
		relieve(c);
	}
	ready_sweep(server->ready, server->draining || cache_waiting(server->options.site->cache) > 0);
	reactor_timer_start(server->options.site->reactor, &server->sweep, SWEEP_MS);
}

static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text); /* path.c decodes, once */
}

__attribute__((format(printf, 2, 0))) static void log_mhd(void *cls, const char *format, va_list arguments)
{
	char text[512];
	size_t length;

	(void)cls;
	vsnprintf(text, sizeof(text), format, arguments);
	length = strlen(text);
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	log_debug("libmicrohttpd: %s", text); /* mostly clients that went away */
}

static struct MHD_Daemon *start_daemon(struct server *server, bool tls)
{
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
			       (tls ? MHD_USE_TLS : MHD_USE_TURBO);
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin, server },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, server },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)notify_connection, server },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, server->options.max_connections, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL }, /* connection.c keeps the time */
		{ tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, (char *)TLS_PRIORITIES },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)certificates_retrieve },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL, MHD_OPTION_ARRAY, options,
				MHD_OPTION_END);
}

static int start_engines(struct server *server)
{
	if (server->options.tls_listeners != 0 && MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK) != MHD_YES) {
		log_error("this libmicrohttpd was built without TLS");
		return -EPROTONOSUPPORT;
	}
	for (unsigned i = 0; i < 1 + (server->options.tls_listeners != 0); i++) {
		errno = 0;
		server->engines[i].daemon = start_daemon(server, i == 1);
		if (server->engines[i].daemon == NULL)
			return errno != 0 ? -errno : -ENOMEM;
	}
	return 0;
}

int server_new(struct server **server, const struct server_options *options)
{
	struct server *s = calloc(1, sizeof(*s));
	int error;

	if (s == NULL)
		return -ENOMEM;
	s->options = *options;
	s->sweep = (struct reactor_timer){ .fn = sweep, .context = s };
	options->site->ready = find_ready;
	options->site->ready_context = s;
	error = ready_new(&s->ready, options->site->store, options->site->ready_bytes, ready_dropped);
	if (error != 0) {
		free(s);
		return error;
	}
	s->certificates = certificates_ref(options->certificates);
	error = start_engines(s);
	if (error == 0)
		error = reactor_timer_start(options->site->reactor, &s->sweep, SWEEP_MS);
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
	reactor_timer_stop(server->options.site->reactor, &server->sweep);
	for (struct connection *c = server->connections; c != NULL; c = c->next) {
		struct exchange *exchange = c->exchange;

		if (c->suspended) { /* MHD_stop_daemon() aborts on a suspended connection */
			c->suspended = false;
			MHD_resume_connection(exchange->mhd);
		}
	}
	ready_sweep(server->ready, true);
	for (unsigned i = 0; i < 2; i++)
		if (server->engines[i].daemon != NULL)
			MHD_stop_daemon(server->engines[i].daemon);
	assert(server->count == 0);
	certificates_unref(server->certificates);
	ready_end(server->ready);
	for (struct exchange *spare; (spare = server->spares) != NULL;) {
		server->spares = spare->next;
		free(spare);
	}
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

void server_renew(struct server *server, struct certificates *certificates)
{
	certificates_unref(server->certificates);
	server->certificates = certificates_ref(certificates);
}

static bool has_more(const struct server *server)
{
	return server->engines[0].more || server->engines[0].rerun || server->engines[1].more || server->engines[1].rerun;
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

static void run_engine(struct server *server, struct engine *engine)
{
	const uint64_t calls = server->calls;
	const bool fired = engine->fired;
	MHD_UNSIGNED_LONG_LONG timeout;

	engine->fired = engine->rerun = false;
	MHD_run(engine->daemon);
	engine->more = MHD_get_timeout(engine->daemon, &timeout) == MHD_YES && timeout == 0;
	if (engine == &server->engines[1])
		watch_for_life(engine, fired || engine->rerun || server->calls != calls);
}

/* A pass sends one block on each connection that takes one: while streams go on for ever, others and the disk want their turn. */
void server_run(struct server *server)
{
	uint64_t now_ns = clock_now_ns();
	const uint64_t until_ns = now_ns + RUN_NS;

	do {
		for (unsigned i = 0; i < 2; i++) {
			struct engine *engine = &server->engines[i];

			if (engine->daemon != NULL && (engine->fired || engine->rerun || now_ns >= engine->rests_until_ns))
				run_engine(server, engine);
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
	server->draining = true;
	reactor_timer_start(server->options.site->reactor, &server->sweep, 0);
}

void server_cut(struct server *server)
{
	for (struct connection *c = server->connections; c != NULL; c = c->next)
		cut(c, "stopping");
	for (unsigned i = 0; i < 2; i++)
		server->engines[i].rerun = server->engines[i].daemon != NULL;
}

unsigned server_connections(const struct server *server)
{
	return server->count;
}
