/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The direct way to send a long body. libmicrohttpd (MHD) parses the request and sends the header. For MHD, the
 * response has a body of one byte; the Content-Length of the whole body is a field of the response. When MHD asks for
 * this byte, the header is in the socket, and the body becomes a stream (engine/streams.h). The connection is
 * suspended, so MHD does not use the socket. send_stream() sends the pieces of the transfer with one sendmsg(2) for up
 * to 1 MiB. When all bytes but the last one are in the socket, the connection is resumed, and MHD sends the last byte.
 * From then on, MHD handles the connection as usual.
 *
 * A large send costs much less than several small ones, but its pieces are pinned. The size of a send therefore adapts
 * to the client: it doubles while the client takes all bytes, and is halved if the client takes less than half.
 *
 * If nothing else is being sent, the first bytes are sent at once, without suspending the connection. Most bodies of up
 * to a few MiB end that way.
 *
 * There are at most STREAMS_MAX streams. Each time MHD resumes a connection, it walks the list of all suspended
 * connections, so thousands of slow readers would delay other requests. Beyond the limit, bodies are sent through MHD.
 *
 * MHD sends a body in one extent (REPLY_SPAN) with its header. However, if many clients request such bodies at once,
 * MHD would send all of them before it returns. After the first part of an iteration of the event loop, such bodies are
 * therefore sent directly, too.
 */
#include "mhd/direct.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "mhd/exchange_log.h"
#include "mhd/watch.h"
#include "steps/limit.h"

#define LENGTH_MIN_BYTES ((uint64_t)32 * 1024) /* a shorter body is copied, which costs less than a send of its own */
#define SPAN_MIN_BYTES ((uint64_t)64 * 1024)
#define SEND_MIN_BYTES ((size_t)64 * 1024)
#define STREAMS_MAX 512
#define PIECES_MAX 32 /* elements of one sendmsg(2) */

bool direct_may_send(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	if (!request->direct || streams_count(exchange->shared->streams) >= STREAMS_MAX)
		return false;
	if (request->reply.body == REPLY_SPAN)
		return request->reply.length >= SPAN_MIN_BYTES && clock_now_ns() >= exchange->shared->spans_until_ns;
	return request->reply.body == REPLY_TRANSFER && request->reply.length >= LENGTH_MIN_BYTES;
}

/* Aborts the body because of an error of the transfer or of the socket. */
static bool fail(struct exchange *exchange)
{
	exchange_abort(exchange);
	return false;
}

/*
 * Reduces *bytes to the number of bytes that the rate limits grant, and returns true. If they grant none, pauses the
 * stream and returns false. If no timer is available, aborts the body instead.
 */
static bool is_granted(struct exchange *exchange, size_t *bytes)
{
	uint64_t wait_ns = 0;

	if (!exchange->request.limits.limited)
		return true;
	*bytes = limit_grant(&exchange->request, *bytes, exchange->sent_bytes, &wait_ns);
	if (wait_ns == 0)
		return true;
	return exchange_pause(exchange, wait_ns) ? false : fail(exchange);
}

/* Handles a result of gather() that is 0 or negative. Waits for the read if the result is -EAGAIN. */
static bool without_bytes(struct exchange *exchange, ssize_t error)
{
	if (error == -EAGAIN) {
		exchange->direct.state = DIRECT_STARVED;
		return false;
	}
	exchange_log_body_failed(exchange, error < 0 ? (int)error : -EIO);
	return fail(exchange);
}

static void set_send_bytes(struct exchange *exchange, size_t bytes)
{
	exchange->direct.send_bytes = bytes;
	if (exchange->request.body.transfer != NULL)
		transfer_set_send_bytes(exchange->request.body.transfer, bytes);
}

/* The socket is full: waits for the client, and halves the size of the next send if the client took little. */
static void socket_is_full(struct exchange *exchange)
{
	struct direct *direct = &exchange->direct;

	if (direct->burst_bytes < direct->send_bytes / 2 && direct->send_bytes > SEND_MIN_BYTES)
		set_send_bytes(exchange, direct->send_bytes / 2);
	direct->burst_bytes = 0;
	direct->state = DIRECT_BLOCKED;
	exchange->connection->blocked = true;
}

/*
 * The socket has taken all bytes: doubles the size of the next send if the client takes that much at a time. The window
 * grows to this size only now, because many clients disconnect after the first bytes.
 */
static void all_was_taken(struct exchange *exchange)
{
	const struct direct *direct = &exchange->direct;
	const bool grows = direct->burst_bytes >= direct->send_bytes && direct->send_bytes < STREAMS_SEND_BYTES;

	set_send_bytes(exchange, grows ? 2 * direct->send_bytes : direct->send_bytes);
}

/* Finds the next bytes of the body, like transfer_gather(). */
static ssize_t gather(struct exchange *exchange, struct iovec *pieces, unsigned *count, size_t max_bytes)
{
	const struct request *request = &exchange->request;

	if (request->body.transfer != NULL)
		return transfer_gather(request->body.transfer, pieces, PIECES_MAX, count, max_bytes);
	pieces[0] = (struct iovec){ (char *)request->reply.data + exchange->sent_bytes, max_bytes };
	*count = 1;
	return (ssize_t)max_bytes;
}

/* Counts bytes of the body as sent. */
static void count_sent(struct exchange *exchange, size_t bytes)
{
	if (exchange->request.limits.limited)
		limit_use(&exchange->request, bytes);
	exchange->sent_bytes += bytes;
	if (exchange->request.body.transfer != NULL)
		transfer_consume(exchange->request.body.transfer, bytes);
}

/* Ends the stream, because only the last byte remains. */
static bool finish(struct exchange *exchange)
{
	count_sent(exchange, 1);
	exchange_end_stream(exchange);
	return false;
}

/* Returns the number of bytes that the socket has taken, 0 if it is full, or -errno. */
static ssize_t send_pieces(const struct connection *connection, struct iovec *pieces, unsigned count, bool more)
{
	const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
	ssize_t n;

	do
		n = sendmsg(connection->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? 0 : -errno;
}

/* Sends pieces of the body, except the last byte of the body. */
static bool send_gathered(struct exchange *exchange, struct iovec *pieces, unsigned count, size_t bytes,
			  size_t *sent_bytes)
{
	struct direct *direct = &exchange->direct;
	const bool is_end = exchange->sent_bytes + bytes == exchange->request.reply.length;
	ssize_t n = 0;

	if (is_end) {
		direct->last = ((const char *)pieces[count - 1].iov_base)[--pieces[count - 1].iov_len];
		bytes--;
	}
	if (bytes > 0)
		n = send_pieces(exchange->connection, pieces, count, is_end);
	if (n < 0)
		return fail(exchange);
	*sent_bytes = (size_t)n;
	direct->burst_bytes += (size_t)n;
	if ((size_t)n < bytes)
		socket_is_full(exchange);
	else
		all_was_taken(exchange);
	count_sent(exchange, (size_t)n);
	if ((size_t)n < bytes)
		return false;
	return is_end ? finish(exchange) : true;
}

/* Implements send() of the stream. */
static bool send_stream(struct stream *stream, size_t max_bytes, size_t *sent_bytes)
{
	struct exchange *exchange = container_of(stream, struct exchange, direct.stream);
	const uint64_t left = exchange->request.reply.length - exchange->sent_bytes;
	size_t bytes = exchange->direct.send_bytes;
	struct iovec pieces[PIECES_MAX];
	unsigned count;
	ssize_t n;

	if (bytes > max_bytes)
		bytes = max_bytes;
	if (bytes > left)
		bytes = (size_t)left;
	if (!is_granted(exchange, &bytes))
		return false;
	n = gather(exchange, pieces, &count, bytes);
	if (n <= 0)
		return without_bytes(exchange, n);
	return send_gathered(exchange, pieces, count, (size_t)n, sent_bytes);
}

/* Returns the key of the client for the streams. The peer of a Unix socket may act for many clients. */
static const void *client_key(const struct exchange *exchange)
{
	const struct client *client = request_client(&exchange->request);

	return client != NULL && !client->local ? (const void *)client : exchange->connection;
}

/* Sends at once if no other stream is ready, while MHD has time left in this iteration of the event loop. */
static void send_inline(struct exchange *exchange)
{
	const struct exchange_shared *shared = exchange->shared;
	struct direct *direct = &exchange->direct;
	bool more = !streams_any_ready(shared->streams);
	size_t sent_bytes;

	while (more && clock_now_ns() < shared->inline_until_ns)
		more = send_stream(&direct->stream, STREAMS_SEND_BYTES, &sent_bytes);
}

void direct_cork(const struct exchange *exchange, bool corked)
{
	if (exchange->connection->peer.address.ss_family != AF_UNIX)
		setsockopt(exchange->connection->fd, IPPROTO_TCP, TCP_CORK, &(int){ corked }, sizeof(int));
}

/* Opens the stream of a body whose header has been sent. */
static void begin(struct exchange *exchange)
{
	struct direct *direct = &exchange->direct;

	direct->state = DIRECT_READY;
	direct->stream.send = send_stream;
	direct->send_bytes = STREAMS_SEND_BYTES;
	if (streams_open(exchange->shared->streams, &direct->stream, client_key(exchange)) != 0) {
		exchange_abort(exchange);
		return;
	}
	send_inline(exchange);
	direct_cork(exchange, false);
}

bool direct_continue(struct exchange *exchange)
{
	struct direct *direct = &exchange->direct;

	if (direct->state == DIRECT_OFF)
		begin(exchange);
	if (direct->state == DIRECT_DONE || exchange->connection->aborted)
		return true;
	if (watch_begin(exchange) != 0) {
		exchange_abort(exchange);
		return true;
	}
	exchange_suspend(exchange);
	if (direct->state == DIRECT_READY)
		streams_ready(exchange->shared->streams, &direct->stream);
	return false;
}
