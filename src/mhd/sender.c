/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns a reply into a response of libmicrohttpd (MHD). If the body is in memory, the response has a buffer. Otherwise
 * it has a callback that MHD calls for each block of the body (readers.c). If a long body is sent directly (direct.c),
 * the callback provides only the last byte.
 *
 * The response for a frequently requested small file stays in a table (request/prebuilt.c). Any number of clients may
 * receive a prebuilt response at the same time. Equal error replies share a response in the same way (error_replies.c).
 * A response that points into the memory of a request has a reference to its exchange. All functions run on the
 * reactor's thread.
 *
 * This file works around the following properties of MHD:
 *
 * - An iovec response of two or more elements lets a client abort the process. A body is therefore one buffer or a
 *   callback.
 * - Before version 1.0, MHD sends the last chunk after the header of a HEAD or 304 whose body has no known length. See
 *   make_header_only().
 * - Over TLS, one pass of MHD sends one record of at most 16 KiB. A longer body is a callback with blocks of 16 KiB, so
 *   that each pass calls the content reader and counts as progress (engine.c).
 */
#include "mhd/sender.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "mhd/direct.h"
#include "mhd/error_replies.h"
#include "mhd/exchange_log.h"
#include "mhd/readers.h"
#include "mhd/records.h"
#include "request/prebuilt.h"

#define VARIANT_KEY UINT64_C(0x9e3779b97f4a7c15)
#define RECORD_BYTES (16 * 1024) /* maximum size of a TLS record */
#define UNCORKED_BYTES 1400	 /* MHD sets TCP_CORK only for shorter responses */
#define LISTING_BLOCK (16 * 1024)

static void reply_freed(void *cls)
{
	exchange_unref(cls);
}

/*
 * Creates the response to HEAD, or a 304, for a body of unknown length. Before version 1.0, MHD would send the last
 * chunk of the omitted body, and the client would parse the chunk as the next reply. The options therefore make MHD
 * close the connection after the header. A 304 closes the connection with every version, because some clients wait for
 * chunks after a 304 with "Transfer-Encoding: chunked".
 */
static struct MHD_Response *make_header_only(const struct exchange *exchange)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, readers_nothing, NULL, NULL);

	if (response != NULL && (exchange->shared->lenient || exchange->request.reply.status == 304))
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return response;
}

/* Creates the response of a direct body, without its Content-Length. */
static struct MHD_Response *make_direct(struct exchange *exchange)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(1, 1, readers_last_byte, exchange, reply_freed);

	if (response == NULL)
		return NULL;
	MHD_set_response_options(response, MHD_RF_INSANITY_HEADER_CONTENT_LENGTH, MHD_RO_END);
	exchange->refs++;
	return response;
}

/*
 * Adds the Content-Length of a direct body, instead of that of MHD, which would be 1. It must be the last field: when
 * MHD adds "Connection", it forgets that the response has a Content-Length, and sends a second one.
 */
static enum MHD_Result add_length(struct MHD_Response *response, uint64_t length)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, length);
	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_LENGTH, text);
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	const bool in_records = exchange->connection->peer.tls && reply->length > RECORD_BYTES;
	size_t block_bytes = exchange->request.body.copy_bytes;
	struct MHD_Response *response = NULL;

	if (exchange->direct.chosen)
		return make_direct(exchange);
	switch (reply->body) {
	case REPLY_EMPTY:
	case REPLY_TEXT:
		return MHD_create_response_from_buffer((size_t)reply->length, (void *)reply->data,
						       MHD_RESPMEM_PERSISTENT);
	case REPLY_LENGTH_ONLY:
		if (reply->length == REPLY_LENGTH_UNKNOWN)
			return make_header_only(exchange);
		return MHD_create_response_from_callback(reply->length, 1, readers_nothing, NULL, NULL);
	case REPLY_COPY: /* MHD copies the bytes, so the extent is unpinned at once */
		response = MHD_create_response_from_buffer((size_t)reply->length, (void *)reply->data,
							   MHD_RESPMEM_MUST_COPY);
		store_release(exchange->site->worker.store, &exchange->request.body.want);
		return response;
	case REPLY_SPAN:
		if (in_records)
			response = MHD_create_response_from_callback(reply->length, RECORD_BYTES, readers_data,
								     exchange, reply_freed);
		else
			response = MHD_create_response_from_buffer_with_free_callback_cls(
				(size_t)reply->length, (void *)reply->data, reply_freed, exchange);
		break;
	case REPLY_PREBUILT: /* sender_send() queues the existing response */
		break;
	case REPLY_LISTING:
		exchange->connection->close_ends_body = strcmp(exchange->version, "HTTP/1.0") == 0;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LISTING_BLOCK, readers_listing, exchange,
							     reply_freed);
		break;
	case REPLY_TRANSFER:
		if (in_records && block_bytes > RECORD_BYTES)
			block_bytes = RECORD_BYTES;
		response = MHD_create_response_from_callback(reply->length, block_bytes, readers_body, exchange,
							     reply_freed);
		break;
	}
	if (response != NULL)
		exchange->refs++;
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

static void prebuilt_freed(void *cls)
{
	prebuilt_free(cls);
}

static void prebuilt_dropped(void *response)
{
	MHD_destroy_response(response);
}

/* Returns true if a body of this length is sent from a buffer, not by a callback. */
static bool may_be_buffer(const struct request *request, size_t length)
{
	return length <= (request->origin.peer->tls ? RECORD_BYTES : PREBUILT_BODY_MAX_BYTES);
}

/*
 * Returns true if other requests may reuse the response. The response must depend only on the file and the
 * configuration, its bytes must come from the cache, and its validators must be final because the file is not young.
 */
static bool may_be_prebuilt(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	return (request->reply.body == REPLY_SPAN || request->reply.body == REPLY_COPY) &&
	       request->reply.status == 200 && !request->not_reusable && request->body.want.source == STORE_CACHE &&
	       may_be_buffer(request, request->body.want.length) && request->input.method == METHOD_GET &&
	       !exchange_is_last(exchange) && !request->body.want.transient &&
	       cache_waiting(exchange->site->process.cache) == 0 && request->validator.etag[0] != '\0' &&
	       !request->validator.weak;
}

/*
 * Returns the key that distinguishes the prebuilt responses of one file. The key depends on TLS, because a response
 * over TLS may have Strict-Transport-Security. The key also depends on whether the file is sent as a variant, because a
 * variant has other fields than the same file requested by its own name.
 */
static uint64_t prebuilt_key(const struct request *request)
{
	const uint64_t key = request->selected.variant == NULL ? request->match.key : request->match.key ^ VARIANT_KEY;

	return request->origin.secure && request_settings(request)->hsts_ms > 0 ? ~key : key;
}

/*
 * Moves the reply into the table of prebuilt responses, and also uses the prebuilt response for this request. If the
 * response cannot be prebuilt, the request keeps its reply.
 */
static void prebuild(struct exchange_shared *shared, struct request *request)
{
	struct reply *reply = &request->reply;
	const size_t length = request->body.want.length;
	struct prebuilt *entry =
		prebuilt_add(shared->prebuilt, request->selected.file, prebuilt_key(request), &request->body.want);
	struct MHD_Response *response;

	if (entry == NULL)
		return;
	response = MHD_create_response_from_buffer_with_free_callback_cls(length, (void *)reply->data, prebuilt_freed,
									  entry);
	if (response == NULL || add_headers(response, reply, false) != MHD_YES) {
		request->body.want = entry->want; /* moves the extent back to the request */
		entry->want = (struct store_want){ .length = length };
		if (response != NULL)
			MHD_destroy_response(response);
		else
			prebuilt_free(entry);
		return;
	}
	entry->response = response;
	pins_set(&request->body.pins, 0); /* the table has its own limit */
	reply->body = REPLY_PREBUILT;
	reply->data = response;
}

/* Implements find_prebuilt() of the site. */
static bool find_prebuilt(void *context, struct request *request)
{
	struct exchange_shared *shared = context;
	const struct prebuilt *entry =
		shared->draining ? NULL
				 : prebuilt_find(shared->prebuilt, request->selected.file, prebuilt_key(request));

	if (entry == NULL || !may_be_buffer(request, entry->want.length))
		return false;
	request->reply.body = REPLY_PREBUILT;
	request->reply.status = 200;
	request->reply.data = entry->response;
	request->reply.length = entry->want.length;
	store_note_hit(shared->site->worker.store, entry->want.length);
	return true;
}

/* Queues a new response. If `shared` is true, later requests with an equal reply use the response, too. */
static enum MHD_Result send_new(struct exchange *exchange, bool shared)
{
	const struct reply *reply = &exchange->request.reply;
	struct MHD_Response *response = make_response(exchange);
	enum MHD_Result result = response != NULL ? add_headers(response, reply, exchange_is_last(exchange)) : MHD_NO;

	if (result == MHD_YES && exchange->direct.chosen)
		result = add_length(response, reply->length);
	if (result == MHD_YES)
		result = MHD_queue_response(exchange->mhd, reply->status, response);
	shared = shared && result == MHD_YES && error_replies_add(exchange->shared->errors, reply, response);
	if (response != NULL && !shared)
		MHD_destroy_response(response);
	return result;
}

/* Queues the shared response for equal error replies, or a new response. */
static enum MHD_Result send_error_or_new(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	const bool shared = !exchange_is_last(exchange) && error_replies_may_have(reply);
	struct MHD_Response *response = shared ? error_replies_find(exchange->shared->errors, reply) : NULL;

	return response != NULL ? MHD_queue_response(exchange->mhd, reply->status, response)
				: send_new(exchange, shared);
}

/* Returns true if MHD sends bytes of the file after the header. */
static bool sends_file(const struct request *request)
{
	const enum reply_body body = request->reply.body;

	return request->input.method == METHOD_GET && request->reply.length > 0 &&
	       (body == REPLY_PREBUILT || body == REPLY_SPAN || body == REPLY_COPY || body == REPLY_TRANSFER);
}

/*
 * Over TLS, sends the header and the beginning of the body together. If MHD has the whole response at once, and does
 * not close the connection after it, they are one record, which handler_completed() sends. MHD sets TCP_CORK for a
 * response of less than 1400 bytes, so such a response is not sent in this way.
 */
static void combine_records(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	struct records *records = exchange->connection->records;
	const bool has_body = sends_file(&exchange->request);

	if (records == NULL || (has_body && reply->body != REPLY_TRANSFER && reply->length >= UNCORKED_BYTES &&
				reply->length <= RECORD_BYTES && !exchange_is_last(exchange) && records_cork(records)))
		return;
	records_expect_tcp_cork(records);
	if (has_body)
		records_hold_next(records);
}

bool sender_send(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	enum MHD_Result result;

	exchange->last |= exchange_is_last(exchange);
	exchange->source = exchange_log_source(&exchange->request);
	if (may_be_prebuilt(exchange))
		prebuild(exchange->shared, &exchange->request);
	exchange->direct.chosen = direct_may_send(exchange);
	combine_records(exchange);
	if (reply->body == REPLY_PREBUILT)
		result = MHD_queue_response(exchange->mhd, reply->status, (struct MHD_Response *)reply->data);
	else
		result = send_error_or_new(exchange);
	if (result == MHD_YES && exchange->direct.chosen)
		direct_cork(exchange, true);
	if (result != MHD_YES) {
		request_note_rejection(&exchange->request, COUNTERS_MEMORY);
		log_fault(LOG_LEVEL_ERROR, "/%s: out of memory for the reply; closing the connection",
			  exchange->request.path.file);
	}
	exchange->reply_ns = clock_now_ns();
	histogram_add_single_writer(&exchange->shared->site->worker.counters->first_byte,
				    exchange->reply_ns - exchange->start_ns);
	connection_set_phase(exchange->connection, CONNECTION_SEND, exchange->reply_ns);
	return result == MHD_YES;
}

static void enable_prebuilt(struct exchange_shared *shared)
{
	shared->site->worker.find_prebuilt = find_prebuilt;
	shared->site->worker.prebuilt_context = shared;
}

int sender_init(struct exchange_shared *shared)
{
	int error = error_replies_new(&shared->errors);

	if (error != 0)
		return error;
	enable_prebuilt(shared);
	return prebuilt_table_new(&shared->prebuilt, shared->site->worker.store, shared->site->config.prebuilt_bytes,
				  prebuilt_dropped);
}

void sender_reload(struct exchange_shared *shared, struct request_site *before)
{
	before->worker.find_prebuilt = NULL; /* the exchanges of the old site build their own responses */
	prebuilt_sweep(shared->prebuilt, true);
	error_replies_clear(shared->errors);
	prebuilt_resize(shared->prebuilt, shared->site->config.prebuilt_bytes);
	enable_prebuilt(shared);
}

void sender_sweep(struct exchange_shared *shared, bool all)
{
	prebuilt_sweep(shared->prebuilt, all);
}

void sender_fini(struct exchange_shared *shared)
{
	error_replies_free(shared->errors);
	prebuilt_table_free(shared->prebuilt);
}
