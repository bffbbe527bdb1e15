/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Implements the functions that GnuTLS uses instead of recvmsg(2) and sendmsg(2).
 *
 * Output. A record that another record follows is copied into a buffer, and sent together with the following records.
 * The last record of a response is not held, so when GnuTLS has accepted it, the socket has the whole response.
 * records_cork() is the exception. If the socket is full, the held records stay in the buffer, GnuTLS gets EAGAIN for
 * the record after them, and MHD waits for EPOLLOUT. Therefore the held records need no watch of their own. A pass of
 * MHD produces at most one record of a long body, so records are held over passes, until the buffer is full or a pass
 * brings no new record.
 *
 * Input. GnuTLS reads the header of a record before its contents. The bytes after the header are read in advance, up to
 * the size of `input`. MHD reads until GnuTLS reports EAGAIN, so no bytes remain in `input` while MHD waits for the
 * socket.
 */
#include "mhd/records.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#define INPUT_BYTES 512 /* the record of a typical request fits */
#define PARTS_MAX 32	/* GnuTLS passes at most 32 parts (MAX_QUEUE in its buffers.c) */

/* A buffer for held records. */
struct records_buffer {
	struct records_buffer *next; /* in the list of free buffers */
	char bytes[RECORDS_HELD_BYTES];
};

struct records {
	struct records *next, *prev; /* in the list of the pool, if `listed` is set */
	struct records_pool *pool;
	gnutls_session_t session;
	int fd;
	bool hold_next;
	bool listed;
	bool handshaken;	       /* the handshake is complete */
	bool tcp_corked;	       /* the socket may have TCP_CORK set */
	bool corked;		       /* GnuTLS collects the bytes of a response */
	bool uncorking;		       /* GnuTLS sends these bytes; the socket may not accept all of them */
	bool owed;		       /* no other record follows the held records, so the list sends them */
	unsigned pass;		       /* the pass of the last held record */
	struct records_buffer *buffer; /* NULL if no record is held */
	size_t first, last;	       /* held bytes in the buffer */
	size_t input_first, input_last;
	char input[INPUT_BYTES];
};

/* --- buffers --- */

static struct records_buffer *take_buffer(struct records_pool *pool)
{
	struct records_buffer *buffer = pool->freed;

	if (buffer != NULL) {
		pool->freed = buffer->next;
	} else if (pool->buffers < RECORDS_BUFFERS_MAX) {
		buffer = malloc(sizeof(*buffer));
		pool->buffers += buffer != NULL;
	}
	return buffer;
}

static void remove_from_list(struct records *records)
{
	if (records->listed)
		DL_DELETE(records->pool->held, records);
	records->listed = false;
}

static void release_buffer(struct records *records)
{
	remove_from_list(records);
	if (records->buffer == NULL)
		return;
	records->buffer->next = records->pool->freed;
	records->pool->freed = records->buffer;
	records->buffer = NULL;
	records->first = records->last = 0;
	records->owed = false;
}

/* --- output --- */

static bool may_hold(struct records *records, size_t bytes)
{
	if (!records->hold_next || bytes > sizeof(records->buffer->bytes) - records->last)
		return false;
	if (records->buffer == NULL)
		records->buffer = take_buffer(records->pool);
	return records->buffer != NULL;
}

/* Copies the parts, except the first `skip` bytes, into the buffer. */
static void hold(struct records *records, const giovec_t *parts, int count, size_t skip)
{
	for (int i = 0; i < count; i++) {
		const size_t skipped = skip < parts[i].iov_len ? skip : parts[i].iov_len,
			     bytes = parts[i].iov_len - skipped;

		memcpy(records->buffer->bytes + records->last, (const char *)parts[i].iov_base + skipped, bytes);
		records->last += bytes;
		skip -= skipped;
	}
	records->pass = records->pool->passes;
	if (!records->listed)
		DL_APPEND(records->pool->held, records);
	records->listed = true;
}

/*
 * Sends the held bytes and then these parts. Returns the number of bytes of the parts that were sent, or -errno. The
 * result is -EAGAIN if held bytes are left.
 */
static ssize_t send_with_held(struct records *records, const giovec_t *parts, int count)
{
	const size_t held = records->last - records->first;
	struct iovec vector[1 + PARTS_MAX];
	struct msghdr message = { .msg_iov = vector };
	ssize_t sent;

	if (held > 0)
		vector[message.msg_iovlen++] =
			(struct iovec){ .iov_base = records->buffer->bytes + records->first, .iov_len = held };
	for (int i = 0; i < count && i < PARTS_MAX; i++)
		vector[message.msg_iovlen++] = parts[i];
	if (message.msg_iovlen == 0)
		return 0;
	sent = sendmsg(records->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	if ((size_t)sent < held) {
		records->first += (size_t)sent;
		return -EAGAIN;
	}
	release_buffer(records);
	return sent - (ssize_t)held;
}

/*
 * Holds the rest of a response that the socket has not accepted. records_cork() has reserved the buffer. If the buffer
 * was released, no other connection can have taken it meanwhile.
 */
static bool hold_rest(struct records *records, const giovec_t *parts, int count, size_t bytes, ssize_t sent)
{
	const size_t skip = sent > 0 ? (size_t)sent : 0;

	if (!records->uncorking || (sent < 0 && sent != -EAGAIN) || skip == bytes)
		return false;
	if (bytes - skip > sizeof(records->buffer->bytes) - records->last)
		return false;
	if (records->buffer == NULL)
		records->buffer = take_buffer(records->pool);
	if (records->buffer == NULL)
		return false;
	hold(records, parts, count, skip);
	records->owed = true;
	return true;
}

/* Implements gnutls_vec_push_func. */
static ssize_t push(gnutls_transport_ptr_t context, const giovec_t *parts, int count)
{
	struct records *records = context;
	size_t bytes = 0;
	ssize_t sent;

	for (int i = 0; i < count; i++)
		bytes += parts[i].iov_len;
	if (may_hold(records, bytes)) {
		records->hold_next = false;
		hold(records, parts, count, 0);
		return (ssize_t)bytes;
	}
	records->hold_next = false;
	sent = send_with_held(records, parts, count);
	if (hold_rest(records, parts, count, bytes, sent))
		return (ssize_t)bytes;
	if (sent == 0 && bytes > 0)
		sent = -EAGAIN;
	if (sent >= 0)
		return sent;
	errno = (int)-sent;
	return -1;
}

void records_hold_next(struct records *records)
{
	if (records != NULL)
		records->hold_next = true;
}

bool records_cork(struct records *records)
{
	if (records == NULL || records->buffer != NULL)
		return false;
	records->buffer = take_buffer(records->pool);
	if (records->buffer == NULL)
		return false;
	gnutls_record_cork(records->session);
	records->corked = true;
	return true;
}

void records_expect_tcp_cork(struct records *records)
{
	if (records != NULL)
		records->tcp_corked = true;
}

void records_uncork(struct records *records)
{
	if (records == NULL || !records->corked)
		return;
	records->corked = false;
	records->hold_next = false;
	records->uncorking = true;
	gnutls_record_uncork(records->session, 0);
	records->uncorking = false;
	if (records->tcp_corked)
		setsockopt(records->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (records->first == records->last) /* nothing was sent, or the socket has failed */
		release_buffer(records);
}

bool records_owed(const struct records *records)
{
	return records != NULL && records->owed;
}

/*
 * A connection whose socket is full leaves the list, because its next record sends the held records before itself. An
 * error of the socket is reported to GnuTLS with the next record, too. If no other record follows, the connection stays
 * in the list. MHD's epoll set reports EPOLLOUT, which starts the next pass.
 */
void records_end_pass(struct records_pool *pool, bool more)
{
	struct records *records, *next;
	ssize_t error;

	DL_FOREACH_SAFE(pool->held, records, next)
	{
		if (more && records->pass == pool->passes)
			continue;
		error = send_with_held(records, NULL, 0);
		if (error != -EAGAIN || !records->owed)
			remove_from_list(records);
	}
	pool->passes++;
}

/* --- input --- */

static size_t take_input(struct records *records, void *bytes, size_t size)
{
	const size_t available = records->input_last - records->input_first;

	if (size > available)
		size = available;
	memcpy(bytes, records->input + records->input_first, size);
	records->input_first += size;
	return size;
}

/* Implements gnutls_pull_func. */
static ssize_t pull(gnutls_transport_ptr_t context, void *bytes, size_t size)
{
	struct records *records = context;
	ssize_t received;

	if (records->input_first < records->input_last)
		return (ssize_t)take_input(records, bytes, size);
	if (size >= sizeof(records->input))
		return recv(records->fd, bytes, size, MSG_DONTWAIT);
	received = recv(records->fd, records->input, sizeof(records->input), MSG_DONTWAIT);
	if (received <= 0)
		return received;
	records->input_first = 0;
	records->input_last = (size_t)received;
	return (ssize_t)take_input(records, bytes, size);
}

/* Implements gnutls_pull_timeout_func. */
static int wait_for_input(gnutls_transport_ptr_t context, unsigned timeout_ms)
{
	const struct records *records = context;
	struct pollfd watch = { .fd = records->fd, .events = POLLIN };

	(void)timeout_ms; /* the reactor's thread must not wait */
	return records->input_first < records->input_last ? 1 : poll(&watch, 1, 0);
}

/* --- the connection --- */

struct records *records_new(struct records_pool *pool, int fd)
{
	struct records *records = calloc(1, sizeof(*records));

	if (records == NULL)
		return NULL;
	records->pool = pool;
	records->fd = fd;
	return records;
}

void records_attach(struct records *records, gnutls_session_t session)
{
	records->session = session;
	gnutls_transport_set_ptr(session, records);
	gnutls_transport_set_vec_push_function(session, push);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, wait_for_input);
}

int records_fd(gnutls_session_t session)
{
	return ((const struct records *)gnutls_transport_get_ptr(session))->fd;
}

void records_note_handshake(gnutls_session_t session)
{
	((struct records *)gnutls_transport_get_ptr(session))->handshaken = true;
}

bool records_is_handshaken(const struct records *records)
{
	return records->handshaken;
}

void records_free(struct records *records)
{
	if (records == NULL)
		return;
	send_with_held(records, NULL, 0);
	release_buffer(records);
	free(records);
}

void records_pool_fini(struct records_pool *pool)
{
	for (struct records_buffer *buffer; (buffer = pool->freed) != NULL;) {
		pool->freed = buffer->next;
		free(buffer);
	}
	pool->buffers = 0;
}
