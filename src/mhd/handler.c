/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Translates the callbacks of libmicrohttpd (MHD) into a request and its steps. MHD passes the target to
 * handler_begin(). Then it calls handler_call() at least twice for each request:
 *
 *  - The first call checks the header fields. A reply in this call closes the connection, so only rejected requests get
 *    a reply here.
 *  - Calls with data discard the body of a GET.
 *  - The final call runs the steps until the request has its reply or waits. If the request waits, the connection is
 *    suspended. After wake(), MHD makes the final call again, before it receives more (set_early_call()).
 *
 * handler_completed() ends the exchange. If MHD drops a connection without calling handler_completed(), server.c ends
 * the exchange when the connection closes. All functions run on the reactor's thread.
 *
 * Before version 1.0, MHD's parser accepts requests that RFC 9112 forbids, and may send the head of its own error
 * replies twice. is_laid_out() and handler_parser_failed() compensate for these errors.
 */
#include "mhd/handler.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "http/date.h"
#include "http/status.h"
#include "mhd/exchange.h"
#include "mhd/exchange_log.h"
#include "mhd/records.h"
#include "mhd/sender.h"
#include "mhd/watch.h"
#include "steps/gate.h"
#include "steps/signing.h"
#include "steps/steps.h"
#include "steps/target.h"

#define UNREACHED_TIMEOUT_S 1000000U /* connection.c enforces the timeouts */

/*
 * Truncates the query in MHD's memory. Otherwise MHD parses the query into arguments in memory of the connection's
 * pool. ranged does not use the arguments. If the arguments do not fit into the pool, version 0.9.75 loses track of the
 * connection.
 */
static void drop_query(const char *target)
{
	char *query = strchr(target, '?');

	if (query != NULL)
		query[1] = '\0';
}

/* Creates the exchange, because no other callback of MHD gets the target as it was received. */
void *handler_begin(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct exchange_shared *shared = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange = exchange_new(shared, info->socket_context, mhd, target);
	struct connection *connection = info->socket_context;

	shared->calls++;
	if (exchange == NULL) {
		drop_query(target);
		counters_reject(shared->site->worker.counters, COUNTERS_MEMORY);
		connection->unparsed = true;
		connection->reason = COUNTERS_MEMORY;
		return NULL;
	}
	connection->unparsed = false;
	connection->pipelined = false; /* the input after the last request is this request */
	exchange->mhd_target = target;
	exchange->request.input.method = METHOD_UNKNOWN;
	drop_query(target);
	DL_APPEND2(shared->heads, exchange, head_prev, head_next);
	connection_set_phase(exchange->connection, CONNECTION_HEAD, exchange->start_ns);
	return exchange;
}

size_t handler_keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text); /* http/path.c decodes the target */
}

/* The state of collecting the fields of a header block. */
struct head {
	struct fields *fields;
	const char *at; /* expected start of the next line in MHD's memory, assuming that lines end in CRLF */
	bool laid_out;	/* all lines so far started at the expected address */
	int error;	/* result of fields_add() */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
			       const char *value, size_t value_length)
{
	struct head *head = cls;

	(void)kind;
	head->laid_out = head->laid_out && name == head->at && value != NULL;
	head->at = value + value_length + strlen("\r\n");
	if (value_length > 0 && is_blank(value[value_length - 1]) &&
	    strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		head->laid_out = false;
	/*
	 * Trailing whitespace is not part of the value (RFC 9110 section 5.5). MHD keeps it, so it is removed here in
	 * MHD's memory.
	 */
	while (value_length > 0 && is_blank(value[value_length - 1]))
		((char *)value)[--value_length] = '\0';
	head->error = fields_add(head->fields, name, name_length, value);
	return head->error == 0 ? MHD_YES : MHD_NO;
}

/*
 * Returns true if the header block consists only of the request line and the collected fields. A parser older than 1.0
 * terminates each text with NUL in the memory into which the block was read, and passes pointers into that memory. Each
 * of the following errors therefore puts a text, or the end of the block, at an unexpected address:
 *
 *  - a NUL in the method, the target or a value ends that text early;
 *  - a line that begins with NUL, or that has an empty name, ends the block early;
 *  - a bare LF is one byte shorter than CRLF;
 *  - a folded line moves the name of the field before it.
 *
 * A parser older than 1.0 also ignores a transfer coding that is followed by whitespace, and would wait for an endless
 * body. collect() rejects such a field. A NUL directly before a bare LF cannot be distinguished from CRLF.
 */
static bool is_laid_out(const struct head *head, const char *block, size_t block_bytes)
{
	return head->laid_out && head->at + strlen("\r\n") == block + block_bytes;
}

/*
 * Checks the addresses of the texts of the request line. Returns the address of the first field line, or NULL if a text
 * has an unexpected address.
 */
static const char *after_request_line(const char *method, const char *url, const char *target, const char *version)
{
	if (url != method + strlen(method) + 1 || version != url + strlen(target) + 1)
		return NULL;
	return version + strlen("HTTP/1.1\r\n");
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
	return sender_send(exchange) ? MHD_YES : MHD_NO;
}

/* Returns the status with which the request must be rejected, or 0. */
static unsigned check_head(struct exchange *exchange, const char *url, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const size_t bytes = info != NULL ? info->header_size : 0;
	struct head head = { .fields = &request->input.fields,
			     .at = after_request_line(method, url, request->input.target, version) };

	input_consume(exchange->connection, bytes);
	head.laid_out = head.at != NULL;
	MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, collect, &head);
	if (gate_identify(request) != 0 || head.error != 0)
		return 503;
	if (exchange->shared->lenient && !is_laid_out(&head, method, bytes))
		return 400;
	return fields_refuse(&request->input.fields, &exchange->site->config.header_limits, request->input.method,
			     strcmp(version, "HTTP/1.0") == 0, strlen(request->input.target), bytes);
}

/*
 * Returns true if the end of the request body is ambiguous. HTTP/1.0 has no Transfer-Encoding, so a proxy between
 * client and server may find another end of the body (RFC 9112 section 6.1). Before version 1.0, MHD's parser accepts
 * invalid chunks, which cannot be detected here.
 */
static bool is_body_ambiguous(const struct exchange *exchange)
{
	return exchange->request.input.fields.transfer_encodings > 0 &&
	       (exchange->shared->lenient || strcmp(exchange->version, "HTTP/1.0") == 0);
}

static void note_rejection(struct request *request, unsigned status)
{
	if (status == 503)
		request_note_rejection(request, COUNTERS_MEMORY);
	else if (status == 405 || (status == 501 && request->input.method == METHOD_UNKNOWN))
		request_note_rejection(request, COUNTERS_METHOD);
	else
		request_note_rejection(request, COUNTERS_BAD_REQUEST);
}

/* Copies a text, or its first bytes, into a field of this size. Is much faster than snprintf(). */
static void copy_text(char *field, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);

	memcpy(field, text, length);
	field[length] = '\0';
}

/*
 * Handles the first call. Collects the fields, and rejects invalid requests. The first call must not suspend the
 * connection, and must not reply to valid requests.
 */
static enum MHD_Result first_call(struct exchange *exchange, const char *url, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	unsigned status;

	exchange->seen = true;
	DL_DELETE2(exchange->shared->heads, exchange, head_prev, head_next);
	copy_text(exchange->method, sizeof(exchange->method), method);
	copy_text(exchange->version, sizeof(exchange->version), version);
	exchange->last = true; /* MHD closes the connection after a reply in the first call */
	/* MHD does not treat "HEAD" followed by NUL as HEAD, and sends a body with the response. */
	request->input.method = exchange->shared->lenient && url != method + strlen(method) + 1 ? METHOD_UNKNOWN
												: fields_method(method);
	status = check_head(exchange, url, method, version);
	if (exchange->connection->peer.rejected) { /* the connection was counted when it was accepted */
		if (status != 0 || !steps_answer_health(request)) {
			request->reason = exchange->connection->peer.reason;
			steps_reject(request, 503);
		}
		return send_reply(exchange);
	}
	if (status == 0) {
		exchange->closes = is_body_ambiguous(exchange);
		request->not_reusable = exchange->closes;
		exchange->last = false;
		return MHD_YES;
	}
	note_rejection(request, status);
	steps_reject(request, status);
	return send_reply(exchange);
}

/*
 * Decides whether MHD calls the handler of the resumed connection before it receives from it, or after. By default MHD
 * receives first. If the client has shut down its sending side, MHD then closes the connection without a response. But
 * connections with a timeout of their own get their call first, and MHD does not receive while it sends the reply. MHD
 * handles such a connection in every run, so it has the timeout only until the reply.
 */
static void set_early_call(struct exchange *exchange, bool early)
{
	if (exchange->called_early == early)
		return;
	exchange->called_early = early;
	MHD_set_connection_option(exchange->mhd, MHD_CONNECTION_OPTION_TIMEOUT, early ? UNREACHED_TIMEOUT_S : 0U);
}

enum MHD_Result handler_call(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
			     const char *version, const char *upload_data, size_t *upload_data_size, void **req_cls)
{
	struct exchange_shared *shared = cls;
	struct exchange *exchange = *req_cls;
	uint64_t now_ns;

	(void)mhd;
	shared->calls++;
	if (exchange == NULL)
		return MHD_NO; /* memory ran out in handler_begin() */
	if (!exchange->seen)
		return first_call(exchange, url, method, version);
	if (upload_data != NULL) { /* *upload_data_size is 0 for a request with "Expect" and no body */
		input_consume(exchange->connection, *upload_data_size);
		exchange->discarded_bytes += *upload_data_size;
		*upload_data_size = 0;
		return exchange->discarded_bytes <= FIELDS_BODY_MAX ? MHD_YES : MHD_NO;
	}
	if (exchange->connection->aborted) /* while the request waited */
		return MHD_NO;
	if (steps_run(&exchange->request) == REQUEST_REPLIES) {
		set_early_call(exchange, false);
		return send_reply(exchange);
	}
	now_ns = clock_now_ns();
	if (exchange->received_ns == 0)
		exchange->received_ns = now_ns;
	connection_set_phase(exchange->connection, CONNECTION_WORK, now_ns);
	watch_begin(exchange); /* without a watch, MHD detects an abort when the wait ends */
	set_early_call(exchange, true);
	exchange_suspend(exchange);
	return MHD_YES;
}

/*
 * Notes whether the connection stays open and MHD may have received input after this request. If this input has no
 * blank, MHD closes the connection without a reply and without calling the logger with a status.
 */
static void note_pipelined(const struct exchange *exchange)
{
	const char *option;

	exchange->connection->pipelined = false;
	if (exchange->connection->buffered_bytes == 0 || !exchange->seen || exchange->last || exchange->refused != 0 ||
	    exchange->request.reply.listing || /* MHD closes after a HEAD of unknown length */
	    strcmp(exchange->version, "HTTP/1.1") != 0)
		return;
	option = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONNECTION);
	exchange->connection->pipelined = option == NULL || strcasestr(option, "close") == NULL;
}

static bool is_method_byte(char byte)
{
	return byte > ' ' && byte < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", byte) == NULL;
}

/*
 * Copies the method and the version from MHD's memory. MHD has terminated each text with NUL. A text that is not known
 * or not valid stays empty.
 */
static void copy_request_line(struct exchange *exchange)
{
	const char *memory = exchange->connection->input, *end = exchange->mhd_target, *start,
		   *version = end + strlen(exchange->request.input.target) + 1;

	if (strncmp(version, "HTTP/", 5) == 0 && strnlen(version, sizeof(exchange->version)) == 8)
		copy_text(exchange->version, sizeof(exchange->version), version);
	if (memory == NULL)
		return;
	while (end > memory && (end[-1] == '\0' || end[-1] == ' '))
		end--;
	for (start = end; start > memory && is_method_byte(start[-1]);)
		start--;
	if (start < end && (size_t)(end - start) < sizeof(exchange->method))
		copy_text(exchange->method, (size_t)(end - start) + 1, start);
}

static enum MHD_Result collect_any(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
				   const char *value, size_t value_length)
{
	(void)kind;
	(void)value_length;
	return fields_add(cls, name, name_length, value) == 0 ? MHD_YES : MHD_NO;
}

/*
 * Finds the method, the client and the site of a request that ends before its steps have run. If its header block is
 * incomplete, the fields that MHD has parsed so far are used.
 */
static void identify_ended(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	if (!exchange->seen) {
		copy_request_line(exchange);
		if (exchange->method[0] != '\0')
			request->input.method = fields_method(exchange->method);
		MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, collect_any, &request->input.fields);
		gate_identify(request);
	}
	if (request->match.site == NULL)
		target_match_rejected(request);
}

/* Logs and ends the exchange. After this call, MHD frees the values of the fields, and then the response. */
void handler_completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *req_cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
	bool whole;

	((struct exchange_shared *)cls)->calls++;
	if (exchange == NULL)
		return;
	records_uncork(exchange->connection->records);
	whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK || exchange->whole;
	*req_cls = NULL;
	if (whole)
		note_pipelined(exchange);
	if (info == NULL && exchange->refused == 0) /* there is no response */
		identify_ended(exchange);
	signing_mask(&exchange->request);
	/* Precedes handler_forget(), which sets `seen`. If `seen` is false, MHD itself has sent the reply. */
	if (exchange->refused != 0)
		exchange_log(exchange, exchange->refused, true);
	else
		exchange_log(exchange, info != NULL ? info->http_status : 0, whole);
	exchange->connection->lingers = whole && (exchange->last || !exchange->seen);
	handler_forget(exchange);
	if (whole && exchange->request.reply.body != REPLY_LENGTH_ONLY)
		exchange->connection->bodies_bytes += exchange->request.reply.length;
	exchange->connection->exchange = NULL;
	((struct exchange_shared *)cls)->input.current = exchange->connection; /* MHD parses the next request */
	connection_set_phase(exchange->connection, CONNECTION_IDLE, clock_now_ns());
	exchange_end(exchange);
}

void handler_forget(struct exchange *exchange)
{
	if (exchange->seen)
		return;
	exchange->seen = true;
	DL_DELETE2(exchange->shared->heads, exchange, head_prev, head_next);
}

/* --- errors of the parser before 1.0 --- */

/* Returns true if MHD has parsed the whole header block, but has neither made the first call nor created a reply. */
static bool is_determining_body(const struct exchange *exchange)
{
	return MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) != NULL &&
	       MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_HTTP_STATUS) == NULL;
}

/* Sends an error reply without a body, which is valid for any method, and ends the output. */
static void send_error(struct exchange *exchange, unsigned status)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	const char *reason = status_body(status);
	char date[DATE_BYTES], text[256];
	size_t length;

	date_format(clock_wall_ns() / (int64_t)CLOCK_NS_PER_S, date);
	length = (size_t)snprintf(text, sizeof(text),
				  "HTTP/1.1 %.*s\r\nDate: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
				  (int)strcspn(reason, "\n"), reason, date);
	if (info != NULL)
		gnutls_record_send(info->tls_session, text, length);
	else
		send(exchange->connection->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	exchange_shutdown_write(exchange);
}

/* Sends an error reply instead of MHD, whose reply may have its head twice. */
static void replace_reply(struct exchange_shared *shared, unsigned status)
{
	for (struct exchange *exchange = shared->heads; exchange != NULL; exchange = exchange->head_next) {
		if (!is_determining_body(exchange))
			continue;
		handler_forget(exchange);
		send_error(exchange, status);
		return;
	}
}

/* --- requests that MHD rejects --- */

/* Notes the status with which MHD rejects this request. */
static void note_rejected(struct exchange *exchange, unsigned status)
{
	struct request *request = &exchange->request;
	struct fields *fields = &request->input.fields;

	if (exchange->reply_ns != 0) /* too late: the reply is being sent */
		return;
	exchange->refused = status;
	identify_ended(exchange);
	if (exchange->seen)
		return;
	/* MHD will use the memory of the fields for its reply. */
	request->input.authority = fields->hosts == 1 ? strdup(fields->host) : NULL;
	fields_fini(fields);
	*fields = (struct fields){ .host = request->input.authority };
}

void handler_parser_failed(struct exchange_shared *shared, unsigned status)
{
	struct connection *connection = shared->input.current;

	if (connection != NULL && connection->exchange != NULL)
		note_rejected(connection->exchange, status);
	else if (connection != NULL)
		connection->refused = status;
	if (shared->lenient)
		replace_reply(shared, status);
}
