/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces epoll_wait(2) of the C library, also for shared libraries: the dynamic linker searches the program first.
 * libmicrohttpd calls epoll_wait() again as long as it returns the maximum number of events (MHD_epoll() in daemon.c,
 * 0.9.75 and 1.0.1), and has no option that limits this loop. With a lower maximum, the number of returned events
 * differs from the number that libmicrohttpd expects, so the loop ends after one call. The kernel keeps all other
 * events, and the epoll set stays readable.
 *
 * Without a limit, the function only calls the next definition, which is that of a sanitizer, of a preloaded library,
 * or of the C library. If a program is linked in a way that bypasses this function, passes are longer but correct.
 */
#include "mhd/event_limit.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/epoll.h>

typedef int (*epoll_wait_fn)(int, struct epoll_event *, int, int);

static epoll_wait_fn next;	    /* constant after the start of the program */
static _Thread_local int limit;	    /* 0: no limit */
static _Thread_local bool was_full; /* a call returned `limit` events */

/* Runs before main(), so there are no other threads. */
__attribute__((constructor)) static void find_next(void)
{
	next = (epoll_wait_fn)dlsym(RTLD_NEXT, "epoll_wait");
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
	const int allowed = limit > 0 && limit < most ? limit : most;
	int count;

	if (next == NULL) /* called before find_next(), or the program is linked statically */
		return epoll_pwait(epoll, events, allowed, timeout_ms, NULL);
	count = next(epoll, events, allowed, timeout_ms);
	if (limit > 0 && count == allowed)
		was_full = true;
	return count;
}

void event_limit_begin(int most)
{
	limit = most;
	was_full = false;
}

bool event_limit_end(void)
{
	limit = 0;
	return was_full;
}
