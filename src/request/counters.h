/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one reactor counts of the requests it answers. The reactor alone counts; any thread reads, at any time, without
 * asking it: so what is read is not of one moment, but no number of it ever goes back (connections aside).
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
#define COUNTERS_STATUSES 600 /* 0: its client left before there was an answer */

/* Where the bytes of a body came from: the first three are enum store_source. */
enum counters_source {
	COUNTERS_CACHE = STORE_CACHE,
	COUNTERS_COALESCED = STORE_COALESCED,
	COUNTERS_DISK = STORE_DISK,
	COUNTERS_OTHER =
		STORE_SOURCES, /* ranged made them: errors, listings, the text between the parts of a multipart */
	COUNTERS_SOURCES
};

/* Why a connection or a request was turned away. */
enum counters_reason {
	COUNTERS_MAX_CONNECTIONS,
	COUNTERS_MAX_CONNECTIONS_PER_CLIENT,
	COUNTERS_REQUESTS_PER_CLIENT,
	COUNTERS_TRANSFERS_PER_CLIENT,
	COUNTERS_DISK_LATENCY,	 /* 503: the device is behind */
	COUNTERS_BAD_REQUEST,	 /* 400, 413, 414, 431, 417 …: what was sent is no request that is served */
	COUNTERS_ACCESS,	 /* 401, 403, 429: addresses, passwords and signatures */
	COUNTERS_EXPIRED,	 /* 410: a signature that was good once */
	COUNTERS_MEMORY,	 /* of the process, or all of the cache is in use */
	COUNTERS_DESCRIPTORS,	 /* a connection came when all descriptors were in use */
	COUNTERS_PROXY_PROTOCOL, /* a connection began without the PROXY header that it must have */
	COUNTERS_REASONS
};

#define COUNTERS_PHASES 4 /* enum connection_phase */

struct counters {
	_Atomic uint64_t requests[COUNTERS_METHODS][COUNTERS_STATUSES];
	_Atomic uint64_t bytes[COUNTERS_SOURCES]; /* of bodies, sent */
	_Atomic uint64_t rejected[COUNTERS_REASONS];
	_Atomic uint64_t connections[COUNTERS_PHASES]; /* that are in this phase now */
	_Atomic uint64_t accepted;		       /* connections */
	struct histogram first_byte;		       /* from a request's first line to its reply */
};

const char *counters_method_name(unsigned method);
const char *counters_source_name(unsigned source);
const char *counters_reason_name(unsigned reason);
const char *counters_phase_name(unsigned phase);

static inline void counters_request(struct counters *counters, enum method method, unsigned status)
{
	unsigned row = method < METHOD_REFUSED ? method : COUNTERS_METHODS - 1;

	counter_add(&counters->requests[row][status < COUNTERS_STATUSES ? status : 0], 1);
}

/* counters: NULL, where nobody counts. */
static inline void counters_reject(struct counters *counters, enum counters_reason reason)
{
	if (counters != NULL)
		counter_add(&counters->rejected[reason], 1);
}

#endif
