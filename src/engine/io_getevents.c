/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces io_getevents() of libaio, with the same prototype and result. libaio of Debian 13 calls io_pgetevents(2),
 * which the seccomp profile of podman refuses. The profiles of all container engines allow io_getevents(2).
 *
 * As in libaio, a call that must not wait makes no system call if the ring of completed reads is empty. The kernel maps
 * the ring at the address of the context (fs/aio.c of the kernel).
 */
#include <errno.h>
#include <libaio.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RING_MAGIC 0xa10a10a1

struct ring {
	unsigned id, count;
	atomic_uint head, tail;
	unsigned magic;
};

static bool is_empty(const struct ring *ring)
{
	/* The kernel publishes the events by writing the tail. */
	return ring != NULL && ring->magic == RING_MAGIC &&
	       atomic_load_explicit(&ring->head, memory_order_relaxed) ==
		       atomic_load_explicit(&ring->tail, memory_order_acquire);
}

int io_getevents(io_context_t context, long min_nr, long nr, struct io_event *events, struct timespec *timeout)
{
	/* The kernel expects times of the size of long. On 32-bit machines, struct timespec may have another. */
	struct {
		long seconds, nanoseconds;
	} time = { 0, 0 };
	long got;

	if (timeout != NULL) {
		time.seconds = (long)timeout->tv_sec;
		time.nanoseconds = (long)timeout->tv_nsec;
		if (time.seconds == 0 && time.nanoseconds == 0 && is_empty((const struct ring *)context))
			return 0;
	}
	got = syscall(SYS_io_getevents, context, min_nr, nr, events, timeout != NULL ? &time : NULL);
	return got < 0 ? -errno : (int)got;
}
