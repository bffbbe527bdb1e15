/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The callbacks that provide bodies to libmicrohttpd (MHD). All functions run on the reactor's thread.
 *
 * This file works around the following properties of MHD:
 *
 * - If a content reader returns -1 (END_OF_STREAM) for a body of known length, MHD reports success for a truncated
 *   body. If a content reader returns 0 without suspending the connection, MHD loops. A content reader therefore
 *   returns bytes or suspends the connection. It returns -1 only for bodies of unknown length.
 * - If a content reader ends a connection with -1 or END_WITH_ERROR in a pass that has sent no bytes on this
 *   connection, MHD closes the connection only after all older connections. See abort_body() and end_of_listing().
 */
#include "mhd/readers.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <string.h>

#include "base/log.h"
#include "mhd/direct.h"
#include "mhd/exchange_log.h"
#include "mhd/records.h"
#include "mhd/watch.h"
#include "steps/limit.h"

/*
 * Aborts the connection in the middle of a body. Returns the result for the content reader, which is one byte. MHD
 * tries to send the byte, fails because the socket is shut down, and closes the connection at once.
 */
static ssize_t abort_body(struct exchange *exchange, char *buffer)
{
	connection_abort(exchange->connection);
	*buffer = '\0';
	return 1;
}

/*
 * Returns true if a content reader may provide bytes now, and reduces *length to the number of bytes that the rate
 * limit grants. Otherwise sets *result to the result of the content reader.
 */
static bool may_provide(struct exchange *exchange, uint64_t sent_bytes, char *buffer, size_t *length, ssize_t *result)
{
	uint64_t wait_ns = 0;

	exchange->shared->calls++;
	if (exchange->connection->aborted) {
		*result = abort_body(exchange, buffer);
		return false;
	}
	if (exchange->request.limits.limited)
		*length = limit_grant(&exchange->request, *length, sent_bytes, &wait_ns);
	if (wait_ns == 0)
		return true;
	watch_begin(exchange); /* without a watch, MHD detects an abort at the next send */
	*result = exchange_pause(exchange, wait_ns) ? 0 : abort_body(exchange, buffer);
	return false;
}

/*
 * Handles the result of a read. Counts n bytes, or suspends the connection if n is -EAGAIN. Returns true and sets
 * *result to the result of the content reader, or returns false at the end of the body and for other errors.
 */
static bool handle_read(struct exchange *exchange, ssize_t n, uint64_t *sent_bytes, ssize_t *result)
{
	*result = n > 0 ? n : 0;
	if (n > 0) {
		if (exchange->request.limits.limited)
			limit_use(&exchange->request, (size_t)n);
		*sent_bytes += (uint64_t)n;
		/* For a listing, sent_bytes points to reply.length, and no record is held. */
		if (*sent_bytes < exchange->request.reply.length)
			records_hold_next(exchange->connection->records);
	} else if (n == -EAGAIN) {
		watch_begin(exchange); /* without a watch, MHD detects an abort when the wait ends */
		exchange_suspend(exchange);
	}
	return n > 0 || n == -EAGAIN;
}

ssize_t readers_body(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	struct request *request = &exchange->request;
	size_t share = request_copy_bytes(request);
	ssize_t n, result;

	(void)position;
	if (length > share)
		length = share;
	if (!may_provide(exchange, exchange->sent_bytes, buffer, &length, &result))
		return result;
	n = transfer_read(request->body.transfer, buffer, length);
	if (handle_read(exchange, n, &exchange->sent_bytes, &result))
		return result;
	exchange_log_body_failed(exchange, (int)n);
	return abort_body(exchange, buffer);
}

ssize_t readers_last_byte(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;

	(void)position;
	(void)length;
	exchange->shared->calls++;
	if (!exchange->connection->aborted && !direct_continue(exchange))
		return 0;
	if (exchange->connection->aborted)
		return abort_body(exchange, buffer);
	*buffer = exchange->direct.last;
	return 1;
}

ssize_t readers_data(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	const struct reply *reply = &exchange->request.reply;

	exchange->shared->calls++;
	if (length > reply->length - position)
		length = (size_t)(reply->length - position);
	memcpy(buffer, (const char *)reply->data + position, length);
	exchange->sent_bytes += length;
	if (position + length < reply->length)
		records_hold_next(exchange->connection->records);
	return (ssize_t)length;
}

/*
 * Ends the body of a listing. If the body is sent in chunks, MHD sends the last chunk. Without chunks (HTTP/1.0), the
 * end of the connection ends the body, so the output is shut down and the result is one byte, as in abort_body().
 */
static ssize_t end_of_listing(struct exchange *exchange, char *buffer)
{
	if (!exchange->connection->close_ends_body)
		return MHD_CONTENT_READER_END_OF_STREAM;
	exchange->whole = true;
	exchange_shutdown_write(exchange);
	*buffer = '\0';
	return 1;
}

ssize_t readers_listing(void *cls, uint64_t position, char *buffer, size_t length)
{
	struct exchange *exchange = cls;
	struct request *request = &exchange->request;
	ssize_t n, result;

	(void)position;
	if (!may_provide(exchange, request->reply.length, buffer, &length, &result))
		return result;
	n = listing_read(request->body.listing, buffer, length);
	if (handle_read(exchange, n, &request->reply.length, &result))
		return result;
	if (n == 0)
		return end_of_listing(exchange, buffer);
	log_fault(LOG_LEVEL_ERROR, "/%s: %s; listing aborted after %" PRIu64 " bytes", request->path.file,
		  strerror((int)-n), request->reply.length);
	return abort_body(exchange, buffer);
}

ssize_t readers_nothing(void *cls, uint64_t position, char *buffer, size_t length)
{
	(void)cls;
	(void)position;
	(void)buffer;
	(void)length;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}
