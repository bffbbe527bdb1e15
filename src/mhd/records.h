/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of one TLS connection between GnuTLS and its socket. libmicrohttpd (MHD) passes at most 16 KiB of a
 * response to GnuTLS at a time, and the header separately. Without this module, each of these records would be sent
 * with a system call of its own, and each received record would be read with two. All functions run on the reactor's
 * thread.
 *
 *	MHD --> GnuTLS --> held records (at most RECORDS_HELD_BYTES) --> socket
 */
#ifndef MHD_RECORDS_H
#define MHD_RECORDS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#define RECORDS_HELD_BYTES ((size_t)36 * 1024) /* maximum size of the records that are held for one connection */
#define RECORDS_BUFFERS_MAX 64		       /* maximum number of connections whose records are held */

struct records;
struct records_buffer;

/* The buffers for held records, and the list of the connections with held records. Belongs to an engine. */
struct records_pool {
	struct records *held;	      /* list of the connections to which records_end_pass() applies */
	struct records_buffer *freed; /* buffers that are not in use */
	unsigned buffers;	      /* number of buffers, in use or not */
	unsigned passes;	      /* number of records_end_pass() calls */
};

/* Creates the state of a connection. Returns NULL if memory runs out. */
struct records *records_new(struct records_pool *pool, int fd);
/* Makes a session use the records instead of its socket. Must be called before the handshake. */
void records_attach(struct records *records, gnutls_session_t session);
/* Returns the socket of a session that uses records. */
int records_fd(gnutls_session_t session);
/* Notes that the handshake of a session that uses records is complete. */
void records_note_handshake(gnutls_session_t session);
bool records_is_handshaken(const struct records *records);
/* Sends as many held records as the socket accepts, and frees the state. Called before close(). NULL is allowed. */
void records_free(struct records *records);

/*
 * Announces that another record follows soon after the next one, so that the next record may be held. Each call
 * applies to one record. A record that nothing follows must not be announced: MHD would consider a response as sent
 * while a part of it is held. NULL is allowed.
 */
void records_hold_next(struct records *records);

/*
 * Combines the header and the short body of a response (together at most 32 KiB) into the fewest records. From now on,
 * GnuTLS collects the bytes, until records_uncork() sends them. The part that the socket does not accept is held, and
 * is sent by a later pass. MHD considers the response as sent meanwhile, so the connection must stay open after it.
 * Returns false, and does nothing, if `records` is NULL, if records of this connection are held, or if no buffer is
 * available.
 */
bool records_cork(struct records *records);
/*
 * Notes that MHD may set TCP_CORK, which it does to send a header together with its body. MHD then pushes the bytes by
 * setting TCP_NODELAY, but does so before records_uncork() sends them. NULL is allowed.
 */
void records_expect_tcp_cork(struct records *records);
/* Sends the bytes that GnuTLS has collected since records_cork(). Does nothing if records_cork() was not called. */
void records_uncork(struct records *records);
/* Returns true if a part of a response is held that MHD considers as sent. */
bool records_owed(const struct records *records);

/*
 * Ends a pass of MHD. Sends the held records of connections that had no new record in this pass, or of all connections
 * if no other pass follows at once.
 */
void records_end_pass(struct records_pool *pool, bool more);

/* Frees the buffers that are not in use. All records must have been freed. */
void records_pool_fini(struct records_pool *pool);

#endif
