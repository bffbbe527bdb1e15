/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A read in flight can be neither cancelled nor waited for if its disk hangs. Closing a file can wait for its
 * filesystem as well (FUSE, NFS). In both cases the process exits without freeing its objects.
 *
 * Two threads may end the process: the main thread and the thread with the time limit. The first thread that sets the
 * flag ends the process, and the other thread waits for the exit.
 */
#include "daemon/forced_exit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static unsigned limit_ms;

/* The flag is sequentially consistent. The flag publishes no data, and only decides which thread ends the process. */
static void claim_exit(void)
{
	static atomic_flag claimed = ATOMIC_FLAG_INIT;

	while (atomic_flag_test_and_set(&claimed))
		pause();
}

void forced_exit_now(void)
{
	log_warning("a disk does not respond; exiting with reads in flight");
	log_stop();
	_exit(EXIT_SUCCESS);
}

static void *run(void *context)
{
	const struct timespec limit = { .tv_sec = limit_ms / 1000,
					.tv_nsec = (long)(limit_ms % 1000 * CLOCK_NS_PER_MS) };

	(void)context;
	nanosleep(&limit, NULL);
	claim_exit();
	forced_exit_now();
	return NULL;
}

/* If the thread cannot be started and the process hangs, the service manager must kill the process. */
void forced_exit_after(unsigned ms)
{
	pthread_t thread;

	limit_ms = ms;
	if (pthread_create(&thread, NULL, run, NULL) == 0)
		pthread_detach(thread);
}

void forced_exit_cancel(void)
{
	claim_exit();
}
