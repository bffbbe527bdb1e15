/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices are added only at the head of a list, so the list is read without the lock. Devices are never removed,
 * because a machine has only a few filesystems and a file keeps the pointer to its device. A new device is published by
 * a sequentially consistent store of `first`, after all its members are set.
 *
 * An io_submit that takes longer than SLOW_NS counts as blocking. A call also exceeds SLOW_NS if its thread was
 * preempted, so one slow call does not demote a device. But filesystems that read cold metadata inside io_submit block
 * repeatedly: ext4 and XFS with fragmented files, btrfs with compression, FUSE beyond its max_background.
 *
 * The process owns the devices. The functions are thread-safe.
 */
#include "engine/devices.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

#define SLOW_NS UINT64_C(20000000)
#define SLOW_MAX 3 /* Number of slow calls per WINDOW_SUBMITS that demotes a device. */
#define WINDOW_SUBMITS 1000
#define EAGAIN_MIN 64  /* The mode is not changed before this many reads have failed with EAGAIN. */
#define EAGAIN_SHARE 4 /* At most one in this many reads may fail with EAGAIN. */

struct devices {
	struct devices_options options;
	pthread_mutex_t lock; /* Protects additions and changes of the limits. */
	_Atomic(struct device *) first;
};

int devices_new(struct devices **devices, const struct devices_options *options)
{
	struct devices *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	pthread_mutex_init(&made->lock, NULL);
	*devices = made;
	return 0;
}

void devices_free(struct devices *devices)
{
	struct device *next;

	if (devices == NULL)
		return;
	for (struct device *device = devices->first; device != NULL; device = next) {
		next = device->next;
		free(device);
	}
	pthread_mutex_destroy(&devices->lock);
	free(devices);
}

struct device *devices_first(struct devices *devices)
{
	return atomic_load(&devices->first);
}

struct device *devices_find(struct devices *devices, uint64_t id)
{
	struct device *device = devices_first(devices);

	while (device != NULL && device->id != id)
		device = device->next;
	return device;
}

/* The caller holds the lock of `devices`. */
static void set_depth(const struct devices *devices, struct device *device, unsigned depth, uint64_t depth_bytes)
{
	uint64_t most = devices->options.max_bytes;

	device->depth = depth;
	device->unlimited_bytes = depth_bytes;
	device->depth_bytes = most == 0 || depth_bytes < most ? depth_bytes : most;
}

void devices_set_depth(struct devices *devices, struct device *device, unsigned depth, uint64_t depth_bytes)
{
	pthread_mutex_lock(&devices->lock);
	set_depth(devices, device, depth, depth_bytes);
	pthread_mutex_unlock(&devices->lock);
}

void devices_set_max_bytes(struct devices *devices, uint64_t max_bytes)
{
	pthread_mutex_lock(&devices->lock);
	devices->options.max_bytes = max_bytes;
	for (struct device *device = devices_first(devices); device != NULL; device = device->next)
		set_depth(devices, device, device->depth, device->unlimited_bytes);
	pthread_mutex_unlock(&devices->lock);
}

struct device *devices_get(struct devices *devices, uint64_t id, enum device_mode mode)
{
	struct device *device = devices_find(devices, id), *made;

	if (device != NULL)
		return device;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return NULL;
	made->id = id;
	made->mode = (int)mode;
	made->depth_claimed = devices->options.depth_fixed;
	pthread_mutex_lock(&devices->lock);
	set_depth(devices, made, devices->options.depth, devices->options.depth_bytes);
	device = devices_find(devices, id); /* Another thread may have added the device meanwhile. */
	if (device == NULL) {
		made->next = devices->first;
		atomic_store(&devices->first, made);
	}
	pthread_mutex_unlock(&devices->lock);
	if (device == NULL)
		return made;
	free(made);
	return device;
}

uint64_t devices_latency_ns(const struct devices *devices)
{
	return devices->options.latency_ms * CLOCK_NS_PER_MS;
}

bool devices_reject_lookups(const struct devices *devices, const struct device *device, uint64_t now_ns)
{
	const uint64_t oldest_ns = atomic_load_explicit(&device->job_oldest_ns, memory_order_relaxed);
	const uint64_t latency_ns = devices_latency_ns(devices);

	if (atomic_load_explicit(&device->state, memory_order_relaxed) == DEVICE_STALLED)
		return true;
	return latency_ns > 0 && oldest_ns > 0 && now_ns > oldest_ns && now_ns - oldest_ns > latency_ns;
}

void devices_note_stale(const struct devices *devices, struct device *device, bool stale)
{
	if (atomic_load_explicit(&device->serves_stale, memory_order_relaxed) == stale ||
	    atomic_exchange(&device->serves_stale, stale) == stale)
		return;
	if (devices->options.stale != NULL)
		devices->options.stale(device, stale);
}

static void raise_to(_Atomic uint64_t *highest, uint64_t value)
{
	uint64_t before = atomic_load_explicit(highest, memory_order_relaxed);

	while (before < value && !atomic_compare_exchange_weak(highest, &before, value))
		;
}

void devices_note_submit(struct devices *devices, struct device *device, uint64_t spent_ns)
{
	uint64_t submits = atomic_fetch_add_explicit(&device->submits, 1, memory_order_relaxed) + 1;
	uint64_t windows = submits / WINDOW_SUBMITS + 1, slow;

	devices_count(&device->submit_ns, spent_ns);
	raise_to(&device->submit_max_ns, spent_ns);
	if (spent_ns < SLOW_NS)
		return;
	slow = atomic_fetch_add_explicit(&device->slow_submits, 1, memory_order_relaxed) + 1;
	if (slow < SLOW_MAX * windows || atomic_exchange(&device->mode, DEVICE_OFFLOAD) == DEVICE_OFFLOAD)
		return;
	if (devices->options.demoted != NULL)
		devices->options.demoted(device);
}

void devices_note_eagain(struct device *device)
{
	int nowait = DEVICE_NOWAIT;
	uint64_t again = atomic_fetch_add_explicit(&device->eagain, 1, memory_order_relaxed) + 1;

	if (again >= EAGAIN_MIN && again * EAGAIN_SHARE > atomic_load_explicit(&device->reads, memory_order_relaxed))
		atomic_compare_exchange_strong(&device->mode, &nowait, DEVICE_ASYNC);
}
