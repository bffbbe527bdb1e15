/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deficit round robin. Each client with ready streams is in a ring. When a client is served, its credit grows by one
 * quantum of bytes. Its streams send until little of the credit is left or no stream is ready. A client without ready
 * streams loses its credit, so that it cannot save credit for later. The quantum is the maximum size of one send, so
 * that a client with one stream sends once in each round.
 *
 * Among the ready streams of a client, the stream that has sent the fewest bytes is next. Otherwise a stream that sends
 * little at a time would be slower than the others, and several readers of one file would move apart until the cache
 * could not keep the bytes between them. A stream that was not ready for long catches up with at most LAG_MAX_BYTES.
 *
 * served_bytes is the virtual time of start-time fair queueing (Goyal, Vin and Cheng, 1996). A new stream starts at the
 * virtual time of its client. After each send, the client's virtual time also grows by the sent bytes divided by the
 * number of streams. Otherwise it would not grow while a client opens new streams all the time, and the older streams
 * would not be served.
 *
 * The record of a client exists while the client has an open stream. All functions run on the reactor's thread.
 */
#include "engine/streams.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"

#define QUANTUM_BYTES STREAMS_SEND_BYTES
#define LAG_MAX_BYTES (16 * STREAMS_SEND_BYTES)
#define INSPECT_MAX 64			     /* maximum number of ready streams among which the next one is chosen */
#define CREDIT_MIN_BYTES (QUANTUM_BYTES / 4) /* the next client is served below this, because small sends are costly */

struct streams_client {
	const void *key;
	uint64_t served_bytes; /* virtual time: at least served_bytes of the stream that was served last */
	unsigned open;	       /* number of open streams, and 1 while streams_run() serves the client */
	size_t credit_bytes;   /* bytes that the client may still send in this round */
	struct stream *ready;  /* list of ready streams */
	bool in_ring;	       /* in streams->ring */
	struct streams_client *prev, *next;
	UT_hash_handle hh;
};

struct streams {
	struct streams_client *clients; /* hash table of all clients by key */
	struct streams_client *ring;	/* clients with ready streams; the first one is served next */
	unsigned count;			/* number of open streams */
};

int streams_new(struct streams **streams)
{
	*streams = calloc(1, sizeof(**streams));
	return *streams != NULL ? 0 : -ENOMEM;
}

void streams_free(struct streams *streams)
{
	assert(streams == NULL || streams->clients == NULL);
	free(streams);
}

static struct streams_client *client_get(struct streams *streams, const void *key)
{
	struct streams_client *client;

	HASH_FIND_PTR(streams->clients, &key, client);
	if (client != NULL)
		return client;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return NULL;
	client->key = key;
	HASH_ADD_PTR(streams->clients, key, client);
	if (client->hh.tbl == NULL) {
		free(client);
		return NULL;
	}
	return client;
}

/* Drops one use of the client. The last use frees it. */
static void client_drop(struct streams *streams, struct streams_client *client)
{
	if (--client->open > 0)
		return;
	assert(!client->in_ring);
	HASH_DEL(streams->clients, client);
	free(client);
}

static void ring_leave(struct streams *streams, struct streams_client *client)
{
	client->credit_bytes = 0;
	client->in_ring = false;
	DL_DELETE(streams->ring, client);
}

int streams_open(struct streams *streams, struct stream *stream, const void *client)
{
	assert(stream->client == NULL);
	stream->client = client_get(streams, client);
	if (stream->client == NULL)
		return -ENOMEM;
	stream->client->open++;
	streams->count++;
	stream->served_bytes = stream->client->served_bytes;
	return 0;
}

static void unready(struct stream *stream)
{
	stream->ready = false;
	DL_DELETE(stream->client->ready, stream);
}

void streams_close(struct streams *streams, struct stream *stream)
{
	struct streams_client *client = stream->client;

	if (client == NULL)
		return;
	if (stream->ready)
		unready(stream);
	if (client->in_ring && client->ready == NULL)
		ring_leave(streams, client);
	stream->client = NULL;
	streams->count--;
	client_drop(streams, client);
}

void streams_ready(struct streams *streams, struct stream *stream)
{
	struct streams_client *client = stream->client;

	if (stream->ready)
		return;
	stream->ready = true;
	if (stream->served_bytes + LAG_MAX_BYTES < client->served_bytes)
		stream->served_bytes = client->served_bytes - LAG_MAX_BYTES;
	DL_APPEND(client->ready, stream);
	if (client->in_ring)
		return;
	client->in_ring = true;
	DL_APPEND(streams->ring, client);
}

unsigned streams_count(const struct streams *streams)
{
	return streams->count;
}

bool streams_any_ready(const struct streams *streams)
{
	return streams->ring != NULL;
}

/* Returns the ready stream with the smallest virtual time, among the first ones of the list. */
static struct stream *next_stream(const struct streams_client *client)
{
	struct stream *best = client->ready, *stream = best;

	for (unsigned i = 1; i < INSPECT_MAX && (stream = stream->next) != NULL; i++)
		if (stream->served_bytes < best->served_bytes)
			best = stream;
	return best;
}

/* Lets the next ready stream of the client send once. */
static void serve_stream(struct streams *streams, struct streams_client *client)
{
	struct stream *stream = next_stream(client);
	const size_t max_bytes = client->credit_bytes < STREAMS_SEND_BYTES ? client->credit_bytes : STREAMS_SEND_BYTES;
	const unsigned count = client->open - 1;
	size_t sent_bytes = 0;
	bool more;

	if (client->served_bytes < stream->served_bytes)
		client->served_bytes = stream->served_bytes;
	unready(stream);
	more = stream->send(stream, max_bytes, &sent_bytes);
	stream->served_bytes += sent_bytes;
	client->served_bytes += sent_bytes / count;
	if (more)
		streams_ready(streams, stream);
	client->credit_bytes -= sent_bytes < client->credit_bytes ? sent_bytes : client->credit_bytes;
}

/* Serves one client until its credit is used up, no stream of it is ready, or the time is over. */
static void serve_client(struct streams *streams, struct streams_client *client, uint64_t until_ns)
{
	if (client->credit_bytes < CREDIT_MIN_BYTES)
		client->credit_bytes += QUANTUM_BYTES;
	do
		serve_stream(streams, client);
	while (client->ready != NULL && client->credit_bytes >= CREDIT_MIN_BYTES && clock_now_ns() < until_ns);
	if (client->in_ring && client->ready == NULL)
		ring_leave(streams, client);
}

void streams_run(struct streams *streams, uint64_t until_ns)
{
	while (streams->ring != NULL) {
		struct streams_client *client = streams->ring;

		client->open++; /* send() may close all streams of the client */
		serve_client(streams, client, until_ns);
		/* A client that has used its credit goes to the end. One that was interrupted continues next time. */
		if (client->in_ring && client->credit_bytes < CREDIT_MIN_BYTES) {
			DL_DELETE(streams->ring, client);
			DL_APPEND(streams->ring, client);
		}
		client_drop(streams, client);
		if (clock_now_ns() >= until_ns)
			return;
	}
}
