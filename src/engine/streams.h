/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Divides the time for sending between streams. A stream is one long body. Ready streams are served by deficit round
 * robin (Shreedhar and Varghese, "Efficient Fair Queuing Using Deficit Round Robin", 1995): first between clients, then
 * between the streams of one client. The streams do not depend on sockets or HTTP. All functions run on the reactor's
 * thread.
 */
#ifndef ENGINE_STREAMS_H
#define ENGINE_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAMS_SEND_BYTES ((size_t)1024 * 1024) /* maximum number of bytes of one call of send() */

struct streams;
struct streams_client;

/* The caller allocates the struct, zero-initialises it, and must not move it while the stream is open. */
struct stream {
	/*
	 * Sends at most max_bytes, and sets *sent_bytes. Returns true if the stream can send more at once. After false,
	 * the owner of the stream calls streams_ready() when the stream can send again. Must return false if it closed
	 * the stream, whose memory stays valid until send() has returned.
	 */
	bool (*send)(struct stream *stream, size_t max_bytes, size_t *sent_bytes);
	/* Private. */
	struct streams_client *client; /* NULL: not open */
	uint64_t served_bytes;	       /* virtual time of the stream, see streams.c */
	struct stream *prev, *next;    /* in the list of ready streams of the client */
	bool ready;		       /* in this list */
};

/* Returns 0 with *streams owned by the caller, or -ENOMEM. */
int streams_new(struct streams **streams);
/* All streams must be closed. NULL is allowed. */
void streams_free(struct streams *streams);

/*
 * Opens a stream of a client. `client` is a key, which is compared and never dereferenced. The stream is not ready yet.
 * Returns 0 or -ENOMEM.
 */
int streams_open(struct streams *streams, struct stream *stream, const void *client);
/* Closes a stream. Does nothing if it is not open. May be called in send(). */
void streams_close(struct streams *streams, struct stream *stream);

/* Marks an open stream as ready, so that streams_run() calls its send(). Does nothing if it is ready already. */
void streams_ready(struct streams *streams, struct stream *stream);
/* Returns the number of open streams. */
unsigned streams_count(const struct streams *streams);
/* Returns true if a stream is ready. */
bool streams_any_ready(const struct streams *streams);

/*
 * Serves ready streams until none is ready or until_ns (CLOCK_MONOTONIC) has passed. At least one stream is served, so
 * the call may take the time of one send() longer. Clients that were not served come first in the next call.
 */
void streams_run(struct streams *streams, uint64_t until_ns);

#endif
