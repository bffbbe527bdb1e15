/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between MHD's calls and a request. MHD shows the target in handler_begin(), and calls handler_call() twice or more
 * per request: the first call only looks at the fields (answering there closes the connection, which is meant for what
 * is refused), calls with data eat the body of a GET, and the final call runs the request until it waits (the
 * connection is suspended, once) or replies. When the request is woken, MHD makes the final call again.
 * handler_completed() is its end.
 *
 * Before version 1.0 MHD's parser accepts what RFC 9112 has rejected, and where it does reject something it may send
 * the head of its answer twice. Both are mended here, see is_laid_out() and handler_parser_failed().
 *
 * MHD may drop a connection without NOTIFY_COMPLETED: what is left of its exchange is freed when the connection closes
 * (server.c).
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
#include "mhd/sender.h"
#include "steps/gate.h"
#include "steps/signing.h"
#include "steps/steps.h"

/*
 * Empties the query in MHD's own memory, which it would cut into arguments, each a record of its pool. Nothing asks for
 * them, and where they are too many 0.9.75 forgets the connection.
 */
static void drop_query(const char *target)
{
	char *query = strchr(target, '?');

	if (query != NULL)
		query[1] = '\0';
}

/* MHD's request line callback: here the exchange is born, since nothing else shows the target as it was sent. */
void *handler_begin(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct exchange_shared *shared = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange = exchange_new(shared, info->socket_context, mhd, target);

	shared->calls++;
	drop_query(target);
	if (exchange == NULL) {
		counters_reject(shared->site->counters, COUNTERS_MEMORY);
		return NULL;
	}
	DL_APPEND2(shared->heads, exchange, head_prev, head_next);
	connection_enter(exchange->connection, CONNECTION_HEAD, exchange->start_ns);
	return exchange;
}

size_t handler_keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text); /* path.c decodes, once */
}

/* A header block while its field lines are gathered. */
struct head {
	struct fields *fields;
	const char *at; /* where the next line begins in MHD's memory, if each line before it was one line that ended
			   with CRLF */
	bool laid_out;	/* they did until now */
	int error;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static enum MHD_Result gather(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
			      const char *value, size_t value_length)
{
	struct head *head = cls;

	(void)kind;
	head->laid_out = head->laid_out && name == head->at && value != NULL;
	head->at = value + value_length + strlen("\r\n");
	if (value_length > 0 && is_blank(value[value_length - 1]) &&
	    strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		head->laid_out = false;
	/* Blanks at the end are none of the value (RFC 9110 section 5.5), and MHD leaves them there: in memory that is
	 * its own. */
	while (value_length > 0 && is_blank(value[value_length - 1]))
		((char *)value)[--value_length] = '\0';
	head->error = fields_add(head->fields, name, name_length, value);
	return head->error == 0 ? MHD_YES : MHD_NO;
}

/*
 * Returns true if the header block consists of the request line and the fields that were gathered, and of nothing else.
 * A parser older than 1.0 replaces the ends of all texts by NUL in the memory that the block was read into, and hands
 * over pointers into it. A NUL in the method, the target or a value ends that text early; a line that begins with NUL,
 * or has an empty name, ends the block early; a bare LF is one byte short; and a folded line moves the name before it.
 * Each of these shows as a text or an end that is not where it must be. A coding with blanks behind it is unknown to
 * such a parser, which would wait for a body without an end. A NUL directly before a bare LF cannot be told from CRLF.
 */
static bool is_laid_out(const struct head *head, const char *block, size_t block_bytes)
{
	return head->laid_out && head->at + strlen("\r\n") == block + block_bytes;
}

/* The same for the request line. Returns where the first field line begins, or NULL. */
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

/* The status to refuse the request with, or 0. */
static unsigned check_head(struct exchange *exchange, const char *url, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const size_t bytes = info != NULL ? info->header_size : 0;
	struct head head = { .fields = &request->fields,
			     .at = after_request_line(method, url, request->target, version) };

	head.laid_out = head.at != NULL;
	MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, gather, &head);
	if (gate_identify(request) != 0 || head.error != 0)
		return 503;
	if (exchange->shared->lenient && !is_laid_out(&head, method, bytes))
		return 400;
	return fields_refuse(&request->fields, &exchange->site->header_limits, request->method,
			     strcmp(version, "HTTP/1.0") == 0, strlen(request->target), bytes);
}

/*
 * HTTP/1.0 has no Transfer-Encoding: a body that came with one may end elsewhere for a proxy in between (RFC 9112
 * section 6.1). And the parser of chunks is as lenient before 1.0 as that of header blocks, where nothing shows it.
 */
static bool is_body_in_doubt(const struct exchange *exchange)
{
	return exchange->request.fields.transfer_encodings > 0 &&
	       (exchange->shared->lenient || strcmp(exchange->version, "HTTP/1.0") == 0);
}

static void count_refusal(struct counters *counters, unsigned status)
{
	if (status == 503)
		counters_reject(counters, COUNTERS_MEMORY);
	else if (status != 405 && status != 501)
		counters_reject(counters, COUNTERS_BAD_REQUEST);
}

/* The first call: fields in, and a refusal out if one is due. Must neither suspend nor reply to what is well. */
static enum MHD_Result first_call(struct exchange *exchange, const char *url, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	unsigned status;

	exchange->seen = true;
	DL_DELETE2(exchange->shared->heads, exchange, head_prev, head_next);
	snprintf(exchange->method, sizeof(exchange->method), "%s", method);
	snprintf(exchange->version, sizeof(exchange->version), "%s", version);
	/* "HEAD" and a NUL is another method for the library, which would wait for the body. */
	request->method = exchange->shared->lenient && url != method + strlen(method) + 1 ? METHOD_UNKNOWN
											  : fields_method(method);
	status = check_head(exchange, url, method, version);
	if (exchange->connection->peer.refused) { /* counted when it came */
		steps_refuse(request, 503);
		return send_reply(exchange);
	}
	if (status == 0) {
		exchange->closes = is_body_in_doubt(exchange);
		request->not_reusable = exchange->closes;
		return MHD_YES;
	}
	count_refusal(exchange->shared->site->counters, status);
	steps_refuse(request, status);
	return send_reply(exchange);
}

enum MHD_Result handler_call(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
			     const char *version, const char *upload_data, size_t *upload_data_size, void **req_cls)
{
	struct exchange_shared *shared = cls;
	struct exchange *exchange = *req_cls;

	(void)mhd;
	shared->calls++;
	if (exchange == NULL)
		return MHD_NO; /* handler_begin() had no memory */
	if (!exchange->seen)
		return first_call(exchange, url, method, version);
	if (upload_data != NULL) { /* of no bytes, if "Expect" stands in a request without a body */
		exchange->eaten_bytes += *upload_data_size;
		*upload_data_size = 0;
		return exchange->eaten_bytes <= FIELDS_BODY_MAX ? MHD_YES : MHD_NO;
	}
	if (steps_run(&exchange->request) == REQUEST_REPLIES)
		return send_reply(exchange);
	connection_enter(exchange->connection, CONNECTION_WORK, clock_now_ns());
	exchange_suspend(exchange);
	return MHD_YES;
}

/* The request's end in MHD's sense: the field values are gone after it, the reply's memory goes next. */
void handler_completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *req_cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
	bool whole;

	((struct exchange_shared *)cls)->calls++;
	if (exchange == NULL)
		return;
	whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK || exchange->whole;
	*req_cls = NULL;
	signing_mask(&exchange->request);
	exchange_log(exchange, info != NULL ? info->http_status : 0,
		     whole); /* while `seen` tells whose answer it was */
	handler_forget(exchange);
	if (whole && exchange->request.reply.body != REPLY_LENGTH_ONLY)
		exchange->connection->bodies_bytes += exchange->request.reply.length;
	exchange->connection->exchange = NULL;
	connection_enter(exchange->connection, CONNECTION_IDLE, clock_now_ns());
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

/* MHD has the whole header block and did not make the first call yet: it looks for a body. Nor has it made a reply. */
static bool is_looking_for_body(const struct exchange *exchange)
{
	return MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) != NULL &&
	       MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_HTTP_STATUS) == NULL;
}

/* A head without a body is an answer to any method. */
static void answer_now(struct exchange *exchange, unsigned status)
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
	exchange_finish(exchange);
}

void handler_parser_failed(struct exchange_shared *shared, unsigned status)
{
	for (struct exchange *exchange = shared->heads; exchange != NULL; exchange = exchange->head_next) {
		if (!is_looking_for_body(exchange))
			continue;
		handler_forget(exchange);
		answer_now(exchange, status);
		return;
	}
}
