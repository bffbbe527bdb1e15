/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has been counted so far, as lines of the log: "stats SUBJECT key=value key=value …". */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include <stdint.h>

#include "engine/devices.h"
#include "http/rules.h"
#include "store/cache.h"
#include "store/store.h"

/* The parts of a turn of the loop that could stall it. */
enum report_section { REPORT_EVENTS, REPORT_HTTP, REPORT_QUEUE, REPORT_SUBMIT, REPORT_SECTIONS };

#define REPORT_STALL_NS UINT64_C(10000000) /* a part that took longer is a stall */

/* Of one worker. */
struct report_worker {
	struct store_stats store;
	unsigned connections, queued, in_flight;
	uint64_t turns;
	uint64_t stalls[REPORT_SECTIONS], longest_ns[REPORT_SECTIONS];
};

/* Any thread; the numbers of the cache and the devices are taken now. */
void report_log(const struct report_worker *workers, unsigned count, struct cache *cache, const struct rules *rules, struct devices *devices);

#endif
