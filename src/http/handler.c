/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between MHD's calls and a request. MHD shows the target in handler_begin(), and calls handler_call() twice or more per request: the
 * first call only looks at the fields (answering there closes the connection, which is meant for what is refused), calls with data eat
 * the body of a GET, and the final call runs the request until it waits (the connection is suspended, once) or replies. When the request
 * is woken, MHD makes the final call again. handler_completed() is its end.
 *
 * MHD may drop a connection without NOTIFY_COMPLETED: what is left of its exchange is freed when the connection closes (server.c).
 */
#include "http/handler.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/exchange.h"
#include "http/exchange_log.h"
#include "http/gate.h"
#include "http/sender.h"
#include "http/signing.h"
#include "http/steps.h"

/* MHD's request line callback: here the exchange is born, since nothing else shows the target as it was sent. */
void *handler_begin(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct exchange_shared *shared = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange = exchange_new(shared, info->socket_context, mhd, target);

	shared->calls++;
	if (exchange == NULL) {
		counters_reject(shared->site->counters, COUNTERS_MEMORY);
		return NULL;
	}
	connection_enter(exchange->connection, CONNECTION_HEAD, exchange->start_ns);
	return exchange;
}

size_t handler_keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text); /* path.c decodes, once */
}

static enum MHD_Result gather(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length, const char *value,
			      size_t value_length)
{
	(void)kind;
	/* Blanks at the end are none of the value (RFC 9110 section 5.5), and MHD leaves them there: in memory that is its own. */
	while (value_length > 0 && (value[value_length - 1] == ' ' || value[value_length - 1] == '\t'))
		((char *)value)[--value_length] = '\0';
	return fields_add(cls, name, name_length, value) == 0 ? MHD_YES : MHD_NO;
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
	return sender_send(exchange) ? MHD_YES : MHD_NO;
}

/* The first call: fields in, and a refusal out if one is due. Must neither suspend nor reply to what is well. */
static enum MHD_Result first_call(struct exchange *exchange, const char *method, const char *version)
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
	status = fields_refuse(&request->fields, &exchange->site->header_limits, request->method, strcmp(version, "HTTP/1.0") == 0,
			       strlen(request->target), info != NULL ? info->header_size : 0);
	if (status == 0)
		return MHD_YES;
	if (status != 405 && status != 501)
		counters_reject(exchange->shared->site->counters, COUNTERS_HEADERS);
	steps_refuse(request, status);
	return send_reply(exchange);
}

enum MHD_Result handler_call(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
			     const char *upload_data, size_t *upload_data_size, void **req_cls)
{
	struct exchange_shared *shared = cls;
	struct exchange *exchange = *req_cls;

	(void)mhd;
	(void)url;
	(void)upload_data;
	shared->calls++;
	if (exchange == NULL)
		return MHD_NO; /* handler_begin() had no memory */
	if (!exchange->seen)
		return first_call(exchange, method, version);
	if (*upload_data_size > 0) {
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
	bool whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;

	((struct exchange_shared *)cls)->calls++;
	if (exchange == NULL)
		return;
	*req_cls = NULL;
	signing_mask(&exchange->request);
	exchange_log(exchange, info != NULL ? info->http_status : 0, whole);
	if (whole && exchange->request.reply.body != REPLY_LENGTH_ONLY)
		exchange->connection->bodies_bytes += exchange->request.reply.length;
	exchange->connection->exchange = NULL;
	connection_enter(exchange->connection, CONNECTION_IDLE, clock_now_ns());
	exchange_end(exchange);
}
