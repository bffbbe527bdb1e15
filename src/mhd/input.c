/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces recv(2) of the C library and gnutls_record_recv() of GnuTLS, also for shared libraries: the dynamic linker
 * searches the program first. libmicrohttpd (MHD) calls these functions to receive, and parses the bytes directly
 * afterwards. The connection of the last call is therefore the one that MHD's next message is about. This costs no
 * system call.
 *
 * Each function calls the next definition, which is that of a sanitizer, of a preloaded library, or of the library
 * itself. If a program is linked in a way that bypasses these functions, requests that MHD rejects before it has a
 * target are not logged.
 */
#include "mhd/input.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "mhd/records.h"

#define HTTP2_PREFACE "PRI * HTTP/2"
#define SPARE_DESCRIPTORS 64
#define MEMORY_MAX (64 * 1024) /* more than the memory of MHD for a connection */

typedef ssize_t (*recv_fn)(int, void *, size_t, int);
typedef ssize_t (*record_recv_fn)(gnutls_session_t, void *, size_t);

static recv_fn next_recv; /* constant after find_next(), like next_record_recv */
static record_recv_fn next_record_recv;
static _Thread_local struct input *active; /* NULL: calls on this thread are not noted */

/* Runs before main(), so there are no other threads. */
__attribute__((constructor)) static void find_next(void)
{
	next_recv = (recv_fn)dlsym(RTLD_NEXT, "recv");
	next_record_recv = (record_recv_fn)dlsym(RTLD_NEXT, "gnutls_record_recv");
}

/* Returns the reason for which a request that begins with these bytes is rejected. */
static enum counters_reason protocol_of(const struct connection *connection, const char *bytes, size_t length)
{
	if (!connection->peer.tls && length > 1 && bytes[0] == 0x16 && bytes[1] == 0x03) /* a ClientHello */
		return COUNTERS_PLAIN_TLS;
	if (length >= strlen(HTTP2_PREFACE) && memcmp(bytes, HTTP2_PREFACE, strlen(HTTP2_PREFACE)) == 0)
		return COUNTERS_HTTP2;
	return COUNTERS_BAD_REQUEST;
}

/*
 * Notes the first bytes after a request, or after the start of the connection. Ignores blank lines. MHD 0.9.75
 * overwrites the blank lines that it has parsed with NUL. They are among the first `before` bytes.
 */
static void note_start(struct connection *connection, size_t before)
{
	const char *bytes = connection->input;
	const size_t length = connection->buffered_bytes;
	size_t blank = 0;

	while (blank < length &&
	       (bytes[blank] == '\r' || bytes[blank] == '\n' || (bytes[blank] == '\0' && blank < before)))
		blank++;
	if (blank == length)
		return;
	connection->unparsed = true;
	connection->protocol = protocol_of(connection, bytes + blank, length - blank);
}

/*
 * Notes the result of a call. Ignores encrypted records of TLS, which records.c receives, but not their contents.
 *
 * MHD receives into one block of memory for each connection. Before a request, it moves the bytes that were received
 * together with the last request to the start of the block, and receives the next bytes after them. Therefore the
 * address of the next bytes shows how many bytes belong to no request.
 */
static void note(int fd, bool tls, const char *bytes, ssize_t length, bool ended)
{
	struct connection *connection = (size_t)fd < active->size ? active->connections[fd] : NULL;
	size_t before;

	if (connection == NULL || connection->peer.tls != tls)
		return;
	active->current = connection;
	connection->input_closed |= ended;
	if (connection->input == NULL)
		connection->input = bytes;
	before = (uintptr_t)bytes - (uintptr_t)connection->input;
	if (before > MEMORY_MAX) /* MHD tests the socket with a variable */
		return;
	if (connection->exchange == NULL)
		connection->buffered_bytes = before;
	if (length > 0)
		connection->buffered_bytes += (size_t)length;
	if (connection->exchange == NULL && !connection->unparsed)
		note_start(connection, before);
}

ssize_t recv(int fd, void *bytes, size_t length, int flags)
{
	/* next_recv is NULL before find_next(), or if the program is linked statically. */
	ssize_t got = next_recv != NULL ? next_recv(fd, bytes, length, flags)
					: recvfrom(fd, bytes, length, flags, NULL, NULL);

	if (active != NULL && (flags & MSG_PEEK) == 0)
		note(fd, false, bytes, got, got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR));
	return got;
}

ssize_t gnutls_record_recv(gnutls_session_t session, void *bytes, size_t length)
{
	ssize_t got = next_record_recv != NULL ? next_record_recv(session, bytes, length) : GNUTLS_E_PULL_ERROR;

	if (active != NULL)
		note(records_fd(session), true, bytes, got,
		     got == 0 || (got < 0 && got != GNUTLS_E_AGAIN && got != GNUTLS_E_INTERRUPTED));
	return got;
}

/* Makes room for a descriptor. Returns false if memory runs out. */
static bool grow(struct input *input, size_t fd)
{
	const size_t size = 2 * (fd + SPARE_DESCRIPTORS);
	struct connection **connections = realloc(input->connections, size * sizeof(*connections));

	if (connections == NULL)
		return false;
	memset(connections + input->size, 0, (size - input->size) * sizeof(*connections));
	input->connections = connections;
	input->size = size;
	return true;
}

void input_add(struct input *input, struct connection *connection)
{
	if ((size_t)connection->fd < input->size || grow(input, (size_t)connection->fd))
		input->connections[connection->fd] = connection;
}

void input_remove(struct input *input, struct connection *connection)
{
	if ((size_t)connection->fd < input->size && input->connections[connection->fd] == connection)
		input->connections[connection->fd] = NULL;
	if (input->current == connection)
		input->current = NULL;
}

void input_fini(struct input *input)
{
	free(input->connections);
}

void input_begin(struct input *input)
{
	active = input;
	input->current = NULL;
}

void input_end(void)
{
	active = NULL;
}
