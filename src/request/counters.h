/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The statistics of the requests of one reactor. Only the reactor's thread writes them. Any thread may read them at any
 * time, without a lock. The values that a reader sees are therefore not of one moment, but no counter ever decreases,
 * except the numbers of connections. See base/counter.h for the memory order: it is relaxed, since counters publish
 * nothing.
 */
#ifndef REQUEST_COUNTERS_H
#define REQUEST_COUNTERS_H

#include <stddef.h>

#include "base/counter.h"
#include "base/histogram.h"
#include "http/fields.h"
#include "store/store.h"

/* METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, and all others. */
#define COUNTERS_METHODS 4
#define COUNTERS_STATUSES 600 /* index 0: the client disconnected before there was a response */

/* The source of the bytes of a body. The first three are those of enum store_source. */
enum counters_source {
	COUNTERS_CACHE = STORE_CACHE,
	COUNTERS_COALESCED = STORE_COALESCED,
	COUNTERS_DISK = STORE_DISK,
	COUNTERS_OTHER = STORE_SOURCES, /* generated: errors, listings, the headers of the parts of a multipart */
	COUNTERS_SOURCES
};

/* Why a connection or a request was rejected. */
enum counters_reason {
	COUNTERS_MAX_CONNECTIONS,
	COUNTERS_MAX_CONNECTIONS_PER_CLIENT,
	COUNTERS_REQUESTS_PER_CLIENT,
	COUNTERS_TRANSFERS_PER_CLIENT,
	COUNTERS_DISK_QUEUE_TIMEOUT, /* 503: the queue of the device is longer than disk_queue_timeout */
	COUNTERS_BAD_REQUEST,	     /* 400, 413, 414, 417, 431: the request is invalid or too large */
	COUNTERS_ACCESS,	     /* 401, 403, 429: address, password or signature */
	COUNTERS_EXPIRED,	     /* 410: the signature has expired */
	COUNTERS_MEMORY,	     /* out of memory, or all memory of the cache is in use */
	COUNTERS_DESCRIPTORS,	     /* a connection was closed because all file descriptors were in use */
	COUNTERS_PROXY_PROTOCOL,     /* a connection did not begin with the required PROXY header */
	COUNTERS_REASONS
};

#define COUNTERS_PHASES 4 /* number of values of enum connection_phase */

struct counters {
	_Atomic uint64_t requests[COUNTERS_METHODS][COUNTERS_STATUSES];
	_Atomic uint64_t bytes[COUNTERS_SOURCES]; /* bytes of bodies that were sent */
	_Atomic uint64_t rejected[COUNTERS_REASONS];
	_Atomic uint64_t connections[COUNTERS_PHASES]; /* current number of connections in this phase */
	_Atomic uint64_t accepted;		       /* connections */
	struct histogram first_byte;		       /* time from the request line to the reply */
};

/* Return the label values of the metrics. The same names are used in JSON and in the manual. Any thread. */
const char *counters_method_name(unsigned method);
const char *counters_source_name(unsigned source);
const char *counters_reason_name(unsigned reason);
const char *counters_phase_name(unsigned phase);

/* Counts a request that has ended. Runs on the reactor's thread. */
static inline void counters_request(struct counters *counters, enum method method, unsigned status)
{
	unsigned row = method < METHOD_REFUSED ? method : COUNTERS_METHODS - 1;

	counter_add(&counters->requests[row][status < COUNTERS_STATUSES ? status : 0], 1);
}

/*
 * Counts a rejected connection or request. counters may be NULL: then nothing is counted. Runs on the reactor's thread.
 */
static inline void counters_reject(struct counters *counters, enum counters_reason reason)
{
	if (counters != NULL)
		counter_add(&counters->rejected[reason], 1);
}

#endif
