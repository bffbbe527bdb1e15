/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clock of a program under test. It runs as the kernel's clock does, plus an offset that the test moves forward, so
 * a test of a timeout need not wait for it. A test can also hold the clock, which then moves only with the offset.
 * The functions below replace those of the C library that read the monotonic or the wall clock, or sleep until a time,
 * as far as ranged and its libraries call them.
 *
 * A script preloads this file as tests/clock.so and writes the file that $TEST_CLOCK names (advance and hold_clock in
 * tests/http/lib.sh). The file has the offset in microseconds as eight digits in base 64, so that a shell can write
 * them, and the program read them, at once. Eight more digits are the kernel's wall clock at which the clock is held,
 * without its upper bits, or 0. A unit test links this file and calls clock_advance_ms()
 * or clock_hold().
 *
 * A function that sleeps does so in slices, and compares the clock with its end after each. (pthread_cond_timedwait()
 * returns after a slice.) The offset is the same for
 * the monotonic and for the wall clock. The kernel does not know it: the times of files remain real.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)
#define SLICE_NS (4 * NS_PER_MS)
/* An earlier deadline belongs to the monotonic clock, which is 0 when the machine boots. */
#define MONOTONIC_END_S 1000000000

/* The program may read the clock before sanitizers are initialised, so these functions are not instrumented. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

/* Returns the next definition of a function: that of a sanitizer or of the C library. */
#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

void clock_advance_ms(int64_t ms);
void clock_hold(void);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_size);

#define DIGITS_MASK ((INT64_C(1) << 48) - 1) /* the bits of eight digits */

/*
 * The offset in nanoseconds, or the digits of the file, of which the first one is the most significant. The test writes
 * them and all threads read them; they publish no other data, so relaxed order suffices.
 */
static _Atomic int64_t own_offset, own_held_us;
static const _Atomic uint64_t *shared_digits; /* of the offset and of the held time */
/* The kernel's wall clock at the start, and its distance from the monotonic clock. */
static int64_t start_wall, wall_distance;

UNCHECKED static int64_t to_ns(const struct timespec *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

UNCHECKED static int kernel_time(clockid_t id, struct timespec *time)
{
	static __typeof__(&clock_gettime) next;

	if (next == NULL)
		next = NEXT(clock_gettime);
	return next(id, time);
}

UNCHECKED static int64_t kernel_ns(clockid_t id)
{
	struct timespec now = { .tv_sec = 0 };

	kernel_time(id, &now);
	return to_ns(&now);
}

/* Reads both clocks within 0.1 ms, if that is possible. */
UNCHECKED static void note_distance(void)
{
	int64_t before, after;
	int tries = 100;

	do {
		before = kernel_ns(CLOCK_MONOTONIC);
		start_wall = kernel_ns(CLOCK_REALTIME);
		after = kernel_ns(CLOCK_MONOTONIC);
	} while (after - before > NS_PER_MS / 10 && --tries > 0);
	wall_distance = start_wall - after;
}

__attribute__((constructor)) UNCHECKED static void map_clock(void)
{
	const char *path = getenv("TEST_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *mapped = fd >= 0 ? mmap(NULL, 2 * sizeof(*shared_digits), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (mapped != MAP_FAILED) {
		note_distance();
		shared_digits = mapped;
	}
	if (fd >= 0)
		close(fd);
}

/* Moves the clock of this program forward. For unit tests. */
UNCHECKED void clock_advance_ms(int64_t ms)
{
	atomic_fetch_add_explicit(&own_offset, ms * NS_PER_MS, memory_order_relaxed);
}

/* Holds the clock of this program. For unit tests. */
UNCHECKED void clock_hold(void)
{
	note_distance();
	atomic_store_explicit(&own_held_us, start_wall / NS_PER_US & DIGITS_MASK, memory_order_relaxed);
}

UNCHECKED static int64_t shared_us(int index)
{
	uint64_t digits = atomic_load_explicit(&shared_digits[index], memory_order_relaxed);
	int64_t us = 0;

	for (size_t i = 0; i < sizeof(digits); i++)
		us = us * 64 + ((const unsigned char *)&digits)[i] - '0';
	return us;
}

UNCHECKED static int64_t offset_ns(void)
{
	if (shared_digits == NULL)
		return atomic_load_explicit(&own_offset, memory_order_relaxed);
	return shared_us(0) * NS_PER_US;
}

/* Replaces the kernel's time by the one at which the clock is held. */
UNCHECKED static int64_t held_ns(clockid_t id, int64_t now)
{
	int64_t held = atomic_load_explicit(&own_held_us, memory_order_relaxed);

	if (shared_digits != NULL)
		held = shared_us(1);
	if (held == 0)
		return now;
	held = (held | (start_wall / NS_PER_US & ~DIGITS_MASK)) * NS_PER_US;
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ? held : held - wall_distance;
}

UNCHECKED static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

/* --- reading the clock --- */

UNCHECKED int clock_gettime(clockid_t id, struct timespec *time)
{
	int error = kernel_time(id, time);

	if (error == 0 && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID)
		*time = to_timespec(held_ns(id, to_ns(time)) + offset_ns());
	return error;
}

UNCHECKED static int64_t now_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return to_ns(&now);
}

UNCHECKED time_t time(time_t *seconds)
{
	time_t now = (time_t)(now_ns(CLOCK_REALTIME) / NS_PER_S);

	if (seconds != NULL)
		*seconds = now;
	return now;
}

UNCHECKED int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	int64_t now = now_ns(CLOCK_REALTIME);

	(void)zone;
	*time = (struct timeval){ .tv_sec = now / NS_PER_S, .tv_usec = now % NS_PER_S / 1000 };
	return 0;
}

/* --- sleeping --- */

/* Returns the nanoseconds until the time `end` of the clock, but not more than one slice and not less than 0. */
UNCHECKED static int64_t slice_ns(clockid_t id, int64_t end)
{
	int64_t left = end - now_ns(id);

	return left < 0 ? 0 : left < SLICE_NS ? left : SLICE_NS;
}

UNCHECKED static int slice_ms(int64_t end)
{
	return (int)((slice_ns(CLOCK_MONOTONIC, end) + NS_PER_MS - 1) / NS_PER_MS);
}

UNCHECKED int epoll_wait(int epoll, struct epoll_event *events, int limit, int timeout_ms)
{
	__typeof__(&epoll_wait) next = NEXT(epoll_wait);
	int64_t end = now_ns(CLOCK_MONOTONIC) + timeout_ms * NS_PER_MS;
	int count, left_ms = timeout_ms;

	do {
		if (timeout_ms > 0)
			left_ms = slice_ms(end);
		count = next(epoll, events, limit, left_ms);
	} while (count == 0 && timeout_ms > 0 && left_ms > 0);
	return count;
}

UNCHECKED int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	__typeof__(&poll) next = NEXT(poll);
	int64_t end = now_ns(CLOCK_MONOTONIC) + timeout_ms * NS_PER_MS;
	int ready, left_ms = timeout_ms;

	do {
		if (timeout_ms > 0)
			left_ms = slice_ms(end);
		ready = next(fds, count, left_ms);
	} while (ready == 0 && timeout_ms > 0 && left_ms > 0);
	return ready;
}

/* Programs that are built with _FORTIFY_SOURCE call this function instead of poll(). */
UNCHECKED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_size)
{
	(void)fds_size;
	return poll(fds, count, timeout_ms);
}

UNCHECKED int clock_nanosleep(clockid_t id, int flags, const struct timespec *request, struct timespec *rest)
{
	__typeof__(&clock_nanosleep) next = NEXT(clock_nanosleep);
	int64_t end = to_ns(request) + (flags & TIMER_ABSTIME ? 0 : now_ns(id)), left;
	int error;

	do {
		left = slice_ns(id, end);
		error = next(id, 0, &(struct timespec){ .tv_nsec = left }, NULL);
	} while (error == 0 && left > 0);
	if (error != 0 && rest != NULL && !(flags & TIMER_ABSTIME)) {
		left = end - now_ns(id);
		*rest = to_timespec(left > 0 ? left : 0);
	}
	return error;
}

UNCHECKED int nanosleep(const struct timespec *request, struct timespec *rest)
{
	int error = clock_nanosleep(CLOCK_MONOTONIC, 0, request, rest);

	errno = error;
	return error == 0 ? 0 : -1;
}

UNCHECKED int usleep(useconds_t us)
{
	return nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}

UNCHECKED unsigned sleep(unsigned seconds)
{
	struct timespec rest = { .tv_sec = 0 };

	nanosleep(&(struct timespec){ .tv_sec = seconds }, &rest);
	return (unsigned)rest.tv_sec;
}

/*
 * Returns the kernel's time at the end of a slice. If `id` is negative, the caller does not know the clock to which the
 * deadline belongs.
 */
UNCHECKED static struct timespec slice_end(clockid_t id, const struct timespec *deadline, int64_t *left)
{
	if (id < 0)
		id = deadline->tv_sec < MONOTONIC_END_S ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	*left = slice_ns(id, to_ns(deadline));
	return to_timespec(kernel_ns(id) + *left);
}

/*
 * Waits for one slice only, and then returns 0, as for a spurious wakeup. Another slice could wait too long: a signal
 * is lost if it comes while the thread does not wait, and only the caller can check its condition.
 */
UNCHECKED int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
				     const struct timespec *restrict deadline)
{
	__typeof__(&pthread_cond_timedwait) next = NEXT(pthread_cond_timedwait);
	int64_t left;
	struct timespec end = slice_end(-1, deadline, &left);
	int error = next(condition, mutex, &end);

	return error == ETIMEDOUT && left > 0 ? 0 : error;
}

UNCHECKED int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
	__typeof__(&sem_timedwait) next = NEXT(sem_timedwait);
	struct timespec end;
	int64_t left;
	int error;

	do {
		end = slice_end(CLOCK_REALTIME, deadline, &left);
		error = next(semaphore, &end);
	} while (error != 0 && errno == ETIMEDOUT && left > 0);
	return error;
}

UNCHECKED int sem_clockwait(sem_t *restrict semaphore, clockid_t id, const struct timespec *restrict deadline)
{
	__typeof__(&sem_clockwait) next = NEXT(sem_clockwait);
	struct timespec end;
	int64_t left;
	int error;

	do {
		end = slice_end(id, deadline, &left);
		error = next(semaphore, id, &end);
	} while (error != 0 && errno == ETIMEDOUT && left > 0);
	return error;
}
