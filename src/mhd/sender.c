/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reply of a request becomes a response of MHD: a buffer if its bytes are in memory, or a callback that MHD takes the
 * body from. What is asked for all the time keeps its response (ready.c has the table), which is sent to any number of
 * clients at once. On the reactor's thread; a response that points into a request's memory holds its exchange. MHD's
 * own traps, and how they are kept out:
 *
 *  - an iovec reply of two or more elements lets a client abort the process: a body is one buffer, or a callback;
 *  - -1 from a content reader is success on a truncated body (but the end of one whose length is not known), 0 without
 * a suspend is a busy loop: it returns bytes or suspends;
 *  - where a reader ends a connection, with -1 or END_WITH_ERROR, in a pass in which nothing was sent on it, MHD
 * forgets to close it until all older connections have gone: see fail() and end_of_listing();
 *  - before 1.0, behind the fields of a HEAD or a 304 whose body would be of unknown length it sends the last chunk:
 * see make_fields_only();
 *  - over TLS a pass sends one record, at most 16 KiB: so that such a pass shows a sign of life (see server.c), longer
 * bodies are callbacks that give 16 KiB.
 */
#include "mhd/sender.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "mhd/exchange_log.h"
#include "request/prebuilt.h"
#include "steps/limit.h"

#define VARIANT_KEY UINT64_C(0x9e3779b97f4a7c15)
#define RECORD_BYTES (16 * 1024) /* of TLS: what one send moves, at most */
#define LISTING_BLOCK (16 * 1024)

/*
 * Ends the connection in mid-body. For MHD one more byte was read: sending it fails, since nothing can be sent any
 * more, and where sending fails MHD closes the connection at once. Returns what the content reader returns.
 */
static ssize_t fail(struct exchange *exchange, char *buffer)
{
	connection_cut(exchange->connection);
	*buffer = '\0';
	return 1;
}

/* Whether a reader may give anything now, and then how much of *length; else *answer is what it returns. */
static bool may_give(struct exchange *exchange, uint64_t taken_bytes, char *buffer, size_t *length, ssize_t *answer)
{
	uint64_t wait_ns = 0;

	exchange->shared->calls++;
	if (exchange->connection->cut) {
		*answer = fail(exchange, buffer);
		return false;
	}
	if (exchange->request.limited)
		*length = limit_grant(&exchange->request, *length, taken_bytes, &wait_ns);
	if (wait_ns > 0)
		*answer = exchange_pause(exchange, wait_ns) ? 0 : fail(exchange, buffer);
	return wait_ns == 0;
}

/* So much was read for it; or nothing is there yet, and it is suspended. False: neither, it can't go on. */
static bool gave(struct exchange *exchange, ssize_t n, uint64_t *taken_bytes, ssize_t *answer)
{
	*answer = n > 0 ? n : 0;
	if (n > 0) {
		if (exchange->request.limited)
			limit_use(&exchange->request, (size_t)n);
		*taken_bytes += (uint64_t)n;
	} else if (n == -EAGAIN) {
		exchange_suspend(exchange);
	}
	return n > 0 || n == -EAGAIN;
}

static ssize_t read_body(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	struct request *request = &exchange->request;
	size_t share = request_copy_bytes(request);
	ssize_t n, answer;

	(void)position;
	if (length > share)
		length = share;
	if (!may_give(exchange, exchange->taken_bytes, buffer, &length, &answer))
		return answer;
	n = transfer_read(request->transfer, buffer, length);
	if (gave(exchange, n, &exchange->taken_bytes, &answer))
		return answer;
	log_fault(n == -ESTALE ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
		  "/%s: at offset %" PRIu64 ": %s (transfer cut after %" PRIu64 " of %" PRIu64 " bytes)",
		  request->path.file, transfer_offset(request->transfer),
		  n == -ESTALE ? "the file changed" : strerror((int)-n), exchange->taken_bytes, request->reply.length);
	return fail(exchange, buffer);
}

/* A body that lies in memory, a record at a time. */
static ssize_t read_data(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	const struct reply *reply = &exchange->request.reply;

	exchange->shared->calls++;
	if (length > reply->length - position)
		length = (size_t)(reply->length - position);
	memcpy(buffer, (const char *)reply->data + position, length);
	exchange->taken_bytes += length;
	return (ssize_t)length;
}

/* In chunks MHD sends the last one. Without them, for HTTP/1.0, the connection ends behind what was sent: see fail().
 */
static ssize_t end_of_listing(struct exchange *exchange, char *buffer)
{
	if (!exchange->connection->close_ends_body)
		return MHD_CONTENT_READER_END_OF_STREAM;
	exchange->whole = true;
	exchange_finish(exchange);
	*buffer = '\0';
	return 1;
}

/* Its length is known to nobody yet: MHD sends it in chunks, or closes behind it. */
static ssize_t read_listing(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	struct request *request = &exchange->request;
	ssize_t n, answer;

	(void)position;
	if (!may_give(exchange, request->reply.length, buffer, &length, &answer))
		return answer;
	n = listing_read(request->listing, buffer, length);
	if (gave(exchange, n, &request->reply.length, &answer))
		return answer;
	if (n == 0)
		return end_of_listing(exchange, buffer);
	log_fault(LOG_LEVEL_ERROR, "/%s: %s (listing cut after %" PRIu64 " bytes)", request->path.file,
		  strerror((int)-n), request->reply.length);
	return fail(exchange, buffer);
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
 * The fields of a body of unknown length, without the body. Before 1.0 MHD would send the last chunk of the body that
 * it does not send, and the client would take it for the next reply: MHD is told to close the connection behind the
 * fields instead. So it is for a 304 of any version, because some clients wait for chunks behind a 304 that says
 * "Transfer-Encoding: chunked".
 */
static struct MHD_Response *make_fields_only(const struct exchange *exchange)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL, NULL);

	if (response != NULL && (exchange->shared->lenient || exchange->request.reply.status == 304))
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
		return MHD_create_response_from_buffer((size_t)reply->length, (void *)reply->data,
						       MHD_RESPMEM_PERSISTENT);
	case REPLY_LENGTH_ONLY:
		if (reply->length == REPLY_LENGTH_UNKNOWN)
			return make_fields_only(exchange);
		return MHD_create_response_from_callback(reply->length, 1, read_nothing, NULL, NULL);
	case REPLY_COPY: /* the bytes become the response's, and their extent is unpinned before the client has seen the
			    first one */
		response = MHD_create_response_from_buffer((size_t)reply->length, (void *)reply->data,
							   MHD_RESPMEM_MUST_COPY);
		store_release(exchange->site->store, &exchange->request.want);
		return response;
	case REPLY_SPAN:
		if (in_records)
			response = MHD_create_response_from_callback(reply->length, RECORD_BYTES, read_data, exchange,
								     reply_freed);
		else
			response = MHD_create_response_from_buffer_with_free_callback_cls(
				(size_t)reply->length, (void *)reply->data, reply_freed, exchange);
		break;
	case REPLY_READY: /* is one already */
		break;
	case REPLY_LISTING:
		exchange->connection->close_ends_body = strcmp(exchange->version, "HTTP/1.0") == 0;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LISTING_BLOCK, read_listing, exchange,
							     reply_freed);
		break;
	case REPLY_TRANSFER:
		if (in_records && block_bytes > RECORD_BYTES)
			block_bytes = RECORD_BYTES;
		response =
			MHD_create_response_from_callback(reply->length, block_bytes, read_body, exchange, reply_freed);
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

static void prebuilt_freed(void *cls)
{
	prebuilt_free(cls);
}

static void prebuilt_dropped(void *response)
{
	MHD_destroy_response(response);
}

/* A buffer is sent in one go, or over TLS by the record. */
static bool may_be_buffer(const struct request *request, size_t length)
{
	return length <= (request->peer->tls ? RECORD_BYTES : PREBUILT_BODY_MAX_BYTES);
}

/* Of a request that any client could make, for a file that is old enough for its validators to stay as they are. */
static bool may_be_ready(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	return (request->reply.body == REPLY_SPAN || request->reply.body == REPLY_COPY) &&
	       request->reply.status == 200 && !request->not_reusable && request->want.source == STORE_CACHE &&
	       may_be_buffer(request, request->want.length) && request->method == METHOD_GET &&
	       !exchange_is_last(exchange) && !request->want.transient && cache_waiting(exchange->site->cache) == 0 &&
	       request->validator.etag[0] != '\0' && !request->validator.weak;
}

/* Over TLS there may be a field more; and a variant has other fields than the same file asked for by its own name. */
static uint64_t prebuilt_key(const struct request *request)
{
	const uint64_t key = request->variant == NULL ? request->match.key : request->match.key ^ VARIANT_KEY;

	return request->secure && request_settings(request)->hsts_ms > 0 ? ~key : key;
}

/* From here on the reply is the table's, for this request too. If it can't be, it stays the request's own. */
static void make_ready(struct exchange_shared *shared, struct request *request)
{
	struct reply *reply = &request->reply;
	const size_t length = request->want.length;
	struct prebuilt *ready = prebuilt_add(shared->ready, request->file, prebuilt_key(request), &request->want);
	struct MHD_Response *response;

	if (ready == NULL)
		return;
	response = MHD_create_response_from_buffer_with_free_callback_cls(length, (void *)reply->data, prebuilt_freed,
									  ready);
	if (response == NULL || add_headers(response, reply, false) != MHD_YES) {
		request->want = ready->want; /* back */
		ready->want = (struct store_want){ .length = length };
		if (response != NULL)
			MHD_destroy_response(response);
		else
			prebuilt_free(ready);
		return;
	}
	ready->response = response;
	pins_set(&request->pins, 0); /* the table has bounds of its own */
	reply->body = REPLY_READY;
	reply->data = response;
}

/* For request_site.ready. */
static bool find_ready(void *context, struct request *request)
{
	struct exchange_shared *shared = context;
	const struct prebuilt *ready =
		shared->draining ? NULL : prebuilt_find(shared->ready, request->file, prebuilt_key(request));

	if (ready == NULL || !may_be_buffer(request, ready->want.length))
		return false;
	request->reply.body = REPLY_READY;
	request->reply.status = 200;
	request->reply.data = ready->response;
	request->reply.length = ready->want.length;
	store_note_hit(shared->site->store, ready->want.length);
	return true;
}

static enum MHD_Result send_made(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	struct MHD_Response *response = make_response(exchange);
	enum MHD_Result result = response != NULL ? add_headers(response, reply, exchange_is_last(exchange)) : MHD_NO;

	if (result == MHD_YES)
		result = MHD_queue_response(exchange->mhd, reply->status, response);
	if (response != NULL)
		MHD_destroy_response(response);
	return result;
}

bool sender_send(struct exchange *exchange)
{
	const struct reply *reply = &exchange->request.reply;
	enum MHD_Result result;

	exchange->source = exchange_log_source(&exchange->request);
	if (may_be_ready(exchange))
		make_ready(exchange->shared, &exchange->request);
	if (reply->body == REPLY_READY)
		result = MHD_queue_response(exchange->mhd, reply->status, (struct MHD_Response *)reply->data);
	else
		result = send_made(exchange);
	if (result != MHD_YES) {
		counters_reject(exchange->shared->site->counters, COUNTERS_MEMORY);
		log_fault(LOG_LEVEL_ERROR, "/%s: no reply could be made: out of memory", exchange->request.path.file);
	}
	exchange->reply_ns = clock_now_ns();
	histogram_add_single_writer(&exchange->shared->site->counters->first_byte, exchange->reply_ns - exchange->start_ns);
	connection_enter(exchange->connection, CONNECTION_SEND, exchange->reply_ns);
	return result == MHD_YES;
}

static void make_replies_ready(struct exchange_shared *shared)
{
	shared->site->ready = find_ready;
	shared->site->prebuilt_context = shared;
}

int sender_init(struct exchange_shared *shared)
{
	make_replies_ready(shared);
	return prebuilt_new(&shared->ready, shared->site->store, shared->site->prebuilt_bytes, prebuilt_dropped);
}

void sender_renew(struct exchange_shared *shared, struct request_site *before)
{
	before->ready = NULL;
	prebuilt_sweep(shared->ready, true);
	prebuilt_resize(shared->ready, shared->site->prebuilt_bytes);
	make_replies_ready(shared);
}

void sender_sweep(struct exchange_shared *shared, bool all)
{
	prebuilt_sweep(shared->ready, all);
}

void sender_fini(struct exchange_shared *shared)
{
	prebuilt_end(shared->ready);
}
