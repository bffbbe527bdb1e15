/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A read in flight can be neither cancelled nor waited for if its disk hangs. Closing a file can wait for its
 * filesystem as well (FUSE, NFS). In both cases the process exits without freeing its objects.
 *
 * The exit of a process waits for the same events. The kernel waits for all reads in flight before it frees the memory,
 * and a FUSE filesystem is asked to flush each file that is closed. Until then the parent cannot reap the process. So a
 * helper process shares the memory and the descriptors of this process, and outlives it. The exit of this process then
 * frees nothing. The helper ends when the storage responds. A thread that the kernel does not allow to be killed still
 * delays the exit, for example a thread that reads metadata from a hung disk.
 *
 * Two threads may end the process: the main thread and the thread with the time limit. The first thread that sets the
 * flag ends the process, and the other thread waits for the exit.
 */
#include "daemon/forced_exit.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unchecked.h"

#define STACK_BYTES 16384
#define CHECK_MS 10

/* The helper shares the thread-local data of the thread that exits, so its code is unchecked. */
static unsigned limit_ms;
static int last_fd;  /* the highest descriptor */
static pid_t parent; /* this process */
static char stack[STACK_BYTES] __attribute__((aligned(16)));

/* The flag is sequentially consistent. The flag publishes no data, and only decides which thread ends the process. */
static void claim_exit(void)
{
	static atomic_flag claimed = ATOMIC_FLAG_INIT;

	while (atomic_flag_test_and_set(&claimed))
		pause();
}

/* Closes the connections, which the helper would keep open. Other threads may still use the descriptors. */
static void shut_down_sockets(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		int fd = atoi(entry->d_name);

		last_fd = fd > last_fd ? fd : last_fd;
		shutdown(fd, SHUT_RDWR); /* fails for other descriptors */
	}
	if (directory != NULL)
		closedir(directory);
}

UNCHECKED static int is_socket(int fd)
{
	int type;
	socklen_t length = sizeof(type);

	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
}

/* The helper. Waits until the process has ended, closes the sockets, and exits, which may wait for storage. */
UNCHECKED static int outlive(void *context)
{
	const struct timespec step = { .tv_nsec = CHECK_MS * CLOCK_NS_PER_MS };

	(void)context;
	while (syscall(SYS_getppid) == parent)
		syscall(SYS_nanosleep, &step, NULL);
	for (int fd = 0; fd <= last_fd; fd++)
		if (is_socket(fd))
			syscall(SYS_close, fd);
	syscall(SYS_exit_group, 0);
	return 0;
}

/*
 * If the helper cannot be created, the exit waits for the storage. ThreadSanitizer replaces clone(), and does not
 * support a process that shares the memory.
 */
static void start_helper(void)
{
	parent = getpid();
#ifdef __SANITIZE_THREAD__
	(void)outlive, (void)stack;
#else
	clone(outlive, stack + STACK_BYTES, CLONE_VM | CLONE_FILES, NULL);
#endif
}

void forced_exit_now(void)
{
	claim_exit();
	log_warning("a disk does not respond; exiting with reads in flight");
	log_stop_within(FORCED_EXIT_LOG_MS);
	shut_down_sockets();
	start_helper();
	syscall(SYS_exit_group, EXIT_SUCCESS); /* in _exit(), a sanitizer would report the threads that still run */
	__builtin_unreachable();
}

static void *run(void *context)
{
	const struct timespec limit = { .tv_sec = limit_ms / 1000,
					.tv_nsec = (long)(limit_ms % 1000 * CLOCK_NS_PER_MS) };

	(void)context;
	nanosleep(&limit, NULL);
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
