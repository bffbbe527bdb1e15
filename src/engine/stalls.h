/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detects devices that do not respond. A thread examines all devices several times per latency_ms:
 *
 *	DEVICE_RESPONDS --(a)--> DEVICE_READS_STALLED or DEVICE_STALLED --(b)--> DEVICE_RESPONDS
 *
 *	(a) Reads or jobs are in progress, none of them has ended for latency_ms, and a probe has been waiting for half
 *	    of this time. The device is only slow if the probe ends earlier.
 *	(b) A probe ends, or a read or a job ends.
 *
 * A probe is a thread that stats a directory of the device and reads a block of an open file of the device. If the
 * first call hangs, the state is DEVICE_STALLED. If only the read hangs, it is DEVICE_READS_STALLED. While a device is
 * stalled, its requests are rejected, so the probe shows when the device responds again.
 */
#ifndef ENGINE_STALLS_H
#define ENGINE_STALLS_H

#include "engine/devices.h"
#include "engine/offload.h"

struct stalls;

struct stalls_options {
	struct devices *devices;
	struct offload *offload;
	unsigned latency_ms; /* At least 1. */
	/*
	 * Called when a device stalls and when it responds again, on the thread of the stalls. stalled_ms is the
	 * duration of the stall. A stall soon after a reported one is not reported. May be NULL.
	 */
	void (*changed)(const struct device *device, enum device_state state, uint64_t stalled_ms);
};

/* Starts the thread. Returns 0 or -errno. The devices and the offload threads must outlive the object. */
int stalls_new(struct stalls **stalls, const struct stalls_options *options);
/* Ends the thread and frees the object. A probe that hangs ends when its device responds. NULL is allowed. */
void stalls_free(struct stalls *stalls);

#endif
