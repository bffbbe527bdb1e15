/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adds the header fields that describe the source of the first bytes of the body. In Server-Timing, "disk" is the
 * duration of the disk read. "wait" is the time until the bytes were available, without the disk read. This time is
 * spent in the queues for the disk and for memory, or in waiting for the read of another request. The fields have the
 * same values for each cache hit, so the reply can become a prebuilt response. The functions run on the reactor's
 * thread and own no objects.
 */
#include "steps/provenance.h"

#include <inttypes.h>

#include "base/clock.h"

#define NS_PER_US 1000

static void add_cache_status(struct request *request, enum store_source source)
{
	static const char *const values[STORE_SOURCES] = {
		[STORE_CACHE] = "ranged; hit",
		[STORE_COALESCED] = "ranged; fwd=miss; collapsed",
		[STORE_DISK] = "ranged; fwd=miss",
	};

	reply_header(&request->reply, "Cache-Status", values[source]);
}

static void add_server_timing(struct request *request, const struct store_want *want)
{
	uint64_t waited_ns = want->source != STORE_CACHE ? clock_now_ns() - request->content.wanted_ns : 0;
	uint64_t disk_us = (want->disk_ns < waited_ns ? want->disk_ns : waited_ns) / NS_PER_US,
		 wait_us = waited_ns / NS_PER_US - disk_us;

	reply_header_format(&request->reply, "Server-Timing",
			    "disk;dur=%" PRIu64 ".%03" PRIu64 ", wait;dur=%" PRIu64 ".%03" PRIu64, disk_us / 1000,
			    disk_us % 1000, wait_us / 1000, wait_us % 1000);
}

void provenance_begin(struct request *request)
{
	if (request_settings(request)->server_timing)
		request->content.wanted_ns = clock_now_ns();
}

void provenance_add(struct request *request)
{
	const struct settings *settings = request_settings(request);
	const struct store_want *want;

	if (!settings->cache_status && !settings->server_timing)
		return;
	want = request_first_want(request);
	if (want == NULL)
		return;
	if (settings->cache_status)
		add_cache_status(request, want->source);
	if (settings->server_timing)
		add_server_timing(request, want);
}
